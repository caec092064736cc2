//! Every role, every action, every owner.

use std::collections::BTreeSet;

use steppe_server::identity::roles::{Action, Decision, Denial, Principal, Role, authorise};

fn principal(roles: &[Role]) -> Principal {
    let roles: BTreeSet<Role> = roles.iter().copied().collect();
    let named = roles.iter().map(|role| role.name().to_owned()).collect();
    Principal { subject: "ada".to_owned(), roles, named, cohorts: None }
}

/// The table: what each single role may do on its own job, somebody else's, and nobody's.
fn expected(role: Role, action: Action) -> [bool; 3] {
    match (role, action) {
        (Role::Admin, _) => [true; 3],
        (_, Action::Administer) => [false; 3],
        (_, Action::ListCohorts) => [true; 3],
        (Role::Read, Action::ReadJob | Action::ListJobs | Action::ReadResults | Action::ReadCluster) => {
            [true; 3]
        }
        (Role::Read, _) | (Role::Submit, Action::ReadCluster) => [false; 3],
        (Role::Submit, Action::SubmitJob) => [true, false, true],
        (Role::Submit, _) => [true, false, false],
    }
}

#[test]
fn each_role_does_what_the_table_says() {
    for roles in [vec![], vec![0], vec![1], vec![2], vec![0, 1], vec![0, 2], vec![1, 2], vec![0, 1, 2]] {
        let roles: Vec<Role> = roles.into_iter().map(|index: usize| Role::ALL[index]).collect();
        for action in Action::ALL {
            for (column, owner) in [Some("ada"), Some("bob"), None].into_iter().enumerate() {
                let allowed = authorise(&principal(&roles), action, owner) == Decision::Allow;
                let wanted = roles.iter().any(|role| expected(*role, action)[column]);
                assert_eq!(allowed, wanted, "{roles:?} {action:?} {owner:?}");
            }
        }
    }
}

#[test]
fn denials_say_why() {
    let denied = |roles: &[Role], action, owner| authorise(&principal(roles), action, owner);
    let deny = Decision::Deny;
    assert_eq!(denied(&[], Action::ListCohorts, None), deny(Denial::NoRole));
    assert_eq!(denied(&[Role::Read], Action::CancelJob, Some("ada")), deny(Denial::NotAllowed));
    assert_eq!(denied(&[Role::Submit], Action::CancelJob, Some("bob")), deny(Denial::NotOwner));
    // Subjects are not compared by half, nor without regard to case.
    assert_eq!(denied(&[Role::Submit], Action::ReadJob, Some("Ada")), deny(Denial::NotOwner));
    assert_eq!(denied(&[Role::Submit], Action::ReadJob, Some("")), deny(Denial::NotOwner));
}

#[test]
fn a_list_of_cohorts_is_a_limit() {
    let mut ada = principal(&[Role::Submit]);
    assert!(ada.may_use_cohort("hapmap2"));
    ada.cohorts = Some(BTreeSet::from(["hapmap2".to_owned()]));
    assert!(ada.may_use_cohort("hapmap2") && !ada.may_use_cohort("ukb"));
    ada.cohorts = Some(BTreeSet::new());
    assert!(!ada.may_use_cohort("hapmap2"));
}
