//! Whether predicted risks are as high as what happened (Cox 1958; Van Calster et al. 2019).

use crate::regression::{Diverged, LogisticFit, LogisticModel};

/// ln(p / (1 − p)) of a risk: infinite at 0 and 1, NaN outside of them.
#[must_use]
pub fn logit(risk: f64) -> f64 {
    (risk / (1.0 - risk)).ln()
}

/// Calibration in the large: the intercept of a logistic regression of the outcome (1 for a case) with the risks' logits as
/// offset. Above 0 the risks are too low.
///
/// # Errors
/// With one class only, or logits that are not finite.
pub fn calibration_intercept(
    cases: &[f64],
    logits: &[f64],
    weights: &[f64],
) -> Result<LogisticFit, Diverged> {
    let ones = vec![1.0; cases.len()];
    LogisticFit::new(&LogisticModel { design: &[], predictor: &ones, cases, weights, offset: Some(logits) })
}

/// Intercept and slope of a logistic regression of the outcome on the risks' logits. A slope below 1 says that the risks
/// are too extreme.
///
/// # Errors
/// As [`calibration_intercept`], and where all logits are alike.
pub fn calibration_slope(cases: &[f64], logits: &[f64], weights: &[f64]) -> Result<LogisticFit, Diverged> {
    let design = [vec![1.0; cases.len()]];
    LogisticFit::new(&LogisticModel { design: &design, predictor: logits, cases, weights, offset: None })
}

/// Sum of risks over number of cases. `None` without cases.
pub fn expected_over_observed(cases: &[f64], risk: &[f64], weights: &[f64]) -> Option<f64> {
    let sum = |values: &[f64]| values.iter().zip(weights).map(|(value, weight)| weight * value).sum::<f64>();
    let observed = sum(cases);
    (observed > 0.0).then(|| sum(risk) / observed)
}

/// Standard error of ln(E/O) with the risks taken as fixed: √((1 − O/n) / O) (Debray et al. 2017). `None` without cases.
pub fn ln_expected_over_observed_error(cases: f64, samples: f64) -> Option<f64> {
    (cases > 0.0).then(|| ((1.0 - cases / samples) / cases).sqrt())
}
