//! Squared correlation and explained variance, and their forms for binary outcomes.

use crate::distributions::{normal_density, normal_quantile};

/// Squared Pearson correlation of prediction and observation: R² after the best linear rescaling of the prediction.
/// `None` where either is constant, or with fewer than two samples.
pub fn r_squared(observed: &[f64], predicted: &[f64]) -> Option<f64> {
    let n = observed.len() as f64;
    let (mean_o, mean_p) = (observed.iter().sum::<f64>() / n, predicted.iter().sum::<f64>() / n);
    let (mut oo, mut pp, mut op) = (0.0, 0.0, 0.0);
    for (o, p) in observed.iter().zip(predicted) {
        let (o, p) = (o - mean_o, p - mean_p);
        oo += o * o;
        pp += p * p;
        op += o * p;
    }
    (observed.len() >= 2 && oo > 0.0 && pp > 0.0).then(|| op * op / (oo * pp))
}

/// 1 − SSE / SST: the share of variance that the prediction explains as it is, without rescaling; below 0 where the mean
/// predicts better. `None` where the observation is constant, or with fewer than two samples.
pub fn explained_variance(observed: &[f64], predicted: &[f64]) -> Option<f64> {
    let mean = observed.iter().sum::<f64>() / observed.len() as f64;
    let total: f64 = observed.iter().map(|o| (o - mean) * (o - mean)).sum();
    let error: f64 = observed.iter().zip(predicted).map(|(o, p)| (o - p) * (o - p)).sum();
    (observed.len() >= 2 && total > 0.0).then(|| 1.0 - error / total)
}

/// Nagelkerke's R² of a model of a binary outcome from its log-likelihood and that of the intercept alone (1991): Cox and
/// Snell's over the most that it can be. `None` without samples or with one class only.
pub fn nagelkerke_r2(null_log_likelihood: f64, log_likelihood: f64, samples: f64) -> Option<f64> {
    let share = |log_likelihood: f64| -(2.0 * log_likelihood / samples).exp_m1();
    let most = share(null_log_likelihood);
    (samples > 0.0 && most > 0.0).then(|| share(null_log_likelihood - log_likelihood) / most)
}

/// R² on the liability scale from the R² of a linear regression on a binary outcome (Lee et al. 2012, equation 15), given
/// the `prevalence` in the population and the `case_fraction` of the sample. `None` unless both lie between 0 and 1.
pub fn liability_r2(observed_r2: f64, prevalence: f64, case_fraction: f64) -> Option<f64> {
    let inside = |share: f64| share > 0.0 && share < 1.0;
    if !inside(prevalence) || !inside(case_fraction) {
        return None;
    }
    let (k, p) = (prevalence, case_fraction);
    let threshold = -normal_quantile(k);
    let height = normal_density(threshold);
    let mean_liability = height / k;
    let excess = mean_liability * (p - k) / (1.0 - k);
    let theta = excess * (excess - threshold);
    let scale = (k * (1.0 - k)).powi(2) / (height * height * p * (1.0 - p));
    Some(observed_r2 * scale / (1.0 + observed_r2 * theta * scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rescaling_leaves_the_correlation_and_changes_the_explained_variance() {
        let observed = [1.0, 2.0, 4.0, 5.0];
        let predicted = [1.5, 1.5, 3.5, 5.5];
        // R: cor(o, p)^2 = 0.90909090909090895; 1 - sum((o - p)^2) / sum((o - mean(o))^2) = 0.9.
        let r2 = r_squared(&observed, &predicted).unwrap();
        assert!((r2 - 10.0 / 11.0).abs() < 1e-12, "{r2}");
        assert!((explained_variance(&observed, &predicted).unwrap() - 0.9).abs() < 1e-12);
        let scaled: Vec<f64> = predicted.iter().map(|p| 10.0 - 3.0 * p).collect();
        assert!((r_squared(&observed, &scaled).unwrap() - r2).abs() < 1e-12);
        assert!(explained_variance(&observed, &scaled).unwrap() < 0.0);
    }

    #[test]
    fn constants_have_none() {
        assert_eq!(r_squared(&[1.0, 2.0], &[3.0, 3.0]), None);
        assert_eq!(r_squared(&[1.0, 1.0], &[3.0, 4.0]), None);
        assert_eq!(explained_variance(&[1.0, 1.0], &[3.0, 4.0]), None);
        assert_eq!(r_squared(&[], &[]), None);
    }
}
