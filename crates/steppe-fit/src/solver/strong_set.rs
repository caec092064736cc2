//! The features that a solver may use: packed columns with what makes genotypes of codes.

use std::sync::Arc;

use rayon::prelude::*;
use steppe_kernels::{Level, column_add, column_dot};

/// Samples that one task of a forward product handles: their sums stay in the nearest cache. A multiple of 32, so that
/// it starts at a word.
const CHUNK: usize = 1024;

/// Features in ascending order, a column each. Feature j's value for a sample is code / scale, the mean / scale where the
/// call is missing. It is not centred: covariates hold the intercept.
#[derive(Clone, Debug, Default)]
pub(crate) struct StrongSet {
    pub(crate) samples: usize,
    pub(crate) features: Vec<u32>,
    pub(crate) columns: Vec<Arc<[u8]>>,
    pub(crate) mean: Vec<f64>,
    pub(crate) scale: Vec<f64>,
    /// Penalty factors; 0 is unpenalised.
    pub(crate) factor: Vec<f64>,
}

impl StrongSet {
    pub(crate) fn len(&self) -> usize {
        self.features.len()
    }

    /// x_jᵀv.
    pub(crate) fn gradient(&self, j: usize, v: &[f64]) -> f64 {
        let sums = column_dot(Level::best(), &self.columns[j], self.samples, v);
        (sums.codes + self.mean[j] * sums.missing) / self.scale[j]
    }

    /// x_jᵀv of some positions.
    pub(crate) fn gradients(&self, positions: &[usize], v: &[f64]) -> Vec<f64> {
        positions.par_iter().with_min_len(16).map(|j| self.gradient(*j, v)).collect()
    }

    /// What `weight` times the column adds for each code.
    pub(crate) fn table(&self, j: usize, weight: f64) -> [f64; 4] {
        let unit = weight / self.scale[j];
        [0.0, unit, 2.0 * unit, self.mean[j] * unit]
    }

    /// Adds Σ β_j x_j to `eta`, features in ascending order.
    pub(crate) fn add_predictor(&self, beta: &[f64], eta: &mut [f64]) {
        let active: Vec<usize> = (0..self.len()).filter(|j| beta[*j] != 0.0).collect();
        let level = Level::best();
        eta.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, eta)| {
            for j in &active {
                let bytes = &self.columns[*j][chunk * CHUNK / 4..];
                column_add(level, bytes, eta.len(), self.table(*j, beta[*j]), eta);
            }
        });
    }
}
