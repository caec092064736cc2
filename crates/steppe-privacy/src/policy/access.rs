//! From roles and a cohort's rules to what is seen.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CohortRules, ColumnClass, Consent, ExportGrant, Grant, Mask, Precision, Role, RowFilter, SMALL_SCORE,
    SmallScores,
};

/// Rows that are seen, of those with consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// All.
    All,
    /// Those that pass any of the filters.
    AnyOf(BTreeSet<RowFilter>),
    /// None.
    None,
}

/// What somebody may see of a class of a cohort's columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// How finely.
    pub precision: Precision,
    /// People without it are not there, whoever asks.
    pub consent: Option<Consent>,
    /// Rows that are seen.
    pub rows: Rows,
    /// Masks by column.
    pub masks: BTreeMap<String, Mask>,
    /// Row-level export; without any where only aggregates are seen.
    pub export: ExportGrant,
    /// What becomes of scores of few variants that leak too much.
    pub small_scores: SmallScores,
    /// Where a score of few variants begins to leak too much, as a share of its genotypes over the baseline.
    pub max_leakage: f64,
}

impl Access {
    /// Nothing is seen.
    pub fn nothing() -> Self {
        Self {
            precision: Precision::Nothing,
            consent: None,
            rows: Rows::None,
            masks: BTreeMap::new(),
            export: ExportGrant::default(),
            small_scores: SmallScores::Refuse,
            max_leakage: 0.0,
        }
    }

    /// How finely a score is seen, which may be less than other scores: with at most [`SMALL_SCORE`] variants it is
    /// seen as granted only if it was measured at that precision, and leaks no more than the cohort allows.
    ///
    /// `leakage` is [`crate::leakage::Leakage::excess`] at [`Self::precision`]; `None` was not measured.
    pub fn precision_of_score(&self, variants: usize, leakage: Option<f64>) -> Precision {
        let is_person_level = self.precision > Precision::Aggregates;
        let is_measured_low = leakage.is_some_and(|leakage| leakage <= self.max_leakage);
        if variants > SMALL_SCORE || !is_person_level || is_measured_low {
            return self.precision;
        }
        match self.small_scores {
            SmallScores::Refuse => Precision::Nothing,
            SmallScores::Aggregates => Precision::Aggregates,
        }
    }
}

/// What holders of these roles see: the finest of their roles', within the cohort's limits.
pub(super) fn resolve(rules: &CohortRules, roles: &BTreeSet<Role>, class: ColumnClass) -> Access {
    let precision_of = |grant: &Grant| {
        let granted = grant.precision.get(&class).copied().unwrap_or_default();
        granted.min(rules.at_most.get(&class).copied().unwrap_or(Precision::Raw))
    };
    let grants: Vec<&Grant> = roles.iter().filter_map(|role| rules.grants.get(role)).collect();
    let precision = grants.iter().map(|grant| precision_of(grant)).max().unwrap_or_default();
    if precision == Precision::Nothing {
        return Access::nothing();
    }
    let finest: Vec<&Grant> = grants.into_iter().filter(|grant| precision_of(grant) == precision).collect();
    Access {
        precision,
        consent: rules.consent.clone(),
        rows: rows_of(&finest),
        masks: masks_of(&finest),
        export: if precision > Precision::Aggregates { export_of(&finest) } else { ExportGrant::default() },
        small_scores: finest.iter().map(|grant| grant.small_scores).min().unwrap_or_default(),
        max_leakage: rules.max_leakage,
    }
}

fn rows_of(grants: &[&Grant]) -> Rows {
    let filters: Option<BTreeSet<RowFilter>> = grants.iter().map(|grant| grant.rows.clone()).collect();
    filters.map_or(Rows::All, Rows::AnyOf)
}

fn masks_of(grants: &[&Grant]) -> BTreeMap<String, Mask> {
    let mut strictest: BTreeMap<String, Mask> = BTreeMap::new();
    for (column, &mask) in grants.iter().flat_map(|grant| &grant.masks) {
        let stricter = strictest.get(column).map_or(mask, |other| other.stricter(mask));
        strictest.insert(column.clone(), stricter);
    }
    strictest
}

/// The grant of most rows with its own approvals, so that no role's rows leave under another's approvals.
fn export_of(grants: &[&Grant]) -> ExportGrant {
    let size = |export: &ExportGrant| (export.rows_per_day, std::cmp::Reverse(export.approvals));
    grants.iter().map(|grant| grant.export).max_by_key(size).unwrap_or_default()
}
