//! When each worker was last heard of.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::operations::OperationsError;

/// How many workers have a series of their own.
pub const NAMED_WORKERS: usize = 1024;
/// The series of all workers beyond those, which no worker may be called.
pub(super) const OTHERS: &str = "other";
/// Longest name in bytes.
const LONGEST_NAME: usize = 64;

/// A worker's name that may label a metric: 1 to 64 ASCII letters, digits, dots, dashes and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerName(String);

impl WorkerName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorkerName {
    type Err = OperationsError;

    /// # Errors
    /// [`OperationsError::WorkerName`] for any other text, and for `other`, which stands for many workers.
    fn from_str(text: &str) -> Result<Self, OperationsError> {
        let refused = |problem| Err(OperationsError::WorkerName { problem });
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        match text {
            "" => refused("is empty"),
            OTHERS => refused("is other, which stands for many workers"),
            _ if text.len() > LONGEST_NAME => refused("is too long"),
            _ if !text.bytes().all(allowed) => refused("has other characters than it may"),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for WorkerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All workers that are waited for.
#[derive(Debug, Default)]
pub(super) struct Workers(Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    named: BTreeMap<WorkerName, Instant>,
    others: HashMap<WorkerName, Instant>,
}

/// The workers at one moment.
pub(super) struct Ages {
    /// Those with a series of their own.
    pub(super) named: Vec<(WorkerName, Duration)>,
    /// The longest silence of all others.
    pub(super) others: Option<Duration>,
    /// How many there are in all.
    pub(super) workers: usize,
}

impl Workers {
    pub(super) fn heard(&self, worker: &WorkerName, now: Instant) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = heard.named.get_mut(worker) {
            *last = now;
        } else if heard.named.len() < NAMED_WORKERS {
            heard.others.remove(worker);
            heard.named.insert(worker.clone(), now);
        } else {
            heard.others.insert(worker.clone(), now);
        }
    }

    pub(super) fn gone(&self, worker: &WorkerName) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.named.remove(worker);
        heard.others.remove(worker);
    }

    pub(super) fn ages(&self, now: Instant) -> Ages {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |last: &Instant| now.saturating_duration_since(*last);
        Ages {
            named: heard.named.iter().map(|(worker, last)| (worker.clone(), age(last))).collect(),
            others: heard.others.values().map(age).max(),
            workers: heard.named.len() + heard.others.len(),
        }
    }
}
