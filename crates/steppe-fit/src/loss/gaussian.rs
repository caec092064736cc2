//! Squared error.

use super::Loss;

/// L(η) = ½ Σ w (y − η)².
#[derive(Debug)]
pub(crate) struct Gaussian {
    y: Vec<f64>,
    weights: Vec<f64>,
}

impl Gaussian {
    /// `weights` sum to 1; `y` is finite where they are not 0. It is best centred.
    pub(crate) fn new(y: Vec<f64>, weights: Vec<f64>) -> Self {
        Self { y, weights }
    }
}

impl Loss for Gaussian {
    fn residual(&self, eta: &[f64], v: &mut [f64]) -> f64 {
        let mut loss = 0.0;
        for (((v, y), w), eta) in v.iter_mut().zip(&self.y).zip(&self.weights).zip(eta) {
            if *w == 0.0 {
                *v = 0.0;
                continue;
            }
            let r = y - eta;
            *v = w * r;
            loss += *v * r;
        }
        0.5 * loss
    }

    fn curvature(&self, _eta: &[f64], w: &mut [f64]) {
        w.copy_from_slice(&self.weights);
    }

    fn dual(&self, _eta: &[f64], v: &[f64], c: f64) -> f64 {
        // ½Σw(y² − (y − cr)²), with v = w·r.
        let mut dual = 0.0;
        for ((v, y), w) in v.iter().zip(&self.y).zip(&self.weights).filter(|(_, w)| **w != 0.0) {
            dual += v * (c * y - 0.5 * c * c * (v / w));
        }
        dual
    }

    fn saturated(&self) -> f64 {
        0.0
    }

    fn quadratic(&self) -> Option<&[f64]> {
        Some(&self.weights)
    }
}
