//! Coordinate descent on a quadratic model over packed columns, with covariates eliminated exactly.
//!
//! The model at a point is ½ΔηᵀWΔη − vᵀΔη + penalty. Covariates C are minimised out along every coordinate: moving β_j
//! by δ moves the predictor by δ(x_j − C a_j), where a_j = (CᵀWC)⁻¹CᵀWx_j. The residual that is kept lacks the covariates'
//! part, which is W C ν for a short vector ν, so a step costs one dot and one add of a packed column.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rayon::prelude::*;
use steppe_kernels::{Level, column_add_weighted, column_moments};

use super::{newton::Model, penalty::Penalty, strong_set::StrongSet};

/// Sweeps after which the model is looked at again whether or not it is solved.
const MAX_SWEEPS: usize = 1000;

/// What a column is like under the weights W.
#[derive(Clone, Debug)]
pub(crate) struct ColumnCurvature {
    /// CᵀWx.
    pub(crate) h: Vec<f64>,
    /// (CᵀWC)⁻¹CᵀWx.
    pub(crate) a: Vec<f64>,
    /// xᵀWx − hᵀa: the curvature once covariates are minimised out.
    pub(crate) kappa: f64,
}

/// The weights W of a quadratic model, with covariates' products under them.
pub(crate) struct Metric {
    pub(crate) w: Vec<f64>,
    weighted: Vec<Vec<f64>>,
    factor: Option<Cholesky<f64, Dyn>>,
}

impl Metric {
    /// W with the columns of C. Where CᵀWC is singular, covariates stay as they are in this step.
    pub(crate) fn new(w: Vec<f64>, covariates: &[Vec<f64>]) -> Self {
        let weighted: Vec<Vec<f64>> =
            covariates.iter().map(|c| c.iter().zip(&w).map(|(c, w)| c * w).collect()).collect();
        let gram =
            DMatrix::from_fn(covariates.len(), covariates.len(), |i, j| dot(&weighted[i], &covariates[j]));
        Self { w, weighted, factor: Cholesky::new(gram) }
    }

    /// (CᵀWC)⁻¹ rhs.
    pub(crate) fn solve(&self, rhs: &[f64]) -> Vec<f64> {
        match &self.factor {
            Some(factor) => factor.solve(&DVector::from_column_slice(rhs)).as_slice().to_vec(),
            None => vec![0.0; rhs.len()],
        }
    }

    /// The curvature of one feature's column.
    pub(crate) fn column(&self, strong: &StrongSet, j: usize) -> ColumnCurvature {
        let moments = column_moments(Level::best(), &strong.columns[j], strong.samples, &self.w);
        let mean = strong.mean[j];
        let square = moments[1] + 4.0 * moments[2] + mean * mean * moments[3];
        let scale = strong.scale[j];
        let h: Vec<f64> = self.weighted.iter().map(|c| strong.gradient(j, c)).collect();
        let a = self.solve(&h);
        let explained: f64 = h.iter().zip(&a).map(|(h, a)| h * a).sum();
        let square = square / (scale * scale);
        let kappa = square - explained;
        // A column that covariates explain up to rounding has no direction of its own.
        ColumnCurvature { h, a, kappa: if kappa > 1e-10 * square { kappa } else { 0.0 } }
    }
}

/// Σ a·b in one order.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    (((a + b) + (c + d)) + ((e + f) + (g + h))) + tail
}

/// A quadratic model with the working set's curvatures.
pub(crate) struct Descent<'a> {
    pub(crate) model: &'a Model<'a>,
    pub(crate) metric: &'a Metric,
    /// Positions in the strong set.
    pub(crate) working: &'a [usize],
    pub(crate) curvature: &'a [ColumnCurvature],
    pub(crate) penalty: Penalty,
    /// Largest violation of the model's optimality to stop at.
    pub(crate) tolerance: f64,
}

impl Descent<'_> {
    /// Solves the model at (beta, gamma) with weighted residual `v`; changes beta and gamma.
    pub(crate) fn run(&self, beta: &mut [f64], gamma: &mut [f64], v: &[f64]) {
        let mut v = v.to_vec();
        // Minimises over the covariates alone first: v must be orthogonal to them from here on.
        let mut nu: Vec<f64> = self.metric.solve(&self.model.covariate_gradient(&v));
        nu.iter_mut().for_each(|nu| *nu = -*nu);
        let mut sweeps = 0;
        while sweeps < MAX_SWEEPS {
            sweeps += 1;
            if self.sweep(0..self.working.len(), beta, &mut nu, &mut v) <= self.tolerance {
                break;
            }
            let active: Vec<usize> =
                (0..self.working.len()).filter(|m| beta[self.working[*m]] != 0.0).collect();
            while sweeps < MAX_SWEEPS {
                sweeps += 1;
                if self.sweep(active.iter().copied(), beta, &mut nu, &mut v) <= 0.5 * self.tolerance {
                    break;
                }
            }
        }
        for (gamma, nu) in gamma.iter_mut().zip(&nu) {
            *gamma -= nu;
        }
    }

    /// One step on each member; returns the largest violation met.
    fn sweep(
        &self,
        members: impl Iterator<Item = usize>,
        beta: &mut [f64],
        nu: &mut [f64],
        v: &mut [f64],
    ) -> f64 {
        let strong = self.model.strong;
        let mut worst = 0.0_f64;
        for m in members {
            let (j, curvature) = (self.working[m], &self.curvature[m]);
            if curvature.kappa == 0.0 {
                continue;
            }
            let covariates: f64 = curvature.h.iter().zip(nu.iter()).map(|(h, nu)| h * nu).sum();
            let gradient = strong.gradient(j, v) + covariates;
            worst = worst.max(self.penalty.violation(strong.factor[j], gradient, beta[j]));
            let target = self.penalty.minimiser(strong.factor[j], curvature.kappa, gradient, beta[j]);
            let delta = target - beta[j];
            if delta == 0.0 {
                continue;
            }
            beta[j] = target;
            column_add_weighted(
                Level::best(),
                &strong.columns[j],
                strong.samples,
                strong.table(j, -delta),
                &self.metric.w,
                v,
            );
            for (nu, a) in nu.iter_mut().zip(&curvature.a) {
                *nu += delta * a;
            }
        }
        worst
    }
}

/// The curvatures of some positions.
pub(crate) fn curvatures(metric: &Metric, strong: &StrongSet, positions: &[usize]) -> Vec<ColumnCurvature> {
    positions.par_iter().with_min_len(8).map(|j| metric.column(strong, *j)).collect()
}
