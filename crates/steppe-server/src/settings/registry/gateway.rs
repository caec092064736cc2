use crate::settings::key::{Key, Kind, Member};

const fn key(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key::new(name, &[Member::Gateway], kind, help)
}

pub(super) const KEYS: &[Key] = &[
    key("gateway.flight", Kind::Address, "Where Arrow Flight SQL is served")
        .default("127.0.0.1:7075")
        .long("gRPC over TLS; every call needs a bearer token.")
        .example("0.0.0.0:7075"),
    key("gateway.postgres", Kind::Address, "Where the Postgres wire is served")
        .default("127.0.0.1:5433")
        .long("TLS is asked for before anything else. The user's name is the token's subject, and the password is the token.")
        .example("0.0.0.0:5433"),
    key("gateway.operations_listen", Kind::Address, "Where /metrics, /healthz and /readyz are served")
        .default("127.0.0.1:7076")
        .long("HTTPS where certificates are set, else HTTP."),
    key("gateway.audit_log", Kind::Path, "File of the audit log")
        .required()
        .long("Append-only and hash-chained: every statement and every decision, without values. No other process may write it.")
        .example("/var/lib/steppe/gateway-audit.jsonl"),
    key("gateway.policy", Kind::Path, "File that says who may see what")
        .long("One of gateway.policy and gateway.insecure_ungoverned is set. The file is read again every 10 seconds; one with a fault, or whose revision has not risen, is not taken.")
        .example("/etc/steppe/policy.toml"),
    key("gateway.state", Kind::Path, "Folder of what the gateway remembers")
        .long("With gateway.policy. What users were told and spent, exports and their approvals, and the key of the pseudonyms, which is made where there is none. Keep copies: without it nothing is remembered, and all pseudonyms are others. No other process may write it.")
        .example("/var/lib/steppe/gateway"),
    key("gateway.insecure_ungoverned", Kind::Switch, "Show everything to everybody with a token, on this machine alone")
        .default("false")
        .long("For demonstrations on made-up people: no policy, no suppression, no row filter. Every listener must be on a loopback address."),
    key("gateway.client_certificates", Kind::Choice(&["optional", "required"]), "Whether clients must show a certificate of tls.authority as well as a token: optional or required")
        .default("optional")
        .long("A certificate that is shown must be good in either case. Who somebody is, the token says alone."),
    key("gateway.cohort", Kind::Location, "A cohort, whose samples and variants are tables")
        .example("s3://bucket/cohorts/biobank"),
    key("gateway.cohort_name", Kind::Text, "The cohort's name in the policy")
        .long("Where it is not set, the last part of gateway.cohort.")
        .example("biobank"),
    key("gateway.cohorts", Kind::Path, "File that names several cohorts, in place of gateway.cohort and what goes with it")
        .long("With gateway.policy. TOML: a [[cohort]] for each, with location and, as in the settings of one cohort, name, scores, tables, sample_column, scoring_files and computed. The tables of the first that a user sees are named as they are, those of others with the cohort as their schema: \"registry\".scores."),
    key("gateway.scores", Kind::Places, "A result of steppe score, match, calibrate or evaluate, whose tables are served")
        .long("Any number: the flag is given once for each, the variable takes a list with commas, the file an array.")
        .example("s3://bucket/results/height,s3://bucket/results/diabetes"),
    key("gateway.table", Kind::Tables, "Another file as a table: Parquet, CSV, or tab-separated text with a header")
        .long("Any number, as for gateway.scores. With gateway.policy each is about the cohort's people."),
    key("gateway.sample_column", Kind::Text, "Column of sample ids in the files of gateway.table")
        .long("Where it is not set, the first of sample_id, IID, #IID and iid that a file has."),
    key("gateway.job_log", Kind::JobLog, "A coordinator's database of jobs, as the table job_log of stewards and operators")
        .secret()
        .long("With gateway.policy."),
    key("gateway.scoring_files", Kind::Location, "Scoring files of scores that are computed when somebody asks: SELECT * FROM score('PGS000018')")
        .long("With gateway.cohort and gateway.computed. The file of a score is called as it is, or as in the PGS Catalog. With gateway.policy only job runners, stewards and researchers have scores computed."),
    key("gateway.computed", Kind::Path, "Folder in which computed scores are kept, a run each")
        .long("They are there again when the gateway starts. Several gateways can share it."),
    key("gateway.score_memory", Kind::Size, "Most memory of a process that computes a score")
        .default("2GiB")
        .long("It is a process of its own beside gateway.memory, one at a time, or a job of the coordinator that --coordinator or --profile names before the command."),
    key("gateway.memory", Kind::Size, "Most memory of the serving process")
        .default("2GiB")
        .long("Half of it is for statements that run; one that needs more ends with an error. A quarter is for what is kept between statements, with a policy: where people stand in scores, and what users were told, of which what was not used for the longest time is let go. A process that takes more than all of it is killed and started again at once. At least 256 MiB."),
    key("gateway.statement_seconds", Kind::Count, "How long a statement may plan and run")
        .default("60")
        .long("Time in which a client takes its rows is not counted. A client can set less, not more."),
    key("gateway.rows", Kind::Count, "Most rows of one answer").default("50000000"),
    key("gateway.answer_size", Kind::Size, "Most bytes of one answer, as they are in memory").default("16GiB"),
    key("gateway.statements", Kind::Count, "Statements that run at the same time")
        .computed("two for each core")
        .long("Others wait for their turn within their own time, and are then told to try again; one user has at most half of the places. A statement that waits for its client to take rows keeps none."),
    key("gateway.statements_per_user", Kind::Count, "Statements of one user at the same time").default("8"),
    key("gateway.connections", Kind::Count, "Connections to the Postgres wire at the same time").default("256"),
];
