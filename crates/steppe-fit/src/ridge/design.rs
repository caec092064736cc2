//! Samples, covariates and traits of a fit, made ready: ordered by fold, residualised, scaled.

use std::ops::Range;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use steppe_stats::linear_algebra::ColumnBasis;

use super::level0::{FoldSums, Level0};
use super::options::{RidgeData, RidgeOptions, penalties};
use super::traits::{PreparedTrait, TraitProblem, prepare};
use super::validation::CrossValidation;
use crate::error::FitError;

/// A covariate is collinear when less than this part of it is left after the ones before it.
const COLLINEAR: f64 = 1e-8;

/// Training samples are *rows*, ordered by fold and then by their place in the matrix.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Design {
    /// Sample of each row.
    pub order: Vec<u32>,
    /// Rows of each group of samples; one group for leave-one-out.
    pub ranges: Vec<Range<usize>>,
    /// Samples of the matrix.
    pub samples: usize,
    /// Whether each sample is left out alone.
    pub leave_one_out: bool,
    /// Basis of intercept (column 0) and covariates over the rows.
    pub basis: ColumnBasis,
    /// Traits that can be fitted.
    pub traits: Vec<PreparedTrait>,
}

impl Design {
    /// Checks and prepares; the second value says for each trait why it can not be fitted, if so.
    pub(super) fn new(
        data: &RidgeData<'_>,
        options: &RidgeOptions,
        samples: usize,
    ) -> Result<(Self, Vec<Option<TraitProblem>>), FitError> {
        check_lengths(data, samples)?;
        let groups = data.validation.groups();
        let (order, ranges) = rows_of(&groups, data.validation)?;
        let basis = covariate_basis(data.covariates, &order)?;
        if order.len() <= basis.rank() + 1 {
            let covariates = data.covariates.len();
            return Err(FitError::TooFewSamples { samples: order.len(), covariates });
        }
        let leave_one_out = matches!(data.validation, CrossValidation::LeaveOneOut { .. });
        let mut design = Self { order, ranges, samples, leave_one_out, basis, traits: Vec::new() };
        let mut problems = Vec::new();
        for given in data.traits {
            match prepare(&design, given, options) {
                Ok(prepared) => {
                    design.traits.push(prepared);
                    problems.push(None);
                }
                Err(problem) => problems.push(Some(problem)),
            }
        }
        Ok((design, problems))
    }

    /// Training samples.
    pub(super) fn rows(&self) -> usize {
        self.order.len()
    }

    /// Columns of level 0's predictions.
    pub(super) fn columns(&self, ridges: usize) -> usize {
        self.traits.len() * ridges
    }

    /// The rows' basis and traits as columns over all samples, 0 outside one group each: of the first group its basis
    /// columns and then its traits, then of the second group, and so on.
    pub(super) fn columns_by_group(&self) -> Vec<Vec<f64>> {
        let mut columns = Vec::new();
        for range in &self.ranges {
            let scattered = |value: &dyn Fn(usize) -> f64| {
                let mut column = vec![0.0; self.samples];
                for row in range.clone() {
                    column[self.order[row] as usize] = value(row);
                }
                column
            };
            columns.extend((0..self.basis.rank()).map(|c| scattered(&|row| self.basis.q[(row, c)])));
            columns.extend(self.traits.iter().map(|of| scattered(&|row| of.residual[row])));
        }
        columns
    }

    /// What level 0 needs to know of samples, which is little: it can be sent to a worker.
    pub(super) fn level0(&self, options: &RidgeOptions, markers: usize) -> Level0 {
        let folds = self.ranges.iter().map(|range| {
            let basis = self.basis.q.rows(range.start, range.len()).into_owned();
            let traits = DMatrix::from_fn(range.len(), self.traits.len(), |row, column| {
                self.traits[column].residual[range.start + row]
            });
            FoldSums { basis: basis.tr_mul(&basis), traits: basis.tr_mul(&traits) }
        });
        Level0 {
            penalties: penalties(markers, &options.level0_shares),
            samples: self.rows(),
            smallest_deviation: options.smallest_deviation,
            folds: folds.collect(),
        }
    }
}

fn check_lengths(data: &RidgeData<'_>, samples: usize) -> Result<(), FitError> {
    let lengths = std::iter::once(("cross-validation", data.validation.samples()))
        .chain(data.covariates.iter().map(|column| ("covariate", column.len())))
        .chain(data.traits.iter().map(|of| ("trait", of.values.len())));
    for (what, found) in lengths {
        if found != samples {
            return Err(FitError::Length { what, expected: samples, found });
        }
    }
    Ok(())
}

fn rows_of(groups: &[u32], validation: &CrossValidation) -> Result<(Vec<u32>, Vec<Range<usize>>), FitError> {
    let folds = validation.models();
    let wrong = |problem| Err(FitError::Folds { folds, problem });
    if matches!(validation, CrossValidation::Folds { .. }) && folds < 2 {
        return wrong("at least 2 are needed");
    }
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); folds];
    for (sample, group) in groups.iter().enumerate().filter(|(_, g)| **g != CrossValidation::OUTSIDE) {
        match rows.get_mut(*group as usize) {
            Some(fold) => fold.push(sample as u32),
            None => return wrong("a sample is in a fold that is not among them"),
        }
    }
    if rows.iter().any(Vec::is_empty) {
        return wrong("one of them has no sample");
    }
    let mut start = 0;
    let ranges = rows.iter().map(|fold| {
        start += fold.len();
        start - fold.len()..start
    });
    let ranges = ranges.collect();
    Ok((rows.concat(), ranges))
}

fn covariate_basis(covariates: &[Vec<f64>], order: &[u32]) -> Result<ColumnBasis, FitError> {
    for (covariate, column) in covariates.iter().enumerate() {
        let samples = order.iter().filter(|sample| !column[**sample as usize].is_finite()).count();
        if samples > 0 {
            return Err(FitError::CovariateNotFinite { covariate, samples });
        }
    }
    let columns = DMatrix::from_fn(order.len(), covariates.len() + 1, |row, column| match column {
        0 => 1.0,
        _ => covariates[column - 1][order[row] as usize],
    });
    Ok(ColumnBasis::new(&columns, COLLINEAR))
}

/// Coordinates on the basis of one sample's covariates: `r⁻ᵀ · (1, covariates)`.
pub(super) fn coordinates(basis: &ColumnBasis, covariates: &[Vec<f64>], sample: usize) -> DVector<f64> {
    let mut along = DVector::zeros(basis.rank());
    for (position, column) in basis.kept.iter().enumerate() {
        let value = if *column == 0 { 1.0 } else { covariates[column - 1][sample] };
        let known: f64 = (0..position).map(|before| basis.r[(before, position)] * along[before]).sum();
        along[position] = (value - known) / basis.r[(position, position)];
    }
    along
}
