use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use tokio::runtime::{Builder, Runtime};
use tonic::transport::Endpoint;

use super::{
    TelemetrySettings,
    endpoint::{SEND, endpoint},
    exporter::Reporting,
};
use crate::operations::OperationsError;

/// Longest time that the end of a process waits for its last spans.
const FLUSH: Duration = Duration::from_secs(3);

/// Keeps traces going. Its drop sends the last spans, which blocks for 3 seconds at most.
#[must_use = "traces end when this is dropped"]
#[derive(Debug)]
pub struct TelemetryGuard(Option<Traces>);

impl TelemetryGuard {
    pub(super) fn new(traces: Option<Traces>) -> Self {
        Self(traces)
    }

    pub(super) fn provider(&self) -> Option<&SdkTracerProvider> {
        self.0.as_ref().map(|traces| &traces.provider)
    }
}

/// The sending of traces. It has a runtime of its own: the spans of a busy or a finished runtime are sent as well, and
/// waiting for the last ones stops no runtime that has to send them.
#[derive(Debug)]
pub(super) struct Traces {
    provider: SdkTracerProvider,
    runtime: Option<Runtime>,
}

impl Traces {
    pub(super) fn start(settings: &TelemetrySettings, address: &str) -> Result<Self, OperationsError> {
        let endpoint = endpoint(address)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("steppe-traces")
            .enable_all()
            .build()
            .map_err(|source| OperationsError::TracesThread { source })?;
        let exporter = {
            let _inside = runtime.enter();
            exporter(&endpoint)
        };
        let exporter = match exporter {
            Ok(exporter) => exporter,
            Err(error) => {
                // To drop it would panic where async code runs.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let resource = Resource::builder()
            .with_service_name(settings.service.name())
            .with_attribute(KeyValue::new("service.instance.id", settings.instance.clone()))
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_batch_exporter(Reporting::new(exporter))
            .build();
        Ok(Self { provider, runtime: Some(runtime) })
    }
}

fn exporter(endpoint: &Endpoint) -> Result<SpanExporter, OperationsError> {
    SpanExporter::builder()
        .with_tonic()
        .with_channel(endpoint.connect_lazy())
        .with_timeout(SEND)
        .build()
        .map_err(|error| OperationsError::TracesSetup { problem: error.to_string() })
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH) {
            tracing::debug!(%error, "the last spans were not sent");
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
