//! The models do not depend on how the work is cut.

use nalgebra::DMatrix;
use proptest::prelude::*;
use steppe_fit::lasso::{LambdaPath, LassoOptions, LassoPath, LassoProblem, Role, Trait};

use super::lasso_support::{Counting, cohort, fit};

fn options() -> LassoOptions {
    LassoOptions {
        lambdas: LambdaPath::Auto { count: 12, ratio: Some(0.15) },
        tolerance: 1e-6,
        strong_size: 40,
        batch: 4,
        stopping_lag: None,
        ..LassoOptions::default()
    }
}

fn same(a: &LassoPath, b: &LassoPath, within: f64) {
    assert_eq!(a.points.len(), b.points.len());
    for (a, b) in a.points.iter().zip(&b.points) {
        assert!((a.certificate.objective - b.certificate.objective).abs() <= within, "{}", a.lambda);
        let dense = |point: &steppe_fit::lasso::PathPoint| {
            let mut effects = vec![0.0; 160];
            point.coefficients.iter().for_each(|b| effects[b.variant as usize] = b.effect);
            effects
        };
        for (x, y) in dense(a).iter().zip(dense(b)) {
            assert!((x - y).abs() <= 1e3 * within, "{x} {y}");
        }
        assert!((a.intercept - b.intercept).abs() <= 1e4 * within);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn strong_set_batch_and_gram_do_not_change_the_models(size in 1_usize..200, batch in 1_usize..15, gram: bool) {
        let cohort = cohort(150, 160, 7);
        let matrix = cohort.matrix();
        for input in [cohort.gaussian("a"), cohort.binomial("b")] {
            let inputs = [input];
            let reference = fit(&LassoProblem::new(&matrix), &inputs, &options());
            let gram_limit = if gram { 4096 } else { 0 };
            let other = LassoOptions { strong_size: size, batch, gram_limit, ..options() };
            same(&reference[0], &fit(&LassoProblem::new(&matrix), &inputs, &other)[0], 1e-8);
        }
    }
}

#[test]
fn traits_together_have_the_bits_of_traits_alone_and_share_passes() {
    let cohort = cohort(150, 160, 7);
    let matrix = cohort.matrix();
    let mut inputs: Vec<Trait> = (0..6)
        .map(|k| {
            let mut input = cohort.gaussian(&format!("trait {k}"));
            if let steppe_fit::lasso::Response::Gaussian(y) = &mut input.response {
                // Phenotypes and missing samples of their own.
                y.iter_mut()
                    .zip(&cohort.covariates.column(0))
                    .for_each(|(y, c)| *y += 0.2 * f64::from(k) * c);
                y.iter_mut().skip(k as usize).step_by(17).for_each(|y| *y = f64::NAN);
            }
            input
        })
        .collect();
    inputs.push(cohort.cox("survival"));
    let together = Counting::new(&matrix);
    let paths = fit(&LassoProblem::new(&together), &inputs, &options());
    let mut alone = 0;
    for (input, path) in inputs.iter().zip(&paths) {
        let counting = Counting::new(&matrix);
        let own = fit(&LassoProblem::new(&counting), std::slice::from_ref(input), &options());
        assert_eq!(&own[0], path);
        alone = alone.max(counting.adjoints.into_inner());
    }
    assert_eq!(together.adjoints.into_inner(), alone, "a round is one pass for all traits");
}

#[test]
fn a_full_batch_takes_one_pass() {
    let cohort = cohort(150, 160, 7);
    let matrix = cohort.matrix();
    let counting = Counting::new(&matrix);
    let options = LassoOptions { strong_size: 160, batch: 12, ..options() };
    fit(&LassoProblem::new(&counting), &[cohort.gaussian("a")], &options);
    // One for the null model's scores and one for all twelve lambdas.
    assert_eq!(counting.adjoints.into_inner(), 2);
    assert_eq!(counting.residuals.into_inner(), 13);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let cohort = cohort(150, 160, 7);
    let matrix = cohort.matrix();
    let inputs = [cohort.gaussian("a"), cohort.binomial("b"), cohort.cox("c")];
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(&LassoProblem::new(&matrix), &inputs, &options()))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_sample_of_weight_0_and_an_ignored_one_are_the_same() {
    let cohort = cohort(150, 160, 7);
    let matrix = cohort.matrix();
    let mut ignored = cohort.gaussian("a");
    let mut weightless = ignored.clone();
    weightless.weights = vec![1.0; 150];
    for sample in (0..150).step_by(7).filter(|sample| cohort.roles[*sample] == Role::Train) {
        ignored.roles[sample] = Role::Ignore;
        weightless.weights[sample] = 0.0;
    }
    let paths = fit(&LassoProblem::new(&matrix), &[ignored, weightless], &options());
    assert_eq!(paths[0], paths[1]);
}

#[test]
fn weights_count_as_copies() {
    let cohort = cohort(150, 160, 7);
    // Every second person twice, against weight 2.
    let doubled: Vec<usize> = (0..150).flat_map(|s| if s % 2 == 0 { vec![s, s] } else { vec![s] }).collect();
    let mut copies = steppe_fit::PackedColumns::new(doubled.len());
    for variant in 0..160 {
        copies.push_codes(doubled.iter().map(|s| cohort.columns.code(variant, *s)).collect::<Vec<_>>());
    }
    let reference: Vec<bool> = doubled.iter().map(|s| cohort.roles[*s] == Role::Train).collect();
    // Both see the means of the copies: complete genotypes would do, but missing ones are part of the problem.
    let copied = steppe_fit::MemoryMatrix::new(copies, &reference);
    let mut input = cohort.binomial("a");
    input.covariates = cohort.covariates.clone();
    let mut many = input.clone();
    let steppe_fit::lasso::Response::Binomial(y) = &input.response else { unreachable!() };
    many.response = steppe_fit::lasso::Response::Binomial(doubled.iter().map(|s| y[*s]).collect());
    many.roles = doubled.iter().map(|s| input.roles[*s]).collect();
    many.covariates = DMatrix::from_fn(doubled.len(), 2, |s, c| input.covariates[(doubled[s], c)]);
    input.weights = (0..150).map(|s| if s % 2 == 0 { 2.0 } else { 1.0 }).collect();
    let path = fit(&LassoProblem::new(&copied), &[many], &options()).remove(0);
    let weighted =
        Weighted { inner: &cohort.matrix(), counts: steppe_fit::GenotypeMatrix::counts(&copied).to_vec() };
    let given = LassoOptions { lambdas: LambdaPath::Given(path.lambdas.clone()), ..options() };
    same(&path, &fit(&LassoProblem::new(&weighted), &[input], &given)[0], 1e-8);
}

/// A matrix whose means are another's.
struct Weighted<'a> {
    inner: &'a steppe_fit::MemoryMatrix,
    counts: Vec<[u64; 4]>,
}

impl steppe_fit::GenotypeMatrix for Weighted<'_> {
    fn samples(&self) -> usize {
        self.inner.samples()
    }

    fn variants(&self) -> usize {
        self.inner.variants()
    }

    fn counts(&self) -> &[[u64; 4]] {
        &self.counts
    }

    fn adjoint(
        &self,
        residuals: &[&[f64]],
        _precision: steppe_fit::ResidualPrecision,
    ) -> Result<steppe_fit::Products, steppe_fit::MatrixError> {
        let all: Vec<u32> = (0..self.variants() as u32).collect();
        let columns = self.inner.select(&all)?;
        let x = super::lasso_support::dense(&columns, self);
        let product =
            |variant: usize, r: &[f64]| x.column(variant).iter().zip(r).map(|(x, r)| x * r).sum::<f64>();
        let values = (0..self.variants()).flat_map(|v| residuals.iter().map(move |r| (v, *r)));
        Ok(steppe_fit::Products {
            columns: residuals.len(),
            values: values.map(|(variant, r)| product(variant, r)).collect(),
        })
    }

    fn forward_tables(
        &self,
        tables: &[Vec<(u32, [f64; 4])>],
    ) -> Result<Vec<Vec<f64>>, steppe_fit::MatrixError> {
        self.inner.forward_tables(tables)
    }

    fn select(&self, variants: &[u32]) -> Result<steppe_fit::PackedColumns, steppe_fit::MatrixError> {
        self.inner.select(variants)
    }

    fn gram(
        &self,
        variants: std::ops::Range<u32>,
        groups: &[u32],
        count: usize,
    ) -> Result<Vec<steppe_fit::GramSums>, steppe_fit::MatrixError> {
        self.inner.gram(variants, groups, count)
    }
}
