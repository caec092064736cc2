//! This process as the system sees it, where it has /proc.

use std::{
    fs,
    time::{Duration, SystemTime},
};

/// Clock ticks of /proc/self/stat in a second, on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// When this process began.
#[derive(Debug)]
pub(super) struct Process {
    started: f64,
}

impl Process {
    /// Asks the system; where it does not say, the process begins now.
    pub(super) fn now() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { started: started().unwrap_or(now.as_secs_f64()) }
    }

    /// Unix time in seconds.
    pub(super) fn started(&self) -> f64 {
        self.started
    }
}

fn started() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; field 22 is the 20th after it.
    let ticks: f64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let system = fs::read_to_string("/proc/stat").ok()?;
    let boot: f64 = system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot + ticks / TICKS_PER_SECOND)
}

/// Resident memory in bytes.
pub(super) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
