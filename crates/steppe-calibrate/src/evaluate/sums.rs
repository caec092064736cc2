//! Sums of products of design, outcome and predictions over a resample: all that explained variance needs.

use steppe_stats::linear_algebra::dot;

use super::{cohort::Cohort, resamples::Resample};

/// Sums of products over a resample.
pub(super) struct Sums {
    pub(super) products: Vec<f64>,
    pub(super) with_outcome: Vec<f64>,
    pub(super) outcome: f64,
    pub(super) scores: Vec<ScoreSums>,
}

pub(super) struct ScoreSums {
    pub(super) with_design: Vec<f64>,
    pub(super) with_outcome: f64,
    pub(super) with_itself: f64,
}

impl Sums {
    pub(super) fn new(cohort: &Cohort, resample: &Resample) -> Self {
        let width = cohort.design.len();
        let by_weight = |column: &[f64]| -> Vec<f64> {
            column.iter().zip(&resample.weights).map(|(x, w)| x * w).collect()
        };
        let columns: Vec<Vec<f64>> = cohort.design.iter().map(|column| by_weight(column)).collect();
        let outcome = by_weight(&cohort.standard_outcome);
        let mut products = vec![0.0; width * width];
        for row in 0..width {
            for column in 0..=row {
                products[row * width + column] = dot(&columns[row], &cohort.design[column]);
            }
        }
        let scores = cohort
            .models
            .iter()
            .map(|model| ScoreSums {
                with_design: columns.iter().map(|column| dot(column, &model.standard)).collect(),
                with_outcome: dot(&outcome, &model.standard),
                with_itself: dot(&by_weight(&model.standard), &model.standard),
            })
            .collect();
        Self {
            products,
            with_outcome: columns.iter().map(|column| dot(column, &cohort.standard_outcome)).collect(),
            outcome: dot(&outcome, &cohort.standard_outcome),
            scores,
        }
    }
}
