//! Workers in the figures: which names they may have, and how many are told apart.

use std::{thread::sleep, time::Duration};

use steppe_server::operations::{Metrics, NAMED_WORKERS, OperationsError, WorkerName};

use super::scrape;

const AGE: &str = "steppe_worker_heartbeat_age_seconds";

fn worker(number: usize) -> WorkerName {
    format!("worker-{number}").parse().expect("a name")
}

#[test]
fn only_plain_names_become_labels() {
    let longest = "w".repeat(64);
    for name in ["w", "Worker-7.rack_3", "others", longest.as_str()] {
        assert_eq!(name.parse::<WorkerName>().expect(name).as_str(), name);
    }
    let longer = "w".repeat(65);
    for name in ["", "other", "a b", "a\"b", "a\nb", "a{b}", "ä", "a/b", longer.as_str()] {
        let refused = name.parse::<WorkerName>();
        assert!(matches!(refused, Err(OperationsError::WorkerName { .. })), "{name:?}");
    }
}

#[test]
fn the_age_of_a_heartbeat_grows_until_the_next() {
    let metrics = Metrics::new();
    let age = || scrape(&metrics).find(AGE, &[("worker", "worker-1")]);
    assert_eq!(age(), None);
    metrics.worker_heartbeat(&worker(1));
    sleep(Duration::from_millis(50));
    let old = age().expect("an age");
    assert!(old >= 0.05, "{old}");
    metrics.worker_heartbeat(&worker(1));
    assert!(age().expect("an age") < old);
    metrics.worker_gone(&worker(1));
    assert_eq!(age(), None);
    assert_eq!(scrape(&metrics).value("steppe_workers", &[]), 0.0);
}

#[test]
fn too_many_workers_share_a_series() {
    let metrics = Metrics::new();
    let count = || {
        let exposition = scrape(&metrics);
        (exposition.0[AGE].samples.len(), exposition.value("steppe_workers", &[]))
    };
    let others = || scrape(&metrics).find(AGE, &[("worker", "other")]);
    (0..NAMED_WORKERS).for_each(|number| metrics.worker_heartbeat(&worker(number)));
    assert_eq!(count(), (NAMED_WORKERS, NAMED_WORKERS as f64));
    assert_eq!(others(), None);
    metrics.worker_heartbeat(&worker(NAMED_WORKERS));
    sleep(Duration::from_millis(50));
    metrics.worker_heartbeat(&worker(NAMED_WORKERS + 1));
    assert_eq!(count(), (NAMED_WORKERS + 1, NAMED_WORKERS as f64 + 2.0));
    assert!(others().expect("an age") >= 0.05, "the longest silence of them counts");
    // One goes, and the next of the others that is heard of gets a series of its own.
    metrics.worker_gone(&worker(7));
    metrics.worker_heartbeat(&worker(NAMED_WORKERS));
    assert_eq!(count(), (NAMED_WORKERS + 1, NAMED_WORKERS as f64 + 1.0));
    metrics.worker_gone(&worker(NAMED_WORKERS + 1));
    assert_eq!(others(), None);
    assert_eq!(count(), (NAMED_WORKERS, NAMED_WORKERS as f64));
}
