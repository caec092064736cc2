use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant, SystemTime},
};

use clap::Args;
use steppe_server::{
    identity::{
        certificates::{CertificateRequest, DevelopmentCa},
        token::TokenKeyPair,
    },
    wire::cluster::DescribeRequest,
};

use super::{members::Member, ports::Ports, state::ClusterState};
use crate::{
    commands::Session,
    exit::{Outcome, Usage},
    options::RemoteOptions,
    private_file::{write_private, write_token},
    remote::{Profile, Remote, location_url},
    render,
};

/// The bucket of a development cluster.
const BUCKET: &str = "steppe";
/// How long certificates and the token are valid.
const VALIDITY: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long everything may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(crate) struct UpOptions {
    /// Worker processes.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
    /// The cluster's folder: certificates, token, profile, logs, the store.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Tasks at once, per worker [default: the cores, shared].
    #[arg(long, value_name = "N")]
    slots: Option<u16>,
    /// Folders and URLs that jobs may name, beside the store and the working folder; repeatable.
    #[arg(long, value_name = "LOCATION")]
    allow: Vec<String>,
}

impl UpOptions {
    /// Starts what does not run.
    pub(crate) fn run(&self, session: Session) -> anyhow::Result<Outcome> {
        let started = Instant::now();
        fs::create_dir_all(&self.dir)?;
        let dir = fs::canonicalize(&self.dir)?;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700))?;
        let mut state = self.state(&dir)?;
        let environment = environment(&dir, state.s3_port)?;
        self.prepare(&dir, &state, &environment)?;
        let binary = std::env::current_exe()?;
        let command = |arguments: &[&str]| {
            let mut command = Command::new(&binary);
            command.args(arguments).envs(&environment).env_remove("STEPPE_CONFIG");
            command
        };
        let config = dir.join("steppe.toml").display().to_string();
        let (root, listen) = (dir.join("s3").display().to_string(), format!("127.0.0.1:{}", state.s3_port));
        start(&mut state, "s3", command(&["dev-s3", "--root", &root, "--listen", &listen]))?;
        start(&mut state, "coordinator", command(&["coordinator", "--config", &config]))?;
        for (index, [tasks, operations]) in state.worker_ports.clone().into_iter().enumerate() {
            let name = format!("worker-{}", index + 1);
            let scratch = dir.join("workers").join(&name).display().to_string();
            let (tasks, operations) = (tasks.to_string(), format!("127.0.0.1:{operations}"));
            let certificate = dir.join("certs/worker.crt").display().to_string();
            let key = dir.join("certs/worker.key").display().to_string();
            let arguments = [
                "worker",
                "--config",
                &config,
                "--id",
                &name,
                "--task-port",
                &tasks,
                "--operations-listen",
                &operations,
                "--scratch",
                &scratch,
                "--tls-certificate",
                &certificate,
                "--tls-key",
                &key,
            ];
            start(&mut state, &name, command(&arguments))?;
        }
        wait(&dir, &state, session)?;
        let workers = render::things(u64::from(self.workers), "worker");
        session.console.note(&format!(
            "a coordinator and {workers} run on 127.0.0.1, after {}",
            render::duration(started.elapsed())
        ));
        let dir = self.dir.display();
        session.console.note(&format!(
            "next:  steppe --profile {dir} import --bfile PREFIX --build GRCh38 --out s3://{BUCKET}/NAME\n\
             stop:  steppe cluster down --dir {dir}"
        ));
        Ok(Outcome::Done)
    }

    /// The cluster of the folder, with ports for all that it shall have.
    fn state(&self, dir: &Path) -> anyhow::Result<ClusterState> {
        let mut ports = Ports::default();
        let mut state = match ClusterState::read(dir)? {
            Some(state) => state,
            None => ClusterState {
                s3_port: ports.take()?,
                api_port: ports.take()?,
                cluster_port: ports.take()?,
                operations_port: ports.take()?,
                folder: dir.to_owned(),
                ..ClusterState::default()
            },
        };
        let wanted = usize::from(self.workers);
        let extra = state.members.iter().any(|member| {
            let number = member.name.strip_prefix("worker-").and_then(|number| number.parse().ok());
            number.is_some_and(|number: usize| number > wanted) && member.is_running()
        });
        if extra {
            return Err(Usage::refuse(
                format!("{}: more than {wanted} workers run", dir.display()),
                "stop the cluster first: steppe cluster down",
            ));
        }
        let of_all = [state.s3_port, state.api_port, state.cluster_port, state.operations_port];
        let mut more = Ports::besides(of_all.into_iter().chain(state.worker_ports.concat()).collect());
        while state.worker_ports.len() < wanted {
            state.worker_ports.push([more.take()?, more.take()?]);
        }
        state.worker_ports.truncate(wanted);
        state.write()?;
        Ok(state)
    }

    /// Certificates, token, settings and profile.
    fn prepare(
        &self,
        dir: &Path,
        state: &ClusterState,
        environment: &BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        fs::create_dir_all(dir.join("s3").join(BUCKET))?;
        fs::create_dir_all(dir.join("state"))?;
        if !dir.join("certs/ca.crt").exists() {
            let request = CertificateRequest {
                names: vec!["localhost".to_owned()],
                addresses: vec![Ipv4Addr::LOCALHOST.into()],
                validity: VALIDITY,
                replace: true,
            };
            DevelopmentCa::create(&dir.join("certs"), &request, SystemTime::now())?;
        }
        if !dir.join("token").exists() {
            write_token(dir, "developer", VALIDITY)?;
        }
        let settings = self.settings(dir, state)?;
        write_private(&dir.join("steppe.toml"), &settings)?;
        let url = format!("https://127.0.0.1:{}", state.api_port);
        Profile::new(dir, url, environment.clone()).write()
    }

    fn settings(&self, dir: &Path, state: &ClusterState) -> anyhow::Result<String> {
        let working = std::env::current_dir()?.display().to_string();
        let mut allow = vec![format!("s3://{BUCKET}"), location_url(&working)?];
        for location in &self.allow {
            allow.push(location_url(location)?);
        }
        let allow: Vec<String> = allow.iter().map(|location| format!("{location:?}")).collect();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let slots = self.slots.map_or((cores / usize::from(self.workers)).max(1), usize::from);
        let path = |name: &str| dir.join(name).display().to_string();
        Ok(format!(
            "# Written by steppe cluster up.\n\
             [coordinator]\n\
             listen = \"127.0.0.1:{api}\"\n\
             cluster_listen = \"127.0.0.1:{cluster}\"\n\
             operations_listen = \"127.0.0.1:{operations}\"\n\
             store = \"s3://{BUCKET}/.steppe\"\n\
             job_log = \"sqlite://{job_log}\"\n\
             audit_log = {audit:?}\n\
             scratch = {scratch:?}\n\
             allow = [{allow}]\n\n\
             [worker]\n\
             coordinator = \"127.0.0.1:{cluster}\"\n\
             slots = {slots}\n\n\
             [tls]\n\
             authority = {authority:?}\n\
             certificate = {certificate:?}\n\
             key = {key:?}\n\n\
             [token]\n\
             key = {token:?}\n",
            api = state.api_port,
            cluster = state.cluster_port,
            operations = state.operations_port,
            job_log = path("state/jobs.sqlite"),
            audit = path("state/audit.jsonl"),
            scratch = path("scratch"),
            allow = allow.join(", "),
            authority = path("certs/ca.crt"),
            certificate = path("certs/server.crt"),
            key = path("certs/server.key"),
            token = path("token.pub"),
        ))
    }
}

/// Starts a process of the cluster, unless it runs.
fn start(state: &mut ClusterState, name: &str, command: Command) -> anyhow::Result<()> {
    if state.runs(name) {
        return Ok(());
    }
    let member = Member::start(name, command, &state.log(name))?;
    state.members.retain(|member| member.name != name);
    state.members.push(member);
    state.write()
}

/// Waits until the coordinator knows all workers.
fn wait(dir: &Path, state: &ClusterState, session: Session) -> anyhow::Result<()> {
    let began = Instant::now();
    let options = RemoteOptions { profile: Some(dir.to_owned()), ..RemoteOptions::default() };
    loop {
        if let Some(dead) = state.members.iter().find(|member| !member.is_running()) {
            let log = state.log(&dead.name);
            session.console.error(&last_lines(&log));
            anyhow::bail!("{} has stopped; its log is {}", dead.name, log.display());
        }
        if let Ok(remote) = Remote::connect(&options) {
            let described = remote
                .runtime
                .block_on(async { remote.connection.cluster().describe(DescribeRequest {}).await });
            if described.is_ok_and(|known| known.into_inner().workers.len() >= state.worker_ports.len()) {
                return Ok(());
            }
        }
        if began.elapsed() > PATIENCE {
            for member in &state.members {
                session.console.error(&format!("{}:\n{}", member.name, last_lines(&state.log(&member.name))));
            }
            anyhow::bail!("the cluster does not come up; its logs are in {}", dir.join("logs").display());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The end of a log.
fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let last: Vec<&str> = text.lines().rev().take(5).collect();
    last.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// What reaches the store.
fn environment(dir: &Path, port: u16) -> anyhow::Result<BTreeMap<String, String>> {
    let path = dir.join("s3.secret");
    if !path.exists() {
        // A key pair's private half is as good a secret as any, and its randomness is the system's.
        let pair = TokenKeyPair::generate()?;
        write_private(&path, &blake3::hash(pair.private.as_bytes()).to_hex()[..40])?;
    }
    let secret = fs::read_to_string(&path)?;
    let pairs = [
        ("AWS_ACCESS_KEY_ID", "steppe".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.trim().to_owned()),
        ("AWS_ENDPOINT", format!("http://127.0.0.1:{port}")),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ];
    Ok(pairs.map(|(name, value)| (name.to_owned(), value)).into())
}
