//! Work on runs of variants that goes elsewhere as bytes gives the bits that it gives here.

use std::ops::{ControlFlow, Range};

use steppe_fit::{
    FitError, GenotypeMatrix, GramSums, MatrixError, PackedColumns, Products, ResidualPrecision, RunTask,
    assoc::{AssocOptions, AssocTrait, Association, Covariate, Firth},
    decode_runs,
    ridge::{CrossValidation, RidgeControl, RidgeData, RidgeOptions, fit_ridge},
};
use steppe_kernels::Level;

use super::{assoc_plink2, ridge_faults::bits, ridge_support};

/// A matrix whose genotypes lie in two places: one has the first runs of all work, one the others.
struct Elsewhere<'a>(&'a dyn GenotypeMatrix);

impl GenotypeMatrix for Elsewhere<'_> {
    fn samples(&self) -> usize {
        self.0.samples()
    }

    fn variants(&self) -> usize {
        self.0.variants()
    }

    fn counts(&self) -> &[[u64; 4]] {
        self.0.counts()
    }

    fn adjoint(&self, residuals: &[&[f64]], precision: ResidualPrecision) -> Result<Products, MatrixError> {
        self.0.adjoint(residuals, precision)
    }

    fn select(&self, _: &[u32]) -> Result<PackedColumns, MatrixError> {
        Err(MatrixError { message: "genotypes are elsewhere".to_owned(), source: None })
    }

    fn gram(&self, _: Range<u32>, _: &[u32], _: usize) -> Result<Vec<GramSums>, MatrixError> {
        Err(MatrixError { message: "genotypes are elsewhere".to_owned(), source: None })
    }

    fn forward_tables(
        &self,
        tables: &[Vec<(u32, steppe_fit::CodeTable)>],
    ) -> Result<Vec<Vec<f64>>, MatrixError> {
        self.0.forward_tables(tables)
    }

    fn spreads_runs(&self) -> bool {
        true
    }

    fn each_run(
        &self,
        runs: &[Vec<u32>],
        task: &dyn RunTask,
        each: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let mut results = vec![Vec::new(); runs.len()];
        for place in [runs.len() / 3..runs.len(), 0..runs.len() / 3] {
            let there = decode_runs(&task.encode(place.clone())?)?;
            for run in place.clone().rev() {
                let codes = self.0.select(&runs[run])?;
                results[run] = there.run(run - place.start, &codes, Level::Scalar)?;
            }
            let codes = PackedColumns::new(self.samples());
            assert!(there.run(place.len(), &codes, Level::Scalar).is_err(), "a run that there is not");
        }
        results.into_iter().enumerate().try_for_each(|(run, result)| each(run, result))
    }
}

#[test]
fn blocks_of_a_ridge() {
    let data = ridge_support::small(130, 60, 9);
    let everybody = vec![true; 130];
    let leave_one_out = CrossValidation::LeaveOneOut { training: everybody.clone() };
    for validation in [CrossValidation::folds(&everybody, 4, 1), leave_one_out] {
        let given = RidgeData {
            chromosomes: &data.chromosomes,
            covariates: &data.covariates,
            traits: &data.traits,
            validation: &validation,
        };
        let options = RidgeOptions { block_size: 12, ..RidgeOptions::default() };
        let fit = |matrix: &dyn GenotypeMatrix, control: &RidgeControl<'_>| {
            fit_ridge(matrix, &given, &options, control).expect("a fit")
        };
        let expected = fit(&data.matrix, &RidgeControl::default());
        let elsewhere = Elsewhere(&data.matrix);
        let kept = ridge_support::Kept::default();
        let control = RidgeControl { checkpoint: Some(&kept), ..RidgeControl::default() };
        let found = fit(&elsewhere, &control);
        assert_eq!((bits(&found), &found.dropped_variants), (bits(&expected), &expected.dropped_variants));
        // Some of the blocks are there already.
        let blocks = kept.blocks.lock().expect("not poisoned").len();
        kept.blocks.lock().expect("not poisoned").retain(|number, _| number % 2 == 0);
        assert!(blocks > 4);
        assert_eq!(bits(&fit(&elsewhere, &control)), bits(&expected));
        assert_eq!(kept.blocks.lock().expect("not poisoned").len(), blocks);
    }
}

#[test]
fn tests_of_single_variants() {
    let (cohort, traits, covariates) = assoc_plink2::small();
    let given: Vec<AssocTrait<'_>> =
        traits.iter().map(|(name, kind, values)| AssocTrait { name, kind: *kind, values }).collect();
    let of: Vec<Covariate<'_>> = covariates.iter().map(|(name, values)| Covariate { name, values }).collect();
    for firth in [Firth::default(), Firth::Always] {
        let options =
            AssocOptions { chunk: 30, columns: 8, binary_traits: 1, firth, ..AssocOptions::default() };
        let plan = Association::plan(cohort.matrix.samples(), &given, &of, options).expect("a plan");
        let all = |matrix: &dyn GenotypeMatrix, most: usize| {
            let mut rows = Vec::new();
            let ended = plan.run(matrix, &mut |chunk| {
                let row = |result| {
                    format!("{} {} {result:?} {}", chunk.trait_index, chunk.first_variant, chunk.done)
                };
                rows.extend(chunk.results.iter().map(row));
                if rows.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            (ended.expect("a run").is_continue(), rows)
        };
        let expected = all(&cohort.matrix, usize::MAX);
        assert_eq!(all(&Elsewhere(&cohort.matrix), usize::MAX), expected);
        let (ended, some) = all(&Elsewhere(&cohort.matrix), 100);
        assert!(!ended && some.len() < expected.1.len());
        assert_eq!(some[..], expected.1[..some.len()]);
    }
}

#[test]
fn what_is_no_work_is_refused() {
    for bytes in [&b""[..], b"x", &[0xa1; 30]] {
        assert!(matches!(decode_runs(bytes), Err(FitError::Runs { .. })));
    }
}
