use crate::settings::key::{Key, Kind, Member};

const fn key(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key::new(name, &[Member::Worker], kind, help)
}

pub(super) const KEYS: &[Key] = &[
    key("worker.coordinator", Kind::HostPort, "Where the coordinator's workers register")
        .required()
        .long("The coordinator's coordinator.cluster_host with the port of its coordinator.cluster_listen.")
        .example("coordinator.example.org:7071"),
    key("worker.id", Kind::Identifier, "Name of this worker, the same after a restart")
        .computed("the host's name")
        .long("No two workers of a cluster have the same. Tiles are bound to workers by it, so a worker that keeps its name finds its cache useful again."),
    key("worker.host", Kind::Host, "Address that this worker binds, and that the coordinator and other workers reach it by")
        .default("127.0.0.1")
        .long("The worker's certificate must be made for it.")
        .example("worker-1.example.org"),
    key("worker.task_port", Kind::Port, "Port that tasks are pushed to").default("7080"),
    key("worker.operations_listen", Kind::Address, "Where /metrics, /healthz and /readyz are served")
        .default("127.0.0.1:7081")
        .long("HTTPS where certificates are set, else HTTP."),
    key("worker.slots", Kind::Count, "Tasks at once").computed("one per core that this process may use"),
    key("worker.scratch", Kind::Path, "Folder for what tasks write meanwhile, and for the cache on disk")
        .computed("steppe-worker-ID below the temporary folder")
        .long("ID is worker.id. Two workers never share it.")
        .example("/var/tmp/steppe"),
    key("worker.cache_memory", Kind::Size, "Memory for tiles that are kept")
        .default("512MiB")
        .long("K, M, G and T, with or without iB, are powers of 1024; kB, MB, GB and TB are powers of 1000.")
        .example("4GiB"),
    key("worker.cache_disk", Kind::SizeOrNone, "Disk below the scratch folder for tiles that are kept; 0 is none")
        .default("8GiB")
        .example("64GiB"),
];
