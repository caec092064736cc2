//! A development cluster of real processes, to be disturbed. It is taken down when it is dropped.

mod job;
mod process;
mod second;
mod store;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{Call, Run, steppe};
pub use job::{JobView, Scoring, Submission};
pub use process::Process;
pub use second::Second;
pub use store::{Accesses, Committed, result_digests};

/// How long a cluster may take to come up, and a worker to start its executor.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a cluster is to be.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Worker processes.
    pub workers: usize,
    /// Tasks at once, per worker.
    pub slots: usize,
    /// Environment of all its processes.
    pub environment: Vec<(String, String)>,
}

impl ClusterOptions {
    /// Workers with one slot each, whose tiles take some time longer than they need.
    pub fn slowed(workers: usize, milliseconds: u32) -> Self {
        Self { workers, slots: 1, environment: Vec::new() }
            .with("STEPPE_TEST_TILE_DELAY_MS", &milliseconds.to_string())
    }

    /// The same with tasks at once per worker.
    #[must_use]
    pub fn slots(self, slots: usize) -> Self {
        Self { slots, ..self }
    }

    /// The same with a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running development cluster.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    options: ClusterOptions,
}

impl Cluster {
    /// Starts one in a folder.
    ///
    /// # Errors
    /// What keeps it from coming up.
    pub fn start(folder: &Path, options: ClusterOptions) -> Result<Self, String> {
        let cluster = Self { folder: folder.to_owned(), options };
        cluster.up()?;
        Ok(cluster)
    }

    /// Starts what does not run.
    ///
    /// # Errors
    /// What keeps it from coming up.
    pub fn up(&self) -> Result<(), String> {
        let (workers, slots) = (self.options.workers.to_string(), self.options.slots.to_string());
        let mut call = steppe(["cluster", "up", "--workers", &workers, "--slots", &slots, "--dir"])
            .arg(&self.folder)
            .arg("--allow")
            .arg(std::env::temp_dir())
            .env("STEPPE_LOG", "warn,s3s::ops=debug");
        for (name, value) in &self.options.environment {
            call = call.env(name, value);
        }
        job::run_within(call.into_command(), 2 * PATIENCE)
            .and_then(succeed)
            .map(drop)
            .map_err(|error| format!("{error}\n{}", self.last_lines()))
    }

    /// The end of every log: they go with the cluster's folder.
    fn last_lines(&self) -> String {
        let names = (1..=self.options.workers).map(|worker| format!("worker-{worker}"));
        let last = |name: String| {
            let log = self.log(&name);
            let lines: Vec<&str> = log.lines().rev().take(4).collect();
            format!("{name}: {}", lines.into_iter().rev().collect::<Vec<_>>().join(" | "))
        };
        names.chain(["coordinator".to_owned()]).map(last).collect::<Vec<_>>().join("\n")
    }

    /// The same folder, with other environment for what is started from now on.
    pub fn set_environment(&mut self, environment: Vec<(String, String)>) {
        self.options.environment = environment;
    }

    /// How many workers it has.
    pub fn workers(&self) -> usize {
        self.options.workers
    }

    /// How many tasks a worker runs at once.
    pub fn slots(&self) -> usize {
        self.options.slots
    }

    /// A call with this cluster's profile.
    pub fn call<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Call {
        steppe(["--profile"]).arg(&self.folder).args(arguments)
    }

    /// Imports PLINK files as a cohort of the bucket; its URL.
    ///
    /// # Errors
    /// What the command said.
    pub fn import(&self, prefix: &Path, name: &str, block_samples: u32) -> Result<String, String> {
        let (out, block) = (format!("s3://steppe/{name}"), block_samples.to_string());
        let call =
            self.call(["import", "--build", "GRCh38", "--block-samples", &block, "--out", &out, "--bfile"]);
        succeed(call.arg(prefix).run())?;
        Ok(out)
    }

    /// Submits a job.
    ///
    /// # Errors
    /// What the command said.
    pub fn submit(&self, scoring: &Scoring) -> Result<Submission, String> {
        Submission::start(scoring.call(self.call::<&str>([])))
    }

    /// A job as the coordinator shows it.
    ///
    /// # Errors
    /// What the command said.
    pub fn job(&self, id: &str) -> Result<JobView, String> {
        Ok(JobView(succeed(self.call(["jobs", "show", id]).run())?.stdout))
    }

    /// Watches a job to its end.
    ///
    /// # Errors
    /// When it takes too long.
    pub fn watch(&self, id: &str, patience: Duration) -> Result<Run, String> {
        job::run_within(self.call(["jobs", "watch", id]).into_command(), patience)
    }

    /// Waits until the coordinator knows so many workers; whether it did in time.
    pub fn has_workers(&self, count: usize, patience: Duration) -> bool {
        let known = || {
            let status = steppe(["cluster", "status", "--dir"]).arg(&self.folder).run().stdout;
            let registered = |line: &&str| line.starts_with("worker-") && line.contains(" 127.0.0.1:");
            status.lines().filter(registered).count()
        };
        let began = Instant::now();
        while known() < count {
            if began.elapsed() > patience {
                return false;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        true
    }

    /// A process by its name: `s3`, `coordinator`, `worker-1`, ….
    ///
    /// # Errors
    /// When there is none that runs.
    pub fn process(&self, name: &str) -> Result<Process, String> {
        let state = self.state();
        let members = state["members"].as_array().into_iter().flatten();
        let pid = members.into_iter().find(|member| member["name"] == name).and_then(|it| it["pid"].as_i64());
        let running = pid.and_then(|pid| Process::of(i32::try_from(pid).ok()?));
        running.ok_or_else(|| format!("{name} does not run"))
    }

    /// The executor of a worker, by the worker's number from 1 on; waited for, since it may just be starting.
    ///
    /// # Errors
    /// When the worker has none.
    pub fn executor(&self, worker: usize) -> Result<Process, String> {
        let supervisor = self.process(&format!("worker-{worker}"))?;
        let began = Instant::now();
        loop {
            let executor = supervisor.children().into_iter().find(|child| child.has_argument("--executor"));
            match executor {
                Some(executor) => return Ok(executor),
                None if began.elapsed() > PATIENCE => return Err(format!("worker-{worker} has no executor")),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// A port: `api_port`, `cluster_port`, or `worker_ports`, which is the first worker's for tasks.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn port(&self, name: &str) -> Result<u16, String> {
        let state = self.state();
        let port = state[name].as_u64().or_else(|| state[name][0][0].as_u64());
        port.and_then(|port| u16::try_from(port).ok()).ok_or_else(|| format!("there is no {name}"))
    }

    /// What `cluster up` has written down.
    fn state(&self) -> Value {
        let bytes = fs::read(self.folder.join("cluster.json")).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// A process's log so far.
    pub fn log(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.join("logs").join(format!("{name}.log"))).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What was asked of the store for a job so far, and of a cohort since the job's submission.
    pub fn accesses(&self, job: &str, cohort: &str, since: usize) -> Accesses {
        Accesses::of(self.log("s3").get(since..).unwrap_or_default(), job, cohort)
    }

    /// The partial sums and checkpoints of a job that are committed.
    pub fn committed(&self, job: &str) -> Committed {
        Committed::of(&self.job_folder(job))
    }

    /// The files that a job has in the store.
    pub fn job_files(&self, job: &str) -> Vec<PathBuf> {
        store::files_below(&self.job_folder(job))
    }

    /// The files of the bucket whose path below it begins so.
    pub fn bucket_files(&self, beginning: &str) -> Vec<PathBuf> {
        let bucket = self.folder.join("s3/steppe");
        let begins = |path: &PathBuf| {
            path.strip_prefix(&bucket).is_ok_and(|path| path.to_string_lossy().starts_with(beginning))
        };
        store::files_below(&bucket).into_iter().filter(begins).collect()
    }

    /// The files that a job has on the coordinator's disk.
    pub fn scratch_files(&self, job: &str) -> Vec<PathBuf> {
        store::files_below(&self.folder.join("scratch").join(job.get(..16).unwrap_or(job)))
    }

    /// A result's folder on this machine's disk.
    pub fn result(&self, out: &str) -> PathBuf {
        self.folder.join("s3/steppe").join(out)
    }

    /// The cluster's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn job_folder(&self, job: &str) -> PathBuf {
        self.folder.join("s3/steppe/.steppe/jobs").join(job)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Frozen processes would not see that they are to stop.
        for worker in 1..=self.options.workers {
            if let Ok(supervisor) = self.process(&format!("worker-{worker}")) {
                for process in supervisor.children().into_iter().chain([supervisor]) {
                    process.wake();
                }
            }
        }
        if let Ok(coordinator) = self.process("coordinator") {
            coordinator.wake();
        }
        if std::thread::panicking() {
            self.kill_all();
        }
        let _ = steppe(["cluster", "down", "--dir"]).arg(&self.folder).run();
    }
}

impl Cluster {
    /// SIGKILL for everything but the store: nobody waits for tasks of a test that has failed.
    fn kill_all(&self) {
        let names = (1..=self.options.workers).map(|worker| format!("worker-{worker}"));
        for name in names.chain(["coordinator".to_owned()]) {
            if let Ok(process) = self.process(&name) {
                for process in process.children().into_iter().chain([process]) {
                    process.kill();
                }
            }
        }
    }
}

fn succeed(run: Run) -> Result<Run, String> {
    if run.status == 0 { Ok(run) } else { Err(format!("exit status {}: {}", run.status, run.stderr.trim())) }
}
