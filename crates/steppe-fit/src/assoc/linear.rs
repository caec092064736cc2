//! Linear regression of quantitative traits from sums alone (Frisch and Waugh 1933; Lovell 1963): with `~` for what
//! intercept and covariates leave, `beta = g̃·ỹ / g̃·g̃`, and the residual sum of squares is `ỹ·ỹ - beta² g̃·g̃`.
//!
//! Traits with the same samples share the covariates' columns. A missing call takes its sample out of the variant's
//! regression: the adjoint products lose the mean that stood for it, the other sums lose the sample.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use steppe_stats::{distributions::ln_t_two_sided, linear_algebra::dot};

use super::{
    collinearity::CollinearityLimits,
    design::Design,
    genotypes::Called,
    moments::{Moments, Predictors, product_at, sum_at},
    result::{AssocCode, AssocEstimate, AssocResult},
};

/// Squared standard errors below this are no estimate (as in plink2).
const LEAST_VARIANCE: f64 = 1e-20;

/// A quantitative trait's residuals from intercept and covariates.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// The trait's place among all traits.
    pub(super) index: usize,
    pub(super) residual: Vec<f64>,
    pub(super) sum_of_squares: f64,
}

/// Quantitative traits with the same samples.
#[derive(Debug)]
pub(super) struct LinearGroup {
    pub(super) design: Design,
    pub(super) outcomes: Vec<Outcome>,
    /// The first trait with these samples, among all traits.
    pub(super) first: usize,
}

/// A group's traits that one adjoint pass takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LinearWork<'a> {
    pub(super) design: Cow<'a, Design>,
    pub(super) outcomes: Cow<'a, [Outcome]>,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(super) struct LinearScratch {
    moments: Moments,
    xg: Vec<f64>,
    solved_xg: Vec<f64>,
    xy: Vec<f64>,
    solved_xy: Vec<f64>,
}

/// One variant as the matrix gives it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant<'a> {
    /// Packed codes.
    pub(super) column: &'a [u8],
    /// What stands for a missing call in the products.
    pub(super) mean: f64,
    pub(super) tests_counted: bool,
}

impl LinearWork<'_> {
    /// Residual columns that the group puts into the adjoint pass: covariates, then traits. Σ g comes from counts.
    pub(super) fn columns(&self, total: usize) -> Vec<Vec<f64>> {
        let covariates = self.design.columns[1..].iter();
        let residuals = self.outcomes.iter().map(|outcome| &outcome.residual);
        covariates.chain(residuals).map(|values| self.design.spread(values, total)).collect()
    }

    /// How many columns that are.
    pub(super) fn column_count(&self) -> usize {
        self.design.width() - 1 + self.outcomes.len()
    }

    /// Adds one result for each of the group's traits. `products` are the variant's, of the group's columns.
    pub(super) fn test(
        &self,
        variant: Variant<'_>,
        products: &[f64],
        limits: CollinearityLimits,
        scratch: &mut LinearScratch,
        results: &mut Vec<AssocResult>,
    ) {
        let counts = self.design.mask.counts(variant.column);
        let called = Called { counts, tests_counted: variant.tests_counted };
        let mut push = |outcome| results.push(AssocResult::new(&called, false, outcome));
        match self.genotype(variant, counts, products, limits, scratch) {
            Ok(mut genotype) => {
                let products = &products[self.design.width() - 1..];
                for (outcome, product) in self.outcomes.iter().zip(products) {
                    push(genotype.estimate(&self.design, outcome, *product, variant));
                }
            }
            Err(code) => self.outcomes.iter().for_each(|_| push(Err(code))),
        }
    }

    fn genotype<'a>(
        &'a self,
        variant: Variant<'_>,
        counts: [u64; 4],
        products: &[f64],
        limits: CollinearityLimits,
        scratch: &'a mut LinearScratch,
    ) -> Result<Genotype<'a>, AssocCode> {
        // The products are those of the counted allele; the other one's effect is the same with the other sign.
        let called = Called { counts, tests_counted: true };
        let LinearScratch { moments, xg, solved_xg, xy, solved_xy } = scratch;
        let predictors = moments.predictors(&self.design, variant.column, &called, limits)?;
        xg.clear();
        xg.push(called.sum());
        xg.extend(
            self.design.columns[1..]
                .iter()
                .zip(products)
                .map(|(covariate, product)| product - variant.mean * sum_at(predictors.missing, covariate)),
        );
        predictors.admit(xg, called.sum_of_squares())?;
        solved_xg.clone_from(xg);
        predictors.factor.solve(solved_xg);
        let left = called.sum_of_squares() - dot(xg, solved_xg);
        if left.is_nan() || left <= 0.0 {
            return Err(AssocCode::RankDeficient);
        }
        let freedom = called.samples() as f64 - self.design.width() as f64 - 1.0;
        Ok(Genotype { predictors, solved_xg, left, freedom, xy, solved_xy })
    }
}

/// A variant's part of its regressions, the same for all traits of a group.
struct Genotype<'a> {
    predictors: Predictors<'a>,
    solved_xg: &'a [f64],
    /// g̃·g̃.
    left: f64,
    freedom: f64,
    xy: &'a mut Vec<f64>,
    solved_xy: &'a mut Vec<f64>,
}

impl Genotype<'_> {
    fn estimate(
        &mut self,
        design: &Design,
        outcome: &Outcome,
        product: f64,
        variant: Variant<'_>,
    ) -> Result<AssocEstimate, AssocCode> {
        let (missing, residual) = (self.predictors.missing, &outcome.residual);
        let (mut gy, mut yy) = (product, outcome.sum_of_squares);
        // Over all of the group's samples the residuals have no product with the predictors: what the missing ones
        // have with the other sign is what is left.
        if !missing.is_empty() {
            self.xy.clear();
            self.xy.extend(design.columns.iter().map(|x| -product_at(missing, x, residual)));
            self.solved_xy.clone_from(self.xy);
            self.predictors.factor.solve(self.solved_xy);
            gy -= variant.mean * sum_at(missing, residual) + dot(self.xy, self.solved_xg);
            yy -= product_at(missing, residual, residual) + dot(self.xy, self.solved_xy);
        }
        let beta = if variant.tests_counted { gy / self.left } else { -gy / self.left };
        let residual_sum = (yy - gy * gy / self.left).max(0.0);
        let variance = residual_sum / self.freedom / self.left;
        if variance.is_nan() || variance < LEAST_VARIANCE {
            return Err(AssocCode::InvalidResult);
        }
        let standard_error = variance.sqrt();
        let statistic = beta / standard_error;
        let ln_p = ln_t_two_sided(statistic, self.freedom);
        Ok(AssocEstimate { beta, standard_error, statistic, p: ln_p.exp(), ln_p, unfinished: false })
    }
}
