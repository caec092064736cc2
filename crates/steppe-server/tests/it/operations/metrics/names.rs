//! Which metrics there are, of which type, with which labels, and that nothing else can come out.

use std::{collections::BTreeSet, time::Duration};

use steppe_server::{
    audit::Outcome,
    jobs::JobState,
    operations::{ApiMethod, AttemptReason, ByteDirection, CacheOutcome, Metrics},
};
use steppe_store::{StoreOperation, StoreOutcome};
use tonic::Code;

use super::scrape;

/// Name, type, labels, and most series.
const EXPECTED: [(&str, &str, &[&str], usize); 18] = [
    ("process_resident_memory_bytes", "gauge", &[], 1),
    ("process_start_time_seconds", "gauge", &[], 1),
    ("steppe_api_requests", "counter", &["code", "method"], 204),
    ("steppe_api_seconds", "histogram", &["method"], 168),
    ("steppe_audit_records", "counter", &["decision"], 3),
    ("steppe_build", "info", &["version"], 1),
    ("steppe_cache_requests", "counter", &["outcome"], 3),
    ("steppe_checksum_failures", "counter", &[], 1),
    ("steppe_coordinator_epoch", "gauge", &[], 1),
    ("steppe_jobs", "gauge", &["state"], 5),
    ("steppe_queue_age_seconds", "gauge", &[], 1),
    ("steppe_store_bytes", "counter", &["direction"], 2),
    ("steppe_store_requests", "counter", &["operation", "outcome"], 18),
    ("steppe_tile_attempts", "counter", &["reason"], 4),
    ("steppe_tile_seconds", "histogram", &[], 17),
    ("steppe_tiles", "gauge", &["state"], 3),
    ("steppe_worker_heartbeat_age_seconds", "gauge", &["worker"], 1),
    ("steppe_workers", "gauge", &[], 1),
];

/// Everything that can be counted, once.
fn everything() -> Metrics {
    let metrics = Metrics::new();
    let tiles = metrics.job_tiles(AttemptReason::ALL.len() as u64, 0);
    AttemptReason::ALL.iter().for_each(|reason| tiles.tile_started(*reason));
    tiles.tile_committed(Duration::from_secs(1));
    metrics.checksum_failed();
    for operation in StoreOperation::ALL {
        StoreOutcome::ALL.into_iter().for_each(|outcome| metrics.store_requests(operation, outcome, 1));
    }
    ByteDirection::ALL.iter().for_each(|direction| metrics.store_bytes(*direction, 7));
    CacheOutcome::ALL.iter().for_each(|outcome| metrics.cache_requests(*outcome, 1));
    JobState::ALL.iter().for_each(|state| metrics.jobs(*state, 1));
    [Outcome::Allow, Outcome::Deny, Outcome::Note]
        .into_iter()
        .for_each(|outcome| metrics.audit_record(outcome));
    for method in ApiMethod::ALL {
        (0..17).for_each(|code| metrics.api_request(*method, Code::from(code), Duration::from_millis(2)));
    }
    metrics.worker_heartbeat(&"worker-0.pool_1".parse().expect("a name"));
    metrics.coordinator_epoch(3);
    metrics
}

#[test]
fn metrics_are_those_that_are_documented() {
    let exposition = scrape(&everything());
    let names: Vec<_> = exposition.0.keys().map(String::as_str).collect();
    assert_eq!(names, EXPECTED.iter().map(|row| row.0).collect::<Vec<_>>());
    for (name, kind, labels, most) in &EXPECTED {
        let family = &exposition.0[*name];
        assert_eq!(&family.kind, kind, "{name}");
        assert_eq!(family.samples.len(), *most, "{name}");
        for (suffix, found, _) in &family.samples {
            let keys: BTreeSet<_> = found.keys().map(String::as_str).filter(|key| *key != "le").collect();
            assert_eq!(keys, labels.iter().copied().collect(), "{name}{suffix}");
        }
    }
}

#[test]
fn series_with_few_labels_are_there_from_the_start() {
    let exposition = scrape(&Metrics::new());
    for (name, _, _, most) in &EXPECTED {
        let samples = exposition.0.get(*name).map_or(0, |family| family.samples.len());
        let open = ["steppe_api_requests", "steppe_api_seconds", "steppe_worker_heartbeat_age_seconds"];
        assert_eq!(samples, if open.contains(name) { 0 } else { *most }, "{name}");
    }
}

#[test]
fn words_of_a_label_differ() {
    let exposition = scrape(&everything());
    let total = |name: &str| exposition.0[name].samples.iter().map(|sample| sample.2).sum::<f64>();
    // Each was counted once, so no two share a word.
    assert!((total("steppe_store_requests") - 18.0).abs() < 0.5);
    assert!((total("steppe_api_requests") - 204.0).abs() < 0.5);
    assert!(exposition.0["steppe_api_requests"].samples.iter().all(|sample| (sample.2 - 1.0).abs() < 0.5));
}
