//! Newton's method for logistic regression, from zero and with plink2's rules for when it has converged, has failed,
//! or stops unfinished, so that error codes and last digits are those that plink2 gives.

use steppe_stats::{
    linear_algebra::SmallCholesky,
    regression::{Diverged, LogisticModel},
};

/// Steps before it stops unfinished.
const ITERATIONS: usize = 15;
/// Converged below this sum of absolute changes.
const CONVERGED: f64 = 1e-4;

/// Coefficients and what factors the information they came from.
#[derive(Debug, Default)]
pub(super) struct Fit {
    pub(super) beta: Vec<f64>,
    pub(super) factor: SmallCholesky,
    pub(super) unfinished: bool,
    gradient: Vec<f64>,
    information: Vec<f64>,
}

impl Fit {
    /// Starts at zero, where every probability is one half: gradient and information need no pass over the samples.
    /// `gradient` is Xᵀ·(1/2 - y) and `cross` Xᵀ·X, lower triangle.
    pub(super) fn newton(
        &mut self,
        model: &LogisticModel<'_>,
        gradient: &[f64],
        cross: &[f64],
    ) -> Result<(), Diverged> {
        let width = model.width();
        self.unfinished = false;
        self.beta.clear();
        self.beta.resize(width, 0.0);
        self.gradient.clear();
        self.gradient.extend_from_slice(gradient);
        self.information.clear();
        self.information.extend(cross.iter().map(|sum| 0.25 * sum));
        let mut least = f64::INFINITY;
        for iteration in 0..ITERATIONS {
            if iteration > 0 {
                model.newton_system(&self.beta, &mut self.gradient, &mut self.information);
            }
            self.factor.factor(&self.information, width, 0.0).map_err(|_| Diverged)?;
            self.factor.solve(&mut self.gradient);
            for (beta, step) in self.beta.iter_mut().zip(&self.gradient) {
                *beta -= step;
            }
            let change: f64 = self.gradient.iter().map(|step| step.abs()).sum();
            least = least.min(change);
            if change.is_nan() || (iteration > 3 && has_failed(iteration, change, least)) {
                return Err(Diverged);
            }
            if change < CONVERGED {
                return self.bounded(6e4);
            }
        }
        self.unfinished = true;
        self.bounded(8e3)
    }

    fn bounded(&self, limit: f64) -> Result<(), Diverged> {
        if self.beta.iter().any(|beta| beta.abs() > limit) { Err(Diverged) } else { Ok(()) }
    }
}

/// Steps that grow, or that go on by one each time, are those of a likelihood without a maximum.
fn has_failed(iteration: usize, change: f64, least: f64) -> bool {
    (change > 20.0 && change > 2.0 * least) || (iteration > 6 && (1.0 - change).abs() < 1e-3)
}
