//! The score that admixture proportions lead to expect.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::{
    CalibrateError,
    gaussian::{all_finite, same_length},
    portable::{dot, quadratic},
};

/// Proportions may miss one by this much, as they do when they were written with three decimals.
const SUM_TOLERANCE: f64 = 0.005;

/// Sums over a score's variants that give mean and variance of the score for any admixture proportions (Huang et al.
/// 2024): E[S|q] = Σₖ qₖ Σⱼ 2·pⱼₖ·wⱼ.
///
/// The variance between people of equal proportions is that of two alleles drawn from the mixed frequency p̄ⱼ = Σₖ qₖ·pⱼₖ
/// at each variant, Σⱼ wⱼ²·2·p̄ⱼ·(1 − p̄ⱼ), times the sources' inflation by linkage disequilibrium. Nothing by variant
/// is kept: the variance is a quadratic form in q.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceMoments {
    /// Σⱼ 2·pⱼₖ·wⱼ by source.
    pub mean: Vec<f64>,
    /// Squared standard errors of `mean` from the number of alleles that the frequencies were counted on.
    pub mean_variance: Vec<f64>,
    /// Σⱼ wⱼ²·pⱼₖ by source.
    pub square: Vec<f64>,
    /// Σⱼ wⱼ²·pⱼₖ·pⱼₗ by pair of sources.
    pub product: DMatrix<f64>,
    /// Observed variance over that without linkage disequilibrium, by source; 1 until measured.
    pub inflation: Vec<f64>,
    /// Variants that took part.
    pub variants: usize,
}

/// A person's score in relation to her admixture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdmixtureScore {
    /// ePRS, with the error that frequencies and proportions bring.
    pub expected: Estimate,
    /// rPRS: the score less what is expected.
    pub residual: f64,
    /// Standard deviation between people of these proportions.
    pub sd: f64,
    /// The residual in standard deviations.
    pub z: f64,
}

impl SourceMoments {
    /// No variants yet, for so many sources.
    pub fn new(sources: usize) -> Self {
        Self {
            mean: vec![0.0; sources],
            mean_variance: vec![0.0; sources],
            square: vec![0.0; sources],
            product: DMatrix::zeros(sources, sources),
            inflation: vec![1.0; sources],
            variants: 0,
        }
    }

    /// Adds a variant: its weight for each effect allele, and the allele's frequency and number of counted alleles in
    /// each source.
    ///
    /// # Errors
    /// Other lengths than the sources, frequencies outside 0 to 1, values that are not finite.
    pub fn add(&mut self, weight: f64, frequency: &[f64], alleles: &[f64]) -> Result<(), CalibrateError> {
        let sources = self.mean.len();
        same_length(frequency.len(), sources, "frequencies of a variant")?;
        same_length(alleles.len(), sources, "allele counts of a variant")?;
        all_finite([&weight], "weights")?;
        if let Some(found) = frequency.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(CalibrateError::range("an allele frequency", *found, "0 to 1"));
        }
        let square = weight * weight;
        for (k, p) in frequency.iter().enumerate() {
            self.mean[k] += 2.0 * p * weight;
            self.square[k] += square * p;
            if alleles[k] > 0.0 {
                self.mean_variance[k] += 4.0 * square * p * (1.0 - p) / alleles[k];
            }
            for (l, other) in frequency.iter().enumerate() {
                self.product[(k, l)] += square * p * other;
            }
        }
        self.variants += 1;
        Ok(())
    }

    /// Measures a source's inflation by linkage disequilibrium from the variance of scores observed in it.
    ///
    /// # Errors
    /// An unknown source, or a source in which no variant of the score varies.
    pub fn measure_inflation(&mut self, source: usize, observed: f64) -> Result<(), CalibrateError> {
        let known = self.mean.len();
        if source >= known {
            return Err(CalibrateError::Unknown { what: "source", found: source, known });
        }
        let mut alone = vec![0.0; known];
        alone[source] = 1.0;
        let without = self.variance_in_equilibrium(&alone);
        if without <= 0.0 {
            return Err(CalibrateError::Constant { what: "the score in a source", people: 0 });
        }
        self.inflation[source] = observed / without;
        Ok(())
    }

    /// One person's score in relation to her proportions; `covariance` is that of the proportions, where it is known.
    ///
    /// # Errors
    /// Proportions that are negative or do not add up to one, other sizes than the sources.
    pub fn apply(
        &self,
        score: f64,
        proportions: &[f64],
        covariance: Option<&DMatrix<f64>>,
    ) -> Result<AdmixtureScore, CalibrateError> {
        same_length(proportions.len(), self.mean.len(), "admixture proportions")?;
        let total: f64 = proportions.iter().sum();
        let valid = proportions.iter().all(|q| *q >= 0.0) && (total - 1.0).abs() <= SUM_TOLERANCE;
        if !valid {
            let needed = "1, of parts that are not negative";
            return Err(CalibrateError::range("the sum of admixture proportions", total, needed));
        }
        let value = dot(proportions, &self.mean);
        // Linkage disequilibrium makes errors of neighbouring frequencies go together, as it does the variants.
        let counted: f64 = (0..proportions.len())
            .map(|k| proportions[k].powi(2) * self.mean_variance[k] * self.inflation[k])
            .sum();
        let placed = match covariance {
            Some(matrix) => {
                same_length(matrix.nrows(), self.mean.len(), "covariance of the proportions")?;
                quadratic(matrix, &self.mean)
            }
            None => 0.0,
        };
        let variance = self.variance_in_equilibrium(proportions) * dot(proportions, &self.inflation);
        let (residual, sd) = (score - value, variance.sqrt());
        if sd == 0.0 {
            return Err(CalibrateError::Constant { what: "the score at these proportions", people: 1 });
        }
        let expected = Estimate { value, standard_error: (counted + placed).sqrt() };
        Ok(AdmixtureScore { expected, residual, sd, z: residual / sd })
    }

    fn variance_in_equilibrium(&self, proportions: &[f64]) -> f64 {
        2.0 * (dot(proportions, &self.square) - quadratic(&self.product, proportions)).max(0.0)
    }
}
