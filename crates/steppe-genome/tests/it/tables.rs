//! Variants and scoring rows in memory, from .bim, .pvar and pgscatalog-format's text.

use std::{collections::BTreeMap, path::Path};

use steppe_genome::{
    Chromosome, StringColumn, VariantTable,
    matching::{ScoringRow, ScoringRowTable},
};

use super::shared_data::text;

/// Variants in memory.
#[derive(Debug, Default, Clone)]
pub(crate) struct Variants {
    chromosomes: Vec<Chromosome>,
    positions: Vec<u32>,
    ids: StringColumn,
    counted: StringColumn,
    other: StringColumn,
    multiallelic: Vec<bool>,
}

impl Variants {
    pub(crate) fn push(&mut self, place: (Chromosome, u32), id: &str, counted: &str, other: &str) {
        self.chromosomes.push(place.0);
        self.positions.push(place.1);
        self.ids.push(id);
        self.counted.push(counted);
        self.other.push(other);
        self.multiallelic.push(false);
    }

    /// A .bim file: A1 is counted.
    pub(crate) fn of_bim(path: &Path) -> Self {
        let mut variants = Self::default();
        for line in text(path).lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            let place = (Chromosome::parse(cells[0]), cells[3].parse().unwrap());
            variants.push(place, cells[1], cells[4], cells[5]);
        }
        variants
    }

    /// A .pvar file: ALT is counted, several of them are one variant each and flagged.
    pub(crate) fn of_pvar(path: &Path) -> Self {
        let mut variants = Self::default();
        for line in text(path).lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let alternates: Vec<&str> = cells[4].split(',').collect();
            for alternate in &alternates {
                let place = (Chromosome::parse(cells[0]), cells[1].parse().unwrap());
                variants.push(place, cells[2], alternate, cells[3]);
                variants.multiallelic.pop();
                variants.multiallelic.push(alternates.len() > 1);
            }
        }
        variants
    }
}

impl VariantTable for Variants {
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
        self.multiallelic[variant]
    }
}

/// The rows of one scoring file in memory.
#[derive(Debug, Default, Clone)]
pub(crate) struct Rows {
    pub(crate) row_numbers: Vec<u64>,
    chromosomes: Vec<Option<Chromosome>>,
    positions: Vec<u32>,
    ids: StringColumn,
    effect: StringColumn,
    other: StringColumn,
}

impl Rows {
    pub(crate) fn push(&mut self, place: Option<(Chromosome, u32)>, id: &str, effect: &str, other: &str) {
        self.row_numbers.push(self.row_numbers.len() as u64);
        self.positions.push(place.as_ref().map_or(0, |place| place.1));
        self.chromosomes.push(place.map(|place| place.0));
        self.ids.push(id);
        self.effect.push(effect);
        self.other.push(other);
    }

    /// The scores of one file of pgscatalog-format, by accession, each in the order of its row numbers.
    pub(crate) fn of_normalised(path: &Path) -> BTreeMap<String, Self> {
        let content = text(path);
        let mut lines = content.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let header = lines.next().unwrap();
        let column = |name: &str| header.iter().position(|cell| *cell == name).unwrap();
        let (accession, number) = (column("accession"), column("row_nr"));
        let (chromosome, position) = (column("chr_name"), column("chr_position"));
        let (effect, other) = (column("effect_allele"), column("other_allele"));
        let mut lines: Vec<Vec<&str>> = lines.collect();
        lines.sort_by_key(|cells| cells[number].parse::<u64>().unwrap());
        let mut scores: BTreeMap<String, Self> = BTreeMap::new();
        for cells in lines {
            let rows = scores.entry(cells[accession].to_owned()).or_default();
            // A row that was not harmonised has no place.
            let place = match cells[position] {
                "" => None,
                position => Some((Chromosome::parse(cells[chromosome]), position.parse().unwrap())),
            };
            rows.push(place, "", cells[effect], cells[other]);
            if let Some(last) = rows.row_numbers.last_mut() {
                *last = cells[number].parse().unwrap();
            }
        }
        scores
    }
}

impl ScoringRowTable for Rows {
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
            effect_frequency: None,
        }
    }
}
