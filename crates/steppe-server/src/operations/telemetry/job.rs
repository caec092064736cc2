//! One trace a job, one span a tile attempt. The trace id follows from the job id, so that every process, also a
//! coordinator that was started again, goes on in the same trace without being told.

use std::collections::HashMap;

use opentelemetry::{
    Context,
    propagation::TextMapPropagator,
    trace::{SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{jobs::JobId, operations::labels::AttemptReason};

const TRACEPARENT: &str = "traceparent";
/// Bytes of a `traceparent` of version 00, the only one there is.
const TRACEPARENT_BYTES: usize = 55;

/// The trace of a job, and the span in it that new ones go below.
#[derive(Debug, Clone, PartialEq)]
pub struct JobTrace {
    job: JobId,
    parent: SpanContext,
}

/// The trace of a job: its id is the first 16 bytes of the job id, and its first span, which nobody sends, the next 8.
pub fn job_trace(job: &JobId) -> JobTrace {
    let hex = |range| job.as_str().get(range).unwrap_or_default();
    // A job id is hex digits. No id may be zero, in which case it is one.
    let trace = u128::from_str_radix(hex(0..32), 16).unwrap_or_default().max(1);
    let span = u64::from_str_radix(hex(32..48), 16).unwrap_or_default().max(1);
    let parent = SpanContext::new(
        TraceId::from(trace),
        SpanId::from(span),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    JobTrace { job: job.clone(), parent }
}

impl JobTrace {
    /// The trace's id.
    pub fn trace_id(&self) -> TraceId {
        self.parent.trace_id()
    }

    /// The same trace below the span that another process wrote as a W3C `traceparent`. A text that is none, or of
    /// another trace, changes nothing.
    #[must_use]
    pub fn below(self, traceparent: &str) -> Self {
        match parse(traceparent) {
            Some(parent) if parent.trace_id() == self.trace_id() => Self { parent, ..self },
            _ => self,
        }
    }

    /// The W3C `traceparent` for another process that works below `span`; where this process records no traces, for
    /// one that works below this trace's own parent.
    pub fn traceparent(&self, span: &Span) -> String {
        let context = span.context().span().span_context().clone();
        if context.trace_id() == self.trace_id() { write(context) } else { write(self.parent.clone()) }
    }

    fn adopt(&self, span: Span) -> Span {
        // Fails where no traces are recorded, and then there is nothing to put in its place.
        let _ = span.set_parent(Context::new().with_remote_span_context(self.parent.clone()));
        span
    }
}

/// The span of a coordinator's work on a job.
pub fn job_span(trace: &JobTrace) -> Span {
    trace.adopt(tracing::info_span!(parent: None, "job", job = %trace.job))
}

/// The span of an attempt at a tile; attempts count from 1.
pub fn tile_span(trace: &JobTrace, tile: u64, attempt: u32) -> Span {
    let span = tracing::info_span!(parent: None, "tile", job = %trace.job, tile, attempt, next = Empty);
    trace.adopt(span)
}

/// Marks the span of an attempt that ended without a result, with the reason for the next one.
pub fn tile_failed(span: &Span, next: AttemptReason) {
    span.record("next", next.name());
    span.set_status(Status::error(next.name()));
}

fn write(context: SpanContext) -> String {
    let mut carrier = HashMap::new();
    let context = Context::new().with_remote_span_context(context);
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(TRACEPARENT).unwrap_or_default()
}

fn parse(text: &str) -> Option<SpanContext> {
    // The library also takes signs and short numbers.
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let dashes = [2, 35, 52];
    let shape = |(at, byte): (usize, u8)| if dashes.contains(&at) { byte == b'-' } else { digit(byte) };
    if text.len() != TRACEPARENT_BYTES || !text.bytes().enumerate().all(shape) {
        return None;
    }
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), text.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    Some(context.span().span_context().clone()).filter(SpanContext::is_valid)
}
