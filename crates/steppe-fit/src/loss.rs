//! Losses of a linear predictor. Sample weights sum to 1, so a loss is a weighted mean and its gradients compare with
//! lambda as they are.

mod binomial;
mod cox;
mod gaussian;

pub(crate) use binomial::Binomial;
pub(crate) use cox::Cox;
pub(crate) use gaussian::Gaussian;

/// A convex loss L(η) of the linear predictor, over all samples of the matrix; those of weight 0 do not count.
pub(crate) trait Loss: Send + Sync {
    /// L(η); writes the weighted residual v = −∂L/∂η.
    fn residual(&self, eta: &[f64], v: &mut [f64]) -> f64;

    /// Writes a diagonal W that stands for the Hessian of L at η in a Newton step.
    fn curvature(&self, eta: &[f64], w: &mut [f64]);

    /// The dual objective at c·v(η), for c in 0..=1: a lower bound of every primal value where c·v is dual feasible.
    fn dual(&self, eta: &[f64], v: &[f64], c: f64) -> f64;

    /// Infimum of the loss over all predictors.
    fn saturated(&self) -> f64;

    /// The weights, where the loss is quadratic with W equal to them everywhere.
    fn quadratic(&self) -> Option<&[f64]>;
}
