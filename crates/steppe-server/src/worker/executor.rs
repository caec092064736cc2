//! The executor's own process.

use std::{
    io::Read,
    net::{IpAddr, ToSocketAddrs},
    path::PathBuf,
    time::SystemTime,
};

use steppe_cluster::{ClusterSecurity, ExecutorConfig, SchedulerAddress, run_executor};
use steppe_kernels::Level;

use crate::{
    ServerError,
    identity::members::MemberFiles,
    settings::{Host, WorkerSettings},
};

/// What a worker is told.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Its name, the same after a restart.
    pub id: String,
    /// The coordinator's address for workers.
    pub coordinator: SchedulerAddress,
    /// The address that it binds, and that the coordinator reaches it by.
    pub host: IpAddr,
    /// The port that tasks are pushed to.
    pub task_port: u16,
    /// Tasks at once.
    pub slots: usize,
    /// A folder of its own.
    pub scratch: PathBuf,
    /// The kernel level.
    pub level: Level,
    /// Certificates; `None` runs in plaintext, on loopback only.
    pub member: Option<MemberFiles>,
}

impl WorkerConfig {
    /// What settings say. Names are resolved here.
    ///
    /// # Errors
    /// A name that this machine has no address for.
    pub fn of(settings: &WorkerSettings, level: Level) -> Result<Self, ServerError> {
        Ok(Self {
            id: settings.id.clone(),
            coordinator: SchedulerAddress {
                host: settings.coordinator.host.to_string(),
                port: settings.coordinator.port,
                public: None,
            },
            host: address_of(&settings.host)?,
            task_port: settings.task_port,
            slots: settings.slots.get(),
            scratch: settings.scratch.clone(),
            level,
            member: MemberFiles::of(&settings.tls),
        })
    }

    /// How its executor is set up; reads the certificates.
    ///
    /// # Errors
    /// Certificates that can not be used; a scratch folder that can not be made.
    pub fn executor(&self) -> Result<ExecutorConfig, ServerError> {
        let security = match &self.member {
            Some(member) => member.worker_security(SystemTime::now())?,
            None => ClusterSecurity::PlaintextOnLoopback,
        };
        std::fs::create_dir_all(&self.scratch)
            .map_err(ServerError::file(&self.scratch, "make the scratch folder"))?;
        Ok(ExecutorConfig {
            id: self.id.clone(),
            scheduler: self.coordinator.clone(),
            host: self.host,
            task_port: self.task_port,
            security,
            slots: self.slots,
            scratch: self.scratch.clone(),
            level: self.level,
        })
    }
}

fn address_of(host: &Host) -> Result<IpAddr, ServerError> {
    if let Some(address) = host.address() {
        return Ok(address);
    }
    let address = host.to_string();
    let listen = |source| ServerError::Listen { address: address.clone(), source };
    let found = (address.as_str(), 0).to_socket_addrs().map_err(listen)?.next();
    found.map(|found| found.ip()).ok_or_else(|| listen(std::io::ErrorKind::AddrNotAvailable.into()))
}

/// Runs the executor in this process, until it is told to stop or its worker is gone: the worker holds the other end of
/// standard input.
///
/// # Errors
/// What keeps the executor from running.
pub async fn run_executor_process(config: &WorkerConfig) -> Result<(), ServerError> {
    let executor = config.executor()?;
    let orphaned = || {
        let mut stdin = std::io::stdin().lock();
        let mut bytes = [0; 64];
        while matches!(stdin.read(&mut bytes), Ok(1..)) {}
        tracing::warn!("the worker is gone, and so is its executor");
        std::process::exit(0);
    };
    std::thread::Builder::new()
        .name("steppe-orphan".to_owned())
        .spawn(orphaned)
        .map_err(|source| ServerError::Process { what: "a thread", source })?;
    Ok(run_executor(&executor).await?)
}
