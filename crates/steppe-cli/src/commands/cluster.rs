//! A development cluster on this machine.

mod members;
mod ports;
mod state;
mod up;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use steppe_server::{client::answer, wire::cluster::DescribeRequest};

use super::Session;
use crate::{
    console::print,
    exit::{Outcome, Usage},
    options::RemoteOptions,
    remote::Remote,
    render::{self, Align},
};
use state::ClusterState;
pub(crate) use up::UpOptions;

const EXAMPLES: &str = "\
Example:
  steppe cluster up --workers 3 --dir dev
  steppe --profile dev import --bfile biobank --build GRCh38 --out s3://steppe/biobank
  steppe --profile dev score --cohort s3://steppe/biobank --score pgs/ --out s3://steppe/result
  steppe --profile dev sql --scores s3://steppe/result \"SELECT score, count(*) FROM scores GROUP BY score\"
  steppe --profile dev jobs list
  steppe cluster down --dir dev";

/// Run a development cluster on this machine.
///
/// It has what a real one has: certificates, tokens, an S3 store, a coordinator and workers, each a process of its own,
/// all on loopback.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ClusterCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start a cluster, or what is missing of it.
    Up(UpOptions),
    /// Show what runs.
    Status(DirOption),
    /// Stop everything; the folder stays, and `up` goes on with it.
    Down(DirOption),
}

#[derive(Debug, Args)]
struct DirOption {
    /// The cluster's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl ClusterCommand {
    /// Does it.
    pub(crate) fn run(&self, session: Session) -> anyhow::Result<Outcome> {
        match &self.action {
            Action::Up(options) => options.run(session),
            Action::Status(folder) => status(&folder.dir),
            Action::Down(folder) => {
                let stopped = open(&folder.dir)?.stop(session)?;
                session.console.note(&match stopped {
                    1 => "one process stopped".to_owned(),
                    stopped => format!("{stopped} processes stopped"),
                });
                Ok(Outcome::Done)
            }
        }
    }
}

fn open(dir: &std::path::Path) -> anyhow::Result<ClusterState> {
    ClusterState::read(dir)?.ok_or_else(|| {
        Usage::refuse(
            format!("{}: there is no cluster here", dir.display()),
            "start one with steppe cluster up",
        )
    })
}

fn status(dir: &std::path::Path) -> anyhow::Result<Outcome> {
    let state = open(dir)?;
    let rows = state.members.iter().map(|member| {
        let running = if member.is_running() { "running" } else { "not running" };
        vec![
            member.name.clone(),
            running.to_owned(),
            member.pid.to_string(),
            state.log(&member.name).display().to_string(),
        ]
    });
    let columns =
        [("process", Align::Left), ("state", Align::Left), ("pid", Align::Right), ("log", Align::Left)];
    print(&render::table(columns, rows))?;
    if !state.members.iter().any(|member| member.name == "coordinator" && member.is_running()) {
        return Ok(Outcome::Done);
    }
    let remote =
        Remote::connect(&RemoteOptions { profile: Some(dir.to_owned()), ..RemoteOptions::default() })?;
    let described =
        remote.runtime.block_on(async { remote.connection.cluster().describe(DescribeRequest {}).await });
    let described = described.map_err(answer)?.into_inner();
    let rows = described.workers.iter().map(|worker| {
        let age = worker.heartbeat_age.as_ref().map_or(0, |age| age.seconds);
        vec![worker.id.clone(), worker.address.clone(), worker.slots.to_string(), format!("{age} s")]
    });
    let columns = [
        ("worker", Align::Left),
        ("address", Align::Left),
        ("slots", Align::Right),
        ("heartbeat", Align::Right),
    ];
    print(&render::table(columns, rows))?;
    print(&render::facts(&[
        ("coordinator", format!("version {}, epoch {}", described.version, described.epoch)),
        ("jobs", format!("{} running", described.running_jobs)),
    ]))?;
    Ok(Outcome::Done)
}
