use std::time::Duration;

use futures::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use steppe_server::{
    client::answer,
    wire::job::{Job, JobState, WatchRequest, WatchResponse},
};

use super::Remote;
use crate::{console::Console, exit::Usage, render};

/// How watching a job ended.
pub(crate) enum Ended {
    /// The job has ended.
    Job(Box<Job>),
    /// The person has; the job goes on.
    Detached,
}

/// Before a lost connection is tried again.
const PAUSE: Duration = Duration::from_secs(2);
/// A coordinator that is away so long is given up.
const PATIENCE: u32 = 60;

/// Watches a job to its end with a bar. Ctrl-C ends the watching, not the job. A coordinator that goes away for a while
/// is waited for.
pub(crate) fn watch(remote: &Remote, id: &str, console: Console) -> anyhow::Result<Ended> {
    let bar = bar(console);
    let watched = remote.runtime.block_on(async {
        tokio::select! {
            ended = follow(remote, id, &bar, console) => ended.map(|job| Ended::Job(Box::new(job))),
            _ = tokio::signal::ctrl_c() => Ok(Ended::Detached),
        }
    });
    bar.finish_and_clear();
    if matches!(watched, Ok(Ended::Detached)) {
        let short = &id[..12.min(id.len())];
        console.error(&format!("\ndetached; the job goes on. Come back with:  steppe jobs watch {short}"));
    }
    watched
}

async fn follow(remote: &Remote, id: &str, bar: &ProgressBar, console: Console) -> anyhow::Result<Job> {
    let mut lost = 0;
    loop {
        match stream(remote, id, bar, &mut lost).await {
            Ok(Some(job)) => return Ok(job),
            Ok(None) => lost += 1,
            Err(status) if is_lost(&status) && lost < PATIENCE => {
                if lost == 0 {
                    console.note("the coordinator is away; waiting for it");
                }
                lost += 1;
            }
            Err(status) => return Err(answer(status).into()),
        }
        if lost >= PATIENCE {
            return Err(Usage::refuse(
                "the coordinator does not come back",
                format!("look at its log; the job goes on when it is back: steppe jobs watch {id}"),
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether a connection broke, and not the coordinator that refused: one that was killed says nothing, and what tonic
/// makes of the broken stream has any code, but an error of the transport below it.
fn is_lost(status: &tonic::Status) -> bool {
    status.code() == tonic::Code::Unavailable || std::error::Error::source(status).is_some()
}

async fn stream(
    remote: &Remote,
    id: &str,
    bar: &ProgressBar,
    lost: &mut u32,
) -> Result<Option<Job>, tonic::Status> {
    let request = WatchRequest { id: id.to_owned() };
    let mut states = remote.connection.jobs().watch(request).await?.into_inner();
    while let Some(state) = states.next().await {
        let state = state?;
        *lost = 0;
        let Some(job) = state.job.clone() else { continue };
        show(bar, &state, &job);
        if is_over(job.state()) {
            return Ok(Some(job));
        }
    }
    Ok(None)
}

pub(crate) fn is_over(state: JobState) -> bool {
    matches!(state, JobState::Succeeded | JobState::Failed | JobState::Cancelled)
}

fn bar(console: Console) -> ProgressBar {
    let target =
        if console.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let template = "{prefix}  {bar:28}  {pos} of {len} tiles  {msg}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn show(bar: &ProgressBar, state: &WatchResponse, job: &Job) {
    let progress = job.progress.clone().unwrap_or_default();
    bar.set_length(progress.tiles_total);
    bar.set_position(progress.tiles_done);
    bar.set_prefix(if progress.stage.is_empty() { word(job.state()).to_owned() } else { progress.stage });
    let mut message = String::new();
    if state.genotypes_per_second > 0.0 {
        message = format!("{} genotypes/s", render::quantity(state.genotypes_per_second));
    }
    if let Some(left) = state.time_left.and_then(|left| Duration::try_from(left).ok()) {
        message.push_str(&format!("  {} left", render::duration(left)));
    }
    if progress.retries > 0 {
        message.push_str(&format!("  {} again", progress.retries));
    }
    bar.set_message(message);
}

/// The word for a state.
pub(crate) fn word(state: JobState) -> &'static str {
    match state {
        JobState::Unspecified => "unknown",
        JobState::Queued => "queued",
        JobState::Running => "running",
        JobState::Succeeded => "succeeded",
        JobState::Failed => "failed",
        JobState::Cancelled => "cancelled",
    }
}

/// A job in one line.
pub(crate) fn line(job: &Job) -> String {
    let state = word(job.state());
    match (&job.failure, job.result.as_str()) {
        (Some(failure), _) => format!("job {}: {state} ({}): {}", job.id, failure.kind, failure.message),
        (None, "") => format!("job {}: {state}", job.id),
        (None, result) => format!("job {}: {state}: {result}", job.id),
    }
}
