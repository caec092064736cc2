//! The logistic model's probabilities, gradient and information, summed in blocks of samples that stay in cache.

use crate::linear_algebra::dot;

/// Samples of a block.
const BLOCK: usize = 256;

/// A logistic regression: its predictors are the design's columns, then one more. All slices have one value per sample.
#[derive(Clone, Copy, Debug)]
pub struct LogisticModel<'a> {
    /// Columns that several regressions share: the intercept, covariates. May be none.
    pub design: &'a [Vec<f64>],
    /// The last column, often the one that is looked at.
    pub predictor: &'a [f64],
    /// 1 for a case, 0 for a control.
    pub cases: &'a [f64],
    /// How often a sample counts; 0 leaves it out.
    pub weights: &'a [f64],
    /// Added to the linear predictor with a coefficient of one.
    pub offset: Option<&'a [f64]>,
}

impl<'a> LogisticModel<'a> {
    /// Predictors.
    pub fn width(&self) -> usize {
        self.design.len() + 1
    }

    #[inline]
    pub(super) fn column(&self, index: usize) -> &'a [f64] {
        self.design.get(index).map_or(self.predictor, |column| column)
    }

    /// Blocks of samples, in order.
    #[inline]
    pub(super) fn blocks(&self) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let n = self.predictor.len();
        (0..n).step_by(BLOCK).map(move |start| start..(start + BLOCK).min(n))
    }

    /// Probabilities of being a case at the samples of a block.
    pub(super) fn probabilities(&self, beta: &[f64], block: std::ops::Range<usize>, p: &mut [f64]) {
        match self.offset {
            Some(offset) => p.copy_from_slice(&offset[block.clone()]),
            None => p.fill(0.0),
        }
        for (index, b) in beta.iter().enumerate() {
            for (eta, x) in p.iter_mut().zip(&self.column(index)[block.clone()]) {
                *eta += b * x;
            }
        }
        for eta in p.iter_mut() {
            *eta = 1.0 / (1.0 + (-*eta).exp());
        }
    }

    /// Adds a block's part of the information Xᵀ·diag(v)·X, lower triangle; `scaled` is a buffer of the block's length.
    pub(super) fn add_information(
        &self,
        block: std::ops::Range<usize>,
        v: &[f64],
        scaled: &mut [f64],
        information: &mut [f64],
    ) {
        let width = self.width();
        for row in 0..width {
            for ((s, x), v) in scaled.iter_mut().zip(&self.column(row)[block.clone()]).zip(v) {
                *s = x * v;
            }
            for column in 0..=row {
                information[row * width + column] += dot(scaled, &self.column(column)[block.clone()]);
            }
        }
    }

    /// Gradient of the negative log-likelihood and the information at `beta`, the latter row-major with its lower
    /// triangle set; both of the model's width.
    pub fn newton_system(&self, beta: &[f64], gradient: &mut [f64], information: &mut [f64]) {
        gradient.fill(0.0);
        information.fill(0.0);
        let (mut p, mut v, mut scaled) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        for block in self.blocks() {
            let n = block.len();
            let (p, v, scaled) = (&mut p[..n], &mut v[..n], &mut scaled[..n]);
            self.probabilities(beta, block.clone(), p);
            let (weights, cases) = (&self.weights[block.clone()], &self.cases[block.clone()]);
            for (((p, v), weight), case) in p.iter_mut().zip(v.iter_mut()).zip(weights).zip(cases) {
                *v = weight * *p * (1.0 - *p);
                *p = weight * (*p - case);
            }
            for (index, sum) in gradient.iter_mut().enumerate() {
                *sum += dot(p, &self.column(index)[block.clone()]);
            }
            self.add_information(block, v, scaled, information);
        }
    }

    /// The log-likelihood at `beta`.
    pub fn log_likelihood(&self, beta: &[f64]) -> f64 {
        (0..self.predictor.len())
            .filter(|sample| self.weights[*sample] > 0.0)
            .map(|sample| {
                let start = self.offset.map_or(0.0, |offset| offset[sample]);
                let eta = beta
                    .iter()
                    .enumerate()
                    .fold(start, |eta, (index, b)| eta + b * self.column(index)[sample]);
                let normaliser = eta.max(0.0) + (-eta.abs()).exp().ln_1p();
                self.weights[sample] * (self.cases[sample] * eta - normaliser)
            })
            .sum()
    }
}
