//! Spans that arrive.

use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use super::{
    child::{JOB, TRACE, process},
    collector::{Collector, Received, attribute},
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of<'a>(received: &'a [Received], service: &str) -> Vec<&'a Received> {
    let is = |one: &&Received| attribute(&one.resource, "service.name").as_deref() == Some(service);
    received.iter().filter(is).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_spans_processes_and_restarts() {
    let (collector, address) = Collector::start().await;
    let before = process("coordinator", Some(&address), None).await;
    let after = process("coordinator", Some(&address), None).await;
    let parent = &after.told["parent"];
    assert_ne!(parent, &before.told["parent"], "each has a span of its own");
    process("worker", Some(&address), Some(parent)).await;
    // All are here: each process waited for its last spans.
    let received = collector.received();
    assert_eq!(received.len(), 2 + 4, "{received:?}");
    for one in &received {
        assert_eq!(hex(&one.span.trace_id), TRACE);
        assert_eq!(attribute(&one.span.attributes, "job").as_deref(), Some(JOB));
    }
    let jobs = of(&received, "steppe-coordinator");
    assert_eq!(jobs.len(), 2);
    for job in &jobs {
        assert_eq!(attribute(&job.resource, "service.instance.id").as_deref(), Some("steppe-coordinator-7"));
        assert_eq!((job.span.name.as_str(), hex(&job.span.parent_span_id)), ("job", JOB[32..48].to_owned()));
        let events: Vec<_> = job.span.events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(events, ["the job is planned"]);
    }
    let tiles = of(&received, "steppe-worker");
    assert_eq!(tiles.len(), 4);
    for tile in &tiles {
        assert_eq!(attribute(&tile.resource, "service.instance.id").as_deref(), Some("steppe-worker-7"));
        assert_eq!(*parent, format!("00-{TRACE}-{}-01", hex(&tile.span.parent_span_id)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_is_an_attempt_at_a_tile() {
    let (collector, address) = Collector::start().await;
    // The parent is of another trace, so the worker stays in the job's.
    let stranger = "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01";
    process("worker", Some(&address), Some(stranger)).await;
    let mut attempts: Vec<_> = collector
        .received()
        .into_iter()
        .map(|one| {
            assert_eq!((one.span.name.as_str(), hex(&one.span.trace_id)), ("tile", TRACE.to_owned()));
            assert_eq!(hex(&one.span.parent_span_id), JOB[32..48]);
            let status = one.span.status.map(|status| status.code()).unwrap_or_default();
            let text = |key| attribute(&one.span.attributes, key).unwrap_or_default();
            (text("tile"), text("attempt"), text("next"), status)
        })
        .collect();
    attempts.sort();
    let row = |tile: &str, attempt: &str, next: &str, status| {
        (tile.to_owned(), attempt.to_owned(), next.to_owned(), status)
    };
    let expected = [
        row("0", "1", "", StatusCode::Unset),
        row("1", "1", "failed", StatusCode::Error),
        row("1", "2", "", StatusCode::Unset),
        row("2", "1", "", StatusCode::Unset),
    ];
    assert_eq!(attempts, expected);
}
