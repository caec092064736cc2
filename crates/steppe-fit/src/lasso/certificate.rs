//! The proof that a model is near its optimum, from the gradients of all variants.

use super::features::Features;
use crate::{loss::Loss, solver::penalty::Penalty};

/// How near a model is to the optimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// Largest violation of the optimality conditions over all variants, relative to lambda.
    pub violation: f64,
    /// Primal objective less a dual feasible one: no model's objective is lower than this one's by more. Covariates and
    /// unpenalised variants count as optimal, which they are to the solver's tolerance.
    pub gap: f64,
    /// The gap over the loss of the null model less that of a saturated one.
    pub relative_gap: f64,
    /// The objective, with Σw = 1.
    pub objective: f64,
}

/// A solved lambda and its gradients.
pub(crate) struct Evidence<'a> {
    pub(crate) loss: &'a dyn Loss,
    pub(crate) features: &'a Features,
    pub(crate) lambda: f64,
    pub(crate) alpha: f64,
    pub(crate) eta: &'a [f64],
    pub(crate) v: &'a [f64],
    pub(crate) loss_value: f64,
    /// Coefficients that are not 0, ascending by feature.
    pub(crate) beta: &'a [(u32, f64)],
    pub(crate) null_deviance: f64,
}

impl Evidence<'_> {
    /// The certificate, and the features that violate the conditions by more than `tolerance` of lambda. `gradient(f)` is
    /// feature f's on the solver's scale.
    pub(crate) fn judge(&self, gradient: impl Fn(u32) -> f64, tolerance: f64) -> (Certificate, Vec<u32>) {
        let penalty = Penalty::new(self.lambda, self.alpha);
        let mut beta = self.beta.iter().copied().peekable();
        let (mut worst, mut shrink, mut value) = (0.0_f64, 1.0_f64, 0.0);
        let mut violators = Vec::new();
        for feature in 0..self.features.count() {
            let own = beta.next_if(|(f, _)| *f == feature).map_or(0.0, |(_, beta)| beta);
            let factor = self.features.factor(feature);
            if factor.is_infinite() {
                continue;
            }
            let g = gradient(feature);
            let violation = penalty.violation(factor, g, own) / self.lambda;
            if violation > tolerance {
                violators.push(feature);
            }
            worst = worst.max(violation);
            shrink = shrink.min(penalty.shrink(factor, g));
            value += penalty.value(factor, own);
        }
        let objective = self.loss_value + value;
        let dual = self.dual(penalty, &gradient, shrink);
        let gap = (objective - dual).max(0.0);
        let relative_gap = if self.null_deviance > 0.0 { gap / self.null_deviance } else { 0.0 };
        (Certificate { violation: worst, gap, relative_gap, objective }, violators)
    }

    /// The best dual value at v itself (where a ridge part makes it finite) and at v shrunk to the lasso's bounds.
    fn dual(&self, penalty: Penalty, gradient: &impl Fn(u32) -> f64, shrink: f64) -> f64 {
        let at = |c: f64| {
            let mut conjugate = 0.0;
            for feature in 0..self.features.count() {
                let factor = self.features.factor(feature);
                if factor.is_finite() {
                    conjugate += penalty.conjugate(factor, c * gradient(feature));
                }
            }
            self.loss.dual(self.eta, self.v, c) - conjugate
        };
        if self.alpha < 1.0 { at(1.0).max(at(shrink)) } else { at(shrink) }
    }
}
