use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use steppe_server::{
    client::answer,
    wire::job::{CancelRequest, GetRequest, Job, JobState, ListRequest},
};

use super::{Session, score::show_record};
use crate::{
    console::print,
    exit::{JobFailed, Outcome},
    options::RemoteOptions,
    remote::{self, Ended, Remote},
    render::{self, Align},
};

/// Look after the jobs of a coordinator.
#[derive(Debug, Args)]
pub(crate) struct JobsCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List jobs, newest first.
    List {
        /// Only jobs in this state.
        #[arg(long, value_enum)]
        state: Vec<StateOption>,
        /// Most jobs.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show a job and what has happened to it.
    Show(JobArgument),
    /// Watch a job to its end. Ctrl-C ends the watching, not the job.
    Watch(JobArgument),
    /// Stop a job.
    Cancel(JobArgument),
    /// Show what a job has made, or download it.
    Results {
        #[command(flatten)]
        job: JobArgument,
        /// Download all files to this new folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct JobArgument {
    /// The job's id, or the beginning of it (at least 4 digits).
    #[arg(value_name = "JOB")]
    id: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StateOption {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl JobsCommand {
    /// Does it.
    pub(crate) fn run(&self, options: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        let remote = Remote::connect(options)?;
        match &self.action {
            Action::List { state, limit } => list(&remote, state, *limit),
            Action::Show(job) => show(&remote, &job.id),
            Action::Watch(job) => match remote::watch(&remote, &job.id, session.console)? {
                Ended::Job(job) => end(&job),
                Ended::Detached => Ok(Outcome::Done),
            },
            Action::Cancel(job) => {
                let request = CancelRequest { id: job.id.clone() };
                let asked = remote.runtime.block_on(async { remote.connection.jobs().cancel(request).await });
                let job = asked.map_err(answer)?.into_inner().job.unwrap_or_default();
                if remote::is_over(job.state()) {
                    print(&remote::line(&job))?;
                    return Ok(Outcome::Done);
                }
                match remote::watch(&remote, &job.id, session.console)? {
                    Ended::Job(job) => print(&remote::line(&job))?,
                    Ended::Detached => {}
                }
                Ok(Outcome::Done)
            }
            Action::Results { job, out } => {
                let results = remote::results(&remote, &job.id)?;
                if let Some(out) = out {
                    remote::download(&remote, &results, out)?;
                    session.console.note(&format!("{}: the files of job {}", out.display(), results.id));
                    return Ok(Outcome::Done);
                }
                let files = results
                    .files
                    .iter()
                    .map(|file| vec![file.name.clone(), render::bytes(file.size_bytes), file.blake3.clone()]);
                let columns = [("file", Align::Left), ("size", Align::Right), ("BLAKE3", Align::Left)];
                print(&format!("{}\n{}", results.location, render::table(columns, files)))?;
                Ok(Outcome::Done)
            }
        }
    }
}

/// How a job's end looks to who has watched it.
pub(super) fn end(job: &Job) -> anyhow::Result<Outcome> {
    if job.state() == JobState::Succeeded {
        print(&remote::line(job))?;
        return Ok(Outcome::Done);
    }
    Err(failed(job))
}

/// The error of a job that did not succeed.
pub(crate) fn failed(job: &Job) -> anyhow::Error {
    let kind = match &job.failure {
        Some(failure) => failure.kind.clone(),
        None => "cancelled".to_owned(),
    };
    JobFailed { line: remote::line(job), kind }.into()
}

fn list(remote: &Remote, states: &[StateOption], limit: u32) -> anyhow::Result<Outcome> {
    let states = states.iter().map(|state| {
        let state = match state {
            StateOption::Queued => JobState::Queued,
            StateOption::Running => JobState::Running,
            StateOption::Succeeded => JobState::Succeeded,
            StateOption::Failed => JobState::Failed,
            StateOption::Cancelled => JobState::Cancelled,
        };
        state as i32
    });
    let request = ListRequest { states: states.collect(), page_size: limit, ..ListRequest::default() };
    let listed = remote.runtime.block_on(async { remote.connection.jobs().list(request).await });
    let listed = listed.map_err(answer)?.into_inner();
    let rows = listed.jobs.iter().map(|job| {
        let progress = job.progress.clone().unwrap_or_default();
        vec![
            job.id[..12.min(job.id.len())].to_owned(),
            job.kind.clone(),
            remote::word(job.state()).to_owned(),
            format!("{}/{}", progress.tiles_done, progress.tiles_total),
            job.submitted_at.as_ref().map(ToString::to_string).unwrap_or_default(),
            job.submitter.clone(),
        ]
    });
    let columns = [
        ("job", Align::Left),
        ("kind", Align::Left),
        ("state", Align::Left),
        ("tiles", Align::Right),
        ("submitted", Align::Left),
        ("by", Align::Left),
    ];
    print(&render::table(columns, rows))?;
    Ok(Outcome::Done)
}

fn show(remote: &Remote, id: &str) -> anyhow::Result<Outcome> {
    let request = GetRequest { id: id.to_owned() };
    let got = remote.runtime.block_on(async { remote.connection.jobs().get(request).await });
    let got = got.map_err(answer)?.into_inner();
    let job = got.job.context("the coordinator has answered without a job")?;
    let progress = job.progress.clone().unwrap_or_default();
    let time =
        |time: &Option<prost_types::Timestamp>| time.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut facts = vec![
        ("job", job.id.clone()),
        ("kind", job.kind.clone()),
        ("state", remote::word(job.state()).to_owned()),
        ("submitted", format!("{} by {}, attempt {}", time(&job.submitted_at), job.submitter, job.attempt)),
        ("started", time(&job.started_at)),
        ("finished", time(&job.finished_at)),
        ("tiles", format!("{} of {}, {} again", progress.tiles_done, progress.tiles_total, progress.retries)),
        ("genotypes", render::count(progress.genotypes)),
    ];
    if let Some(failure) = &job.failure {
        facts.push(("failure", format!("{}: {}", failure.kind, failure.message)));
    }
    if !job.result.is_empty() {
        facts.push(("result", job.result.clone()));
    }
    let events = got.events.iter().map(|event| {
        vec![
            time(&event.at),
            event.attempt.to_string(),
            remote::word(event.state()).to_owned(),
            event.reason.clone(),
        ]
    });
    let columns =
        [("at", Align::Left), ("attempt", Align::Right), ("state", Align::Left), ("what", Align::Left)];
    print(&format!("{}\n{}", render::facts(&facts), render::table(columns, events)))?;
    if job.state() == JobState::Succeeded && job.kind == "score" {
        show_record(&remote::results(remote, &job.id)?)?;
    }
    Ok(Outcome::Done)
}
