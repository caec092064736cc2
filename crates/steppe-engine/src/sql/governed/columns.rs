//! Which columns of a table about persons a role sees, and what it may do with them.

use std::collections::BTreeMap;

use datafusion::arrow::datatypes::{DataType, Schema};
use steppe_privacy::policy::{ColumnClass, Mask, Precision};

use super::person_table::{ColumnUse, KEY_COLUMN, PersonColumn, Shown};

/// Columns that are never shown, since they name a person or family, or the person's place in files.
const NAMES_OF_PERSONS: [&str; 9] =
    ["family_id", "#FID", "FID", "fid", "father", "mother", "index", "sample_id", "IID"];

/// Columns that say nothing of persons.
const LABELS: [&str; 2] = ["run", "score"];

/// What is known of a table before its columns are chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Its columns in files.
    pub(super) stored: &'a Schema,
    /// That of sample ids.
    pub(super) key: usize,
    /// What it is about.
    pub(super) class: ColumnClass,
    /// How finely the role sees that.
    pub(super) precision: Precision,
    /// Masks by column.
    pub(super) masks: &'a BTreeMap<String, Mask>,
    /// The grid of percentiles.
    pub(super) grid: u32,
    /// Whether Z and percentiles are known, and percentiles in populations.
    pub(super) standings: Option<bool>,
}

/// The columns, the key first.
pub(super) fn columns(wanted: Wanted<'_>) -> Vec<PersonColumn> {
    let column = |name: &str, used_as, shown| PersonColumn { name: name.to_owned(), used_as, shown };
    let mut columns = vec![column(KEY_COLUMN, ColumnUse::Key, Shown::Key)];
    for (at, field) in wanted.stored.fields().iter().enumerate() {
        let name = field.name();
        if at == wanted.key || NAMES_OF_PERSONS.contains(&name.as_str()) {
            continue;
        }
        if LABELS.contains(&name.as_str()) {
            columns.push(column(name, ColumnUse::Label, Shown::Stored(at, None)));
            continue;
        }
        match wanted.masks.get(name) {
            Some(Mask::Hidden) => {}
            Some(mask) => columns.push(column(name, ColumnUse::Attribute, Shown::Stored(at, Some(*mask)))),
            None => {
                if let Some(used_as) = used_as(&wanted, field.data_type()) {
                    columns.push(column(name, used_as, Shown::Stored(at, None)));
                }
            }
        }
    }
    columns.extend(of_standings(&wanted));
    columns
}

/// What may be done with a column that is shown as it is; `None` is not shown.
fn used_as(wanted: &Wanted<'_>, kind: &DataType) -> Option<ColumnUse> {
    let is_fine = match wanted.class {
        // What is measured of a person is known of it elsewhere too, and is asked by: cases, ages, sites.
        ColumnClass::Phenotypes => kind.is_floating() && wanted.precision == Precision::Rounded,
        ColumnClass::Scores | ColumnClass::Ancestry => kind.is_numeric(),
    };
    match (is_fine, wanted.precision) {
        (_, Precision::Nothing) | (true, Precision::Rounded) => None,
        (true, Precision::Aggregates | Precision::Raw) => Some(ColumnUse::Value),
        (false, _) => Some(ColumnUse::Attribute),
    }
}

fn of_standings(wanted: &Wanted<'_>) -> Vec<PersonColumn> {
    let Some(has_populations) = wanted.standings else { return Vec::new() };
    let rounded = wanted.precision == Precision::Rounded;
    let mut columns = vec![PersonColumn {
        name: "z".to_owned(),
        used_as: if rounded { ColumnUse::Attribute } else { ColumnUse::Value },
        shown: Shown::Z { rounded },
    }];
    let kinds = [("percentile", false), ("population_percentile", true)];
    for (name, in_population) in kinds.into_iter().filter(|(_, of)| has_populations || !of) {
        columns.push(PersonColumn {
            name: format!("{name}_band"),
            used_as: ColumnUse::Attribute,
            shown: Shown::Percentile { in_population, grid: Some(wanted.grid) },
        });
        if wanted.precision == Precision::Raw {
            columns.push(PersonColumn {
                name: name.to_owned(),
                used_as: ColumnUse::Value,
                shown: Shown::Percentile { in_population, grid: None },
            });
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::Field;

    use super::*;

    fn shown(class: ColumnClass, precision: Precision, standings: Option<bool>) -> Vec<(String, ColumnUse)> {
        let field = |name: &str, kind| Field::new(name, kind, true);
        let stored = Schema::new(vec![
            field("run", DataType::Utf8),
            field("family_id", DataType::Utf8),
            field("sample_id", DataType::Utf8),
            field("score", DataType::Utf8),
            field("sum", DataType::Float64),
            field("site", DataType::Utf8),
            field("birth", DataType::Utf8),
            field("secret", DataType::Int64),
        ]);
        let masks = BTreeMap::from([("birth".to_owned(), Mask::Year), ("secret".to_owned(), Mask::Hidden)]);
        let wanted = Wanted { stored: &stored, key: 2, class, precision, masks: &masks, grid: 5, standings };
        columns(wanted).into_iter().map(|column| (column.name, column.used_as)).collect()
    }

    #[test]
    fn a_role_sees_values_as_finely_as_its_precision() {
        use ColumnUse::{Attribute, Key, Label, Value};
        let of = |columns: &[(&str, ColumnUse)]| -> Vec<(String, ColumnUse)> {
            columns.iter().map(|(name, used_as)| ((*name).to_owned(), *used_as)).collect()
        };
        let common = [("sample_key", Key), ("run", Label), ("score", Label)];
        let rest = [("site", Attribute), ("birth", Attribute)];
        let with = |middle: &[(&str, ColumnUse)], end: &[(&str, ColumnUse)]| {
            of(&[&common[..], middle, &rest[..], end].concat())
        };
        let groups = shown(ColumnClass::Scores, Precision::Aggregates, Some(false));
        assert_eq!(groups, with(&[("sum", Value)], &[("z", Value), ("percentile_band", Attribute)]));
        let rounded = shown(ColumnClass::Scores, Precision::Rounded, Some(true));
        let end =
            [("z", Attribute), ("percentile_band", Attribute), ("population_percentile_band", Attribute)];
        assert_eq!(rounded, with(&[], &end));
        let raw = shown(ColumnClass::Scores, Precision::Raw, Some(false));
        let end = [("z", Value), ("percentile_band", Attribute), ("percentile", Value)];
        assert_eq!(raw, with(&[("sum", Value)], &end));
        assert_eq!(
            shown(ColumnClass::Phenotypes, Precision::Aggregates, None),
            with(&[("sum", Attribute)], &[])
        );
        assert_eq!(shown(ColumnClass::Phenotypes, Precision::Rounded, None), with(&[], &[]));
    }
}
