use std::{io, net::SocketAddr, path::PathBuf, process::ExitStatus};

use steppe_privacy::statement_caps::StatementFault;

use crate::{
    audit::AuditFault,
    identity::{roles::Denial, token::TokenRefusal},
    jobs::{JobId, JobState},
    policy::locations::LocationRefusal,
};

/// Why a service can not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// A file of cohorts that can not be used.
    #[error("{}: {problem}; {remedy}", path.display())]
    CohortsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its place.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A job log's URL that can not be used.
    #[error(
        "the job log's URL {problem}; write sqlite:///FOLDER/jobs.sqlite or postgres://USER@HOST/DATABASE"
    )]
    JobLogUrl {
        /// What is wrong with it; never the URL, which may hold a password.
        problem: String,
    },
    /// A job log that can not be reached or is none.
    #[error("{location}: can not open the job log; check that the database is there, readable and writable")]
    JobLogOpen {
        /// The URL without user, password and options.
        location: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A job log whose tables are not those of this version.
    #[error(
        "{location}: the job log's tables are not as this version makes them; restore them, or name another log"
    )]
    JobLogTables {
        /// The URL without user, password and options.
        location: String,
        /// What was found.
        source: sqlx::migrate::MigrateError,
    },
    /// A job log that a newer version has written.
    #[error(
        "{location}: the job log has format {found}, written by a newer steppe, and this one knows {known}; use the newer one"
    )]
    JobLogNewer {
        /// The URL without user, password and options.
        location: String,
        /// The format in the log.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// The job log's database failed at something.
    #[error("can not {operation} in the job log; check its database, then try again")]
    JobLogQuery {
        /// What was tried.
        operation: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A job log without room.
    #[error("can not {operation}: the disk of the job log is full; make room, then try again")]
    JobLogFull {
        /// What was tried.
        operation: &'static str,
    },
    /// A submission that says something impossible.
    #[error("the job's {field} {problem}; submit it with another one")]
    JobInvalid {
        /// Which part.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// No such job.
    #[error("there is no job {id}; list the jobs, or submit it")]
    JobUnknown {
        /// The job.
        id: JobId,
    },
    /// An idempotency key that already stands for another job.
    #[error("the idempotency key already stands for job {existing}, not for {submitted}; use a new key")]
    IdempotencyConflict {
        /// The job that the key stands for.
        existing: JobId,
        /// The job that was submitted under it.
        submitted: JobId,
    },
    /// A change of state that the job's state does not allow.
    #[error("job {id} is {from} and can not become {to}; read its state again")]
    IllegalTransition {
        /// The job.
        id: JobId,
        /// Its state.
        from: JobState,
        /// The state that was asked for.
        to: JobState,
    },
    /// Progress of a job that is not running.
    #[error("job {id} is {state}, and only a running job has progress; stop working on it")]
    JobNotRunning {
        /// The job.
        id: JobId,
        /// Its state.
        state: JobState,
    },
    /// A write by a coordinator that another one has replaced.
    #[error(
        "epoch {epoch} is over, a coordinator with epoch {highest} has taken over; stop this coordinator"
    )]
    Fenced {
        /// The writer's epoch.
        epoch: u64,
        /// The highest epoch in the log.
        highest: u64,
    },
    /// A write under an epoch that the log has not given out.
    #[error("epoch {epoch} has not begun, the highest one is {highest}; begin an epoch in this log first")]
    EpochUnknown {
        /// The writer's epoch.
        epoch: u64,
        /// The highest epoch in the log.
        highest: u64,
    },
    /// A file or folder that can not be used.
    #[error("{}: can not {action}; check the path and its permissions", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate or key is where a new one should go.
    #[error("{}: it is already there; name another folder, or say that it may be replaced", path.display())]
    CertificateExists {
        /// Which file.
        path: PathBuf,
    },
    /// A certificate that can not be made as asked.
    #[error("can not make {what}: {problem}; ask for other names or another validity")]
    CertificateMaking {
        /// Which certificate or key.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A peer's certificate that can not be read, or claims what it can not.
    #[error("the peer's certificate {problem}; give it one of this cluster's authority")]
    PeerCertificate {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A file without certificates.
    #[error("{}: there is no certificate in it; name a PEM file with BEGIN CERTIFICATE", path.display())]
    TlsNoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A file without a private key.
    #[error("{}: there is no unencrypted private key in it; name a PEM file with BEGIN PRIVATE KEY", path.display())]
    TlsNoKey {
        /// The file.
        path: PathBuf,
    },
    /// A key of another certificate.
    #[error("{}: the key does not belong to {}; name the key that the certificate was made for", key.display(), certificate.display())]
    TlsKeyMismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// A certificate after its time.
    #[error("{}: the certificate expired on {ended}; make a new one", path.display())]
    TlsExpired {
        /// The file.
        path: PathBuf,
        /// When its validity ended.
        ended: String,
    },
    /// A certificate before its time.
    #[error("{}: the certificate is not valid before {begins}; check this machine's clock, or make a new one", path.display())]
    TlsNotYetValid {
        /// The file.
        path: PathBuf,
        /// When its validity begins.
        begins: String,
    },
    /// A key that others than its owner can read.
    #[error("{}: others can read this key (mode {mode:03o}); chmod 600 it", path.display())]
    TlsKeyExposed {
        /// The key's file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A certificate or key that TLS can not use.
    #[error("{}: {problem}; make a new one", path.display())]
    TlsUnusable {
        /// The file.
        path: PathBuf,
        /// What is wrong; never the content.
        problem: String,
    },
    /// A listener without TLS where it is not allowed.
    #[error("{address}: {problem}; serve it with a certificate and key")]
    PlaintextRefused {
        /// Where it would listen.
        address: SocketAddr,
        /// Why not.
        problem: &'static str,
    },
    /// A bearer token that is not accepted.
    #[error("the bearer token {refusal}")]
    Token {
        /// Why.
        refusal: TokenRefusal,
    },
    /// Settings of tokens that can not work.
    #[error("the token setting {field} {problem}; correct it")]
    TokenSettings {
        /// Which one.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Keys for tokens that can not be used.
    #[error("{origin}: {problem}; name a PEM public key or a JWKS document with ECDSA, Ed25519 or RSA keys")]
    TokenKeys {
        /// Where they come from.
        origin: String,
        /// What is wrong with them; never their content.
        problem: &'static str,
    },
    /// A token that can not be signed.
    #[error("can not sign a token: {problem}; use an ECDSA P-256 key in PKCS #8 PEM")]
    TokenSigning {
        /// What is wrong; never the key.
        problem: &'static str,
    },
    /// A store location that a job may not name. The location itself may hold a secret and is not repeated.
    #[error("{field}: the job's location {refusal}; name one below an allowed location (coordinator.allow)")]
    LocationRefused {
        /// Which field of the request.
        field: &'static str,
        /// Why.
        refusal: LocationRefusal,
    },
    /// An entry of the list of allowed locations that makes no sense.
    #[error(
        "allowed location number {number} {refusal}; write s3://BUCKET/PREFIX, gs://, az:// or file:///FOLDER"
    )]
    AllowedLocation {
        /// Its place in the list, from 1.
        number: usize,
        /// What is wrong with it.
        refusal: LocationRefusal,
    },
    /// An audit log that another process writes.
    #[error("{}: another process writes this audit log; stop it, or name another log", path.display())]
    AuditLocked {
        /// The log.
        path: PathBuf,
    },
    /// An audit log that is not as it was written.
    #[error("{}: line {line} {fault}; keep the file as evidence, and start a new log elsewhere", path.display())]
    AuditBroken {
        /// The log.
        path: PathBuf,
        /// The first line that is wrong, from 1.
        line: u64,
        /// What is wrong with it.
        fault: AuditFault,
    },
    /// A record that the audit log does not take.
    #[error("the audit record's {field} is longer than {limit} bytes; shorten it")]
    AuditRecord {
        /// Which part.
        field: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// A job or its inputs.
    #[error(transparent)]
    Engine(#[from] steppe_engine::EngineError),
    /// The store.
    #[error(transparent)]
    Store(#[from] steppe_store::StoreError),
    /// What operators see.
    #[error(transparent)]
    Operations(#[from] crate::operations::OperationsError),
    /// The cluster's own channels.
    #[error(transparent)]
    Cluster(#[from] steppe_cluster::ClusterError),
    /// What somebody may not do.
    #[error("{denial}")]
    Denied {
        /// Why.
        denial: Denial,
    },
    /// A cohort that the token does not name.
    #[error("the token does not allow this cohort; ask for one that does")]
    CohortDenied,
    /// A request that can not be served as it is.
    #[error("{field}: {problem}; {remedy}")]
    Request {
        /// Which part of it.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// No job whose id begins so.
    #[error("there is no job {id}; steppe jobs list shows all")]
    JobNotFound {
        /// What was asked for.
        id: String,
    },
    /// Several jobs whose ids begin so.
    #[error("several jobs begin with {id}; give more of the id")]
    JobAmbiguous {
        /// What was asked for.
        id: String,
    },
    /// Results of a job that has none.
    #[error("job {id} is {state} and has no results; steppe jobs show says why")]
    JobNotDone {
        /// The job.
        id: JobId,
        /// Its state.
        state: JobState,
    },
    /// Results that are not where the job put them.
    #[error("{location}: the results are gone, or another job's lie there; submit the job again")]
    ResultsGone {
        /// Where they were.
        location: String,
    },
    /// A file that a job did not make.
    #[error("the job made no file {name:?}; its results name all files")]
    FileUnknown {
        /// What was asked for.
        name: String,
    },
    /// A coordinator that another one has replaced, or that stops.
    #[error("the coordinator {problem}; try again")]
    Unavailable {
        /// Why it does not serve.
        problem: &'static str,
    },
    /// A gateway that can not go on with a statement.
    #[error("the gateway {problem}; try again")]
    GatewayUnavailable {
        /// Why not.
        problem: &'static str,
    },
    /// An address that can not be served.
    #[error("{address}: can not listen; stop what uses the address, or name another one")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// A process that can not be started.
    #[error("can not start {what}; check that it may be run")]
    Process {
        /// Which one.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A child process that will not live.
    #[error("{what} ended with status {status}; its messages above say why")]
    ProcessEnded {
        /// Which one.
        what: &'static str,
        /// Its exit status.
        status: i32,
    },
    /// A child process that ended before any of its kind had worked.
    #[error("{what} ended before it worked ({status}); its messages above say why")]
    ProcessNeverReady {
        /// Which one.
        what: &'static str,
        /// How it ended.
        status: ExitStatus,
    },
    /// A coordinator that can not be reached.
    #[error(
        "{url}: can not reach the coordinator: {problem}; check the URL, the authority's certificate, and that it runs"
    )]
    Unreachable {
        /// Its URL.
        url: String,
        /// What happened.
        problem: String,
    },
    /// A folder of a gateway that another process has.
    #[error("{}: another process has the folder of gateway.state; stop it, or name another folder", path.display())]
    StateInUse {
        /// The file that it holds.
        path: PathBuf,
    },
    /// A key of pseudonyms that is none.
    #[error(
        "{}: this is no key of pseudonyms, which has 64 hexadecimal digits; bring back a copy, or remove it to get new pseudonyms",
        path.display()
    )]
    PseudonymKey {
        /// The key's file.
        path: PathBuf,
    },
    /// A user name of the Postgres wire that is not that of the token.
    #[error("the user name is not that of the token; connect with the token's subject as the user")]
    UserName,
    /// A client of the Postgres wire without TLS.
    #[error("the connection is not encrypted; connect with sslmode=verify-full, or require at the least")]
    PlaintextClient,
    /// A statement that nobody parses.
    #[error(transparent)]
    StatementCap(#[from] StatementFault),
    /// A statement that took too long.
    #[error(
        "the statement took longer than {milliseconds} ms and was stopped; ask for less, or ask for more time"
    )]
    StatementTimeout {
        /// The time that it had.
        milliseconds: u64,
    },
    /// A statement that somebody cancelled.
    #[error("the statement was cancelled")]
    StatementCancelled,
    /// An answer that is too large.
    #[error("the answer has more than {most} {what}; aggregate, filter, or ask for it in parts with LIMIT")]
    AnswerTooLarge {
        /// What there are too many of.
        what: &'static str,
        /// How many there may be.
        most: u64,
    },
    /// More of something at once than somebody may have.
    #[error("{most} {what}, which is as many as there may be; {remedy}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        most: usize,
        /// What to do.
        remedy: &'static str,
    },
    /// A ticket or prepared statement that is not there, any more or for this user.
    #[error("there is no such {what} of yours, or its time is over; ask for a new one")]
    HandleUnknown {
        /// What it should be.
        what: &'static str,
    },
    /// What a coordinator answered instead.
    #[error("{message}")]
    Answer {
        /// The sort of failure: a word of the API's table, or the gRPC status.
        kind: String,
        /// Its message.
        message: String,
    },
}

impl ServerError {
    /// For `map_err`: `action` on `path` failed.
    pub(crate) fn file(path: &std::path::Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), action, source }
    }
}
