use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};

use super::{
    error::SettingsError,
    key::Member,
    loading::{Loaded, load},
    resolved::Resolved,
    rules::{check_computing, check_governed, check_plaintext, check_ports},
    shared::{LogSettings, TraceSettings},
    sources::Sources,
    tls::TlsSettings,
    tokens::TokenSources,
    values::{Problem, Secret, Size, address, count, job_log, location, path, size, switch, table, text},
};

/// Less memory is not enough for a statement of any size.
const LEAST_MEMORY: u64 = 256 << 20;

/// The settings of `steppe gateway`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewaySettings {
    /// Where Flight SQL is served.
    pub flight: SocketAddr,
    /// Where the Postgres wire is served.
    pub postgres: SocketAddr,
    /// Where metrics and health are served.
    pub operations_listen: SocketAddr,
    /// The audit log's file.
    pub audit_log: PathBuf,
    /// What says who may see what; `None` shows everything to everybody.
    pub policy: Option<PathBuf>,
    /// Where it is remembered what users were told; there with a policy.
    pub state: Option<PathBuf>,
    /// Whether clients must show a certificate.
    pub client_certificates: bool,
    /// What is served.
    pub data: GatewayData,
    /// What clients may take.
    pub limits: GatewayLimits,
    /// Certificates, or none.
    pub tls: TlsSettings,
    /// Which tokens are good; its keys are there.
    pub tokens: TokenSources,
    /// The log.
    pub log: LogSettings,
    /// The traces.
    pub trace: TraceSettings,
}

/// What a gateway serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayData {
    /// A cohort.
    pub cohort: Option<String>,
    /// Its name in the policy, if that is not the last part of its location.
    pub cohort_name: Option<String>,
    /// A file of several cohorts, in place of all that is about one.
    pub cohorts: Option<PathBuf>,
    /// Results.
    pub scores: Vec<String>,
    /// Other files, by the names of their tables.
    pub tables: Vec<(String, String)>,
    /// Their column of sample ids, if it has no usual name.
    pub sample_column: Option<String>,
    /// A coordinator's jobs.
    pub job_log: Option<Secret>,
    /// Scoring files of scores that are computed when they are asked for.
    pub scoring_files: Option<String>,
    /// Where these are kept.
    pub computed: Option<PathBuf>,
    /// Memory of a process that computes one.
    pub score_memory: Size,
}

/// What clients of a gateway may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayLimits {
    /// Memory of the serving process.
    pub memory: Size,
    /// How long a statement may plan and run, in seconds.
    pub statement_seconds: NonZeroUsize,
    /// Rows of one answer.
    pub rows: NonZeroUsize,
    /// Bytes of one answer.
    pub answer_size: Size,
    /// Statements that run at once; `None` is two for each core.
    pub statements: Option<NonZeroUsize>,
    /// Statements of one user at once.
    pub statements_per_user: NonZeroUsize,
    /// Connections to the Postgres wire at once.
    pub connections: NonZeroUsize,
}

impl GatewaySettings {
    /// Reads the settings from flags, variables, the file and defaults, and checks them.
    ///
    /// # Errors
    /// A file that can not be read or has unknown keys; values that are not as they should be; required ones that are
    /// missing; settings that do not go together.
    pub fn load(sources: &Sources) -> Result<Loaded<Self>, SettingsError> {
        load(sources, Member::Gateway, |values| Self::read(values))
    }

    fn read(values: &Resolved) -> Result<Self, SettingsError> {
        let tls = TlsSettings::read(values)?;
        let settings = Self {
            flight: values.get("gateway.flight", address)?,
            postgres: values.get("gateway.postgres", address)?,
            operations_listen: values.get("gateway.operations_listen", address)?,
            audit_log: values.get("gateway.audit_log", path)?,
            policy: values.optional("gateway.policy", path)?,
            state: values.optional("gateway.state", path)?,
            client_certificates: values.get("gateway.client_certificates", |text| match text {
                "optional" => Ok(false),
                "required" => Ok(true),
                _ => Err("is neither"),
            })?,
            data: GatewayData {
                cohort: values.optional("gateway.cohort", location)?,
                cohort_name: values.optional("gateway.cohort_name", text)?,
                cohorts: values.optional("gateway.cohorts", path)?,
                scores: values.list("gateway.scores", location)?,
                tables: values.list("gateway.table", table)?,
                sample_column: values.optional("gateway.sample_column", text)?,
                job_log: values.optional("gateway.job_log", job_log)?,
                scoring_files: values.optional("gateway.scoring_files", location)?,
                computed: values.optional("gateway.computed", path)?,
                score_memory: values.get("gateway.score_memory", size)?,
            },
            limits: GatewayLimits {
                memory: values.get("gateway.memory", memory)?,
                statement_seconds: values.get("gateway.statement_seconds", count)?,
                rows: values.get("gateway.rows", count)?,
                answer_size: values.get("gateway.answer_size", size)?,
                statements: values.optional("gateway.statements", count)?,
                statements_per_user: values.get("gateway.statements_per_user", count)?,
                connections: values.get("gateway.connections", count)?,
            },
            tokens: TokenSources::read(values, &tls)?,
            tls,
            log: LogSettings::read(values)?,
            trace: TraceSettings::read(values)?,
        };
        settings.check(values)?;
        Ok(settings)
    }

    fn check(&self, values: &Resolved) -> Result<(), SettingsError> {
        let listeners = [
            ("gateway.flight", self.flight),
            ("gateway.postgres", self.postgres),
            ("gateway.operations_listen", self.operations_listen),
        ];
        check_ports(&listeners.map(|(name, address)| (name, address.port())))?;
        let hosts = listeners.map(|(name, address)| (name, address.ip().into()));
        check_plaintext(values, &self.tls, &hosts)?;
        // Who asks decides what there is to see, so there is nobody without a token, on loopback neither.
        if self.tokens.keys.is_none() {
            return Err(SettingsError::TokenKeysMissing);
        }
        let missing: Vec<&'static str> =
            [("gateway.state", self.state.is_some()), ("gateway.cohort", self.data.has_cohort())]
                .into_iter()
                .filter_map(|(name, is_set)| (!is_set).then_some(name))
                .collect();
        if self.policy.is_some() && !missing.is_empty() {
            return Err(SettingsError::GovernedIncomplete { missing });
        }
        self.data.check_cohorts(self.policy.is_some())?;
        check_computing([
            ("gateway.cohort", self.data.cohort.is_some()),
            ("gateway.scoring_files", self.data.scoring_files.is_some()),
            ("gateway.computed", self.data.computed.is_some()),
        ])?;
        let ungoverned = values.get("gateway.insecure_ungoverned", switch)?;
        check_governed(values, self.policy.is_some(), ungoverned, &hosts)
    }
}

impl GatewayData {
    fn has_cohort(&self) -> bool {
        self.cohort.is_some() || self.cohorts.is_some()
    }

    /// A file of cohorts is for a policy, and has everything that is about them.
    fn check_cohorts(&self, has_policy: bool) -> Result<(), SettingsError> {
        if self.cohorts.is_none() {
            return Ok(());
        }
        if !has_policy {
            return Err(SettingsError::CohortsWithoutPolicy);
        }
        let of_one = [
            ("gateway.cohort", self.cohort.is_some()),
            ("gateway.cohort_name", self.cohort_name.is_some()),
            ("gateway.scores", !self.scores.is_empty()),
            ("gateway.table", !self.tables.is_empty()),
            ("gateway.sample_column", self.sample_column.is_some()),
            ("gateway.scoring_files", self.scoring_files.is_some()),
            ("gateway.computed", self.computed.is_some()),
        ];
        let set: Vec<&'static str> =
            of_one.into_iter().filter_map(|(name, is_set)| is_set.then_some(name)).collect();
        if set.is_empty() { Ok(()) } else { Err(SettingsError::CohortsBesideOne { set }) }
    }
}

fn memory(text: &str) -> Result<Size, Problem> {
    let memory = size(text)?;
    if memory.bytes() < LEAST_MEMORY { Err("is less than 256 MiB") } else { Ok(memory) }
}
