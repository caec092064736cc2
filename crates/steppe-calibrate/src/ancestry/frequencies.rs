//! Proportions of descent from allele frequencies: all variants say something of ancestry, also those that are too rare
//! or too correlated for principal components.
//!
//! The mean genotype of people of proportions q is 2·Σ q_k p_k. Weighted least squares of a person's genotypes on the
//! populations' frequencies (as ADMIXTURE's supervised likelihood has it near its maximum; Alexander, Novembre, Lange
//! 2009) needs per person only the products of the genotypes with the weighted frequencies: one forward pass. What
//! sampling adds to products of frequencies is taken off, and what linkage adds to errors is read off the people of the
//! reference.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use steppe_fit::{GenotypeMatrix, ResidualPrecision, matrix::CodeTable};

use super::AdmixtureProportions;
use super::ld_scores::ld_scores;
use super::mixture::Mixture;
use super::populations::Populations;
use crate::error::CalibrateError;
use crate::projection::{LEAST_SHARED, SharedVariant};

/// Added to a variant's expected variance: a variant that is rare everywhere is not certain of anything.
const VARIANCE_FLOOR: f64 = 0.02;

/// Mixtures of the populations of a reference by their allele frequencies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrequencyAdmixture {
    /// The populations.
    pub names: Vec<String>,
    /// Frequency of the counted allele, variants x populations; NaN in a variant that takes no part.
    pub frequencies: DMatrix<f64>,
    /// Per variant its weight; 0 for a variant that takes no part.
    pub weights: Vec<f64>,
    /// Variants without weight: constant, or without a call.
    pub left_out: u64,
    /// People of each population.
    pub people: Vec<u64>,
    /// Per population covariance of what a person's products differ by from the population's mean, pooled.
    scatter: DMatrix<f64>,
}

impl FrequencyAdmixture {
    /// Frequencies of the labelled people of a reference, all of its variants: two passes, and a gram
    /// pass over windows of variants: a variant's weight is shared with those it is correlated with. A missing call counts the
    /// reference's mean.
    ///
    /// # Errors
    /// A pass that fails; fewer than two populations; populations of another number of people than the matrix has.
    pub fn fit(matrix: &dyn GenotypeMatrix, populations: &Populations) -> Result<Self, CalibrateError> {
        populations.check(matrix.samples(), 1, 1)?;
        let count = populations.names.len();
        let members: Vec<Vec<usize>> = (0..count).map(|population| populations.people(population)).collect();
        if count < 2 {
            return Err(CalibrateError::Populations { populations: count, needed: 2 });
        }
        let mut indicators = vec![vec![0.0; matrix.samples()]; count];
        for (indicator, people) in indicators.iter_mut().zip(&members) {
            people.iter().for_each(|person| indicator[*person] = 1.0 / (2 * people.len()) as f64);
        }
        let columns: Vec<&[f64]> = indicators.iter().map(Vec::as_slice).collect();
        let sums = matrix.adjoint(&columns, ResidualPrecision::Full)?;
        let mut model = Self {
            names: populations.names.clone(),
            frequencies: DMatrix::from_element(matrix.variants(), count, f64::NAN),
            weights: vec![0.0; matrix.variants()],
            left_out: 0,
            people: members.iter().map(|people| people.len() as u64).collect(),
            scatter: DMatrix::zeros(count, count),
        };
        let scores = ld_scores(matrix, populations)?;
        for (variant, counts) in matrix.counts().iter().enumerate() {
            if counts[..3].iter().filter(|count| **count > 0).count() < 2 {
                model.left_out += 1;
                continue;
            }
            let frequencies = sums.of(variant);
            let mean = frequencies.iter().sum::<f64>() / count as f64;
            model.weights[variant] = 1.0 / ((2.0 * mean * (1.0 - mean) + VARIANCE_FLOOR) * scores[variant]);
            model.frequencies.row_mut(variant).iter_mut().zip(frequencies).for_each(|(to, from)| *to = *from);
        }
        model.scatter = model.scatter(matrix, &members)?;
        Ok(model)
    }

    /// Covariance of the products of people of one population, pooled over populations.
    fn scatter(
        &self,
        matrix: &dyn GenotypeMatrix,
        members: &[Vec<usize>],
    ) -> Result<DMatrix<f64>, CalibrateError> {
        let all = 0..self.weights.len() as u32;
        let all: Vec<SharedVariant> =
            all.map(|at| SharedVariant { model: at, matrix: at, flipped: false }).collect();
        let products = self.products(matrix, &self.used(&all))?;
        let mut scatter = DMatrix::zeros(self.names.len(), self.names.len());
        let mut people = 0;
        for members in members {
            let mut rows = products.select_rows(members);
            let mean = rows.row_mean();
            rows.row_iter_mut().for_each(|mut row| row -= &mean);
            scatter += rows.tr_mul(&rows);
            people += members.len().saturating_sub(1);
        }
        Ok(scatter / people.max(1) as f64)
    }

    fn used(&self, shared: &[SharedVariant]) -> Vec<SharedVariant> {
        shared.iter().filter(|variant| self.weights[variant.model as usize] > 0.0).copied().collect()
    }

    /// Σ weight × frequency × genotype / 2, people x populations.
    fn products(
        &self,
        matrix: &dyn GenotypeMatrix,
        used: &[SharedVariant],
    ) -> Result<DMatrix<f64>, CalibrateError> {
        let tables = |population: usize| {
            let table = |variant: &SharedVariant| {
                let place = variant.model as usize;
                let factor = self.weights[place] * self.frequencies[(place, population)];
                let missing = self.frequencies.row(place).mean();
                let table: CodeTable =
                    if variant.flipped { [1.0, 0.5, 0.0, missing] } else { [0.0, 0.5, 1.0, missing] };
                (variant.matrix, table.map(|copies| factor * copies))
            };
            used.iter().map(table).collect()
        };
        let tables: Vec<Vec<(u32, CodeTable)>> = (0..self.names.len()).map(tables).collect();
        let sums = matrix.forward_tables(&tables)?;
        Ok(DMatrix::from_fn(matrix.samples(), self.names.len(), |person, population| {
            sums[population][person]
        }))
    }

    /// The same with its variants in another order: each place's former place.
    #[must_use]
    pub fn reordered(&self, order: &[usize]) -> Self {
        Self {
            frequencies: self.frequencies.select_rows(order),
            weights: order.iter().map(|place| self.weights[*place]).collect(),
            ..self.clone()
        }
    }

    /// The proportions of everybody of a matrix, in one forward pass. `shared` ascends in both places.
    ///
    /// # Errors
    /// Too few shared variants, places that do not ascend, a pass that fails, sources of which some are
    /// mixtures of others.
    pub fn proportions(
        &self,
        matrix: &dyn GenotypeMatrix,
        shared: &[SharedVariant],
    ) -> Result<AdmixtureProportions, CalibrateError> {
        SharedVariant::check(shared, self.weights.len(), matrix.variants())?;
        let used = self.used(shared);
        let of = self.weights.iter().filter(|weight| **weight > 0.0).count();
        if used.len() < LEAST_SHARED {
            return Err(CalibrateError::SharedVariants { shared: used.len(), of, needed: LEAST_SHARED });
        }
        let mixture = Mixture::new(&self.gram(&used))?;
        let products = self.products(matrix, &used)?;
        let mut proportions = DMatrix::zeros(matrix.samples(), self.names.len());
        for (person, row) in products.row_iter().enumerate() {
            let target: DVector<f64> = row.transpose();
            proportions.row_mut(person).copy_from(&mixture.solve(&target)?.transpose());
        }
        // Errors of sums over fewer variants are fewer in proportion.
        let scatter = &self.scatter * (used.len() as f64 / of as f64);
        let standard_errors = mixture.standard_errors(&scatter)?;
        Ok(AdmixtureProportions { names: self.names.clone(), proportions, standard_errors, misfits: None })
    }

    /// Σ weight × frequency × frequency over some variants, less what sampling adds to the squares.
    fn gram(&self, used: &[SharedVariant]) -> DMatrix<f64> {
        let count = self.names.len();
        let mut gram = DMatrix::zeros(count, count);
        for variant in used {
            let place = variant.model as usize;
            let frequencies = self.frequencies.row(place);
            gram.ger(self.weights[place], &frequencies.transpose(), &frequencies.transpose(), 1.0);
            for (population, people) in self.people.iter().enumerate() {
                let frequency = frequencies[population];
                // The unbiased estimate of p(1−p)/2n from n people.
                let sampling = frequency * (1.0 - frequency) / (2.0 * *people as f64 - 1.0);
                gram[(population, population)] -= self.weights[place] * sampling;
            }
        }
        gram
    }
}
