//! One trait made ready for level 0, or the reason why it can not be fitted.
//!
//! Missing values follow regenie's manual: at level 0 they count as the trait's mean, before covariates are taken out.
//! At level 1 such samples count like others for a quantitative trait, and do not count for a binary one.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::design::Design;
use super::level1::logistic::{LogisticData, LogisticProblem};
use super::options::{RidgeFamily, RidgeOptions, RidgeTrait};

/// Why a trait can not be fitted; the other traits are.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TraitProblem {
    /// No training sample has it.
    #[error("all {samples} training samples lack the trait")]
    AllMissing {
        /// Training samples.
        samples: usize,
    },
    /// A value that is infinite.
    #[error("the trait has an infinite value: give a finite one or mark it missing")]
    Infinite,
    /// The same value everywhere.
    #[error("the trait has one value only in the training samples")]
    Constant,
    /// Nothing is left once covariates are taken out.
    #[error("the covariates explain the trait completely: leave out the one that equals it")]
    ExplainedByCovariates,
    /// A binary trait with another value than 0 and 1.
    #[error("the binary trait has the value {value}: recode it as 0 and 1")]
    NotBinary {
        /// The value.
        value: f64,
    },
    /// Without one fold, a binary trait has one class only.
    #[error("the training samples outside fold {fold} are of one class: use fewer folds")]
    OneClass {
        /// The fold.
        fold: usize,
    },
    /// The logistic regression on covariates, or that of level 1, was not found.
    #[error("logistic regression on the {predictors}: {problem}")]
    Logistic {
        /// What it is on.
        predictors: &'static str,
        /// Why.
        problem: LogisticProblem,
    },
    /// Every predictor of level 1 is constant.
    #[error("no variant varies in the training samples")]
    NoPredictors,
    /// A matrix of level 1 could not be decomposed.
    #[error("the ridge of level 1 was not found: {0}")]
    Decomposition(#[from] steppe_stats::linear_algebra::DecompositionError),
}

/// A trait over the rows of a design.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct PreparedTrait {
    pub family: RidgeFamily,
    /// Values as given; the mean where a quantitative trait is missing, 0 where a binary one is.
    pub values: Vec<f64>,
    /// Whether a row counts at level 1.
    pub counted: Vec<bool>,
    /// Residuals on the covariates, of variance 1; 0 where the row does not count.
    pub residual: DVector<f64>,
    /// The standard deviation of the residuals.
    pub scale: f64,
    /// The covariates' part, as coordinates on the basis: of the trait, or of the log odds.
    pub null: DVector<f64>,
    /// The log odds that the covariates give each row; 0 for a quantitative trait.
    pub offset: DVector<f64>,
    /// Training samples that lack it.
    pub missing: usize,
}

/// Residualises a trait on the covariates and scales it.
pub(super) fn prepare(
    design: &Design,
    given: &RidgeTrait,
    options: &RidgeOptions,
) -> Result<PreparedTrait, TraitProblem> {
    let raw: Vec<f64> = design.order.iter().map(|sample| given.values[*sample as usize]).collect();
    let observed: Vec<bool> = raw.iter().map(|value| !value.is_nan()).collect();
    let mean = check_values(&raw, given.family)?;
    let imputed = DVector::from_iterator(raw.len(), raw.iter().map(|v| if v.is_nan() { mean } else { *v }));
    let along = design.basis.q.tr_mul(&imputed);
    let mut residual = &imputed - &design.basis.q * &along;
    let binary = given.family == RidgeFamily::Binomial;
    let counted = if binary { observed.clone() } else { vec![true; raw.len()] };
    for (value, counts) in residual.iter_mut().zip(&counted) {
        *value = if *counts { *value } else { 0.0 };
    }
    let count = counted.iter().filter(|counts| **counts).count();
    let freedom = count.saturating_sub(design.basis.rank()).max(1) as f64;
    let spread = imputed.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt();
    if residual.norm() <= 1e-8 * spread {
        return Err(TraitProblem::ExplainedByCovariates);
    }
    let scale = residual.norm() / freedom.sqrt();
    residual /= scale;
    let values: Vec<f64> =
        imputed.iter().zip(&observed).map(|(v, seen)| if binary && !seen { 0.0 } else { *v }).collect();
    let (null, offset) = if binary {
        check_classes(design, &values, &observed)?;
        null_model(&design.basis.q, &values, &observed, options)?
    } else {
        (along, DVector::zeros(raw.len()))
    };
    let missing = observed.iter().filter(|seen| !**seen).count();
    let family = given.family;
    Ok(PreparedTrait { family, values, counted, residual, scale, null, offset, missing })
}

/// The mean of the values that are there.
fn check_values(raw: &[f64], family: RidgeFamily) -> Result<f64, TraitProblem> {
    let seen: Vec<f64> = raw.iter().copied().filter(|value| !value.is_nan()).collect();
    let Some(first) = seen.first() else {
        return Err(TraitProblem::AllMissing { samples: raw.len() });
    };
    if seen.iter().any(|value| value.is_infinite()) {
        return Err(TraitProblem::Infinite);
    }
    if family == RidgeFamily::Binomial
        && let Some(value) = seen.iter().find(|value| **value != 0.0 && **value != 1.0)
    {
        return Err(TraitProblem::NotBinary { value: *value });
    }
    if seen.iter().all(|value| value == first) {
        return Err(TraitProblem::Constant);
    }
    Ok(seen.iter().sum::<f64>() / seen.len() as f64)
}

fn check_classes(design: &Design, values: &[f64], observed: &[bool]) -> Result<(), TraitProblem> {
    if design.leave_one_out {
        return Ok(());
    }
    for (fold, range) in design.ranges.iter().enumerate() {
        let mut rest = (0..values.len()).filter(|row| observed[*row] && !range.contains(row));
        let first = rest.next().map(|row| values[row]);
        if rest.all(|row| Some(values[row]) == first) {
            return Err(TraitProblem::OneClass { fold });
        }
    }
    Ok(())
}

fn null_model(
    basis: &DMatrix<f64>,
    values: &[f64],
    observed: &[bool],
    options: &RidgeOptions,
) -> Result<(DVector<f64>, DVector<f64>), TraitProblem> {
    let none = DVector::zeros(values.len());
    // The basis has columns of length 1; columns of variance 1 make the gradient comparable with level 1's.
    let unit = (values.len() as f64).sqrt();
    let columns = basis * unit;
    let start = DVector::zeros(basis.ncols());
    let data = LogisticData { columns: &columns, values, offset: &none, used: observed, penalty: 0.0 };
    let fit = data
        .fit(start, options.newton_steps)
        .map_err(|problem| TraitProblem::Logistic { predictors: "covariates", problem })?;
    Ok((fit.coefficients * unit, fit.linear_predictor))
}
