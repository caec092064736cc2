mod read;
mod write;

use std::ops::Range;

use steppe_genome::{Chromosome, StringColumn, VariantTable};

pub(crate) use read::{Wanted, read_variants};
pub(crate) use write::{VariantRow, VariantsWriter};

/// The variants' file, relative to the cohort.
pub(crate) const VARIANTS_FILE: &str = "variants.parquet";

/// Genotype counts of founders of known sex, for chromosomes that are not diploid in everybody; those of unknown
/// sex are the difference to the founders' counts. Each is 0, 1, 2 copies and missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SexCounts {
    /// Male founders.
    pub male: [u32; 4],
    /// Female founders.
    pub female: [u32; 4],
}

/// The variants of a cohort, in matrix order, with their genotype counts; all of them, or those that somebody wants.
#[derive(Debug, Clone, Default)]
pub struct CohortVariants {
    /// The index in the cohort of every variant that is here; `None` where all are.
    numbers: Option<Vec<u32>>,
    chromosomes: Vec<Chromosome>,
    chromosome: Vec<u32>,
    position: Vec<u32>,
    id: StringColumn,
    counted_allele: StringColumn,
    other_allele: StringColumn,
    counts: Vec<[u32; 4]>,
    /// `None` where everybody is a founder, so that both counts are the same.
    founder_counts: Option<Vec<[u32; 4]>>,
    /// Sorted by variant.
    sex_counts: Vec<(u32, SexCounts)>,
}

impl CohortVariants {
    /// The index in the cohort of the table's variant at `at`.
    pub fn number(&self, at: usize) -> u32 {
        self.numbers.as_ref().map_or(at as u32, |numbers| numbers[at])
    }

    /// Where the cohort's variants of some indices lie in the table.
    pub fn within(&self, numbers: &Range<u32>) -> Range<u32> {
        let Some(held) = &self.numbers else { return numbers.clone() };
        let before = |bound: u32| held.partition_point(|&number| number < bound) as u32;
        before(numbers.start)..before(numbers.end)
    }

    /// How many samples have 0, 1, 2 copies of the counted allele, or a missing call.
    pub fn counts(&self, variant: usize) -> [u32; 4] {
        self.counts[variant]
    }

    /// The same among founders.
    pub fn founder_counts(&self, variant: usize) -> [u32; 4] {
        self.founder_counts.as_ref().unwrap_or(&self.counts)[variant]
    }

    /// The same among male and female founders; `None` on chromosomes that are diploid in everybody.
    pub fn founder_sex_counts(&self, variant: usize) -> Option<SexCounts> {
        let variant = u32::try_from(variant).ok()?;
        let found = self.sex_counts.binary_search_by_key(&variant, |&(of, _)| of).ok()?;
        Some(self.sex_counts[found].1)
    }

    /// The bytes of memory that the table takes.
    pub fn heap_bytes(&self) -> usize {
        let strings =
            self.id.heap_bytes() + self.counted_allele.heap_bytes() + self.other_allele.heap_bytes();
        let counts = self.counts.capacity() + self.founder_counts.as_ref().map_or(0, Vec::capacity);
        let held = self.numbers.as_ref().map_or(0, Vec::capacity);
        let numbers = self.chromosome.capacity() + self.position.capacity() + held;
        strings
            + counts * size_of::<[u32; 4]>()
            + numbers * size_of::<u32>()
            + self.sex_counts.capacity() * size_of::<(u32, SexCounts)>()
    }
}

impl VariantTable for CohortVariants {
    fn len(&self) -> usize {
        self.position.len()
    }

    fn chromosome(&self, variant: usize) -> &Chromosome {
        &self.chromosomes[self.chromosome[variant] as usize]
    }

    fn position(&self, variant: usize) -> u32 {
        self.position[variant]
    }

    fn id(&self, variant: usize) -> &str {
        self.id.get(variant)
    }

    fn counted_allele(&self, variant: usize) -> &str {
        self.counted_allele.get(variant)
    }

    fn other_allele(&self, variant: usize) -> &str {
        self.other_allele.get(variant)
    }
}
