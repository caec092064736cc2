use anyhow::Context;
use steppe_server::{
    client::answer,
    wire::job::{Job, JobSpec, JobState, SubmitRequest, job_spec},
};

use super::{Ended, Remote, watch};
use crate::{commands::jobs::failed, console::Console};

/// Submits a job and watches it to its end. `None` when the user has detached from it.
///
/// # Errors
/// What the coordinator refuses, and the failure of a job that has failed.
pub(crate) fn run(remote: &Remote, job: job_spec::Job, console: Console) -> anyhow::Result<Option<Box<Job>>> {
    let request = SubmitRequest { spec: Some(JobSpec { job: Some(job) }), idempotency_key: String::new() };
    let submitted = remote.runtime.block_on(async { remote.connection.jobs().submit(request).await });
    let submitted = submitted.map_err(answer)?.into_inner();
    let job = submitted.job.context("the coordinator has answered without a job")?;
    let found = if submitted.existed { " (it was there already)" } else { "" };
    console.note(&format!("job {}{found}", job.id));
    match watch(remote, &job.id, console)? {
        Ended::Job(job) if job.state() == JobState::Succeeded => Ok(Some(job)),
        Ended::Job(job) => Err(failed(&job)),
        Ended::Detached => Ok(None),
    }
}
