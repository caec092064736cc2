use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::members::Member;
use crate::commands::Session;

const FILE: &str = "cluster.json";
/// Workers finish their tasks for up to 30 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// The processes of a development cluster, and their ports.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct ClusterState {
    /// The processes, in the order they were started.
    pub(super) members: Vec<Member>,
    /// The S3 server's port.
    pub(super) s3_port: u16,
    /// The job API's port.
    pub(super) api_port: u16,
    /// The port that workers register at.
    pub(super) cluster_port: u16,
    /// The coordinator's port for metrics.
    pub(super) operations_port: u16,
    /// The workers' ports for tasks and for metrics.
    pub(super) worker_ports: Vec<[u16; 2]>,
    #[serde(skip)]
    pub(super) folder: PathBuf,
}

impl ClusterState {
    /// The cluster of a folder, if there is one.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let mut state: Self = serde_json::from_slice(&fs::read(&path)?)
            .with_context(|| format!("{}: it is not as steppe cluster up wrote it", path.display()))?;
        folder.clone_into(&mut state.folder);
        Ok(Some(state))
    }

    /// Writes it.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        Ok(fs::write(self.folder.join(FILE), serde_json::to_vec_pretty(self)?)?)
    }

    /// A process's log.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{name}.log"))
    }

    /// Whether a process of this name runs.
    pub(super) fn runs(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name && member.is_running())
    }

    /// Stops everything that runs, the store last; how many processes that were.
    pub(super) fn stop(&mut self, session: Session) -> anyhow::Result<u64> {
        let running: Vec<&Member> = self.members.iter().filter(|member| member.is_running()).collect();
        let count = running.len() as u64;
        let (store, others): (Vec<&Member>, Vec<&Member>) =
            running.into_iter().partition(|member| member.name == "s3");
        for group in [others, store] {
            group.iter().for_each(|member| member.ask_to_stop());
            for member in group {
                session.console.note(&format!("stopping {}", member.name));
                member.wait(PATIENCE);
            }
        }
        self.members.clear();
        self.write()?;
        Ok(count)
    }
}
