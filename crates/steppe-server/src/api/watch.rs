//! Watching a job: as it stands, and at every change.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::Stream;
use tonic::Status;

use super::convert;
use crate::{
    ServerError,
    coordinator::Core,
    jobs::{Job, JobId, JobState},
    wire::job::WatchResponse,
};

/// Looked at least so often, also when nothing was heard: another coordinator may write the log.
const AT_LEAST: Duration = Duration::from_secs(1);
/// Speed is that of the last so many seconds.
const WINDOW: Duration = Duration::from_secs(10);

struct Watch {
    core: Arc<Core>,
    id: JobId,
    changed: tokio::sync::watch::Receiver<u64>,
    told: Option<u64>,
    speed: Speed,
    ended: bool,
}

/// The job now, and whenever it changes, until it has ended.
pub(super) fn watch(core: Arc<Core>, id: JobId) -> impl Stream<Item = Result<WatchResponse, Status>> + Send {
    let changed = core.changed();
    let state = Watch { core, id, changed, told: None, speed: Speed::default(), ended: false };
    futures::stream::unfold(state, |mut state| async move {
        if state.ended {
            return None;
        }
        let next = state.next().await;
        state.ended = next.as_ref().map_or(true, |(_, ended)| *ended);
        Some((next.map(|(response, _)| response), state))
    })
}

impl Watch {
    async fn next(&mut self) -> Result<(WatchResponse, bool), Status> {
        loop {
            self.changed.mark_unchanged();
            let job = self.core.log.get(&self.id).await?;
            if self.told != Some(job.revision) {
                self.told = Some(job.revision);
                self.speed.add(&job);
                return Ok((self.speed.response(&job), job.state.is_terminal()));
            }
            tokio::select! {
                _ = self.changed.changed() => {}
                () = tokio::time::sleep(AT_LEAST) => {}
                () = self.core.stopping() => {
                    return Err(ServerError::Unavailable { problem: "stops; the job goes on when it is back" }.into());
                }
            }
        }
    }
}

/// How fast a job goes: its figures over the last seconds.
#[derive(Default)]
struct Speed(VecDeque<(Instant, u64, u64)>);

impl Speed {
    fn add(&mut self, job: &Job) {
        let now = Instant::now();
        self.0.push_back((now, job.progress.genotypes, job.progress.tiles_done));
        while self.0.len() > 2 && self.0.front().is_some_and(|first| now - first.0 > WINDOW) {
            self.0.pop_front();
        }
    }

    fn response(&self, job: &Job) -> WatchResponse {
        let rates = self.rates().filter(|_| job.state == JobState::Running);
        let (genotypes, tiles) = rates.unwrap_or_default();
        let left = job.progress.tiles_total.saturating_sub(job.progress.tiles_done) as f64;
        let seconds = Some(left / tiles).filter(|seconds| tiles > 0.0 && seconds.is_finite());
        WatchResponse {
            job: Some(convert::job(job)),
            genotypes_per_second: genotypes,
            time_left: seconds.and_then(|seconds| Duration::from_secs_f64(seconds).try_into().ok()),
        }
    }

    fn rates(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.0.front()?, self.0.back()?);
        let seconds = (last.0 - first.0).as_secs_f64();
        (seconds > 0.0)
            .then(|| ((last.1 - first.1) as f64 / seconds, last.2.saturating_sub(first.2) as f64 / seconds))
    }
}
