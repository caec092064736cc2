//! A coordinator as a process: from settings to serving, and down again.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use steppe_cluster::{ClusterSecurity, Scheduler, SchedulerAddress};
use steppe_store::Location;
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{Semaphore, watch},
};
use tokio_util::sync::CancellationToken;

use super::{Core, epoch, now, observe, run::enqueue};
use crate::{
    ServerError,
    api::{ApiListener, Catalog, Gate, Inputs, serve},
    audit::AuditLog,
    identity::{
        members::MemberFiles,
        tls::{ClientCertificates, ListenPolicy, server_config},
        token::{KeySource, TokenSettings, TokenVerifier, fetch_keys},
    },
    jobs::JobLog,
    operations::{Metrics, OperationsServer, Readiness},
    policy::locations::AllowedLocations,
    settings::{CoordinatorSettings, TokenKeys, TokenSources},
};

/// What a coordinator is told.
#[derive(Debug)]
pub struct CoordinatorConfig {
    /// Where the job API listens.
    pub listen: SocketAddr,
    /// Where metrics and health are served.
    pub operations_listen: SocketAddr,
    /// Where workers register.
    pub cluster: SchedulerAddress,
    /// Job folders, inputs, epochs, results of jobs that name no place; reached by all workers.
    pub store: Location,
    /// The job log's URL.
    pub job_log: String,
    /// The audit log's file.
    pub audit_log: PathBuf,
    /// Staging of inputs and results on this machine.
    pub scratch: PathBuf,
    /// What jobs may name.
    pub allow: Vec<String>,
    /// Jobs at once.
    pub jobs_at_once: usize,
    /// Memory for sums and tables of one job, in bytes.
    pub memory: u64,
    /// How long a pass waits for workers while there are none.
    pub worker_grace: Duration,
    /// Certificates; `None` runs in plaintext, on loopback only.
    pub member: Option<MemberFiles>,
    /// Who issues tokens for whom, and where the keys come from; `None` only in plaintext on loopback.
    pub tokens: Option<TokenSource>,
}

impl CoordinatorConfig {
    /// What settings say.
    ///
    /// # Errors
    /// Keys of tokens that can not be read; a store's URL that is none.
    pub fn of(settings: &CoordinatorSettings) -> Result<Self, ServerError> {
        let tls = MemberFiles::of(&settings.tls);
        let (bind, public) = (settings.cluster_listen, settings.cluster_host.to_string());
        Ok(Self {
            listen: settings.listen,
            operations_listen: settings.operations_listen,
            cluster: SchedulerAddress {
                host: bind.ip().to_string(),
                port: bind.port(),
                public: Some(public),
            },
            store: Location::parse(&settings.store)?,
            job_log: settings.job_log.expose().to_owned(),
            audit_log: settings.audit_log.clone(),
            scratch: settings.scratch.clone(),
            allow: settings.allow.clone(),
            jobs_at_once: settings.jobs_at_once.get(),
            memory: settings.memory.bytes(),
            worker_grace: Duration::from_secs(settings.worker_grace_seconds.get() as u64),
            member: tls,
            tokens: TokenSource::of(&settings.tokens)?,
        })
    }
}

/// How bearer tokens are checked.
pub struct TokenSource {
    /// What they must say.
    pub settings: TokenSettings,
    /// With which keys they are signed.
    pub keys: KeySource,
}

impl TokenSource {
    pub(crate) fn of(sources: &TokenSources) -> Result<Option<Self>, ServerError> {
        let Some(keys) = &sources.keys else { return Ok(None) };
        let read =
            |path: &Path| std::fs::read(path).map_err(ServerError::file(path, "read the token's keys"));
        let keys = match keys {
            TokenKeys::Pem(path) => KeySource::Pem { pem: read(path)?, id: None },
            TokenKeys::Jwks(path) => KeySource::Jwks { document: read(path)? },
            TokenKeys::JwksUrl(url) => KeySource::JwksUrl(fetch_keys(url.clone())?),
        };
        Ok(Some(Self { settings: TokenSettings::new(&sources.issuer, &sources.audience), keys }))
    }
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSource").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Runs a coordinator until `stop` is raised or another coordinator takes its place. `ready` is called once it serves.
///
/// # Errors
/// Settings, certificates, keys or logs that can not be used; addresses that can not be bound: all before anything is
/// served.
pub async fn run_coordinator(
    config: CoordinatorConfig,
    stop: CancellationToken,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ServerError> {
    let now_time = SystemTime::now();
    let allowed = AllowedLocations::parse(&config.allow)?;
    let security = match &config.member {
        Some(member) => member.coordinator_security(now_time)?,
        None => {
            ListenPolicy { allow_plaintext: true }.check_plaintext(config.listen)?;
            ClusterSecurity::PlaintextOnLoopback
        }
    };
    let tls = config
        .member
        .as_ref()
        .map(|member| server_config(&member.identity, &ClientCertificates::NotAsked, now_time).map(Arc::new))
        .transpose()?;
    let tokens = config.tokens.map(|tokens| TokenVerifier::new(tokens.settings, tokens.keys)).transpose()?;
    std::fs::create_dir_all(&config.scratch)
        .map_err(ServerError::file(&config.scratch, "make the folder"))?;
    let audit = AuditLog::open(&config.audit_log, now())?;
    // One that another process has locked keeps us waiting here.
    tracing::info!("opening the job log");
    let log = JobLog::open(&config.job_log).await?;
    let listen_failed = |source| ServerError::Listen { address: config.listen.to_string(), source };
    let listener = TcpListener::bind(config.listen).await.map_err(listen_failed)?;
    let (metrics, readiness) = (Metrics::new(), Readiness::default());
    let serving = readiness.check("jobs");
    serving.not_ready("starting");
    let operations = OperationsServer::new(metrics.clone(), readiness.clone());
    let operations = match &tls {
        Some(tls) => operations.with_tls(tls),
        None => operations,
    };
    let operations_failed =
        |source| ServerError::Listen { address: config.operations_listen.to_string(), source };
    let operations_listener = TcpListener::bind(config.operations_listen).await.map_err(operations_failed)?;
    tokio::spawn(operations.serve(operations_listener, stop.clone().cancelled_owned()));
    let address = listener.local_addr().map_err(listen_failed)?;
    let scheduler = Scheduler::start(&config.cluster, &security).await?;
    // Both epochs begin when everything else stands: a coordinator that can not start replaces nobody.
    // The log's comes first: a database may be locked, and whoever sees a higher epoch in the store stops.
    let owner = epoch::owner();
    let log_epoch = log.begin_epoch(&owner, now()).await?;
    let store_epoch = epoch::begin(&config.store, &owner).await?;
    let core = Arc::new(Core {
        inputs: Inputs::new(&config.store),
        catalog: Catalog::new(&config.store),
        log,
        epoch: log_epoch,
        store_epoch,
        scheduler,
        runtime: Handle::current(),
        store: config.store,
        scratch: config.scratch,
        allowed,
        memory: config.memory,
        worker_grace: config.worker_grace,
        slots: Semaphore::new(config.jobs_at_once.max(1)),
        stop: stop.clone(),
        running: Mutex::new(HashMap::new()),
        news: watch::channel(0).0,
        metrics: metrics.clone(),
    });
    metrics.coordinator_epoch(store_epoch);
    tokio::spawn(observe::observe(Arc::clone(&core), readiness.check("workers")));
    tokio::spawn(epoch::watch(core.store.clone(), store_epoch, stop.clone()));
    let unfinished = core.log.unfinished().await?;
    tracing::info!(%address, epoch = store_epoch, unfinished = unfinished.len(), "the coordinator serves");
    for job in unfinished {
        enqueue(&core, job.id);
    }
    serving.ready();
    ready(address);
    let gate = Arc::new(Gate::new(tokens, audit, metrics));
    let served = serve(Arc::clone(&core), gate, ApiListener { listener, tls }, stop.clone()).await;
    stop.cancel();
    serving.not_ready("stopping");
    hand_back(&core).await;
    served
}

/// Waits until running jobs have been handed back, but not for long: the next coordinator finds them anyway.
async fn hand_back(core: &Core) {
    const PATIENCE: Duration = Duration::from_secs(10);
    let empty = async {
        loop {
            let left = core.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner).len();
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, empty).await.is_err() {
        tracing::warn!(
            "jobs were still running when the coordinator stopped; the next one goes on with them"
        );
    }
    core.log.close().await;
}
