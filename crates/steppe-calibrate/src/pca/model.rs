//! Principal components as they are kept: enough to project anyone.

use serde::{Deserialize, Serialize};

use crate::error::CalibrateError;

/// What a variant is divided by after its mean is taken off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VariantScale {
    /// The standard deviation of the calls seen, as FRAPOSA does.
    #[default]
    Observed,
    /// √(2p(1−p)), the standard deviation under Hardy-Weinberg proportions, as plink2 and EIGENSOFT do.
    HardyWeinberg,
}

impl VariantScale {
    /// The scale from counts of codes 0, 1, 2, missing; 0 where the variant does not vary.
    pub(super) fn of(self, [n0, n1, n2, _]: [u64; 4]) -> f64 {
        let called = (n0 + n1 + n2) as f64;
        if [n0, n1, n2].iter().filter(|count| **count > 0).count() < 2 {
            return 0.0;
        }
        let mean = (n1 + 2 * n2) as f64 / called;
        match self {
            Self::Observed => {
                let squares = [(n0, 0.0), (n1, 1.0), (n2, 2.0)];
                let sum: f64 =
                    squares.iter().map(|(n, code)| *n as f64 * (code - mean) * (code - mean)).sum();
                (sum / called).sqrt()
            }
            Self::HardyWeinberg => (mean * (1.0 - 0.5 * mean)).sqrt(),
        }
    }
}

/// Principal components of standardised genotypes X, members x variants: X = U·S·Vᵀ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PcaModel {
    /// Per variant the mean that is taken off; what a missing call counts.
    pub centre: Vec<f64>,
    /// Per variant what it is then divided by; 0 for a variant that takes no part.
    pub scale: Vec<f64>,
    /// V: per component a loading for each variant, of unit length. The largest one is positive.
    pub loadings: Vec<Vec<f64>>,
    /// S, descending.
    pub singular_values: Vec<f64>,
    /// How many of the components were asked for; those after them serve online decompositions ([`crate::projection`]).
    pub components: usize,
    /// People that made the components.
    pub people: u64,
}

/// A component as a plain score: Σ weight × copies + constant, a missing call counting the mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlleleWeights {
    /// Pairs of a variant's place and the weight of a copy of its counted allele; variants that take part, ascending.
    pub weights: Vec<(u32, f64)>,
    /// What is added.
    pub constant: f64,
}

impl PcaModel {
    /// Variants that take part.
    pub fn variants(&self) -> usize {
        self.scale.iter().filter(|scale| **scale > 0.0).count()
    }

    /// Eigenvalues of the relationship matrix X·Xᵀ / variants, as plink2's `--pca` prints them.
    pub fn eigenvalues(&self) -> Vec<f64> {
        let variants = self.variants().max(1) as f64;
        self.singular_values.iter().map(|value| value * value / variants).collect()
    }

    /// A component as weights of allele copies, so that projecting is one forward pass.
    ///
    /// # Errors
    /// A component that the model does not have.
    pub fn allele_weights(&self, component: usize) -> Result<AlleleWeights, CalibrateError> {
        let there = self.loadings.len();
        let Some(loadings) = self.loadings.get(component) else {
            return Err(CalibrateError::Components { wanted: component + 1, there });
        };
        let used = (0..).zip(loadings.iter().zip(&self.scale)).filter(|(_, (_, scale))| **scale > 0.0);
        let weights: Vec<(u32, f64)> =
            used.map(|(variant, (loading, scale))| (variant, loading / scale)).collect();
        let constant =
            -weights.iter().map(|(variant, weight)| weight * self.centre[*variant as usize]).sum::<f64>();
        Ok(AlleleWeights { weights, constant })
    }
}
