use std::ops::Range;

use steppe_formats::scoring_file::ScoringRows;
use steppe_genome::{
    VariantTable,
    matching::{
        MatchOptions, Reason, RowDecision, RowStatus, ScoringRow, ScoringRowTable, VariantLookup, match_rows,
    },
};

use super::ScoringSource;

/// A scoring file with the decision on each of its rows.
#[derive(Debug)]
pub struct MatchedFile {
    /// The file.
    pub source: ScoringSource,
    /// One decision per row of `source.file.rows`; variants are those of the job's table.
    pub decisions: Vec<RowDecision>,
    /// The rows that match, in variant order.
    matches: Vec<MatchedRow>,
}

/// A row that scores: its index in the file and the variant it matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchedRow {
    /// The row's index in the file's rows.
    pub row: u32,
    /// Where the variant is in the job's table.
    pub variant: u32,
    /// Whether the effect allele is the counted one.
    pub effect_is_counted: bool,
}

/// The rows of a file as matching reads them.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a>(pub(super) &'a ScoringRows);

impl ScoringRowTable for Rows<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn row(&self, index: usize) -> ScoringRow<'_> {
        ScoringRow {
            chromosome: self.0.chromosome[index].as_ref(),
            position: self.0.position[index],
            id: self.0.id.get(index),
            effect_allele: self.0.effect_allele.get(index),
            other_allele: self.0.other_allele.get(index),
            effect_frequency: self.0.frequency(index),
        }
    }
}

impl MatchedFile {
    /// Matches every row of a file.
    pub fn new(
        source: ScoringSource,
        variants: &impl VariantTable,
        lookup: &VariantLookup,
        frequency: &(dyn Fn(u32) -> Option<f64> + Sync),
        options: &MatchOptions,
    ) -> Self {
        let decisions =
            match_rows(&Rows(&source.file.rows), variants, lookup, &|variant| frequency(variant), options);
        let mut matched = Self { source, decisions, matches: Vec::new() };
        matched.gather();
        matched
    }

    /// Leaves rows out that match: those for which `rule` gives a reason.
    pub fn exclude(&mut self, rule: impl Fn(usize, &RowDecision) -> Option<Reason>) {
        for (row, decision) in self.decisions.iter_mut().enumerate() {
            if decision.status == RowStatus::Matched
                && let Some(reason) = rule(row, decision)
            {
                decision.status = RowStatus::Excluded;
                decision.reason = reason;
            }
        }
        self.gather();
    }

    fn gather(&mut self) {
        self.matches = self
            .decisions
            .iter()
            .enumerate()
            .filter(|(_, decision)| decision.status == RowStatus::Matched)
            .filter_map(|(row, decision)| {
                decision.variant.map(|variant| MatchedRow {
                    row: row as u32,
                    variant,
                    effect_is_counted: decision.effect_is_counted,
                })
            })
            .collect();
        if !self.matches.is_sorted_by_key(|row| row.variant) {
            self.matches.sort_unstable_by_key(|row| row.variant);
        }
    }

    /// The rows that match one of some variants of the job's table, of all scores of the file, in variant order.
    pub fn matches_within(&self, variants: &Range<u32>) -> &[MatchedRow] {
        let before = |bound: u32| self.matches.partition_point(|row| row.variant < bound);
        &self.matches[before(variants.start)..before(variants.end)]
    }

    /// The rows of a score that count, in variant order.
    pub fn matched_rows(&self, column: usize) -> impl Iterator<Item = MatchedRow> {
        let rows = &self.source.file.rows;
        self.matches.iter().copied().filter(move |matched| rows.is_present(column, matched.row as usize))
    }
}
