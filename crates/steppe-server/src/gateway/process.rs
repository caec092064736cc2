//! The process that serves, from its settings to its end.

use std::{os::fd::AsFd, sync::Arc, time::Duration};

use rustix::process::{Signal, set_parent_process_death_signal};
use steppe_engine::sql::{SqlService, UngovernedService};
use tokio::{net::TcpListener, runtime};
use tokio_util::sync::CancellationToken;

use super::{
    config::{GatewayConfig, Listeners, Served},
    door::Door,
    flight,
    governed::Governed,
    postgres,
    statements::{Overdue, Statements},
};
use crate::{
    ServerError,
    audit::AuditLog,
    coordinator::now,
    identity::token::TokenVerifier,
    operations::{Metrics, OperationsServer, Readiness},
    ready,
};

/// The status of a process that ends because it can not stop what it should: the next one is started at once.
const STUCK: i32 = 75;
/// Stack of a thread that runs statements: their expressions are as deep as their text. Only what is used takes memory.
const STACK: usize = 64 << 20;
/// Threads that run statements. More than there are cores, so that one which does not yield does not keep the others.
const THREADS: usize = 16;
/// Open connections end within this time after the process was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// The sockets that the parent handed down, as this process's standard input and output; it ends with its parent.
///
/// # Errors
/// A process without such sockets.
pub fn inherited() -> Result<Listeners, ServerError> {
    let failed =
        |source: std::io::Error| ServerError::Listen { address: "an inherited socket".to_owned(), source };
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(|error| failed(error.into()))?;
    let flight = std::io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
    let postgres = std::io::stdout().as_fd().try_clone_to_owned().map_err(failed)?;
    Ok(Listeners { flight: flight.into(), postgres: postgres.into() })
}

/// Serves until `stop` is raised.
///
/// # Errors
/// Settings, certificates, keys, data or logs that can not be used, all before anything is served; addresses that can
/// not be bound.
pub async fn run_gateway(
    config: GatewayConfig,
    listeners: Listeners,
    stop: CancellationToken,
) -> Result<(), ServerError> {
    let tls = config.tls()?.map(Arc::new);
    let tokens = TokenVerifier::new(config.tokens.settings, config.tokens.keys)?;
    let audit = AuditLog::open(&config.audit_log, now())?;
    let (metrics, readiness) = (Metrics::new(), Readiness::default());
    let serving = readiness.check("sql");
    serving.not_ready("starting");
    let operations = OperationsServer::new(metrics.clone(), readiness.clone());
    let operations = match &tls {
        Some(tls) => operations.with_tls(tls),
        None => operations,
    };
    let failed = |source| ServerError::Listen { address: config.operations_listen.to_string(), source };
    let operations_listener = TcpListener::bind(config.operations_listen).await.map_err(failed)?;
    tokio::spawn(operations.serve(operations_listener, stop.clone().cancelled_owned()));

    let queries = Queries::start()?;
    // Half of the process's memory is for statements that run, and a quarter for what is kept between them. The rest is for
    // what is not counted: expressions, protocols, sessions, and the tables of people.
    let memory = usize::try_from(config.limits.memory / 2).unwrap_or(usize::MAX);
    let door = Arc::new(Door::new(tokens, audit.clone(), metrics.clone()));
    let (service, _held) = match config.served {
        Served::Ungoverned(sources) => {
            let service: Arc<dyn SqlService> = Arc::new(UngovernedService::open(&sources, memory).await?);
            (service, None)
        }
        Served::Governed(data) => {
            let governed = Governed::open(data, [memory, memory / 2], (&audit, &metrics), &door).await?;
            (Arc::clone(&governed.service), Some(governed.keep_up(&stop)))
        }
    };
    let overdue = Overdue::default();
    watch(overdue.clone())?;
    let limits = config.limits;
    let statements = Statements::new(service, Arc::clone(&door), limits, queries.handle.clone(), overdue);
    serving.ready();
    ready::tell().map_err(|source| ServerError::Process {
        what: "a process that tells its parent that it serves",
        source,
    })?;
    tracing::info!("the gateway serves: {listeners}");
    let flight = flight::serve(flight::Endpoint {
        listener: listeners.flight,
        tls: tls.clone(),
        door: Arc::clone(&door),
        statements: Arc::clone(&statements),
        stop: stop.clone(),
    });
    let postgres = postgres::serve(postgres::Endpoint {
        listener: listeners.postgres,
        tls,
        door,
        statements,
        connections: limits.connections,
        stop: stop.clone(),
    });
    let served = tokio::select! {
        served = async { tokio::try_join!(flight, postgres) } => served.map(drop),
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    };
    stop.cancel();
    served
}

/// The threads that run statements. Nobody waits for their end, however this process goes on.
struct Queries {
    handle: runtime::Handle,
    runtime: Option<runtime::Runtime>,
}

impl Queries {
    fn start() -> Result<Self, ServerError> {
        let built = runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_stack_size(STACK)
            .thread_name("query")
            .enable_all()
            .build();
        built
            .map(|runtime| Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
            .map_err(|source| ServerError::Process { what: "the threads of statements", source })
    }
}

impl Drop for Queries {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Ends the process when what it should have stopped goes on: its parent starts another one.
fn watch(overdue: Overdue) -> Result<(), ServerError> {
    let watch = move || {
        overdue.wait();
        tracing::error!("statements that were stopped go on; the gateway ends, and starts again");
        std::process::exit(STUCK);
    };
    let thread = std::thread::Builder::new().name("overdue".to_owned());
    thread.spawn(watch).map_err(|source| ServerError::Process { what: "a thread that watches", source })?;
    Ok(())
}
