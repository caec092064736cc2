use std::collections::BTreeMap;

use steppe_genome::matching::{Reason, RowStatus};

use super::MatchedFile;

/// How much of a score the cohort has, in rows, in Σ|weight| and in variance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overlap {
    /// All rows of the score, the unsupported ones too.
    pub rows: u64,
    /// Rows that count.
    pub rows_matched: u64,
    /// Rows that match and are left out by a rule.
    pub rows_excluded: u64,
    /// Rows without a variant in the cohort.
    pub rows_unmatched: u64,
    /// Rows by reason: how many, and their Σ|weight|.
    pub reasons: BTreeMap<&'static str, (u64, f64)>,
    /// Rows of kinds that are not scored yet.
    pub unsupported: Vec<UnsupportedShare>,
    /// Σ|weight| over all rows.
    pub weight: f64,
    /// Σ|weight| over the rows that count.
    pub weight_matched: f64,
    /// Σ 2f(1−f)w² over all scorable rows: the score's variance, were the variants independent. Rows that are not
    /// in the cohort enter with the file's own effect-allele frequency, or else with the mean 2f(1−f) of the rows
    /// that match.
    pub variance: f64,
    /// The same over the rows that count.
    pub variance_matched: f64,
    /// Rows that entered `variance` with the mean, because nobody gives their frequency.
    pub rows_without_frequency: u64,
}

/// Rows of a kind that is not scored yet.
#[derive(Debug, Clone, PartialEq)]
pub struct UnsupportedShare {
    /// The kind, as the log names it.
    pub kind: &'static str,
    /// How many rows.
    pub rows: u64,
    /// Their Σ|weight|.
    pub weight: f64,
}

/// Whether a score is computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Gate {
    /// Enough of it is there.
    Pass,
    /// It is skipped, for this reason.
    Skip(String),
}

impl Overlap {
    /// Counts one score of a matched file. `frequency` is the counted allele's.
    pub fn of(matched: &MatchedFile, column: usize, frequency: &dyn Fn(u32) -> Option<f64>) -> Self {
        let file = &matched.source.file;
        let rows = &file.rows;
        let mut overlap = Self::default();
        let mut heterozygosity = 0.0;
        let mut known = 0u64;
        let mut unknown_squares = 0.0;
        let mut by_reason = [(0, 0.0); Reason::ALL.len()];
        for (row, decision) in matched.decisions.iter().enumerate() {
            if !rows.is_present(column, row) {
                continue;
            }
            let weight = rows.magnitude(column, row);
            let counts = decision.status == RowStatus::Matched;
            overlap.count_row(decision.status, weight);
            let reason = &mut by_reason[decision.reason as usize];
            *reason = (reason.0 + 1, reason.1 + weight);
            let frequency = decision.variant.and_then(frequency).or_else(|| rows.frequency(row));
            if let Some(frequency) = frequency {
                let expected = 2.0 * frequency * (1.0 - frequency);
                let variance = expected * weight * weight;
                overlap.variance += variance;
                if counts {
                    overlap.variance_matched += variance;
                    heterozygosity += expected;
                    known += 1;
                }
            } else {
                overlap.rows_without_frequency += 1;
                unknown_squares += weight * weight;
            }
        }
        let mean = if known == 0 { 0.5 } else { heterozygosity / known as f64 };
        overlap.variance += mean * unknown_squares;
        overlap.reasons = Reason::ALL
            .into_iter()
            .map(|reason| (reason.as_str(), by_reason[reason as usize]))
            .filter(|(_, (rows, _))| *rows > 0)
            .collect();
        overlap.count_unsupported(matched);
        overlap
    }

    fn count_row(&mut self, status: RowStatus, weight: f64) {
        self.rows += 1;
        self.weight += weight;
        match status {
            RowStatus::Matched => {
                self.rows_matched += 1;
                self.weight_matched += weight;
            }
            RowStatus::Excluded => self.rows_excluded += 1,
            RowStatus::Unmatched => self.rows_unmatched += 1,
        }
    }

    fn count_unsupported(&mut self, matched: &MatchedFile) {
        let mut kinds: BTreeMap<&'static str, (u64, f64)> = BTreeMap::new();
        for row in &matched.source.file.unsupported {
            let entry = kinds.entry(row.kind.as_str()).or_default();
            entry.0 += 1;
            entry.1 += row.weight;
            self.rows += 1;
            self.weight += row.weight;
        }
        self.unsupported =
            kinds.into_iter().map(|(kind, (rows, weight))| UnsupportedShare { kind, rows, weight }).collect();
    }

    /// Matched rows of all rows, in 0..=1.
    pub fn by_rows(&self) -> f64 {
        share(self.rows_matched as f64, self.rows as f64)
    }

    /// Matched Σ|weight| of all, in 0..=1.
    pub fn by_weight(&self) -> f64 {
        share(self.weight_matched, self.weight)
    }

    /// Matched variance of all, in 0..=1.
    pub fn by_variance(&self) -> f64 {
        share(self.variance_matched, self.variance)
    }

    /// Lets a score through when enough rows match.
    pub fn gate(&self, min_overlap: f64) -> Gate {
        if self.rows_matched == 0 {
            return Gate::Skip(format!("none of its {} rows matches the cohort", self.rows));
        }
        if self.by_rows() < min_overlap {
            return Gate::Skip(format!(
                "{} of {} rows match ({:.1} %, by variance {:.1} %), below --min-overlap {min_overlap}",
                self.rows_matched,
                self.rows,
                100.0 * self.by_rows(),
                100.0 * self.by_variance(),
            ));
        }
        Gate::Pass
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
