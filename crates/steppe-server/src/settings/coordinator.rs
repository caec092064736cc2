use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use super::{
    error::SettingsError,
    key::Member,
    loading::{Loaded, load},
    resolved::Resolved,
    rules::{check_plaintext, check_ports, check_reachable},
    shared::{LogSettings, TraceSettings},
    sources::Sources,
    tls::TlsSettings,
    tokens::TokenSources,
    values::{Host, Secret, Size, address, allowed_location, count, job_log, location, path, size},
};

/// The settings of `steppe coordinator`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoordinatorSettings {
    /// Where jobs are submitted.
    pub listen: SocketAddr,
    /// Where workers register.
    pub cluster_listen: SocketAddr,
    /// What workers reach [`Self::cluster_listen`] by.
    pub cluster_host: Host,
    /// Where metrics and health are served.
    pub operations_listen: SocketAddr,
    /// Folder or URL of the jobs' folders.
    pub store: String,
    /// The job log's URL.
    pub job_log: Secret,
    /// The audit log's file.
    pub audit_log: PathBuf,
    /// Folder where inputs and results are staged.
    pub scratch: PathBuf,
    /// Locations that jobs may name, with what is below them.
    pub allow: Vec<String>,
    /// Jobs that run at the same time.
    pub jobs_at_once: NonZeroUsize,
    /// How long a job waits for workers while there are none, in seconds.
    pub worker_grace_seconds: NonZeroUsize,
    /// Memory for sums and tables of one job.
    pub memory: Size,
    /// Certificates, or none.
    pub tls: TlsSettings,
    /// Which tokens are good.
    pub tokens: TokenSources,
    /// The log.
    pub log: LogSettings,
    /// The traces.
    pub trace: TraceSettings,
}

impl CoordinatorSettings {
    /// Reads the settings from flags, variables, the file and defaults, and checks them.
    ///
    /// # Errors
    /// A file that can not be read or has unknown keys; values that are not as they should be; required ones that are
    /// missing; settings that do not go together.
    pub fn load(sources: &Sources) -> Result<Loaded<Self>, SettingsError> {
        load(sources, Member::Coordinator, Self::read)
    }

    fn read(values: &mut Resolved) -> Result<Self, SettingsError> {
        let listen = values.get("coordinator.listen", address)?;
        let cluster_listen = values.get("coordinator.cluster_listen", address)?;
        values.compute("coordinator.cluster_host", || Some(cluster_listen.ip().to_string()));
        values.compute("coordinator.scratch", || scratch(&std::env::temp_dir(), listen.port()));
        let tls = TlsSettings::read(values)?;
        let settings = Self {
            listen,
            cluster_listen,
            cluster_host: values.get("coordinator.cluster_host", str::parse)?,
            operations_listen: values.get("coordinator.operations_listen", address)?,
            store: values.get("coordinator.store", location)?,
            job_log: values.get("coordinator.job_log", job_log)?,
            audit_log: values.get("coordinator.audit_log", path)?,
            scratch: values.get("coordinator.scratch", path)?,
            allow: values.list("coordinator.allow", allowed_location)?,
            jobs_at_once: values.get("coordinator.jobs_at_once", count)?,
            worker_grace_seconds: values.get("coordinator.worker_grace_seconds", count)?,
            memory: values.get("coordinator.memory", size)?,
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
            ("coordinator.listen", self.listen),
            ("coordinator.cluster_listen", self.cluster_listen),
            ("coordinator.operations_listen", self.operations_listen),
        ];
        check_ports(&listeners.map(|(name, address)| (name, address.port())))?;
        check_plaintext(values, &self.tls, &listeners.map(|(name, address)| (name, address.ip().into())))?;
        check_plaintext(values, &self.tls, &[("coordinator.cluster_host", self.cluster_host.clone())])?;
        let remedy = "coordinator.cluster_host to the name or address that workers reach this machine by";
        check_reachable(values, "coordinator.cluster_host", &self.cluster_host, remedy)
    }
}

/// Coordinators on one machine have different ports, and so do not share it.
fn scratch(temporary: &Path, port: u16) -> Option<String> {
    temporary.join(format!("steppe-coordinator-{port}")).into_os_string().into_string().ok()
}
