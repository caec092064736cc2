//! Checks and what a probe sees of them.

use steppe_server::operations::{Metrics, OperationsServer, Readiness};

use super::probe::run;

#[tokio::test]
async fn a_probe_follows_the_checks() {
    let readiness = Readiness::default();
    let running = run(OperationsServer::new(Metrics::new(), readiness.clone())).await;
    assert_eq!(running.get("/readyz").await.status, 200, "nothing to wait for");
    let log = readiness.check("job log");
    let store = readiness.check("store");
    let waiting = running.get("/readyz").await;
    assert_eq!(waiting.status, 503);
    assert_eq!(waiting.body, "job log: has not reported yet\nstore: has not reported yet\n");
    log.ready();
    store.not_ready("bucket can not be listed");
    let waiting = running.get("/readyz").await;
    assert_eq!((waiting.status, waiting.body.as_str()), (503, "store: bucket can not be listed\n"));
    assert!(!readiness.is_ready());
    // From anywhere: a thread, by a clone.
    let elsewhere = store.clone();
    std::thread::spawn(move || elsewhere.ready()).join().expect("a thread");
    let ready = running.get("/readyz").await;
    assert_eq!((ready.status, ready.body.as_str()), (200, "ok\n"));
    assert!(readiness.is_ready());
    // The same check again keeps its state.
    readiness.check("store");
    assert!(readiness.is_ready());
    log.not_ready("fenced");
    assert_eq!(running.get("/readyz").await.status, 503);
    assert_eq!(running.get("/healthz").await.status, 200, "a process that waits lives");
}

#[test]
fn a_reason_is_one_short_line() {
    let readiness = Readiness::default();
    let check = readiness.check("store");
    check.not_ready("one\ntwo\r\n\u{7}three");
    assert_eq!(readiness.waiting(), [("store", "one two   three".to_owned())]);
    check.not_ready(&"ä".repeat(1000));
    assert_eq!(readiness.waiting(), [("store", "ä".repeat(200))]);
}
