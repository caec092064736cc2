//! Exports: caps, two stewards, once, within a day.

use std::collections::BTreeSet;

use proptest::prelude::*;
use steppe_privacy::{
    export::{Export, ExportRefusal, Exports, USABLE},
    policy::{ExportGrant, Role},
};

const HOUR: u64 = 60 * 60 * 1000;
const GRANT: ExportGrant = ExportGrant { rows_per_day: 100, approvals: 2 };

fn export(user: &str, rows: u64) -> Export {
    Export {
        user: user.to_owned(),
        statement: [1; 32],
        plan: String::new(),
        columns: BTreeSet::from(["score".to_owned()]),
        rows,
    }
}

fn stewards() -> BTreeSet<Role> {
    BTreeSet::from([Role::Steward])
}

#[test]
fn two_stewards_let_rows_leave_once() {
    let mut exports = Exports::default();
    assert_eq!(exports.export(&export("ann", 10), GRANT, 0), Err(ExportRefusal::NotRequested));
    let number = exports.request(export("ann", 10), 2, 0);
    assert_eq!(exports.export(&export("ann", 10), GRANT, 1), Err(ExportRefusal::NotApproved { missing: 2 }));
    assert_eq!(
        exports.approve(number, "eve", &BTreeSet::from([Role::Researcher]), 1),
        Err(ExportRefusal::NotSteward)
    );
    assert_eq!(exports.approve(number, "ann", &stewards(), 1), Err(ExportRefusal::OwnRequest));
    assert_eq!(exports.approve(number, "bob", &stewards(), 2), Ok(()));
    assert_eq!(exports.approve(number, "bob", &stewards(), 3), Err(ExportRefusal::ApprovedBefore));
    assert_eq!(exports.export(&export("ann", 10), GRANT, 4), Err(ExportRefusal::NotApproved { missing: 1 }));
    assert_eq!(exports.approve(number, "cyd", &stewards(), HOUR), Ok(()));
    assert_eq!(exports.approve(99, "cyd", &stewards(), HOUR), Err(ExportRefusal::NoSuchRequest));

    let json = serde_json::to_string(&exports).expect("written");
    let more = Export { rows: 11, ..export("ann", 0) };
    assert_eq!(
        exports.export(&more, GRANT, HOUR),
        Err(ExportRefusal::NotRequested),
        "more rows than approved"
    );
    let wider = Export { columns: ["score", "phenotype"].map(str::to_owned).into(), ..export("ann", 10) };
    assert_eq!(exports.export(&wider, GRANT, HOUR), Err(ExportRefusal::NotRequested), "more columns");
    let other = Export { statement: [2; 32], ..export("ann", 10) };
    assert_eq!(exports.export(&other, GRANT, HOUR), Err(ExportRefusal::NotRequested));
    assert_eq!(
        exports.export(&export("bob", 10), GRANT, HOUR),
        Err(ExportRefusal::NotRequested),
        "another's approval"
    );
    assert_eq!(exports.export(&export("ann", 10), GRANT, 2 * HOUR), Ok(()));
    assert_eq!(exports.export(&export("ann", 10), GRANT, 2 * HOUR), Err(ExportRefusal::Used));
    assert_eq!(exports.refuse(number, "bob", &stewards(), 3 * HOUR), Err(ExportRefusal::Used));

    let read: Exports = serde_json::from_str(&json).expect("read");
    let mut late = read.clone();
    assert_eq!(late.export(&export("ann", 10), GRANT, HOUR + USABLE + 1), Err(ExportRefusal::Expired));
    assert_eq!(
        late.export(&export("ann", 10), GRANT, HOUR + USABLE),
        Ok(()),
        "24 hours after the second approval"
    );
    let mut refused = read;
    assert_eq!(refused.refuse(number, "dee", &stewards(), 2 * HOUR), Ok(()));
    assert_eq!(refused.export(&export("ann", 10), GRANT, 2 * HOUR), Err(ExportRefusal::Refused));
}

#[test]
fn a_day_has_its_rows() {
    let free = ExportGrant { rows_per_day: 100, approvals: 0 };
    let mut exports = Exports::default();
    assert_eq!(exports.export(&export("ann", 60), free, 5 * HOUR), Ok(()));
    assert_eq!(exports.export(&export("ann", 41), free, 6 * HOUR), Err(ExportRefusal::Cap { left: 40 }));
    assert_eq!(exports.export(&export("bob", 100), free, 6 * HOUR), Ok(()), "another user's rows");
    assert_eq!(exports.export(&export("ann", 40), free, 23 * HOUR), Ok(()));
    assert_eq!(exports.export(&export("ann", 100), free, 24 * HOUR), Ok(()));
    assert_eq!(
        exports.export(&export("ann", 1), free, 5 * HOUR),
        Err(ExportRefusal::Cap { left: 0 }),
        "a clock set back"
    );
    assert_eq!(exports.export(&export("ann", 0), ExportGrant::default(), 0), Err(ExportRefusal::NotGranted));
}

/// Somebody does something: 0 asks, 1 approves, 2 exports, 3 refuses.
fn deeds() -> impl Strategy<Value = Vec<(u8, usize, u64, u64)>> {
    proptest::collection::vec((0..4u8, 0..4usize, 1..5u64, 0..8 * HOUR), 1..80)
}

proptest! {
    #[test]
    fn nothing_leaves_without_two_others_within_a_day(deeds in deeds()) {
        let users = ["ann", "bob", "cyd", "dee"];
        let (mut exports, mut now) = (Exports::default(), 0);
        for (deed, user, number, later) in deeds {
            now += later;
            let user = users[user];
            match deed {
                0 => drop(exports.request(export(user, number * 10), 2, now)),
                1 => drop(exports.approve(number, user, &stewards(), now)),
                2 => drop(exports.export(&export(user, number * 10), GRANT, now)),
                _ => drop(exports.refuse(number, user, &stewards(), now)),
            }
        }
        let mut rows = std::collections::BTreeMap::new();
        for (_, request) in exports.requests() {
            let Some(used) = request.used else { continue };
            prop_assert!(request.refused.is_none());
            prop_assert!(!request.approvals.contains_key(&request.export.user));
            let mut times: Vec<u64> = request.approvals.values().copied().collect();
            times.sort_unstable();
            prop_assert!(times.len() >= 2 && times[1] <= used && used - times[1] <= USABLE);
            *rows.entry((request.export.user.clone(), used / (24 * HOUR))).or_insert(0) += 1;
        }
        // At least ten rows in each.
        prop_assert!(rows.values().all(|exports| *exports <= 10));
    }
}
