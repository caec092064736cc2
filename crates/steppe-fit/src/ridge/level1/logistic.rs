//! Ridge logistic regression with an offset, by Newton's method.

use nalgebra::{DMatrix, DVector};
use steppe_stats::linear_algebra::{Cholesky, gram};

/// The largest absolute component of the gradient at which a fit ends, for predictors of variance about 1.
const GRADIENT: f64 = 1e-6;

/// Probabilities nearer to 0 or 1 than this get the weight that they have here, as in glmnet.
const SMALLEST_WEIGHT: f64 = 1e-9;

/// Classes are separated when no probability is farther than this from its class.
const SEPARATED: f64 = 1e-4;

/// Halvings of one step, at most.
const HALVINGS: usize = 40;

/// Why a logistic fit was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogisticProblem {
    /// Steps ran out.
    #[error("not converged after {steps} steps: allow more")]
    NotConverged {
        /// Newton steps taken.
        steps: usize,
    },
    /// Every row is predicted perfectly, so that coefficients have no end.
    #[error("the predictors separate cases from controls")]
    Separated,
    /// The weighted products of the predictors are singular.
    #[error("the predictors are collinear among the samples that have the trait")]
    Singular,
}

/// A logistic fit at its optimum.
pub(crate) struct LogisticFit {
    pub coefficients: DVector<f64>,
    /// Offset plus predictors times coefficients, for all rows.
    pub linear_predictor: DVector<f64>,
}

/// Rows and penalty of a logistic fit.
pub(crate) struct LogisticData<'a> {
    /// Predictors, rows x columns.
    pub columns: &'a DMatrix<f64>,
    /// Classes, 0 or 1.
    pub values: &'a [f64],
    /// Added to each row's linear predictor.
    pub offset: &'a DVector<f64>,
    /// Rows that the model is trained on.
    pub used: &'a [bool],
    /// Of the squared coefficients, halved.
    pub penalty: f64,
}

impl LogisticData<'_> {
    /// Minimises the negative log-likelihood of the used rows plus `penalty / 2 · ‖coefficients‖²`.
    pub(crate) fn fit(&self, start: DVector<f64>, steps: usize) -> Result<LogisticFit, LogisticProblem> {
        let mut fit = self.at(start);
        for _ in 0..steps {
            let gradient = self.gradient(&fit);
            if gradient.amax() < GRADIENT {
                return self.unless_separated(fit);
            }
            let step = self.newton(&fit, &gradient)?;
            match self.descend(&fit, &step) {
                Some(next) => fit = next,
                // No step goes down any more: the optimum, as far as floats can tell, unless the gradient is large.
                None if gradient.amax() < 1e3 * GRADIENT => return self.unless_separated(fit),
                None => break,
            }
        }
        Err(LogisticProblem::NotConverged { steps })
    }

    /// Without a penalty the gradient vanishes at infinity too, where the classes are separated.
    fn unless_separated(&self, fit: LogisticFit) -> Result<LogisticFit, LogisticProblem> {
        let left = residuals(&fit.linear_predictor, self.values, self.used);
        if left.amax() < SEPARATED { Err(LogisticProblem::Separated) } else { Ok(fit) }
    }

    fn at(&self, coefficients: DVector<f64>) -> LogisticFit {
        let linear_predictor = self.offset + self.columns * &coefficients;
        LogisticFit { coefficients, linear_predictor }
    }

    fn objective(&self, fit: &LogisticFit) -> f64 {
        let rows = fit.linear_predictor.iter().zip(self.values).zip(self.used);
        let loss: f64 = rows
            .filter(|(_, used)| **used)
            .map(|((eta, y), _)| eta.max(0.0) - eta * y + (-eta.abs()).exp().ln_1p())
            .sum();
        loss + 0.5 * self.penalty * fit.coefficients.norm_squared()
    }

    fn gradient(&self, fit: &LogisticFit) -> DVector<f64> {
        let left = residuals(&fit.linear_predictor, self.values, self.used);
        self.columns.tr_mul(&left) - &fit.coefficients * self.penalty
    }

    fn newton(&self, fit: &LogisticFit, gradient: &DVector<f64>) -> Result<DVector<f64>, LogisticProblem> {
        let weights = weights(&fit.linear_predictor, self.used);
        let factor = hessian(self.columns, &weights, self.penalty).ok_or(LogisticProblem::Singular)?;
        let right = DMatrix::from_column_slice(gradient.len(), 1, gradient.as_slice());
        let step = factor.solve(&right).map_err(|_| LogisticProblem::Singular)?;
        Ok(step.column(0).into_owned())
    }

    fn descend(&self, fit: &LogisticFit, step: &DVector<f64>) -> Option<LogisticFit> {
        // Near the optimum the objective changes less than its own rounding; the gradient then decides.
        let before = self.objective(fit) * (1.0 + 1e-13);
        let mut length = 1.0;
        for _ in 0..HALVINGS {
            let next = self.at(&fit.coefficients + step * length);
            if self.objective(&next) < before {
                return Some(next);
            }
            length *= 0.5;
        }
        None
    }
}

/// The factor of `columnsᵀ · diag(weights) · columns + penalty`, if it is positive definite.
pub(super) fn hessian(columns: &DMatrix<f64>, weights: &DVector<f64>, penalty: f64) -> Option<Cholesky> {
    let mut weighted = columns.clone();
    let roots = weights.map(f64::sqrt);
    for mut column in weighted.column_iter_mut() {
        column.component_mul_assign(&roots);
    }
    let mut products = gram(&weighted);
    for at in 0..products.nrows() {
        products[(at, at)] += penalty;
    }
    Cholesky::new(products).ok()
}

/// Variances p(1−p) of the used rows, 0 elsewhere.
pub(super) fn weights(linear_predictor: &DVector<f64>, used: &[bool]) -> DVector<f64> {
    let weight = |(eta, used): (&f64, &bool)| {
        let p = probability(*eta);
        if *used { (p * (1.0 - p)).max(SMALLEST_WEIGHT) } else { 0.0 }
    };
    DVector::from_iterator(used.len(), linear_predictor.iter().zip(used).map(weight))
}

/// Values less probabilities of the used rows, 0 elsewhere.
pub(super) fn residuals(linear_predictor: &DVector<f64>, values: &[f64], used: &[bool]) -> DVector<f64> {
    let rows = linear_predictor.iter().zip(values).zip(used);
    let left = rows.map(|((eta, y), used)| if *used { y - probability(*eta) } else { 0.0 });
    DVector::from_iterator(used.len(), left)
}

pub(super) fn probability(linear_predictor: f64) -> f64 {
    1.0 / (1.0 + (-linear_predictor).exp())
}
