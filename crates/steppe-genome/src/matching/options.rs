/// What becomes of rows whose strand the letters can not tell (A/T, C/G).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Ambiguous {
    /// Taken as they stand, on the forward strand.
    Keep,
    /// Excluded; pgscatalog-match's default, and ours.
    #[default]
    Drop,
    /// Decided by comparing the scoring file's effect-allele frequency with the cohort's. Where both lie outside
    /// `0.5 ± margin`: on the same side the row is kept as it stands, on opposite sides it is flipped. Everything
    /// else (a frequency that is missing or too near 0.5) is excluded.
    ByFrequency {
        /// Half the width of the undecidable band around 0.5; [`Ambiguous::DEFAULT_MARGIN`] is the default.
        margin: f64,
    },
}

impl Ambiguous {
    /// The default margin: frequencies in 0.4..=0.6 decide nothing.
    pub const DEFAULT_MARGIN: f64 = 0.1;

    /// The frequency rule with its default margin.
    pub fn by_frequency() -> Self {
        Self::ByFrequency { margin: Self::DEFAULT_MARGIN }
    }
}

/// What a row is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MatchBy {
    /// By position where the row has chromosome and position, else by id.
    #[default]
    Auto,
    /// By chromosome and position only.
    Position,
    /// By variant id only.
    Id,
}

/// How matching decides; the default is pgscatalog-match's.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MatchOptions {
    /// What rows are looked up by.
    pub by: MatchBy,
    /// What becomes of ambiguous rows.
    pub ambiguous: Ambiguous,
    /// Keep rows whose variant is one of several at a multi-allelic site.
    pub keep_multiallelic: bool,
    /// Exclude rows that match only after complementing the alleles.
    pub ignore_strand_flips: bool,
    /// Of several rows that match one variant keep the first, instead of none.
    pub keep_first_match: bool,
}
