use std::fmt::Write;

use axum::{
    Router,
    extract::State,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};

use crate::operations::{Metrics, Readiness};

/// What Prometheus knows OpenMetrics text by.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn router(metrics: Metrics, readiness: Readiness) -> Router {
    Router::new()
        .route("/metrics", get(scrape).with_state(metrics))
        .route("/readyz", get(ready).with_state(readiness))
        .route("/healthz", get(|| async { line(StatusCode::OK, "ok") }))
}

async fn scrape(State(metrics): State<Metrics>) -> Response {
    match metrics.render() {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS), (CACHE_CONTROL, "no-store")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "no metrics");
            line(StatusCode::INTERNAL_SERVER_ERROR, "the metrics can not be written")
        }
    }
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    let waiting = readiness.waiting();
    if waiting.is_empty() {
        return line(StatusCode::OK, "ok");
    }
    let mut text = String::new();
    for (name, reason) in waiting {
        // Writing to a string can not fail.
        let _ = writeln!(text, "{name}: {reason}");
    }
    line(StatusCode::SERVICE_UNAVAILABLE, text.trim_end())
}

fn line(status: StatusCode, text: &str) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], format!("{text}\n")).into_response()
}
