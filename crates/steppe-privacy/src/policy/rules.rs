//! A checked policy's parts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{ColumnClass, Mask, Precision, Role};
use crate::noise::{Bounds, Epsilon};

/// Scores of at most this many variants are genotypes in another form: they leave only as [`SmallScores`] says.
pub const SMALL_SCORE: usize = 50;

/// People whose consent is one of these are seen; all others are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The column of the cohort's phenotypes.
    pub column: String,
    /// Values that allow; a missing value does not.
    pub allowed: BTreeSet<String>,
}

/// What keeps answers apart that together isolate few people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Exact answers, refused where they would isolate: [`crate::ledger`].
    Ledger,
    /// Noisy answers within a budget: [`crate::noise`].
    DifferentialPrivacy {
        /// What a user may spend in a day.
        per_day: Epsilon,
        /// What one answer costs.
        per_query: Epsilon,
    },
}

/// Rows that a role sees: all these columns have one of their values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowFilter {
    /// Allowed values of each column.
    pub columns: BTreeMap<String, BTreeSet<String>>,
}

/// What becomes of scores of at most [`SMALL_SCORE`] variants that leak more than the cohort allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SmallScores {
    /// Not seen.
    #[default]
    Refuse,
    /// Seen in aggregates, where the role sees at least those.
    Aggregates,
}

/// How many rows of persons leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportGrant {
    /// Rows in a day; 0 is no export.
    pub rows_per_day: u64,
    /// Stewards that must approve each export: 0 or 2.
    pub approvals: u8,
}

/// What one role may see of a cohort.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grant {
    /// Precision of each class of columns; absent is nothing.
    pub precision: BTreeMap<ColumnClass, Precision>,
    /// Rows that are seen; `None` is all.
    pub rows: Option<RowFilter>,
    /// Masks by column.
    pub masks: BTreeMap<String, Mask>,
    /// Row-level export.
    pub export: ExportGrant,
    /// Scores of few variants.
    pub small_scores: SmallScores,
}

/// What holds for a cohort.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortRules {
    /// Counts of fewer people do not leave, but for zero.
    pub minimum_cell: u64,
    /// Whose rows are there at all; `None` is everybody's.
    pub consent: Option<Consent>,
    /// Percentiles are multiples of this; it divides 100.
    pub percentile_grid: u32,
    /// What keeps answers apart.
    pub protection: Protection,
    /// Bounds of columns whose means are told with noise.
    pub bounds: BTreeMap<String, Bounds>,
    /// Share of genotypes, over what population frequencies give away, that a released score of few variants may leak.
    pub max_leakage: f64,
    /// The finest precision that any role has.
    pub at_most: BTreeMap<ColumnClass, Precision>,
    /// What each role may see; a role that is not here sees nothing.
    pub grants: BTreeMap<Role, Grant>,
}
