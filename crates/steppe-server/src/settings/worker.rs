use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};

use super::{
    error::SettingsError,
    key::Member,
    loading::{Loaded, load},
    resolved::Resolved,
    rules::{check_plaintext, check_ports, check_reachable},
    shared::{LogSettings, TraceSettings},
    sources::Sources,
    tls::TlsSettings,
    values::{Host, HostPort, Size, address, count, identifier, path, port, size, size_or_none},
};

/// Where Linux keeps the host's name.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// The settings of `steppe worker`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Where the coordinator's workers register.
    pub coordinator: HostPort,
    /// The worker's name.
    pub id: String,
    /// What the worker binds, and what others reach it by.
    pub host: Host,
    /// The port that tasks are pushed to.
    pub task_port: u16,
    /// Where metrics and health are served.
    pub operations_listen: SocketAddr,
    /// Tasks at once.
    pub slots: NonZeroUsize,
    /// Folder of what tasks write meanwhile, and of the cache on disk.
    pub scratch: PathBuf,
    /// Tiles kept in memory.
    pub cache_memory: Size,
    /// Tiles kept on disk; `None` is none.
    pub cache_disk: Option<Size>,
    /// Certificates, or none.
    pub tls: TlsSettings,
    /// The log.
    pub log: LogSettings,
    /// The traces.
    pub trace: TraceSettings,
}

impl WorkerSettings {
    /// Reads the settings from flags, variables, the file and defaults, and checks them.
    ///
    /// # Errors
    /// A file that can not be read or has unknown keys; values that are not as they should be; required ones that are
    /// missing; settings that do not go together.
    pub fn load(sources: &Sources) -> Result<Loaded<Self>, SettingsError> {
        load(sources, Member::Worker, Self::read)
    }

    fn read(values: &mut Resolved) -> Result<Self, SettingsError> {
        values.compute("worker.id", host_name);
        let id = values.get("worker.id", identifier)?;
        values.compute("worker.slots", || Some(cores().to_string()));
        values.compute("worker.scratch", || {
            let folder = std::env::temp_dir().join(format!("steppe-worker-{id}"));
            folder.into_os_string().into_string().ok()
        });
        let settings = Self {
            coordinator: values.get("worker.coordinator", str::parse)?,
            id,
            host: values.get("worker.host", str::parse)?,
            task_port: values.get("worker.task_port", port)?,
            operations_listen: values.get("worker.operations_listen", address)?,
            slots: values.get("worker.slots", count)?,
            scratch: values.get("worker.scratch", path)?,
            cache_memory: values.get("worker.cache_memory", size)?,
            cache_disk: values.get("worker.cache_disk", size_or_none)?,
            tls: TlsSettings::read(values)?,
            log: LogSettings::read(values)?,
            trace: TraceSettings::read(values)?,
        };
        settings.check(values)?;
        Ok(settings)
    }

    fn check(&self, values: &Resolved) -> Result<(), SettingsError> {
        check_ports(&[
            ("worker.task_port", self.task_port),
            ("worker.operations_listen", self.operations_listen.port()),
        ])?;
        let hosts = [
            ("worker.host", self.host.clone()),
            ("worker.operations_listen", self.operations_listen.ip().into()),
            ("worker.coordinator", self.coordinator.host.clone()),
        ];
        check_plaintext(values, &self.tls, &hosts)?;
        let remedy = "worker.host to the name or address that the coordinator reaches this machine by";
        check_reachable(values, "worker.host", &self.host, remedy)?;
        let remedy = "worker.coordinator to the name or address of the coordinator";
        check_reachable(values, "worker.coordinator", &self.coordinator.host, remedy)
    }
}

fn host_name() -> Option<String> {
    let name = std::fs::read_to_string(HOST_NAME).ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
