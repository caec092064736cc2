//! The elastic-net penalty at one lambda.

/// λ Σ f_j (α|β_j| + (1 − α)/2 β_j²), with a factor f_j per feature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Penalty {
    /// λα.
    l1: f64,
    /// λ(1 − α).
    l2: f64,
}

impl Penalty {
    pub(crate) fn new(lambda: f64, alpha: f64) -> Self {
        Self { l1: lambda * alpha, l2: lambda * (1.0 - alpha) }
    }

    /// The penalty of one coefficient.
    pub(crate) fn value(self, factor: f64, beta: f64) -> f64 {
        if beta == 0.0 { 0.0 } else { factor * (self.l1 * beta.abs() + 0.5 * self.l2 * beta * beta) }
    }

    /// The derivative for one coefficient, at 0 on the side that has the sign of `side`.
    pub(crate) fn slope(self, factor: f64, beta: f64, side: f64) -> f64 {
        factor * (self.l1.copysign(side) + self.l2 * beta)
    }

    /// The minimiser along one coordinate, where the loss has gradient −`gradient` and curvature `kappa` at `beta`.
    pub(crate) fn minimiser(self, factor: f64, kappa: f64, gradient: f64, beta: f64) -> f64 {
        let target = gradient + kappa * beta;
        let threshold = factor * self.l1;
        if target.abs() <= threshold {
            return 0.0;
        }
        (target - threshold.copysign(target)) / (kappa + factor * self.l2)
    }

    /// Distance of −gradient from the subdifferential: 0 where the coordinate is optimal.
    pub(crate) fn violation(self, factor: f64, gradient: f64, beta: f64) -> f64 {
        if beta == 0.0 {
            (gradient.abs() - factor * self.l1).max(0.0)
        } else {
            (gradient - factor * (self.l1.copysign(beta) + self.l2 * beta)).abs()
        }
    }

    /// Factor by which the residual must shrink so that this feature's dual constraint holds; for the lasso.
    pub(crate) fn shrink(self, factor: f64, gradient: f64) -> f64 {
        let bound = factor * self.l1;
        if gradient.abs() <= bound || factor == 0.0 { 1.0 } else { bound / gradient.abs() }
    }

    /// The penalty's conjugate at a dual value. Unpenalised features' gradients are 0 to the solver's tolerance and are
    /// left out; where there is no ridge part, a value beyond the bound is infinite.
    pub(crate) fn conjugate(self, factor: f64, gradient: f64) -> f64 {
        let excess = gradient.abs() - factor * self.l1;
        if excess <= 0.0 || factor == 0.0 {
            0.0
        } else if self.l2 == 0.0 {
            // Room for rounding: `shrink` divides, and the product may end one bit above the bound.
            if excess <= 1e-12 * gradient.abs() { 0.0 } else { f64::INFINITY }
        } else {
            excess * excess / (2.0 * factor * self.l2)
        }
    }
}
