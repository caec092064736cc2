//! The file's tables as they are written, and their checks.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use serde::Deserialize;
use toml::Spanned;

use super::{
    CohortRules, ColumnClass, Consent, ExportGrant, Grant, Mask, Precision, Protection, Role, RowFilter,
    SmallScores, VERSION, syntax,
};
use crate::{
    PrivacyError,
    noise::{Bounds, Epsilon},
};

/// Percentiles of a cohort without a grid of its own: ventiles.
const PERCENTILE_GRID: u32 = 5;
/// What scores of few variants may leak in a cohort that does not say.
const MAX_LEAKAGE: f64 = 0.05;

/// A file whose every value was looked at.
pub(super) struct Checked {
    pub(super) revision: u64,
    pub(super) default: Option<CohortRules>,
    pub(super) cohorts: BTreeMap<String, CohortRules>,
    pub(super) users: BTreeMap<String, BTreeSet<Role>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<u32>,
    revision: u64,
    default: Option<CohortTable>,
    #[serde(default)]
    cohort: BTreeMap<String, CohortTable>,
    #[serde(default)]
    user: BTreeMap<String, UserTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserTable {
    roles: BTreeSet<Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CohortTable {
    minimum_cell: Option<Spanned<u64>>,
    consent: Option<ConsentTable>,
    percentile_grid: Option<Spanned<u32>>,
    protection: Option<Spanned<ProtectionName>>,
    epsilon_per_day: Option<Spanned<f64>>,
    epsilon_per_query: Option<Spanned<f64>>,
    #[serde(default)]
    bounds: BTreeMap<String, Spanned<[f64; 2]>>,
    max_leakage: Option<Spanned<f64>>,
    #[serde(default)]
    at_most: PrecisionTable,
    #[serde(default)]
    role: BTreeMap<Role, RoleTable>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentTable {
    column: String,
    allowed: Spanned<BTreeSet<String>>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProtectionName {
    Ledger,
    DifferentialPrivacy,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrecisionTable {
    scores: Option<Precision>,
    phenotypes: Option<Precision>,
    ancestry: Option<Precision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleTable {
    scores: Option<Precision>,
    phenotypes: Option<Precision>,
    ancestry: Option<Precision>,
    #[serde(default)]
    rows: BTreeMap<String, Spanned<BTreeSet<String>>>,
    #[serde(default)]
    masks: BTreeMap<String, Spanned<Mask>>,
    #[serde(default)]
    export_rows_per_day: u64,
    approvals: Option<Spanned<u8>>,
    #[serde(default)]
    small_scores: SmallScores,
}

/// The file's text, and the tables around what is being checked: what a fault is named by.
#[derive(Clone)]
struct Place<'a> {
    text: &'a str,
    tables: String,
}

impl Place<'_> {
    fn fault(
        &self,
        span: Range<usize>,
        key: &str,
        problem: impl Into<String>,
        remedy: &'static str,
    ) -> PrivacyError {
        let (line, _) = syntax::position(self.text, span.start);
        let key = if self.tables.is_empty() { key.to_owned() } else { format!("{}.{key}", self.tables) };
        PrivacyError::PolicyValue { line, key, problem: problem.into(), remedy }
    }

    fn within(&self, table: &str) -> Self {
        Self { text: self.text, tables: format!("{}.{table}", self.tables) }
    }
}

pub(super) fn parse(text: &str) -> Result<Checked, PrivacyError> {
    let file: File = toml::from_str(text).map_err(|error| syntax::fault(text, &error))?;
    let top = Place { text, tables: String::new() };
    if *file.version.get_ref() != VERSION {
        let problem = format!("is {}, and this program reads {VERSION}", file.version.get_ref());
        return Err(top.fault(file.version.span(), "version", problem, "write `version = 1`"));
    }
    let at = Place { text, tables: "default".to_owned() };
    let default = file.default.as_ref().map(|table| cohort_rules(table, None, &at)).transpose()?;
    let mut cohorts = BTreeMap::new();
    for (name, table) in &file.cohort {
        let at = Place { text, tables: format!("cohort.{name:?}") };
        cohorts.insert(name.clone(), cohort_rules(table, file.default.as_ref(), &at)?);
    }
    let users = file.user.into_iter().map(|(user, table)| (user, table.roles)).collect();
    Ok(Checked { revision: file.revision, default, cohorts, users })
}

/// A cohort's rules: its own table, and settings that it does not have from the default's.
fn cohort_rules(
    own: &CohortTable,
    default: Option<&CohortTable>,
    at: &Place<'_>,
) -> Result<CohortRules, PrivacyError> {
    let consent = own.consent.as_ref().or(default.and_then(|table| table.consent.as_ref()));
    let mut at_most = precisions([&own.at_most.scores, &own.at_most.phenotypes, &own.at_most.ancestry]);
    if let Some(table) = default.map(|table| &table.at_most) {
        for (class, precision) in precisions([&table.scores, &table.phenotypes, &table.ancestry]) {
            at_most.entry(class).or_insert(precision);
        }
    }
    let mut grants = BTreeMap::new();
    for (&role, table) in &own.role {
        grants.insert(role, grant(table, &at.within(&format!("role.{}", role.name())))?);
    }
    Ok(CohortRules {
        minimum_cell: minimum_cell(own, default, at)?,
        consent: consent.map(|table| consent_rule(table, at)).transpose()?,
        percentile_grid: percentile_grid(own, default, at)?,
        protection: protection(own, default, at)?,
        bounds: bounds(own, default, at)?,
        max_leakage: max_leakage(own, default, at)?,
        at_most,
        grants,
    })
}

/// A setting of the cohort's own table or else of the default's.
fn setting<'a, T>(
    own: &'a CohortTable,
    default: Option<&'a CohortTable>,
    of: impl Fn(&'a CohortTable) -> Option<&'a Spanned<T>>,
) -> Option<&'a Spanned<T>> {
    of(own).or_else(|| default.and_then(of))
}

fn minimum_cell(
    own: &CohortTable,
    default: Option<&CohortTable>,
    at: &Place<'_>,
) -> Result<u64, PrivacyError> {
    let key = "minimum_cell";
    let Some(value) = setting(own, default, |table| table.minimum_cell.as_ref()) else {
        let start = at.text.find(&format!("[{}", at.tables)).unwrap_or(0);
        let remedy =
            "write how many people a count must have, such as `minimum_cell = 5`, here or under [default]";
        return Err(at.fault(start..start, key, "is not there", remedy));
    };
    if *value.get_ref() < 2 {
        let problem = format!("is {}", value.get_ref());
        return Err(at.fault(value.span(), key, problem, "write 2 or more; 5 and 21 are usual"));
    }
    Ok(*value.get_ref())
}

fn percentile_grid(
    own: &CohortTable,
    default: Option<&CohortTable>,
    at: &Place<'_>,
) -> Result<u32, PrivacyError> {
    let Some(value) = setting(own, default, |table| table.percentile_grid.as_ref()) else {
        return Ok(PERCENTILE_GRID);
    };
    let grid = *value.get_ref();
    if grid == 0 || grid > 50 || 100 % grid != 0 {
        let remedy = "write a step that divides 100: 1, 2, 4, 5, 10, 20, 25 or 50";
        return Err(at.fault(value.span(), "percentile_grid", format!("is {grid}"), remedy));
    }
    Ok(grid)
}

fn max_leakage(
    own: &CohortTable,
    default: Option<&CohortTable>,
    at: &Place<'_>,
) -> Result<f64, PrivacyError> {
    let Some(value) = setting(own, default, |table| table.max_leakage.as_ref()) else {
        return Ok(MAX_LEAKAGE);
    };
    let share = *value.get_ref();
    if !(0.0..=1.0).contains(&share) {
        let remedy = "write a share of the genotypes from 0 to 1, such as 0.05";
        return Err(at.fault(value.span(), "max_leakage", format!("is {share}"), remedy));
    }
    Ok(share)
}

fn protection(
    own: &CohortTable,
    default: Option<&CohortTable>,
    at: &Place<'_>,
) -> Result<Protection, PrivacyError> {
    let name = setting(own, default, |table| table.protection.as_ref());
    if name.is_none_or(|name| *name.get_ref() == ProtectionName::Ledger) {
        let unused = own.epsilon_per_day.as_ref().map(|value| (value, "epsilon_per_day"));
        let unused = unused.or(own.epsilon_per_query.as_ref().map(|value| (value, "epsilon_per_query")));
        let unused = unused.map(|(value, key)| (value.span(), key));
        let unused = unused.or(own.bounds.values().next().map(|value| (value.span(), "bounds")));
        return match unused {
            Some((span, key)) => {
                let remedy = "remove it, or write `protection = \"differential-privacy\"`";
                Err(at.fault(span, key, "has no meaning with the ledger", remedy))
            }
            None => Ok(Protection::Ledger),
        };
    }
    let name_at = name.map(Spanned::span).unwrap_or_default();
    let epsilon = |value: Option<&Spanned<f64>>, key| {
        let remedy = "write a number from 0.000001 to 100, such as 1.0 a day and 0.1 a query";
        let value = value.ok_or_else(|| at.fault(name_at.clone(), key, "is not there", remedy))?;
        let epsilon = Epsilon::new(*value.get_ref());
        epsilon.map_err(|_| at.fault(value.span(), key, format!("is {}", value.get_ref()), remedy))
    };
    let day = setting(own, default, |table| table.epsilon_per_day.as_ref());
    let query = setting(own, default, |table| table.epsilon_per_query.as_ref());
    let (per_day, per_query) = (epsilon(day, "epsilon_per_day")?, epsilon(query, "epsilon_per_query")?);
    if per_query > per_day {
        let span = query.map(Spanned::span).unwrap_or_default();
        let remedy = "write less: with this no query is ever answered";
        return Err(at.fault(span, "epsilon_per_query", "is more than epsilon_per_day", remedy));
    }
    Ok(Protection::DifferentialPrivacy { per_day, per_query })
}

/// Those of the cohort's own table and, of other columns, the default's.
fn bounds(
    own: &CohortTable,
    default: Option<&CohortTable>,
    at: &Place<'_>,
) -> Result<BTreeMap<String, Bounds>, PrivacyError> {
    let of_default = default.iter().flat_map(|table| &table.bounds);
    let all: BTreeMap<&String, &Spanned<[f64; 2]>> = of_default.chain(&own.bounds).collect();
    let checked = all.into_iter().map(|(column, value)| {
        let [low, high] = *value.get_ref();
        let remedy = "write the least and the largest value that a mean counts, such as `bmi = [15, 50]`";
        let fault =
            |_| at.fault(value.span(), &format!("bounds.{column}"), format!("are {low} to {high}"), remedy);
        Ok((column.clone(), Bounds::new(low, high).map_err(fault)?))
    });
    checked.collect()
}

fn consent_rule(table: &ConsentTable, at: &Place<'_>) -> Result<Consent, PrivacyError> {
    let ConsentTable { column, allowed } = table;
    if column.is_empty() || allowed.get_ref().is_empty() {
        let remedy = "name a column and at least one value, or remove the key if everybody is to be seen";
        return Err(at.fault(allowed.span(), "consent", "allows nobody", remedy));
    }
    Ok(Consent { column: column.clone(), allowed: allowed.get_ref().clone() })
}

fn precisions(values: [&Option<Precision>; 3]) -> BTreeMap<ColumnClass, Precision> {
    let given = ColumnClass::ALL.into_iter().zip(values);
    given.filter_map(|(class, value)| value.map(|precision| (class, precision))).collect()
}

fn grant(table: &RoleTable, at: &Place<'_>) -> Result<Grant, PrivacyError> {
    for (column, values) in &table.rows {
        if values.get_ref().is_empty() {
            let remedy = "name at least one value, or remove the role to show nothing";
            return Err(at.fault(values.span(), &format!("rows.{column}"), "allows no row", remedy));
        }
    }
    for (column, mask) in &table.masks {
        if let Mask::Width(width) = *mask.get_ref()
            && !(width.is_finite() && width > 0.0)
        {
            let remedy = "write a width above 0, such as `{ width = 5 }`";
            return Err(at.fault(
                mask.span(),
                &format!("masks.{column}"),
                format!("has width {width}"),
                remedy,
            ));
        }
    }
    let columns = table.rows.iter().map(|(column, values)| (column.clone(), values.get_ref().clone()));
    Ok(Grant {
        precision: precisions([&table.scores, &table.phenotypes, &table.ancestry]),
        rows: (!table.rows.is_empty()).then(|| RowFilter { columns: columns.collect() }),
        masks: table.masks.iter().map(|(column, mask)| (column.clone(), *mask.get_ref())).collect(),
        export: ExportGrant { rows_per_day: table.export_rows_per_day, approvals: approvals(table, at)? },
        small_scores: table.small_scores,
    })
}

/// Two, if the file does not say.
fn approvals(table: &RoleTable, at: &Place<'_>) -> Result<u8, PrivacyError> {
    match &table.approvals {
        None => Ok(2),
        Some(value) if matches!(value.get_ref(), 0 | 2) => Ok(*value.get_ref()),
        Some(value) => {
            let remedy = "write 0, or 2 for the approval of two stewards";
            Err(at.fault(value.span(), "approvals", format!("are {}", value.get_ref()), remedy))
        }
    }
}
