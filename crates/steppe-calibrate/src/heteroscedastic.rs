//! Bayesian regression of a mean and of a log variance, each on its own columns.
//!
//! `y ~ N(X·β, exp(Z·γ))`, coefficients normal in blocks with a common standard deviation each, which is estimated from
//! the data (empirical Bayes). Alternates: β given γ is exact; γ given β is a Laplace step on squared residuals that
//! carry β's uncertainty (restricted likelihood, Smyth 2002); block scales by their evidence (MacKay 1992) with a weak
//! prior, so that a block with nothing to say shrinks and none runs away. The mean/log-variance form is that of CalPred
//! (Hou et al. 2024) and of the pgscatalog's Z_norm2.

use nalgebra::{DMatrix, DVector};
use steppe_stats::linear_algebra::transposed_multiply;

use crate::{
    CalibrateError,
    gaussian::{Coefficients, inverse},
};

const MOST_STEPS: usize = 2000;
const TOLERANCE: f64 = 1e-6;
/// Bounds of a log variance of standardised values: outside, the exponential would only amplify rounding.
const LOG_VARIANCE_BOUND: f64 = 20.0;

/// What is known of a block's standard deviation beforehand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scale {
    /// It is this.
    Fixed(f64),
    /// About this, with the weight of so many coefficients.
    About { typical: f64, weight: f64 },
}

/// Neighbouring columns with coefficients of a common scale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) columns: usize,
    pub(crate) scale: Scale,
}

/// Columns of the mean or of the log variance, and their blocks in order.
pub(crate) struct Side<'a> {
    pub(crate) design: &'a DMatrix<f64>,
    pub(crate) blocks: &'a [Block],
}

/// A fitted regression.
pub(crate) struct Fitted {
    pub(crate) mean: Coefficients,
    pub(crate) log_variance: Coefficients,
    /// Standard deviations of the mean's blocks.
    pub(crate) mean_scales: Vec<f64>,
    /// Standard deviations of the log variance's blocks.
    pub(crate) variance_scales: Vec<f64>,
}

/// Fits both sides to a response that is about standardised (the priors' scales are in its units).
pub(crate) fn fit(response: &DVector<f64>, mean: &Side, variance: &Side) -> Result<Fitted, CalibrateError> {
    let mut mean_scales = start(mean.blocks);
    let mut variance_scales = start(variance.blocks);
    let mut gamma = DVector::zeros(variance.design.ncols());
    let mut last = DVector::zeros(mean.design.ncols() + gamma.len());
    for _ in 0..MOST_STEPS {
        let log_variance = bounded(&(variance.design * &gamma));
        let beta =
            mean_given_variance(response, mean, &log_variance, &precisions(mean.blocks, &mean_scales))?;
        let squares = expected_squares(response, mean.design, &beta);
        let spread = variance_given_squares(
            variance.design,
            &squares,
            &DVector::zeros(gamma.len()),
            &DMatrix::from_diagonal(&precisions(variance.blocks, &variance_scales)),
            gamma,
        )?;
        update_scales(mean.blocks, &beta, &mut mean_scales);
        update_scales(variance.blocks, &spread, &mut variance_scales);
        gamma = spread.mean.clone();
        let now = stacked(&beta.mean, &gamma);
        let change = (&now - &last).amax();
        last = now;
        if change < TOLERANCE {
            return Ok(Fitted { mean: beta, log_variance: spread, mean_scales, variance_scales });
        }
    }
    Err(CalibrateError::NotConverged { what: "the regression's posterior", steps: MOST_STEPS })
}

/// A normal posterior of mean coefficients from a normal prior with this precision around zero, given log variances.
fn mean_given_variance(
    response: &DVector<f64>,
    mean: &Side,
    log_variance: &DVector<f64>,
    precision: &DVector<f64>,
) -> Result<Coefficients, CalibrateError> {
    let weights = log_variance.map(|value| (-value).exp());
    let (mut matrix, right) = weighted(mean.design, &weights, response);
    for (index, value) in precision.iter().enumerate() {
        matrix[(index, index)] += value;
    }
    let (covariance, _) = inverse(matrix, "the information of the mean")?;
    Ok(Coefficients { mean: &covariance * right, covariance })
}

/// Xᵀ·W·X and Xᵀ·W·y.
pub(crate) fn weighted(
    design: &DMatrix<f64>,
    weights: &DVector<f64>,
    response: &DVector<f64>,
) -> (DMatrix<f64>, DVector<f64>) {
    let mut scaled = design.clone();
    for mut column in scaled.column_iter_mut() {
        column.component_mul_assign(weights);
    }
    (transposed_multiply(&scaled, design), scaled.tr_mul(response))
}

/// E[(y − x·β)²] for each person.
pub(crate) fn expected_squares(
    response: &DVector<f64>,
    design: &DMatrix<f64>,
    beta: &Coefficients,
) -> DVector<f64> {
    let residual = response - design * &beta.mean;
    let spread = design * &beta.covariance;
    DVector::from_fn(response.len(), |row, _| {
        residual[row] * residual[row] + spread.row(row).dot(&design.row(row)).max(0.0)
    })
}

/// The posterior of log-variance coefficients from squares of residuals, by Fisher scoring with halved steps; the
/// covariance is the inverse of the expected information.
pub(crate) fn variance_given_squares(
    design: &DMatrix<f64>,
    squares: &DVector<f64>,
    prior_mean: &DVector<f64>,
    precision: &DMatrix<f64>,
    start: DVector<f64>,
) -> Result<Coefficients, CalibrateError> {
    let objective = |gamma: &DVector<f64>| {
        let log_variance = bounded(&(design * gamma));
        let fit: f64 =
            log_variance.iter().zip(squares).map(|(value, square)| value + square * (-value).exp()).sum();
        let away = gamma - prior_mean;
        0.5 * fit + 0.5 * away.dot(&(precision * &away))
    };
    let information = transposed_multiply(design, design) * 0.5 + precision;
    let (covariance, _) = inverse(information, "the information of the log variance")?;
    let mut value = objective(&start);
    let mut gamma = start;
    for _ in 0..MOST_STEPS {
        let log_variance = bounded(&(design * &gamma));
        let pull =
            DVector::from_fn(squares.len(), |row, _| 0.5 * (squares[row] * (-log_variance[row]).exp() - 1.0));
        let gradient = design.tr_mul(&pull) - precision * (&gamma - prior_mean);
        let direction = &covariance * gradient;
        let mut length = 1.0;
        let mut improved = false;
        while length > 1e-6 {
            let next = &gamma + &direction * length;
            let at = objective(&next);
            if at <= value {
                improved = value - at > 1e-12 * value.abs();
                (gamma, value) = (next, at);
                break;
            }
            length *= 0.5;
        }
        if !improved || direction.amax() * length < TOLERANCE {
            break;
        }
    }
    Ok(Coefficients { mean: gamma, covariance })
}

/// Log variances within [`LOG_VARIANCE_BOUND`].
pub(crate) fn bounded(values: &DVector<f64>) -> DVector<f64> {
    values.map(|value| value.clamp(-LOG_VARIANCE_BOUND, LOG_VARIANCE_BOUND))
}

fn start(blocks: &[Block]) -> Vec<f64> {
    let scale = |block: &Block| match block.scale {
        Scale::Fixed(value) | Scale::About { typical: value, .. } => value,
    };
    blocks.iter().map(scale).collect()
}

fn precisions(blocks: &[Block], scales: &[f64]) -> DVector<f64> {
    let each = blocks
        .iter()
        .zip(scales)
        .flat_map(|(block, scale)| std::iter::repeat_n(1.0 / (scale * scale), block.columns));
    DVector::from_vec(each.collect())
}

fn update_scales(blocks: &[Block], coefficients: &Coefficients, scales: &mut [f64]) {
    let mut first = 0;
    for (block, scale) in blocks.iter().zip(scales) {
        let own = first..first + block.columns;
        first = own.end;
        if let Scale::About { typical, weight } = block.scale {
            // MacKay's fixed point of the same equation as that of expectation-maximisation, in fewer steps.
            let (mut squares, mut determined) = (weight * typical * typical, weight);
            for index in own {
                squares += coefficients.mean[index].powi(2);
                determined += 1.0 - (coefficients.covariance[(index, index)] / (*scale * *scale)).min(1.0);
            }
            *scale = (squares / determined).sqrt();
        }
    }
}

fn stacked(first: &DVector<f64>, second: &DVector<f64>) -> DVector<f64> {
    DVector::from_iterator(first.len() + second.len(), first.iter().chain(second.iter()).copied())
}
