//! Logistic loss.

use super::Loss;

/// Smallest μ(1 − μ) that a Newton step divides by; the loss and its gradient are not touched by it.
const FLOOR: f64 = 1e-6;

/// L(η) = Σ w (log(1 + eᶯ) − y η), y in {0, 1}.
#[derive(Debug)]
pub(crate) struct Binomial {
    y: Vec<f64>,
    weights: Vec<f64>,
}

impl Binomial {
    /// `weights` sum to 1; `y` is 0 or 1 where they are not 0.
    pub(crate) fn new(y: Vec<f64>, weights: Vec<f64>) -> Self {
        Self { y, weights }
    }
}

/// μ and log(1 + eᶯ).
fn logistic(eta: f64) -> (f64, f64) {
    let small = (-eta.abs()).exp();
    let upper = 1.0 / (1.0 + small);
    let mu = if eta >= 0.0 { upper } else { small * upper };
    (mu, eta.max(0.0) + small.ln_1p())
}

/// −p log p − (1 − p) log(1 − p).
fn entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(p) + term(1.0 - p)
}

impl Loss for Binomial {
    fn residual(&self, eta: &[f64], v: &mut [f64]) -> f64 {
        let mut loss = 0.0;
        for (((v, y), w), eta) in v.iter_mut().zip(&self.y).zip(&self.weights).zip(eta) {
            if *w == 0.0 {
                *v = 0.0;
                continue;
            }
            let (mu, softplus) = logistic(*eta);
            *v = w * (y - mu);
            loss += w * (softplus - y * eta);
        }
        loss
    }

    fn curvature(&self, eta: &[f64], w: &mut [f64]) {
        for ((out, w), eta) in w.iter_mut().zip(&self.weights).zip(eta) {
            let (mu, _) = logistic(*eta);
            *out = w * (mu * (1.0 - mu)).max(FLOOR);
        }
    }

    fn dual(&self, eta: &[f64], _v: &[f64], c: f64) -> f64 {
        let mut dual = 0.0;
        for ((y, w), eta) in self.y.iter().zip(&self.weights).zip(eta).filter(|((_, w), _)| **w != 0.0) {
            let (mu, _) = logistic(*eta);
            dual += w * entropy((y - c * (y - mu)).clamp(0.0, 1.0));
        }
        dual
    }

    fn saturated(&self) -> f64 {
        0.0
    }

    fn quadratic(&self) -> Option<&[f64]> {
        None
    }
}
