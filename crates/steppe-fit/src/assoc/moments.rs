//! The cross-products of one variant's regression: the design's, less the few samples without a call.

use steppe_stats::linear_algebra::SmallCholesky;

use super::{
    collinearity::{CollinearityLimits, Correlation, Fault},
    design::Design,
    genotypes::Called,
    result::AssocCode,
};

/// Buffers for variants with missing calls.
#[derive(Debug, Default)]
pub(super) struct Moments {
    missing: Vec<u32>,
    cross: Vec<f64>,
    factor: SmallCholesky,
    correlation: Correlation,
    row: Vec<f64>,
}

/// The predictors' cross-products over the samples with a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Predictors<'a> {
    /// Intercept and covariates, `k x k`.
    pub(super) cross: &'a [f64],
    pub(super) factor: &'a SmallCholesky,
    correlation: &'a Correlation,
    limits: CollinearityLimits,
    /// Places of samples without a call.
    pub(super) missing: &'a [u32],
}

impl Predictors<'_> {
    /// Whether a genotype with these products can be told from the covariates.
    pub(super) fn admit(&self, xg: &[f64], gg: f64) -> Result<(), AssocCode> {
        self.correlation.with_genotype(&self.cross[..xg.len()], xg, gg, self.limits)
    }
}

impl Moments {
    /// Finds the samples without a call, and the cross-products over the others.
    pub(super) fn predictors<'a>(
        &'a mut self,
        design: &'a Design,
        column: &[u8],
        called: &Called,
        limits: CollinearityLimits,
    ) -> Result<Predictors<'a>, AssocCode> {
        let k = design.width();
        if called.samples() <= k as u64 + 1 {
            return Err(AssocCode::TooFewSamples);
        }
        if called.is_constant() {
            return Err(AssocCode::ConstantGenotype);
        }
        self.missing.clear();
        if called.counts[3] == 0 {
            let Design { cross, factor, correlation, .. } = design;
            return Ok(Predictors { cross, factor, correlation, limits, missing: &[] });
        }
        design.mask.missing(column, &mut self.missing);
        self.cross.clone_from(&design.cross);
        for &place in &self.missing {
            design.row(place, &mut self.row);
            for (row, value) in self.cross.chunks_exact_mut(k).zip(&self.row) {
                for (cell, other) in row.iter_mut().zip(&self.row) {
                    *cell -= value * other;
                }
            }
        }
        self.correlation.assess(&self.cross, k, limits).map_err(Fault::code)?;
        self.factor.factor(&self.cross, k, 0.0).map_err(|_| AssocCode::RankDeficient)?;
        let Self { missing, cross, factor, correlation, .. } = self;
        Ok(Predictors { cross, factor, correlation, limits, missing })
    }
}

/// Σ a over the samples at `places`.
pub(super) fn sum_at(places: &[u32], a: &[f64]) -> f64 {
    places.iter().map(|&place| a[place as usize]).sum()
}

/// Σ a·b over the samples at `places`.
pub(super) fn product_at(places: &[u32], a: &[f64], b: &[f64]) -> f64 {
    places.iter().map(|&place| a[place as usize] * b[place as usize]).sum()
}
