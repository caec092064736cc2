//! The trace of a job, in a process without telemetry.

use steppe_server::{
    jobs::JobId,
    operations::telemetry::{JobTrace, job_span, job_trace, tile_span},
};
use tracing::Span;

use super::child::{JOB, TRACE};

fn trace(id: &str) -> JobTrace {
    job_trace(&id.parse::<JobId>().expect("an id"))
}

#[test]
fn a_trace_follows_from_the_job() {
    let first = trace(JOB);
    assert_eq!(first.trace_id().to_string(), TRACE);
    assert_eq!(first, trace(JOB));
    assert_eq!(first.traceparent(&Span::none()), format!("00-{TRACE}-0011223344556677-01"));
    // The rest of the id is not in the trace's.
    assert_eq!(trace(&format!("{}{}", &JOB[..48], "0".repeat(16))).trace_id(), first.trace_id());
    assert_ne!(trace(&format!("1{}", &JOB[1..])).trace_id(), first.trace_id());
    let zero = trace(&"0".repeat(64)).traceparent(&Span::none());
    assert_eq!(zero, format!("00-{}1-{}1-01", "0".repeat(31), "0".repeat(15)), "no id may be zero");
}

#[test]
fn a_parent_comes_from_the_same_trace() {
    let good = format!("00-{TRACE}-b7ad6b7169203331-01");
    assert_eq!(trace(JOB).below(&good).traceparent(&Span::none()), good);
    let unsampled = format!("00-{TRACE}-b7ad6b7169203331-00");
    assert_eq!(trace(JOB).below(&unsampled).traceparent(&Span::none()), unsampled);
    let bad = [
        String::new(),
        good.to_uppercase(),
        good.replace("00-", "ff-"),
        format!("{good}-00"),
        good.replace('-', "_"),
        good[..54].to_owned(),
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{TRACE}-+7ad6b7169203331-01"),
        format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
        format!("00-{}-b7ad6b7169203331-01", "f".repeat(32)),
        format!("00-{TRACE}-b7ad6b716920333ä1"),
    ];
    for text in bad {
        assert_eq!(trace(JOB).below(&text), trace(JOB), "{text}");
    }
}

#[test]
fn spans_cost_nothing_without_telemetry() {
    let trace = trace(JOB);
    assert!(job_span(&trace).is_disabled() && tile_span(&trace, 1, 1).is_disabled());
    // Another process that records traces still gets into the right one.
    let tile = tile_span(&trace, 1, 1);
    assert_eq!(trace.traceparent(&tile), trace.traceparent(&Span::none()));
}
