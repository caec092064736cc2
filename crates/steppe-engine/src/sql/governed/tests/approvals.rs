//! Stewards decide on exports by statements of their own.

use super::scene::{Person, Scene, Told};
use crate::EngineError;

/// Both export a hundred rows a day with the approval of two stewards, which is what a policy means that does not say it.
const POLICY: &str = r#"
version = 1
revision = 1
[cohort."bio"]
minimum_cell = 5
[cohort."bio".role.researcher]
phenotypes = "raw"
export_rows_per_day = 100
[cohort."bio".role.steward]
phenotypes = "raw"
export_rows_per_day = 100
approvals = 2
"#;

const ROWS: &str = "SELECT age FROM phenotypes WHERE site = 'north'";

async fn asks(scene: &Scene, who: (&str, &str), sql: &str) -> Result<Told, EngineError> {
    scene.ask_with(who, sql, Vec::new()).await
}

async fn refused(scene: &Scene, who: (&str, &str), sql: &str) -> String {
    asks(scene, who, sql).await.expect_err(sql).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_leave_once_when_two_stewards_have_approved() {
    let scene = Scene::new(40, |_| true, POLICY).await;
    let [ann, bob, cid] = ["ann", "bob", "cid"].map(|name| (name, "steward"));
    let filed = refused(&scene, ann, ROWS).await;
    assert!(filed.contains("filed as number 1"), "{filed}");
    let waiting = "SELECT number, requested_by, state, approvals_needed, columns FROM export_requests";
    assert_eq!(asks(&scene, bob, waiting).await.expect("requests").rows(), ["1|ann|waiting|2|age"]);
    let plan = asks(&scene, bob, "SELECT plan FROM export_requests").await.expect("a plan").rows();
    assert!(plan[0].contains("north"), "{plan:?}");
    assert!(refused(&scene, ann, "SELECT * FROM approve_export(1)").await.contains("their own"));
    // What only plans decides nothing.
    for harmless in ["EXPLAIN SELECT * FROM approve_export(1)", "SELECT number FROM export_requests"] {
        asks(&scene, bob, harmless).await.expect(harmless);
    }
    let approve = "SELECT state, approved_by FROM approve_export('bio', 1)";
    assert_eq!(asks(&scene, bob, approve).await.expect("an approval").rows(), ["waiting|bob"]);
    assert!(refused(&scene, bob, approve).await.contains("you have approved"));
    assert!(refused(&scene, ann, ROWS).await.contains("1 approvals"));
    assert_eq!(asks(&scene, cid, approve).await.expect("an approval").rows(), ["approved|bob, cid"]);
    let rows = asks(&scene, ann, ROWS).await.expect("rows").rows().len();
    assert_eq!(rows, (0..40).map(Person).filter(|person| person.site() == "north").count());
    let state = asks(&scene, cid, "SELECT state FROM export_requests").await.expect("a request").rows();
    assert_eq!(state, ["used"]);
    assert!(asks(&scene, ann, ROWS).await.is_err(), "once");
    let decisions = scene.records.1.lock().expect("a lock");
    let decided: Vec<_> = decisions.iter().map(|one| (one.subject.as_str(), one.refusal.is_none())).collect();
    assert_eq!(decided, [("ann", false), ("bob", true), ("bob", false), ("cid", true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_no_steward_sees_their_own_and_decides_nothing() {
    let scene = Scene::new(40, |_| true, POLICY).await;
    let (rita, roy) = (("rita", "researcher"), ("roy", "researcher"));
    refused(&scene, rita, ROWS).await;
    refused(&scene, roy, ROWS).await;
    let own = "SELECT number, requested_by FROM export_requests";
    assert_eq!(asks(&scene, rita, own).await.expect("requests").rows(), ["1|rita"]);
    assert_eq!(asks(&scene, ("bob", "steward"), own).await.expect("all").rows(), ["1|rita", "2|roy"]);
    for decide in ["approve_export(2)", "refuse_export(2)", "approve_export(1)"] {
        let sql = format!("SELECT * FROM {decide}");
        assert!(refused(&scene, rita, &sql).await.contains("only stewards decide"), "{sql}");
    }
    // One refusal is for good.
    let refuse = "SELECT state, refused_by FROM refuse_export(2)";
    assert_eq!(asks(&scene, ("bob", "steward"), refuse).await.expect("refused").rows(), ["refused|bob"]);
    assert!(refused(&scene, roy, ROWS).await.contains("refused the export"));
    assert!(refused(&scene, ("cid", "steward"), "SELECT * FROM approve_export(2)").await.contains("refused"));
    let state = "SELECT number, state FROM export_requests";
    assert_eq!(
        asks(&scene, ("cid", "steward"), state).await.expect("all").rows(),
        ["1|waiting", "2|refused"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_named() {
    let scene = Scene::new(40, |_| true, POLICY).await;
    let bob = ("bob", "steward");
    assert!(
        refused(&scene, bob, "SELECT * FROM approve_export(7)").await.contains("no request has this number")
    );
    assert!(
        refused(&scene, bob, "SELECT * FROM approve_export('other', 1)").await.contains("no cohort of yours")
    );
    for wrong in ["approve_export()", "approve_export('x')", "refuse_export(-1)", "refuse_export(1, 1, 1)"] {
        let sql = format!("SELECT * FROM {wrong}");
        assert!(refused(&scene, bob, &sql).await.contains("takes the number"), "{sql}");
    }
}
