use crate::settings::key::{Key, Kind, Member};

const fn key(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key::new(name, &[Member::Coordinator], kind, help)
}

pub(super) const KEYS: &[Key] = &[
    key("coordinator.listen", Kind::Address, "Where people and programs submit jobs")
        .default("127.0.0.1:7070")
        .long("gRPC over TLS; every call needs a bearer token.")
        .example("0.0.0.0:7070"),
    key("coordinator.cluster_listen", Kind::Address, "Where workers register")
        .default("127.0.0.1:7071")
        .long("gRPC over TLS; a worker shows a certificate of the cluster's authority. Let only workers reach it.")
        .example("0.0.0.0:7071"),
    key("coordinator.cluster_host", Kind::Host, "Name or address that workers reach the coordinator by")
        .computed("the address of coordinator.cluster_listen")
        .long("It must be set where coordinator.cluster_listen is 0.0.0.0 or [::].")
        .example("coordinator.example.org"),
    key("coordinator.operations_listen", Kind::Address, "Where /metrics, /healthz and /readyz are served")
        .default("127.0.0.1:7072")
        .long("HTTPS where certificates are set, else HTTP."),
    key("coordinator.store", Kind::Location, "Folder or URL where jobs keep what they work with")
        .required()
        .long("Operands, partial sums, inputs and epochs. Every worker must reach it by the same name. Credentials of object stores come from the environment (AWS_..., GOOGLE_..., AZURE_...), never from the URL.")
        .example("s3://bucket/steppe"),
    key("coordinator.job_log", Kind::JobLog, "Database of jobs: sqlite:///PATH or postgres://USER@HOST/DATABASE")
        .required()
        .secret()
        .long("PATH is absolute. A password comes from PGPASSWORD, or from the URL; others on this machine can see a flag, so write a URL that has one into the variable or the file.")
        .example("sqlite:///var/lib/steppe/jobs.sqlite"),
    key("coordinator.audit_log", Kind::Path, "File of the audit log")
        .required()
        .long("Append-only and hash-chained: every decision on who may do what.")
        .example("/var/lib/steppe/audit.jsonl"),
    key("coordinator.scratch", Kind::Path, "Folder where inputs and results are staged")
        .computed("steppe-coordinator-PORT below the temporary folder")
        .long("PORT is that of coordinator.listen."),
    key("coordinator.allow", Kind::Locations, "Location that jobs may name, with all below it")
        .long("An s3://, gs://, az://, https:// or file:/// URL. Any number: the flag is given once for each, the variable takes a list with commas, the file an array. Jobs that name other locations are refused; with none, jobs can name no location at all.")
        .example("s3://bucket/cohorts,s3://bucket/results"),
    key("coordinator.jobs_at_once", Kind::Count, "Jobs that run at the same time").default("4"),
    key("coordinator.worker_grace_seconds", Kind::Count, "How long a job waits for workers while there are none")
        .default("60")
        .long("Then it fails and says so; submitted again it goes on from what is done."),
    key("coordinator.memory", Kind::Size, "Most memory for sums and tables of one job")
        .default("2GiB")
        .long("K, M, G and T, with or without iB, are powers of 1024; kB, MB, GB and TB are powers of 1000."),
];
