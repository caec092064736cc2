//! Reading policies: the example, and faults with their line, key and remedy.

use std::collections::BTreeSet;

use steppe_privacy::{
    PrivacyError,
    policy::{ColumnClass, Mask, Policy, Precision, Protection, Role, percentile_on_grid, rounded_z},
};

const EXAMPLE: &str = include_str!("../../examples/policy.toml");

fn only(role: Role) -> BTreeSet<Role> {
    BTreeSet::from([role])
}

#[test]
fn the_example_means_what_it_says() {
    let policy = Policy::parse(EXAMPLE).expect("the example");
    assert_eq!(policy.revision(), 1);
    let biobank = policy.cohort("biobank").expect("named");
    assert_eq!((biobank.minimum_cell, biobank.percentile_grid), (21, 5));
    assert_eq!(biobank.protection, Protection::Ledger);
    assert!(matches!(
        policy.cohort("registry").expect("named").protection,
        Protection::DifferentialPrivacy { .. }
    ));

    let analyst = policy.access(&only(Role::Analyst), "biobank", ColumnClass::Scores);
    assert_eq!(analyst.precision, Precision::Rounded);
    assert_eq!(analyst.masks["age"], Mask::Width(5.0));
    assert!(analyst.consent.expect("consent").allowed.contains("research"));
    let steward = policy.access(&only(Role::Steward), "biobank", ColumnClass::Ancestry);
    assert_eq!(steward.precision, Precision::Rounded, "at_most binds stewards too");
    for class in ColumnClass::ALL {
        let operator = policy.access(&only(Role::Operator), "biobank", class);
        assert_eq!(operator.precision, Precision::Nothing);
        let elsewhere = policy.access(&Role::ALL.into(), "another", class);
        assert_eq!(elsewhere.precision, Precision::Nothing, "the default grants nothing");
    }
    assert_eq!(policy.roles("alice", &only(Role::Steward)), [Role::Analyst, Role::Steward].into());
    assert_eq!(policy.roles("nobody", &only(Role::Steward)), only(Role::Steward));
}

/// Every fault once: the text, and what its message must have.
const FAULTS: &[(&str, &[&str])] = &[
    (
        "version = 1\nrevision = 1\nrevisoin = 2\n",
        &["line 3, column 1", "unknown field `revisoin`", "did you mean `revision`?"],
    ),
    ("version = 2\nrevision = 1\n", &["line 1", "version is 2", "write `version = 1`"]),
    ("version = 1\n", &["missing field `revision`"]),
    ("version = 1\nrevision = -1\n", &["line 2", "revision"]),
    ("version = 1\nrevision = 1\n[default\n", &["line 3"]),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\n[default.role.analist]\nscores = \"raw\"\n",
        &["line 5", "unknown variant `analist`", "did you mean `analyst`?"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nrole.analyst.scores = \"rouned\"\n",
        &["line 5", "did you mean `rounded`?"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 1\n",
        &["line 4", "default.minimum_cell is 1", "2 or more"],
    ),
    (
        "version = 1\nrevision = 1\n\n[cohort.\"a b\"]\n",
        &["line 4", "cohort.\"a b\".minimum_cell is not there", "minimum_cell = 5"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\npercentile_grid = 7\n",
        &["line 5", "percentile_grid is 7", "divides 100"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nconsent = { column = \"c\", allowed = [] }\n",
        &["line 5", "consent allows nobody"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nprotection = \"differential-privacy\"\n",
        &["line 5", "epsilon_per_day is not there"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nprotection = \"differential-privacy\"\nepsilon_per_day = 1.0\nepsilon_per_query = 2.0\n",
        &["line 7", "more than epsilon_per_day"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nepsilon_per_day = 1.0\n",
        &["line 5", "no meaning with the ledger"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nbounds = { bmi = [15, 50] }\n",
        &["line 5", "bounds has no meaning with the ledger"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nprotection = \"differential-privacy\"\nepsilon_per_day = 1.0\nepsilon_per_query = 0.1\nbounds = { bmi = [50, 15] }\n",
        &["line 8", "default.bounds.bmi are 50 to 15"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nmax_leakage = nan\n",
        &["line 5", "max_leakage is NaN"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\n[default.role.analyst]\nmasks = { age = { width = 0 } }\n",
        &["line 6", "default.role.analyst.masks.age has width 0"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\n[default.role.analyst]\nrows = { site = [] }\n",
        &["line 6", "rows.site allows no row"],
    ),
    (
        "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\n[default.role.analyst]\napprovals = 1\n",
        &["line 6", "approvals are 1"],
    ),
    (
        "version = 1\nrevision = 1\n[user.eve]\nroles = [\"stewart\"]\n",
        &["line 4", "did you mean `steward`?"],
    ),
];

#[test]
fn faults_name_line_key_and_remedy() {
    for (text, parts) in FAULTS {
        let error = Policy::parse(text).expect_err(text).to_string();
        for part in *parts {
            assert!(error.contains(part), "{text}\n{error}\nlacks {part}");
        }
    }
}

#[test]
fn a_changed_policy_needs_a_higher_revision() {
    let first = Policy::parse(EXAMPLE).expect("the example");
    assert_eq!(first.reload(EXAMPLE).expect("the same text"), first);
    let changed = EXAMPLE.replace("minimum_cell = 21", "minimum_cell = 2");
    let refused = first.reload(&changed).expect_err("the same revision");
    assert_eq!(refused, PrivacyError::PolicyRevision { current: 1, found: 1 });
    let raised = changed.replace("revision = 1  ", "revision = 2  ");
    let second = first.reload(&raised).expect("a higher revision");
    assert_eq!(second.cohort("biobank").expect("named").minimum_cell, 2);
    assert!(second.reload(EXAMPLE).is_err(), "an older policy does not come back");
}

#[test]
fn values_are_rounded_and_masked() {
    assert_eq!(rounded_z(-0.04).to_bits(), 0f64.to_bits(), "the sign is rounded away too");
    assert!((rounded_z(1.26) - 1.3).abs() < 1e-12);
    assert_eq!(percentile_on_grid(99.99, 5), Some(95));
    assert_eq!(percentile_on_grid(100.0, 5), Some(95));
    assert_eq!(percentile_on_grid(4.999, 5), Some(0));
    assert_eq!(percentile_on_grid(f64::NAN, 5), None);
    assert_eq!(percentile_on_grid(50.0, 7), None);

    let key = [7; 32];
    assert_eq!(Mask::Year.apply("1984-05-03", &key).as_deref(), Some("1984"));
    assert_eq!(Mask::Decade.apply("1984-05-03", &key).as_deref(), Some("1980"));
    assert_eq!(Mask::Year.apply("19840503", &key), None, "what is no date is not shown");
    assert_eq!(Mask::Width(5.0).apply("-3", &key).as_deref(), Some("-5"));
    assert_eq!(Mask::Width(5.0).apply("old", &key), None);
    assert_eq!(Mask::Hidden.apply("x", &key), None);
    assert_eq!(Mask::Hash.apply("x", &key), Mask::Hash.apply("x", &key));
    assert_ne!(Mask::Hash.apply("x", &key), Mask::Hash.apply("x", &[8; 32]));
}
