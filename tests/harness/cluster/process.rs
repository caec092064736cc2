use std::{
    fs,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// A process of this machine; never another one that was given the same id later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// When the system started it, in its own ticks.
    started: u64,
}

impl Process {
    /// The process of an id, unless it is gone or a zombie.
    pub fn of(pid: i32) -> Option<Self> {
        let fields = stat(pid)?;
        let alive = fields.first().is_some_and(|state| state != "Z");
        Some(Self { pid, started: fields.get(19)?.parse().ok()? }).filter(|_| alive)
    }

    /// Whether it still runs, stopped or not.
    pub fn is_running(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Whether SIGSTOP holds it.
    pub fn is_stopped(self) -> bool {
        self.is_running() && stat(self.pid).is_some_and(|fields| fields[0] == "T")
    }

    /// SIGKILL; whether it ran until then.
    pub fn kill(self) -> bool {
        self.signal(Signal::KILL)
    }

    /// SIGSTOP: it stands still and does not know.
    pub fn freeze(self) -> bool {
        self.signal(Signal::STOP)
    }

    /// SIGCONT.
    pub fn wake(self) -> bool {
        self.signal(Signal::CONT)
    }

    fn signal(self, signal: Signal) -> bool {
        let pid = Pid::from_raw(self.pid).filter(|_| self.is_running());
        pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
    }

    /// Waits for its end; whether it came in time.
    pub fn ends_within(self, patience: Duration) -> bool {
        let began = Instant::now();
        while self.is_running() {
            if began.elapsed() > patience {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// The processes that it has started.
    pub fn children(self) -> Vec<Self> {
        let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = folders.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let ours = |pid: &i32| stat(*pid).is_some_and(|fields| fields[1] == self.pid.to_string());
        pids.filter(ours).filter_map(Self::of).collect()
    }

    /// Processor time so far, in the system's ticks of 10 ms.
    pub fn ticks(self) -> Option<u64> {
        let fields = stat(self.pid).filter(|_| self.is_running())?;
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    }

    /// Whether an argument is among those that it was started with.
    pub fn has_argument(self, argument: &str) -> bool {
        let line = fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
    }
}

/// What the system's table has of a process, from its state on; the name before it may hold spaces and brackets.
fn stat(pid: i32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<String> = text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect();
    (fields.len() > 20).then_some(fields)
}
