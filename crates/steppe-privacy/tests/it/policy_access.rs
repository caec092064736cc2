//! What several roles see together: never more than one of them does.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use steppe_privacy::policy::{Access, ColumnClass, Mask, Policy, Precision, Role, Rows};

const PRECISIONS: [&str; 4] = ["nothing", "aggregates", "rounded", "raw"];
const MASKS: [&str; 4] = ["\"hidden\"", "\"year\"", "{ width = 5 }", "{ width = 10 }"];

/// A role's table: precision, the sites that it sees, mask, rows a day, approvals.
type Grant = (usize, Option<u8>, Option<usize>, u64, bool);

fn grant() -> impl Strategy<Value = Grant> {
    (0..4usize, proptest::option::of(1u8..8), proptest::option::of(0..4usize), 0..3u64, any::<bool>())
}

fn policy(grants: &BTreeMap<usize, Grant>, at_most: usize) -> Policy {
    let mut text = format!(
        "version = 1\nrevision = 1\n[cohort.c]\nminimum_cell = 5\nat_most = {{ scores = \"{}\" }}\n",
        PRECISIONS[at_most]
    );
    for (role, (precision, sites, mask, rows, approved)) in grants {
        text += &format!(
            "[cohort.c.role.{}]\nscores = \"{}\"\n",
            Role::ALL[*role].name(),
            PRECISIONS[*precision]
        );
        text += &format!("export_rows_per_day = {rows}\napprovals = {}\n", if *approved { 2 } else { 0 });
        if let Some(sites) = sites {
            let named: Vec<String> =
                (0..3).filter(|site| sites >> site & 1 == 1).map(|site| format!("\"{site}\"")).collect();
            text += &format!("rows = {{ site = [{}] }}\n", named.join(", "));
        }
        if let Some(mask) = mask {
            text += &format!("masks = {{ age = {} }}\n", MASKS[*mask]);
        }
    }
    Policy::parse(&text).expect("a policy")
}

/// Whether a person of a site is seen.
fn sees(access: &Access, site: u8) -> bool {
    match &access.rows {
        Rows::All => true,
        Rows::None => false,
        Rows::AnyOf(filters) => {
            filters.iter().any(|filter| filter.columns["site"].contains(&site.to_string()))
        }
    }
}

/// Whether one mask shows at most what the other shows.
fn hides_as_much(mask: Option<Mask>, other: Option<Mask>) -> bool {
    match (mask, other) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(mask), Some(other)) => mask.stricter(other) == mask,
    }
}

proptest! {
    #[test]
    fn roles_together_see_no_more_than_one_of_them(
        grants in proptest::collection::btree_map(0..5usize, grant(), 0..5),
        at_most in 0..4usize,
    ) {
        let policy = policy(&grants, at_most);
        let of = |roles: &BTreeSet<Role>| policy.access(roles, "c", ColumnClass::Scores);
        let together = of(&Role::ALL.into());
        let single: Vec<Access> = Role::ALL.into_iter().map(|role| of(&BTreeSet::from([role]))).collect();
        let finest = single.iter().map(|access| access.precision).max().unwrap_or_default();
        prop_assert_eq!(together.precision, finest);
        prop_assert!(together.precision <= [Precision::Nothing, Precision::Aggregates, Precision::Rounded, Precision::Raw][at_most]);
        for site in 0..4 {
            let one_does = single.iter().any(|access| {
                access.precision == together.precision
                    && sees(access, site)
                    && hides_as_much(together.masks.get("age").copied(), access.masks.get("age").copied())
            });
            prop_assert!(!sees(&together, site) || one_does, "site {site}: {together:?}");
        }
        let one_exports = single.iter().any(|access| access.export == together.export);
        prop_assert!(one_exports || together.export.rows_per_day == 0);
        prop_assert_eq!(of(&BTreeSet::new()), Access::nothing());
    }
}

#[test]
fn a_score_of_few_variants_is_seen_only_as_far_as_it_was_measured() {
    let text = "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nmax_leakage = 0.05\n\
        [default.role.analyst]\nscores = \"rounded\"\nsmall_scores = \"aggregates\"\n\
        [default.role.researcher]\nscores = \"raw\"\n";
    let policy = Policy::parse(text).expect("a policy");
    let of = |role| policy.access(&BTreeSet::from([role]), "any", ColumnClass::Scores);
    let analyst = of(Role::Analyst);
    assert_eq!(analyst.precision_of_score(51, None), Precision::Rounded);
    assert_eq!(analyst.precision_of_score(50, Some(0.05)), Precision::Rounded);
    assert_eq!(analyst.precision_of_score(50, Some(0.051)), Precision::Aggregates);
    assert_eq!(analyst.precision_of_score(50, None), Precision::Aggregates, "not measured is not released");
    assert_eq!(of(Role::Researcher).precision_of_score(50, Some(f64::NAN)), Precision::Nothing);
}
