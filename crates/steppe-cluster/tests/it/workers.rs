//! One scheduler for all tests of the process, and workers that are processes of their own.

use std::{
    fs::OpenOptions,
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use steppe_cluster::{
    ClusterSecurity, ExecutorConfig, Scheduler, SchedulerAddress, TaskObserver, TaskReport, run_executor,
};
use steppe_kernels::Level;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tracing::Span;

use super::certificates;

const WORKER: &str = "STEPPE_TEST_WORKER";
pub(crate) const HOST: &str = "127.0.0.1";

/// The scheduler, and the threads that it runs on. Tests take turns.
pub(crate) struct Cluster {
    pub(crate) runtime: Runtime,
    pub(crate) scheduler: Scheduler,
    pub(crate) port: u16,
    /// The members' certificates.
    pub(crate) certificates: TempDir,
}

pub(crate) fn cluster() -> MutexGuard<'static, Cluster> {
    static CLUSTER: OnceLock<Mutex<Cluster>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| {
            let runtime = Runtime::new().expect("threads");
            let port = free_port();
            let address = SchedulerAddress { host: HOST.to_owned(), port, public: None };
            let certificates = certificates::new();
            let security = certificates::of(certificates.path(), "coordinator");
            let scheduler = runtime.block_on(Scheduler::start(&address, &security)).expect("a scheduler");
            Mutex::new(Cluster { runtime, scheduler, port, certificates })
        })
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind((HOST, 0)).and_then(|listener| listener.local_addr()).expect("a free port").port()
}

impl Cluster {
    /// Starts a worker and waits until the scheduler knows it.
    pub(crate) fn worker(&self, id: &str, folder: &Path) -> Worker {
        let worker = self.start(id, folder, Some(self.certificates.path()));
        let started = Instant::now();
        while !self.known(id) {
            assert!(started.elapsed() < Duration::from_secs(60), "worker {id} does not register");
            std::thread::sleep(Duration::from_millis(20));
        }
        worker
    }

    /// Starts a worker, with certificates or without.
    pub(crate) fn start(&self, id: &str, folder: &Path, certificates: Option<&Path>) -> Worker {
        let setup = [
            id.to_owned(),
            self.port.to_string(),
            free_port().to_string(),
            folder.join(id).display().to_string(),
            certificates.map_or_else(String::new, |folder| folder.display().to_string()),
        ];
        let child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "it::workers::worker", "--ignored", "--nocapture"])
            .env(WORKER, setup.join("\n"))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("a worker process");
        Worker(child)
    }

    pub(crate) fn known(&self, id: &str) -> bool {
        let workers = self.runtime.block_on(self.scheduler.workers()).expect("workers");
        workers.iter().any(|worker| worker.id == id)
    }
}

/// A worker process; killed when it is dropped.
pub(crate) struct Worker(Child);

impl Worker {
    /// SIGKILL: it gets no chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("a running worker");
        self.0.wait().expect("its end");
    }

    /// SIGTERM: it may finish.
    pub(crate) fn terminate(&self) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, Signal::TERM).expect("a running worker");
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.0.wait().expect("its end")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes down, beside a worker's scratch folder, which partitions it begins to sum; and makes its tasks long when asked
/// to. A partition that is committed is not summed again: its task runs once more where the report of its end was lost.
struct Notes {
    scratch: PathBuf,
}

impl TaskObserver for Notes {
    fn began(&self, folder: &str, partitions: &[usize]) -> Span {
        let notes = self.scratch.with_extension("began");
        let mut notes = OpenOptions::new().create(true).append(true).open(notes).expect("a file for notes");
        let committed = |partition: &usize| Path::new(folder).join(format!("{partition:06}.sums")).exists();
        for partition in partitions.iter().filter(|partition| !committed(partition)) {
            writeln!(notes, "{folder} {partition}").expect("a note");
        }
        if self.scratch.with_extension("slow").exists() {
            std::thread::sleep(Duration::from_secs(4));
        }
        Span::none()
    }

    fn ended(&self, _report: TaskReport) {}
}

/// Makes the tasks of a worker take seconds.
pub(crate) fn slow_down(id: &str, folder: &Path) {
    std::fs::write(folder.join(id).with_extension("slow"), "").expect("a file");
}

/// The tasks that a worker has begun, each as its pass and partition.
pub(crate) fn begun(id: &str, folder: &Path) -> Vec<String> {
    let notes = std::fs::read_to_string(folder.join(id).with_extension("began")).unwrap_or_default();
    notes.lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "a worker, which the other tests start"]
fn worker() {
    let Ok(setup) = std::env::var(WORKER) else { return };
    let [id, scheduler, tasks, scratch, certificates] = setup.split('\n').collect::<Vec<_>>()[..] else {
        panic!("{WORKER}: {setup:?}");
    };
    let port = |text: &str| text.parse().expect("a port");
    let config = ExecutorConfig {
        id: id.to_owned(),
        scheduler: SchedulerAddress { host: HOST.to_owned(), port: port(scheduler), public: None },
        host: HOST.parse().expect("an address"),
        task_port: port(tasks),
        security: match certificates {
            "" => ClusterSecurity::PlaintextOnLoopback,
            folder => certificates::of(Path::new(folder), "worker"),
        },
        slots: 2,
        scratch: scratch.into(),
        // The slow kernels leave time to disturb them, and prove that levels do not matter.
        level: Level::Scalar,
        cache: None,
        observer: Some(Arc::new(Notes { scratch: scratch.into() })),
    };
    if let Err(error) = Runtime::new().expect("threads").block_on(run_executor(&config)) {
        eprintln!("worker {id}: {error}");
    }
}
