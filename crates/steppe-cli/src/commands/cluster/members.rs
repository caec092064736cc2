use std::{
    fs::{self, File, OpenOptions},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// A process of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    /// What it is: `s3`, `coordinator`, `worker-1`, ….
    pub(super) name: String,
    /// Its process id.
    pub(super) pid: i32,
    /// When the system started it, in its own ticks: a process id is used again, with another time.
    started: u64,
}

impl Member {
    /// Starts a process that outlives this one. It writes to a log.
    pub(super) fn start(name: &str, mut command: Command, log: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder)?;
        }
        let log: File = OpenOptions::new().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C in the terminal is not meant for it.
            .process_group(0)
            .spawn()?;
        let pid = i32::try_from(child.id())?;
        Ok(Self { name: name.to_owned(), pid, started: start_time(pid).unwrap_or_default() })
    }

    /// Whether it runs.
    pub(super) fn is_running(&self) -> bool {
        start_time(self.pid) == Some(self.started)
    }

    /// Asks it to stop.
    pub(super) fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Waits until it has stopped; kills it when it takes too long.
    pub(super) fn wait(&self, patience: Duration) {
        let began = Instant::now();
        while self.is_running() {
            if began.elapsed() > patience {
                self.signal(Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: Signal) {
        if self.is_running()
            && let Some(pid) = Pid::from_raw(self.pid)
        {
            // It may just have ended.
            let _ = kill_process(pid, signal);
        }
    }
}

/// The start time of a process that is no zombie, from the system's table.
fn start_time(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold spaces and brackets; what follows its last bracket does not.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if fields.first().is_some_and(|state| *state == "Z") {
        return None;
    }
    fields.get(19)?.parse().ok()
}
