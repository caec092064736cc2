use std::{
    fmt,
    net::SocketAddr,
    num::NonZeroUsize,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rustls::ServerConfig;
use steppe_engine::sql::{OnDemandSource, ScoreRunner, SqlSources};
use steppe_store::Location;

use super::cohorts_file;
use crate::{
    ServerError,
    coordinator::TokenSource,
    identity::{
        members::MemberFiles,
        tls::{ClientCertificates, server_config},
    },
    settings::{GatewayData, GatewayLimits, GatewaySettings, Secret},
};

/// What a gateway is told.
#[derive(Debug)]
pub struct GatewayConfig {
    /// Where metrics and health are served.
    pub operations_listen: SocketAddr,
    /// The audit log's file.
    pub audit_log: PathBuf,
    /// What is served, and under which policy.
    pub served: Served,
    /// What clients may take.
    pub limits: Limits,
    /// Whose tokens are good.
    pub tokens: TokenSource,
    /// Certificates; `None` runs in plaintext, on loopback only.
    pub member: Option<MemberFiles>,
    /// Whether clients must show a certificate as well as a token.
    pub client_certificates: bool,
}

/// What a gateway serves.
#[derive(Debug)]
pub enum Served {
    /// As a policy says.
    Governed(GovernedData),
    /// Everything to everybody.
    Ungoverned(SqlSources),
}

/// What is served under a policy.
#[derive(Debug)]
pub struct GovernedData {
    /// The policy's file.
    pub policy: PathBuf,
    /// Folder of what users were told and spent, and of the key of pseudonyms.
    pub state: PathBuf,
    /// Cohorts; the tables of the first can be named without it.
    pub cohorts: Vec<CohortData>,
    /// A coordinator's jobs.
    pub job_log: Option<Secret>,
}

/// A cohort and what is about its people.
#[derive(Debug)]
pub struct CohortData {
    /// Its name in the policy.
    pub name: String,
    /// Where it is.
    pub cohort: Location,
    /// Results of jobs on it.
    pub results: Vec<Location>,
    /// Files about its people, by the names of their tables.
    pub tables: Vec<(String, Location)>,
    /// Their column of sample ids, if it has no usual name.
    pub sample_column: Option<String>,
    /// How scores that no run has are computed.
    pub on_demand: Option<OnDemandSource>,
}

impl Served {
    fn of(settings: &GatewaySettings, runner: Arc<dyn ScoreRunner>) -> Result<Self, ServerError> {
        let place = |text: &String| Location::parse(text);
        let data = &settings.data;
        if let (Some(policy), Some(state), Some(cohorts)) = (&settings.policy, &settings.state, &data.cohorts)
        {
            return Ok(Self::Governed(GovernedData {
                policy: policy.clone(),
                state: state.clone(),
                cohorts: cohorts_file::read(cohorts, &runner)?,
                job_log: data.job_log.clone(),
            }));
        }
        let GatewayData { cohort, cohort_name, scores, tables, sample_column, job_log, .. } = data;
        let on_demand = match (&data.scoring_files, &data.computed) {
            (Some(files), Some(computed)) => {
                Some(OnDemandSource { scoring_files: place(files)?, computed: computed.clone(), runner })
            }
            _ => None,
        };
        let results = scores.iter().map(place).collect::<Result<_, _>>()?;
        let tables = tables
            .iter()
            .map(|(name, file)| Ok::<_, ServerError>((name.clone(), place(file)?)))
            .collect::<Result<_, _>>()?;
        let cohort = cohort.as_ref().map(|text| Ok::<_, ServerError>((text, place(text)?))).transpose()?;
        let (Some(policy), Some(state), Some((text, location))) =
            (&settings.policy, &settings.state, &cohort)
        else {
            let cohort = cohort.map(|(_, location)| location);
            let sources = SqlSources { cohort, scores: results, tables, on_demand, threads: 0 };
            return Ok(Self::Ungoverned(sources));
        };
        let cohort = CohortData {
            name: cohort_name.clone().unwrap_or_else(|| cohorts_file::name_of(text)),
            cohort: location.clone(),
            results,
            tables,
            sample_column: sample_column.clone(),
            on_demand,
        };
        Ok(Self::Governed(GovernedData {
            policy: policy.clone(),
            state: state.clone(),
            cohorts: vec![cohort],
            job_log: job_log.clone(),
        }))
    }
}

/// The sockets of the two endpoints, which outlive the process that serves them.
#[derive(Debug)]
pub struct Listeners {
    /// Of Flight SQL.
    pub flight: std::net::TcpListener,
    /// Of the Postgres wire.
    pub postgres: std::net::TcpListener,
}

impl fmt::Display for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |listener: &std::net::TcpListener| {
            listener.local_addr().map_or_else(|error| error.to_string(), |address| address.to_string())
        };
        write!(f, "Flight SQL on {}, the Postgres wire on {}", shown(&self.flight), shown(&self.postgres))
    }
}

/// What clients may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the serving process.
    pub memory: u64,
    /// How long a statement may plan and run.
    pub statement: Duration,
    /// Rows of one answer.
    pub rows: u64,
    /// Bytes of one answer.
    pub answer: u64,
    /// Statements that run at once.
    pub statements: usize,
    /// Statements of one user at once, those that wait included.
    pub statements_per_user: usize,
    /// Connections to the Postgres wire at once.
    pub connections: usize,
}

impl Limits {
    fn of(limits: &GatewayLimits) -> Self {
        Self {
            memory: limits.memory.bytes(),
            statement: Duration::from_secs(limits.statement_seconds.get() as u64),
            rows: limits.rows.get() as u64,
            answer: limits.answer_size.bytes(),
            statements: limits.statements.map_or_else(usual_statements, NonZeroUsize::get),
            statements_per_user: limits.statements_per_user.get(),
            connections: limits.connections.get(),
        }
    }
}

/// Two for each core: while one reads, another calculates.
fn usual_statements() -> usize {
    2 * std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

impl GatewayConfig {
    /// What settings say; `runner` computes scores.
    ///
    /// # Errors
    /// Keys of tokens that can not be read; locations that are none; a file of cohorts that is none.
    pub fn of(settings: &GatewaySettings, runner: Arc<dyn ScoreRunner>) -> Result<Self, ServerError> {
        let missing = ServerError::TokenSettings { field: "keys", problem: "are none" };
        Ok(Self {
            operations_listen: settings.operations_listen,
            audit_log: settings.audit_log.clone(),
            served: Served::of(settings, runner)?,
            limits: Limits::of(&settings.limits),
            tokens: TokenSource::of(&settings.tokens)?.ok_or(missing)?,
            member: MemberFiles::of(&settings.tls),
            client_certificates: settings.client_certificates,
        })
    }

    /// The server's side of TLS; `None` in plaintext.
    ///
    /// # Errors
    /// Certificates or a key that can not be used.
    pub fn tls(&self) -> Result<Option<ServerConfig>, ServerError> {
        let Some(member) = &self.member else { return Ok(None) };
        let authority = member.authority.clone();
        let clients = match self.client_certificates {
            true => ClientCertificates::Required(authority),
            false => ClientCertificates::Optional(authority),
        };
        server_config(&member.identity, &clients, SystemTime::now()).map(Some)
    }
}
