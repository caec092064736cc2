//! A limit on the memory of some processes: a control group. Needs root.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where control groups of memory are, in both versions.
const V1: &str = "/sys/fs/cgroup/memory";
const V2: &str = "/sys/fs/cgroup";

/// A control group. Its processes leave it when it is dropped.
#[derive(Debug)]
pub struct MemoryLimit {
    folder: PathBuf,
    first: bool,
}

impl MemoryLimit {
    /// Makes a group with a limit in bytes, or without one, and without processes.
    ///
    /// # Errors
    /// No right to, or no support for it.
    pub fn make(name: &str, bytes: Option<u64>) -> io::Result<Self> {
        let first = Path::new(V1).join("memory.limit_in_bytes").exists();
        let root = if first { V1 } else { V2 };
        let folder = Path::new(root).join(format!("steppe-{}-{name}", std::process::id()));
        fs::create_dir(&folder)?;
        let limit = Self { folder, first };
        if let Some(bytes) = bytes {
            let file = if first { "memory.limit_in_bytes" } else { "memory.max" };
            fs::write(limit.folder.join(file), bytes.to_string())?;
        }
        Ok(limit)
    }

    /// Puts a process into it; its children from now on are in it too.
    ///
    /// # Errors
    /// The process has ended.
    pub fn add(&self, pid: u32) -> io::Result<()> {
        fs::write(self.folder.join("cgroup.procs"), pid.to_string())
    }

    /// The most memory that its processes had at once, in bytes. Pages of files that others have read before, such as the
    /// program's own, do not count.
    pub fn peak(&self) -> u64 {
        let file = if self.first { "memory.max_usage_in_bytes" } else { "memory.peak" };
        fs::read_to_string(self.folder.join(file))
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or_default()
    }

    /// How often the limit was hit.
    pub fn hits(&self) -> u64 {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        if self.first {
            return read("memory.failcnt").trim().parse().unwrap_or_default();
        }
        let events = read("memory.events");
        let max = events.lines().find_map(|line| line.strip_prefix("max "));
        max.and_then(|count| count.parse().ok()).unwrap_or_default()
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        let root = if self.first { V1 } else { V2 };
        let processes = fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
        for pid in processes.lines() {
            let _ = fs::write(Path::new(root).join("cgroup.procs"), pid);
        }
        let _ = fs::remove_dir(&self.folder);
    }
}
