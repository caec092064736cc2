//! The Brier score.

/// Mean squared difference of predicted risk and outcome (1 for a case, 0 for a control). `None` without samples.
pub fn brier(cases: &[f64], risk: &[f64], weights: &[f64]) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for ((case, risk), weight) in cases.iter().zip(risk).zip(weights) {
        sum += weight * (risk - case) * (risk - case);
        total += weight;
    }
    (total > 0.0).then(|| sum / total)
}

/// 1 − Brier / Brier of the mean outcome: 1 is perfect, 0 no better than the case fraction (Steyerberg et al. 2010).
/// `None` with one class only.
pub fn scaled_brier(cases: &[f64], risk: &[f64], weights: &[f64]) -> Option<f64> {
    let total: f64 = weights.iter().sum();
    let fraction = cases.iter().zip(weights).map(|(case, weight)| weight * case).sum::<f64>() / total;
    let of_mean = fraction * (1.0 - fraction);
    (of_mean > 0.0).then(|| brier(cases, risk, weights).map(|value| 1.0 - value / of_mean)).flatten()
}
