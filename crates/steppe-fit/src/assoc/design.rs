//! The part of a regression that all variants share: samples, covariates, and their cross-products.

use serde::{Deserialize, Serialize};
use steppe_stats::linear_algebra::{SmallCholesky, dot};

use super::{
    collinearity::{CollinearityLimits, Correlation},
    genotypes::SampleMask,
    input::{Covariate, DropReason, DroppedCovariate, TraitKind},
};

/// Samples with a trait and all covariates, and what was left out on the way there.
#[derive(Clone, Debug)]
pub(super) struct Complete {
    pub(super) samples: Vec<u32>,
    pub(super) missing_trait: usize,
    pub(super) missing_covariate: usize,
    pub(super) singled_out: usize,
    pub(super) dropped: Vec<DroppedCovariate>,
    kept: Vec<usize>,
}

impl Complete {
    /// Chooses samples and covariates as plink2 does: samples with all values, without constant covariates; for a
    /// quantitative trait also without a sample whose value of a covariate is the only one that differs, since the
    /// covariate would do nothing but fit it.
    pub(super) fn choose(values: &[f64], covariates: &[Covariate<'_>], kind: TraitKind) -> Self {
        let with_trait: Vec<u32> = (0..).zip(values).filter(|(_, v)| v.is_finite()).map(|(i, _)| i).collect();
        let missing_trait = values.len() - with_trait.len();
        let complete = |kept: &[usize]| -> Vec<u32> {
            let has_all = |s: &&u32| kept.iter().all(|&c| covariates[c].values[**s as usize].is_finite());
            with_trait.iter().filter(has_all).copied().collect()
        };
        let all: Vec<usize> = (0..covariates.len()).collect();
        let samples = complete(&all);
        let kept: Vec<usize> =
            all.into_iter().filter(|&c| !is_constant(covariates[c].values, &samples)).collect();
        let samples = complete(&kept);
        let mut this = Self {
            missing_trait,
            missing_covariate: with_trait.len() - samples.len(),
            samples,
            singled_out: 0,
            dropped: Vec::new(),
            kept,
        };
        if kind == TraitKind::Quantitative {
            this.leave_out_singles(covariates);
        }
        let constant = |c: &usize| !this.kept.contains(c);
        this.dropped = (0..covariates.len())
            .filter(constant)
            .map(|c| DroppedCovariate { name: covariates[c].name.to_owned(), reason: DropReason::Constant })
            .collect();
        this
    }

    /// Covariates that are not constant.
    pub(super) fn covariates(&self) -> usize {
        self.kept.len()
    }

    fn leave_out_singles(&mut self, covariates: &[Covariate<'_>]) {
        loop {
            let before = self.samples.len();
            self.kept.retain(|&c| {
                if let Some(index) = single(covariates[c].values, &self.samples) {
                    self.samples.remove(index);
                }
                !is_constant(covariates[c].values, &self.samples)
            });
            self.singled_out += before - self.samples.len();
            if self.samples.len() == before {
                return;
            }
        }
    }
}

fn is_constant(values: &[f64], samples: &[u32]) -> bool {
    samples.windows(2).all(|pair| values[pair[0] as usize] == values[pair[1] as usize])
}

/// The place of the one sample that differs from all others, of three samples or more.
fn single(values: &[f64], samples: &[u32]) -> Option<usize> {
    let value = |place: usize| values[samples[place] as usize];
    if samples.len() < 3 {
        return None;
    }
    // Two of the first three are equal if at most one sample differs.
    let common = if value(0) == value(1) || value(0) == value(2) { value(0) } else { value(1) };
    let mut others = (0..samples.len()).filter(|&place| value(place) != common);
    let first = others.next()?;
    others.next().is_none().then_some(first)
}

/// Intercept and covariates of some samples, centred and scaled to variance one, which changes neither a genotype's
/// effect nor its test but keeps the cross-products well conditioned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Design {
    pub(super) mask: SampleMask,
    /// The intercept's ones and the covariates' values, each as long as there are samples in the regression.
    pub(super) columns: Vec<Vec<f64>>,
    /// Their cross-products, `k x k`.
    pub(super) cross: Vec<f64>,
    pub(super) factor: SmallCholesky,
    pub(super) correlation: Correlation,
}

impl Design {
    /// Builds the design, and drops covariates until none is collinear with others; of two, the later one goes.
    pub(super) fn new(
        complete: &mut Complete,
        covariates: &[Covariate<'_>],
        total: usize,
        limits: CollinearityLimits,
    ) -> Self {
        let n = complete.samples.len();
        let mut columns = vec![vec![1.0; n]];
        columns.extend(complete.kept.iter().map(|&c| standardised(covariates[c].values, &complete.samples)));
        let (mut correlation, mut factor) = (Correlation::default(), SmallCholesky::default());
        loop {
            let cross = cross_products(&columns);
            let k = columns.len();
            let Err(fault) = correlation.assess(&cross, k, limits) else {
                // Centred columns that passed leave every pivot well above nothing.
                let _ = factor.factor(&cross, k, 0.0);
                let mask = SampleMask::new(std::mem::take(&mut complete.samples), total);
                return Self { mask, columns, cross, factor, correlation };
            };
            columns.remove(fault.covariate() + 1);
            let name = covariates[complete.kept.remove(fault.covariate())].name.to_owned();
            complete.dropped.push(DroppedCovariate { name, reason: DropReason::Collinear });
        }
    }

    /// Intercept and covariates.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Writes the predictors of one sample.
    pub(super) fn row(&self, place: u32, row: &mut Vec<f64>) {
        row.clear();
        row.extend(self.columns.iter().map(|column| column[place as usize]));
    }

    /// A column of the matrix's length: `values` at the regression's samples, 0 elsewhere.
    pub(super) fn spread(&self, values: &[f64], total: usize) -> Vec<f64> {
        let mut column = vec![0.0; total];
        for (&sample, value) in self.mask.samples().iter().zip(values) {
            column[sample as usize] = *value;
        }
        column
    }

    /// What intercept and covariates leave of some values.
    pub(super) fn residual(&self, values: &[f64]) -> Vec<f64> {
        let mut residual = values.to_vec();
        // The second round removes what rounding left of the first.
        for _ in 0..2 {
            let mut weights: Vec<f64> = self.columns.iter().map(|column| dot(column, &residual)).collect();
            self.factor.solve(&mut weights);
            for (column, weight) in self.columns.iter().zip(&weights) {
                for (r, x) in residual.iter_mut().zip(column) {
                    *r -= weight * x;
                }
            }
        }
        residual
    }
}

fn standardised(values: &[f64], samples: &[u32]) -> Vec<f64> {
    let column: Vec<f64> = samples.iter().map(|&sample| values[sample as usize]).collect();
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    let centred: Vec<f64> = column.iter().map(|value| value - mean).collect();
    let again = centred.iter().sum::<f64>() / n;
    let centred: Vec<f64> = centred.iter().map(|value| value - again).collect();
    let scale = ((n - 1.0) / dot(&centred, &centred)).sqrt();
    centred.iter().map(|value| value * scale).collect()
}

fn cross_products(columns: &[Vec<f64>]) -> Vec<f64> {
    columns.iter().flat_map(|a| columns.iter().map(move |b| dot(a, b))).collect()
}
