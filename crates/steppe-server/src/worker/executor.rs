//! The executor's own process.

use std::{
    io::Read,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use steppe_cluster::{ClusterSecurity, ExecutorConfig, SchedulerAddress, run_executor};
use steppe_kernels::Level;
use steppe_store::{TileCache, TileCacheOptions};
use tokio::net::TcpListener;

use super::tasks::Tasks;

use crate::{
    ServerError,
    identity::{
        members::MemberFiles,
        tls::{ClientCertificates, server_config},
    },
    operations::{Metrics, OperationsServer, Readiness, StoreExport},
    settings::{Host, Size, WorkerSettings},
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
    /// Where metrics and health are served.
    pub operations_listen: SocketAddr,
    /// Memory for tiles that came from an object store, in bytes.
    pub cache_memory: u64,
    /// Disk for them below the scratch folder, in bytes; 0 for none.
    pub cache_disk: u64,
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
            operations_listen: settings.operations_listen,
            cache_memory: settings.cache_memory.bytes(),
            cache_disk: settings.cache_disk.map_or(0, Size::bytes),
            member: MemberFiles::of(&settings.tls),
        })
    }

    /// The channels to the coordinator; reads the certificates.
    ///
    /// # Errors
    /// Certificates that can not be used.
    pub fn security(&self) -> Result<ClusterSecurity, ServerError> {
        match &self.member {
            Some(member) => member.worker_security(SystemTime::now()),
            None => Ok(ClusterSecurity::PlaintextOnLoopback),
        }
    }

    fn cache(&self) -> Result<TileCache, ServerError> {
        let folder = (self.cache_disk > 0).then(|| self.scratch.join("tiles"));
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).map_err(ServerError::file(folder, "make the cache's folder"))?;
        }
        let memory_bytes = usize::try_from(self.cache_memory).unwrap_or(usize::MAX);
        Ok(TileCache::open(TileCacheOptions { memory_bytes, disk_bytes: self.cache_disk, folder })?)
    }

    /// How the executor is set up.
    fn executor(&self, cache: &TileCache, metrics: &Metrics) -> Result<ExecutorConfig, ServerError> {
        Ok(ExecutorConfig {
            id: self.id.clone(),
            scheduler: self.coordinator.clone(),
            host: self.host,
            task_port: self.task_port,
            security: self.security()?,
            slots: self.slots,
            scratch: self.scratch.join("executor"),
            level: self.level,
            cache: Some(cache.clone()),
            observer: Some(Arc::new(Tasks { metrics: metrics.clone() })),
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
    std::fs::create_dir_all(&config.scratch)
        .map_err(ServerError::file(&config.scratch, "make the scratch folder"))?;
    let (metrics, readiness) = (Metrics::new(), Readiness::default());
    let cache = config.cache()?;
    let executor = config.executor(&cache, &metrics)?;
    serve_operations(config, &metrics, &readiness).await?;
    export_store(metrics, cache.clone());
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
    let ended = run_executor(&executor).await;
    cache.close();
    Ok(ended?)
}

async fn serve_operations(
    config: &WorkerConfig,
    metrics: &Metrics,
    readiness: &Readiness,
) -> Result<(), ServerError> {
    let failed = |source| ServerError::Listen { address: config.operations_listen.to_string(), source };
    let listener = TcpListener::bind(config.operations_listen).await.map_err(failed)?;
    let server = OperationsServer::new(metrics.clone(), readiness.clone());
    let server = match &config.member {
        Some(member) => {
            let tls = server_config(&member.identity, &ClientCertificates::NotAsked, SystemTime::now())?;
            server.with_tls(&Arc::new(tls))
        }
        None => server,
    };
    tokio::spawn(server.serve(listener, std::future::pending()));
    Ok(())
}

/// Brings the counters of store and cache to the metrics.
fn export_store(metrics: Metrics, cache: TileCache) {
    tokio::spawn(async move {
        let mut export = StoreExport::default();
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            export.add_to(&metrics, Some(cache.statistics()));
        }
    });
}
