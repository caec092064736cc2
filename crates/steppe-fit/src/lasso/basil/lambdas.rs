//! The lambdas of a trait's path.

use super::{ALPHA_FLOOR, TraitFit};
use crate::{
    error::{FitError, TraitProblem},
    lasso::options::LambdaPath,
};

impl TraitFit<'_> {
    /// Sets the lambdas.
    pub(super) fn plan(&mut self) -> Result<(), FitError> {
        let fail = |problem| FitError::Trait { name: self.input.name.clone(), problem };
        let best = self.scores.iter().copied().fold(0.0, f64::max);
        let largest = best / self.options.alpha.max(ALPHA_FLOOR);
        self.lambdas = match (&self.input.lambdas, &self.options.lambdas) {
            (Some(given), _) | (None, LambdaPath::Given(given)) => given.clone(),
            (None, LambdaPath::Auto { count, ratio }) => {
                // Gradients of nothing but rounding give no scale.
                if best <= 1e-10 * self.null_deviance.sqrt() {
                    return Err(fail(TraitProblem::NothingToFit));
                }
                let wide = self.design.training.len() < self.features.count() as usize;
                let ratio = ratio.unwrap_or(if wide { 0.01 } else { 1e-4 });
                spaced(largest, ratio, *count)
            }
        };
        let falls = self.lambdas.windows(2).all(|pair| pair[0] > pair[1]);
        let positive = self.lambdas.iter().all(|lambda| lambda.is_finite() && *lambda > 0.0);
        if self.lambdas.is_empty() || !falls || !positive {
            return Err(fail(TraitProblem::Lambdas));
        }
        Ok(())
    }
}

/// `count` values from `first` to `first * ratio`, evenly in the logarithm.
fn spaced(first: f64, ratio: f64, count: usize) -> Vec<f64> {
    let steps = count.saturating_sub(1).max(1) as f64;
    (0..count).map(|k| first * ratio.powf(k as f64 / steps)).collect()
}
