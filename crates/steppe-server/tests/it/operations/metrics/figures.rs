//! That the figures are right.

use std::time::{Duration, SystemTime};

use steppe_server::{
    jobs::JobState,
    operations::{ApiMethod, AttemptReason, ByteDirection, JobTiles, Metrics},
};
use tonic::Code;

use super::scrape;

fn tiles(metrics: &Metrics) -> [f64; 3] {
    let exposition = scrape(metrics);
    ["pending", "running", "committed"].map(|state| exposition.value("steppe_tiles", &[("state", state)]))
}

#[test]
fn tiles_go_through_their_states() {
    let metrics = Metrics::new();
    let job = metrics.job_tiles(3, 1);
    assert_eq!(tiles(&metrics), [3.0, 0.0, 1.0]);
    job.tile_started(AttemptReason::First);
    job.tile_started(AttemptReason::First);
    assert_eq!(tiles(&metrics), [1.0, 2.0, 1.0]);
    job.tile_committed(Duration::from_millis(1500));
    job.tile_given_back();
    assert_eq!(tiles(&metrics), [2.0, 0.0, 2.0]);
    job.tile_started(AttemptReason::WorkerLost);
    let exposition = scrape(&metrics);
    let attempts = |reason| exposition.value("steppe_tile_attempts_total", &[("reason", reason)]);
    assert_eq!([attempts("first"), attempts("worker_lost"), attempts("failed")], [2.0, 1.0, 0.0]);
    assert_eq!(exposition.value("steppe_tile_seconds_sum", &[]), 1.5);
    assert_eq!(exposition.value("steppe_tile_seconds_bucket", &[("le", "1.0")]), 0.0);
    assert_eq!(exposition.value("steppe_tile_seconds_bucket", &[("le", "2.0")]), 1.0);
}

#[test]
fn jobs_do_not_disturb_each_other_and_leave_nothing() {
    let metrics = Metrics::new();
    let other = metrics.job_tiles(5, 0);
    let job = metrics.job_tiles(1, 0);
    // More reports than tiles: late commits, tiles given back twice.
    let all: [fn(&JobTiles); 3] = [
        |job| job.tile_started(AttemptReason::Stuck),
        |job| job.tile_given_back(),
        |job| job.tile_committed(Duration::ZERO),
    ];
    for _ in 0..4 {
        all.iter().for_each(|report| report(&job));
    }
    assert_eq!(tiles(&metrics), [5.0, 0.0, 1.0]);
    drop(job);
    assert_eq!(tiles(&metrics), [5.0, 0.0, 0.0]);
    other.tile_started(AttemptReason::First);
    drop(other);
    assert_eq!(tiles(&metrics), [0.0, 0.0, 0.0]);
}

#[test]
fn a_tile_that_waits_can_be_committed_late() {
    let metrics = Metrics::new();
    let job = metrics.job_tiles(2, 0);
    job.tile_started(AttemptReason::First);
    job.tile_given_back();
    job.tile_committed(Duration::from_secs(9));
    assert_eq!(tiles(&metrics), [1.0, 0.0, 1.0]);
}

#[test]
fn tiles_are_right_after_many_threads() {
    let metrics = Metrics::new();
    let job = metrics.job_tiles(8000, 0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for tile in 0..1000 {
                    job.tile_started(AttemptReason::First);
                    if tile % 4 == 0 {
                        job.tile_given_back();
                    } else {
                        job.tile_committed(Duration::from_millis(1));
                    }
                }
            });
        }
    });
    assert_eq!(tiles(&metrics), [2000.0, 0.0, 6000.0]);
}

#[test]
fn clones_share_figures() {
    let metrics = Metrics::new();
    let clone = metrics.clone();
    clone.store_bytes(ByteDirection::Read, 40);
    metrics.store_bytes(ByteDirection::Read, 2);
    clone.jobs(JobState::Queued, 9);
    clone.jobs(JobState::Queued, 4);
    clone.coordinator_epoch(12);
    clone.api_request(ApiMethod::JobSubmit, Code::DataLoss, Duration::from_millis(20));
    let exposition = scrape(&metrics);
    assert_eq!(exposition.value("steppe_store_bytes_total", &[("direction", "read")]), 42.0);
    assert_eq!(exposition.value("steppe_jobs", &[("state", "queued")]), 4.0);
    assert_eq!(exposition.value("steppe_coordinator_epoch", &[]), 12.0);
    let labels = [("method", "job_submit"), ("code", "data_loss")];
    assert_eq!(exposition.value("steppe_api_requests_total", &labels), 1.0);
    let labels = [("method", "job_submit"), ("le", "0.03")];
    assert_eq!(exposition.value("steppe_api_seconds_bucket", &labels), 1.0);
}

#[test]
fn the_age_of_the_queue_grows_by_itself() {
    let metrics = Metrics::new();
    let age = || scrape(&metrics).value("steppe_queue_age_seconds", &[]);
    assert_eq!(age(), 0.0);
    metrics.oldest_queued(Some(SystemTime::now() - Duration::from_secs(100)));
    let first = age();
    assert!((100.0..130.0).contains(&first), "{first}");
    std::thread::sleep(Duration::from_millis(20));
    assert!(age() >= first + 0.02);
    metrics.oldest_queued(Some(SystemTime::now() + Duration::from_secs(100)));
    assert_eq!(age(), 0.0, "a clock that was set back");
    metrics.oldest_queued(None);
    assert_eq!(age(), 0.0);
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_this_one() {
    let exposition = scrape(&Metrics::new());
    let resident = exposition.value("process_resident_memory_bytes", &[]);
    assert!((1e6..1e10).contains(&resident), "{resident}");
    let started = exposition.value("process_start_time_seconds", &[]);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs_f64();
    // The boot time has whole seconds.
    assert!((now - 600.0..now + 2.0).contains(&started), "{started} {now}");
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(exposition.value("steppe_build_info", &version), 1.0);
}
