//! A development cluster whose processes can be made to reach the store through something else.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Call, FaultProxy, Run, SmallDisk, ports::free_port, steppe, steppe_binary};

mod fileset;
mod processes;

pub use fileset::small_fileset;

/// How a cluster is set up.
#[derive(Debug, Default)]
pub struct Setup {
    /// Worker processes.
    pub workers: usize,
    /// Tasks at once, per worker.
    pub slots: usize,
    /// Seed of a proxy before the store; `None` has no proxy.
    pub proxy: Option<u64>,
    /// Variables of all processes.
    pub environment: Vec<(String, String)>,
    /// Folders and URLs that jobs may name.
    pub allow: Vec<String>,
    /// Folders of the cluster's that are small disks, with their MiB.
    pub disks: Vec<(&'static str, u64)>,
    /// Where workers reach the coordinator, instead of on loopback.
    pub coordinator: Option<Ipv4Addr>,
}

/// A scoring job of the tests.
#[derive(Debug, Clone)]
pub struct Score {
    /// Below the bucket.
    pub cohort: String,
    /// The scoring file.
    pub file: PathBuf,
    /// Below the bucket, or a URL.
    pub out: String,
}

/// A development cluster. It is stopped when it is dropped, and its folder removed.
#[derive(Debug)]
pub struct StoreCluster {
    folder: TempDir,
    setup: Setup,
    s3: Child,
    s3_address: SocketAddr,
    proxy: Option<FaultProxy>,
    disks: BTreeMap<&'static str, SmallDisk>,
}

impl StoreCluster {
    /// Starts a cluster.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(mut setup: Setup) -> Self {
        let folder = TempDir::with_prefix("steppe-faults-").expect("a folder");
        let dir = folder.path();
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).expect("a folder of ours");
        fs::create_dir_all(dir.join("s3/steppe")).expect("a bucket");
        fs::write(dir.join("s3.secret"), "not-secret-in-tests").expect("a file");
        fs::create_dir_all(dir.join("logs")).expect("a folder");
        let disks = setup.disks.iter().map(|&(name, mebibytes)| {
            let image = dir.join(format!("{}.image", name.replace('/', "-")));
            (name, SmallDisk::mount(&image, &dir.join(name), mebibytes).expect("a small disk"))
        });
        let disks = disks.collect();
        let s3_address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let s3 = start_s3(dir, s3_address);
        let proxy = setup
            .proxy
            .map(|seed| FaultProxy::start(Ipv4Addr::LOCALHOST.into(), s3_address, seed).expect("a proxy"));
        let seen = proxy.as_ref().map_or(s3_address, FaultProxy::address);
        // `cluster up` finds the store running, and so starts all others against the port that is named here.
        let cluster_port = free_port();
        if let Some(host) = setup.coordinator {
            let address = format!("{host}:{cluster_port}");
            for (name, value) in [
                ("STEPPE_COORDINATOR_CLUSTER_LISTEN", address.clone()),
                ("STEPPE_COORDINATOR_CLUSTER_HOST", host.to_string()),
                ("STEPPE_WORKER_COORDINATOR", address),
            ] {
                setup.environment.push((name.to_owned(), value));
            }
        }
        let state = json!({
            "members": [{ "name": "s3", "pid": s3.id(), "started": processes::start_time(s3.id()) }],
            "s3_port": seen.port(), "api_port": free_port(), "cluster_port": cluster_port,
            "operations_port": free_port(), "worker_ports": [],
        });
        fs::write(dir.join("cluster.json"), state.to_string()).expect("a file");
        let cluster = Self { folder, setup, s3, s3_address, proxy, disks };
        cluster.up().expect_status(0);
        cluster
    }

    /// Starts what does not run.
    pub fn up(&self) -> Run {
        let mut call = steppe(["cluster", "up", "-q", "--dir"]).arg(self.dir()).args([
            "--workers",
            &self.setup.workers.to_string(),
            "--slots",
            &self.setup.slots.to_string(),
        ]);
        call = call.arg("--allow").arg(std::env::temp_dir());
        for location in &self.setup.allow {
            call = call.args(["--allow", location]);
        }
        for (name, value) in &self.setup.environment {
            call = call.env(name, value);
        }
        call.run()
    }

    /// Stops all processes but the store.
    pub fn down(&self) -> Run {
        steppe(["cluster", "down", "-q", "--dir"]).arg(self.dir()).run()
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The proxy before its store.
    ///
    /// # Panics
    /// When it was set up without one.
    pub fn proxy(&self) -> &FaultProxy {
        self.proxy.as_ref().expect("a proxy")
    }

    /// A small disk of the setup's.
    ///
    /// # Panics
    /// When the setup has none of this name.
    pub fn disk(&self, name: &str) -> &SmallDisk {
        self.disks.get(name).expect("a small disk")
    }

    /// Where the store itself listens.
    pub fn s3_address(&self) -> SocketAddr {
        self.s3_address
    }

    /// A file of the bucket on disk.
    pub fn object(&self, key: &str) -> PathBuf {
        self.dir().join("s3/steppe").join(key)
    }

    /// All files below a key, in order.
    pub fn objects(&self, key: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        files_below(&self.object(key), &mut found);
        found.sort();
        found
    }

    /// A call of the command against this cluster.
    pub fn steppe<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Call {
        steppe(["-q", "--profile"]).arg(self.dir()).args(arguments)
    }

    /// Imports a fileset to a key of the bucket.
    ///
    /// # Panics
    /// When that fails.
    pub fn import(&self, prefix: &Path, cohort: &str) {
        self.steppe(["import", "--build", "GRCh38", "--bfile"])
            .arg(prefix)
            .args(["--out", &url(cohort)])
            .ok();
    }

    /// Puts a folder of this machine's into the bucket, without a job.
    ///
    /// # Panics
    /// When it can not be copied.
    pub fn adopt(&self, folder: &Path, key: &str) {
        let mut files = Vec::new();
        files_below(folder, &mut files);
        for file in files {
            let to = self.object(key).join(file.strip_prefix(folder).expect("a file below it"));
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::copy(file, to).expect("a copy");
        }
    }

    /// The command that submits a job and watches it.
    pub fn score_call(&self, score: &Score) -> Call {
        self.steppe(["score", "--assume-build", "--cohort", &url(&score.cohort), "--score"])
            .arg(&score.file)
            .args(["--out", &url(&score.out)])
    }

    /// Submits a job and watches it to its end; killed after `limit`, and the status is then -1.
    pub fn score(&self, score: &Score, limit: Duration) -> Run {
        processes::within(self.score_call(score).into_command(), limit)
    }

    /// Submits a job and does not wait for it.
    ///
    /// # Panics
    /// When the command can not be started.
    pub fn score_in_background(&self, score: &Score) -> Child {
        let mut command = self.score_call(score).into_command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the command")
    }

    /// BLAKE3 of what a result's readers get: of `scores.parquet` and `scores.sscore`, from the files themselves.
    pub fn digests(&self, out: &str) -> Option<[String; 2]> {
        digests_in(&self.object(out))
    }

    /// Starts another worker, in a network namespace, that reaches the store at `store`. Its process is the caller's.
    ///
    /// # Panics
    /// When it can not be started.
    pub fn worker_in(&self, namespace: &str, id: &str, host: Ipv4Addr, store: SocketAddr) -> Child {
        let log = fs::File::create(self.dir().join(format!("logs/{id}.log"))).expect("a log");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace]).arg(steppe_binary());
        command.args([
            "worker",
            "--id",
            id,
            "--host",
            &host.to_string(),
            "--task-port",
            &free_port().to_string(),
        ]);
        command.args(["--operations-listen", &format!("127.0.0.1:{}", free_port())]);
        for (flag, path) in [
            ("--config", "steppe.toml".to_owned()),
            ("--scratch", format!("workers/{id}")),
            ("--tls-certificate", "certs/worker.crt".to_owned()),
            ("--tls-key", "certs/worker.key".to_owned()),
        ] {
            command.arg(flag).arg(self.dir().join(path));
        }
        command.envs(self.setup.environment.iter().cloned()).envs(self.environment());
        command.env("AWS_ENDPOINT", format!("http://{store}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("the worker")
    }

    /// The workers that the coordinator knows.
    pub fn workers(&self) -> Vec<String> {
        let status = steppe(["cluster", "status", "--dir"]).arg(self.dir()).run().stdout;
        let rows = status.lines().skip_while(|line| !line.contains("heartbeat")).skip(2);
        rows.map_while(|row| row.split_whitespace().next().map(str::to_owned))
            .filter(|name| name.starts_with("worker"))
            .collect()
    }

    /// The process id of a member.
    pub fn pid(&self, member: &str) -> Option<u32> {
        let state: Value = serde_json::from_slice(&fs::read(self.dir().join("cluster.json")).ok()?).ok()?;
        let members = state["members"].as_array()?;
        let known = members.iter().find(|known| known["name"] == member)?;
        known["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).filter(|&pid| processes::runs(pid))
    }

    /// The executor of a worker: the child of its process.
    pub fn executor(&self, worker: usize) -> Option<u32> {
        processes::child_of(self.pid(&format!("worker-{worker}"))?)
    }

    /// Sends a signal to a process of this cluster.
    pub fn signal(&self, pid: u32, signal: &str) {
        let _ = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status();
    }

    /// The most memory that a process has had, in bytes.
    pub fn peak_memory(&self, pid: u32) -> Option<u64> {
        processes::peak_memory(pid)
    }

    /// Whether the coordinator answers.
    pub fn lives(&self) -> bool {
        self.steppe(["jobs", "list"]).run().status == 0
    }

    /// A member's log.
    pub fn log(&self, member: &str) -> String {
        fs::read_to_string(self.dir().join(format!("logs/{member}.log"))).unwrap_or_default()
    }

    /// What reaches the store, as variables.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let profile = fs::read(self.dir().join("profile.json")).unwrap_or_default();
        let profile: Value = serde_json::from_slice(&profile).unwrap_or_default();
        let pairs = profile["environment"].as_object().cloned().unwrap_or_default();
        pairs.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect()
    }
}

impl Drop for StoreCluster {
    fn drop(&mut self) {
        if let Some(proxy) = &self.proxy {
            proxy.set(crate::FaultRates::default());
        }
        let _ = self.down();
        let _ = self.s3.kill();
        let _ = self.s3.wait();
        // Before the folder that they lie in.
        self.disks.clear();
        if std::thread::panicking() && std::env::var_os("STEPPE_FAULT_KEEP").is_some() {
            self.folder.disable_cleanup(true);
        }
    }
}

fn start_s3(dir: &Path, address: SocketAddr) -> Child {
    let log = fs::File::create(dir.join("logs/s3.log")).expect("a log");
    Command::new(steppe_binary())
        .args(["dev-s3", "--listen", &address.to_string(), "--root"])
        .arg(dir.join("s3"))
        .env("AWS_ACCESS_KEY_ID", "steppe")
        .env("AWS_SECRET_ACCESS_KEY", "not-secret-in-tests")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the store")
}

/// A key of the bucket as a URL; what is one already stays.
fn url(key: &str) -> String {
    if key.contains("://") { key.to_owned() } else { format!("s3://steppe/{key}") }
}

/// As [`StoreCluster::digests`], of a folder.
pub fn digests_in(folder: &Path) -> Option<[String; 2]> {
    // A folder without it is no result yet.
    fs::metadata(folder.join("run.json")).ok()?;
    let hash = |name: &str| Some(blake3::hash(&fs::read(folder.join(name)).ok()?).to_hex().to_string());
    Some([hash("scores.parquet")?, hash("scores.sscore")?])
}

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files_below(&path, into) } else { into.push(path) }
    }
}

/// Waits until something is so; whether it was within `limit`.
pub fn wait_until(limit: Duration, mut so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    loop {
        if so() {
            return true;
        }
        if began.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
