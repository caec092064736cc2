//! Tasks in metrics and traces.

use steppe_cluster::{TaskObserver, TaskReport};
use steppe_engine::ErrorKind;
use tracing::Span;

use crate::{
    jobs::JobId,
    operations::{
        AttemptReason, Metrics,
        telemetry::{job_trace, tile_span},
    },
};

/// Counts and traces a worker's tasks.
pub(super) struct Tasks {
    pub(super) metrics: Metrics,
}

impl TaskObserver for Tasks {
    fn began(&self, folder: &str, partitions: &[usize]) -> Span {
        self.metrics.tile_attempted(AttemptReason::First);
        // Sums go to …/jobs/ID/PASS.
        let job = folder.rsplit('/').nth(1).and_then(|id| id.parse::<JobId>().ok());
        match (job, partitions.first()) {
            (Some(job), Some(&tile)) => tile_span(&job_trace(&job), tile as u64, 1),
            _ => Span::none(),
        }
    }

    fn ended(&self, report: TaskReport) {
        match report.failure {
            None => self.metrics.tile_committed(report.took),
            Some(ErrorKind::DataLoss) => self.metrics.checksum_failed(),
            Some(_) => {}
        }
    }
}
