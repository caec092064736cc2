use std::path::Path;

use steppe_formats::frequency::{FrequencyTable, read_frequencies};
use steppe_genome::{Ploidy, VariantTable};
use steppe_store::CohortVariants;

use super::MissingPolicy;
use crate::EngineError;

/// Fewer founders than this do not give frequencies that missing calls may be imputed from (plink2's rule).
const FEWEST_FOUNDERS: usize = 50;

/// Where allele frequencies come from.
#[derive(Debug, Clone)]
pub enum FrequencySource {
    /// The founders of the cohort.
    Founders,
    /// A file in plink2's .afreq form.
    File(Box<FrequencyTable>),
}

impl FrequencySource {
    /// Chooses the source, and refuses to impute from too few founders.
    ///
    /// # Errors
    /// A frequency file that can not be read; fewer than 50 founders where means have to be imputed.
    pub fn choose(file: Option<&Path>, founders: usize, missing: MissingPolicy) -> Result<Self, EngineError> {
        if let Some(path) = file {
            return Ok(Self::File(Box::new(read_frequencies(path)?)));
        }
        if missing == MissingPolicy::Mean && founders < FEWEST_FOUNDERS {
            return Err(EngineError::refused(
                format!(
                    "missing calls are to be imputed from allele frequencies, and {founders} founders (plink2's least is {FEWEST_FOUNDERS}) do not give them"
                ),
                "give frequencies of a larger cohort of the same population with --freq FILE (plink2 --freq makes one), or leave missing calls out with --missing zero",
            ));
        }
        Ok(Self::Founders)
    }
}

/// The counted allele's frequency of every variant.
pub(super) struct Frequencies<'a> {
    variants: &'a CohortVariants,
    table: Option<&'a FrequencyTable>,
}

impl<'a> Frequencies<'a> {
    pub(super) fn new(variants: &'a CohortVariants, source: &'a FrequencySource) -> Self {
        let table = match source {
            FrequencySource::Founders => None,
            FrequencySource::File(table) => Some(table.as_ref()),
        };
        Self { variants, table }
    }

    /// The frequency that missing calls are imputed from, and where it comes from. As in plink2, a variant that a
    /// frequency file lacks takes the founders' frequency, and one that no founder has a call of takes ½.
    pub(super) fn counted(&self, variant: u32) -> (f64, FrequencyOrigin) {
        let index = variant as usize;
        let (id, counted) = (self.variants.id(index), self.variants.counted_allele(index));
        let other = self.variants.other_allele(index);
        let listed = self
            .table
            .and_then(|table| table.of_variant(id, counted, other).or_else(|| table.get(id, counted)));
        match (listed, founder_frequency(self.variants, variant)) {
            (Some(frequency), _) => (frequency, FrequencyOrigin::Chosen),
            (None, Some(frequency)) if self.table.is_none() => (frequency, FrequencyOrigin::Chosen),
            (None, Some(frequency)) => (frequency, FrequencyOrigin::FoundersInstead),
            (None, None) => (0.5, FrequencyOrigin::Nobody),
        }
    }
}

/// Where an allele frequency comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrequencyOrigin {
    /// The source that was asked for.
    Chosen,
    /// The founders, because the frequency file lacks the variant.
    FoundersInstead,
    /// No founder has a call: ½.
    Nobody,
}

/// The counted allele's frequency in the cohort's founders, as plink2 counts it: on X a male call is one allele and
/// others two, on Y only males count, on MT everybody has one allele.
pub(super) fn founder_frequency(variants: &CohortVariants, variant: u32) -> Option<f64> {
    let index = variant as usize;
    let everybody = variants.founder_counts(index);
    let males = variants.founder_sex_counts(index).map_or([0; 4], |counts| counts.male);
    let halves = |counts: [u32; 4]| {
        let [none, one, two, _] = counts.map(u64::from);
        (one + 2 * two, 2 * (none + one + two))
    };
    let (counted, all) = match variants.chromosome(index).ploidy() {
        Ploidy::Diploid | Ploidy::Haploid => halves(everybody),
        Ploidy::Y => halves(males),
        Ploidy::X => {
            // In half alleles: a male call weighs half as much as another.
            let (counted, all) = halves(everybody);
            let (male_counted, male_all) = halves(males);
            (2 * counted - male_counted, 2 * all - male_all)
        }
    };
    (all > 0).then(|| counted as f64 / all as f64)
}
