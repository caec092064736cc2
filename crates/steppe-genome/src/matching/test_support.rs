//! Small tables for the unit tests of matching.

use super::{ScoringRow, ScoringRowTable};
use crate::{Chromosome, StringColumn, VariantTable};

/// Variants in memory; `push` takes REF before ALT.
#[derive(Debug, Default)]
pub(super) struct TestVariants {
    chromosomes: Vec<Chromosome>,
    positions: Vec<u32>,
    ids: StringColumn,
    other: StringColumn,
    counted: StringColumn,
    pub(super) multiallelic: Vec<usize>,
}

impl TestVariants {
    pub(super) fn push(
        &mut self,
        chromosome: &str,
        position: u32,
        id: &str,
        reference: &str,
        alternate: &str,
    ) {
        self.chromosomes.push(Chromosome::parse(chromosome));
        self.positions.push(position);
        self.ids.push(id);
        self.other.push(reference);
        self.counted.push(alternate);
    }
}

impl VariantTable for TestVariants {
    fn len(&self) -> usize {
        self.positions.len()
    }
    fn chromosome(&self, variant: usize) -> &Chromosome {
        &self.chromosomes[variant]
    }
    fn position(&self, variant: usize) -> u32 {
        self.positions[variant]
    }
    fn id(&self, variant: usize) -> &str {
        self.ids.get(variant)
    }
    fn counted_allele(&self, variant: usize) -> &str {
        self.counted.get(variant)
    }
    fn other_allele(&self, variant: usize) -> &str {
        self.other.get(variant)
    }
    fn is_multiallelic(&self, variant: usize) -> bool {
        self.multiallelic.contains(&variant)
    }
}

/// Rows in memory.
#[derive(Debug, Default)]
pub(super) struct TestRows {
    chromosomes: Vec<Option<Chromosome>>,
    positions: Vec<u32>,
    ids: StringColumn,
    effect: StringColumn,
    other: StringColumn,
    frequencies: Vec<Option<f64>>,
}

impl TestRows {
    /// A row with a place, as `1:5`.
    pub(super) fn at(&mut self, place: &str, effect: &str, other: &str) -> &mut Self {
        let (chromosome, position) = place.split_once(':').unwrap();
        self.push(Some(chromosome), position.parse().unwrap(), "", effect, other)
    }

    /// A row with an id and no place.
    pub(super) fn named(&mut self, id: &str, effect: &str, other: &str) -> &mut Self {
        self.push(None, 0, id, effect, other)
    }

    pub(super) fn push(
        &mut self,
        chromosome: Option<&str>,
        position: u32,
        id: &str,
        effect: &str,
        other: &str,
    ) -> &mut Self {
        self.chromosomes.push(chromosome.map(Chromosome::parse));
        self.positions.push(position);
        self.ids.push(id);
        self.effect.push(effect);
        self.other.push(other);
        self.frequencies.push(None);
        self
    }

    /// Sets the effect-allele frequency of the row that was pushed last.
    pub(super) fn with_frequency(&mut self, frequency: f64) -> &mut Self {
        *self.frequencies.last_mut().unwrap() = Some(frequency);
        self
    }
}

impl ScoringRowTable for TestRows {
    fn len(&self) -> usize {
        self.positions.len()
    }
    fn row(&self, index: usize) -> ScoringRow<'_> {
        ScoringRow {
            chromosome: self.chromosomes[index].as_ref(),
            position: self.positions[index],
            id: self.ids.get(index),
            effect_allele: self.effect.get(index),
            other_allele: self.other.get(index),
            effect_frequency: self.frequencies[index],
        }
    }
}
