//! P by permutation: how often the outcome, dealt out anew, is predicted as well. Families keep their outcomes together.
//! With covariates it is the outcome's residuals that are dealt out (Freedman and Lane 1983).

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use steppe_stats::{
    linear_algebra::dot,
    metrics::SortedScores,
    resampling::{Permutation, Stream},
};

use super::{EvaluationOptions, cohort::Cohort};

/// The purpose of the permutations' streams, other than the resamples'.
const PURPOSE: u64 = 2;

/// Relative difference within which two statistics count as equal.
const EQUAL: f64 = 1e-12;

/// P of each prediction; `None` without permutations, and for a constant prediction.
#[derive(Clone, Debug, Default)]
pub(super) struct PermutationP {
    pub(super) auc: Vec<Option<f64>>,
    pub(super) r2: Vec<Option<f64>>,
    pub(super) incremental: Vec<Option<f64>>,
}

/// Tests each prediction of a group.
pub(super) fn permutation_p(cohort: &Cohort, options: &EvaluationOptions) -> PermutationP {
    let tests = Tests::new(cohort);
    let observed = tests.statistics(&(0..cohort.n as u32).collect::<Vec<_>>());
    let plan = Permutation::new(cohort.n, cohort.family.as_deref());
    let exceeded: Vec<usize> = (0..options.permutations)
        .into_par_iter()
        .map_init(Vec::new, |source, index| {
            plan.draw(&mut Stream::new(options.seed, PURPOSE, index as u64), source);
            let reached = tests.statistics(source).into_iter().zip(&observed);
            reached
                .map(|(found, observed)| usize::from(found >= observed * (1.0 - EQUAL)))
                .collect::<Vec<_>>()
        })
        .reduce(|| vec![0; observed.len()], |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect());
    let p = |place: usize, model: usize| {
        let varies = !cohort.models[model].is_constant && options.permutations > 0;
        varies.then(|| (1 + exceeded[3 * model + place]) as f64 / (1 + options.permutations) as f64)
    };
    let all = |place: usize| (0..cohort.models.len()).map(|model| p(place, model)).collect();
    PermutationP { auc: all(0), r2: all(1), incremental: all(2) }
}

/// What is tested: the absolute products of centred scores with an outcome that is dealt out.
struct Tests<'a> {
    cohort: &'a Cohort,
    residual_outcome: Vec<f64>,
    /// Of each prediction: ranks less their mean, for the area, and the residuals given covariates.
    ranks: Vec<Vec<f64>>,
    residuals: Vec<Vec<f64>>,
}

impl<'a> Tests<'a> {
    fn new(cohort: &'a Cohort) -> Self {
        let of_models =
            |of: &dyn Fn(&super::cohort::Model) -> Vec<f64>| cohort.models.iter().map(of).collect();
        Self {
            cohort,
            residual_outcome: residuals(&cohort.basis, &cohort.standard_outcome),
            ranks: of_models(&|model| {
                model.sorted.as_ref().map_or_else(|| vec![0.0; cohort.n], SortedScores::centred_ranks)
            }),
            residuals: of_models(&|model| residuals(&cohort.basis, &model.standard)),
        }
    }

    /// Three for each prediction: of the area, of R², of the incremental R².
    fn statistics(&self, source: &[u32]) -> Vec<f64> {
        let dealt =
            |values: &[f64]| -> Vec<f64> { source.iter().map(|from| values[*from as usize]).collect() };
        let outcome = dealt(&self.cohort.standard_outcome);
        let residual = DVector::from_vec(dealt(&self.residual_outcome));
        // What covariates explain of the dealt residuals by chance is not the prediction's to explain.
        let left = residual.norm_squared() - self.cohort.basis.tr_mul(&residual).norm_squared();
        let models = self.cohort.models.iter().zip(&self.ranks).zip(&self.residuals);
        models
            .flat_map(|((model, ranks), own)| {
                let gain = dot(residual.as_slice(), own).abs() / left.max(0.0).sqrt();
                [dot(&outcome, ranks).abs(), dot(&outcome, &model.standard).abs(), gain]
            })
            .collect()
    }
}

/// What an orthonormal basis leaves of values.
fn residuals(basis: &DMatrix<f64>, values: &[f64]) -> Vec<f64> {
    let values = DVector::from_column_slice(values);
    let left = &values - basis * basis.tr_mul(&values);
    left.as_slice().to_vec()
}
