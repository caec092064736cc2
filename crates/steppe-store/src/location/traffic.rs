use std::sync::atomic::{AtomicU64, Ordering};

use object_store::Error;

use crate::error::is_transient;

/// What object stores are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreOperation {
    /// Content of an object, whole or in ranges.
    Get,
    /// Size of an object.
    Head,
    /// Names of objects.
    List,
    /// An object written in one request.
    Put,
    /// An object written in parts: its start, and its end.
    Upload,
    /// An object removed.
    Delete,
}

impl StoreOperation {
    /// All operations.
    pub const ALL: [Self; 6] = [Self::Get, Self::Head, Self::List, Self::Put, Self::Upload, Self::Delete];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::List => "list",
            Self::Put => "put",
            Self::Upload => "upload",
            Self::Delete => "delete",
        }
    }
}

/// How a request to an object store ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreOutcome {
    /// The store did what it was asked for, or said that nothing is there.
    Success,
    /// It failed, and may succeed when it is asked again.
    Transient,
    /// It failed for good.
    Final,
}

impl StoreOutcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::Success, Self::Transient, Self::Final];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Transient => "transient_error",
            Self::Final => "error",
        }
    }
}

/// What this process has asked of object stores since it started; the numbers only grow.
///
/// A request is one call of ours: the client behind it may send several (it retries, and cuts far apart ranges into
/// requests of their own). Bytes are those that were asked for and came, or that were handed over to be written.
#[derive(Debug)]
pub struct StoreTraffic {
    requests: [[AtomicU64; StoreOutcome::ALL.len()]; StoreOperation::ALL.len()],
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
}

static TRAFFIC: StoreTraffic = StoreTraffic::new();

impl StoreTraffic {
    const fn new() -> Self {
        Self {
            requests: [const { [const { AtomicU64::new(0) }; StoreOutcome::ALL.len()] };
                StoreOperation::ALL.len()],
            bytes_read: AtomicU64::new(0),
            bytes_written: AtomicU64::new(0),
        }
    }

    /// The traffic of this process.
    pub fn of_process() -> &'static Self {
        &TRAFFIC
    }

    /// How many requests of a kind ended in a way.
    pub fn requests(&self, operation: StoreOperation, outcome: StoreOutcome) -> u64 {
        self.counter(operation, outcome).load(Ordering::Relaxed)
    }

    /// How many requests there were.
    pub fn all_requests(&self) -> u64 {
        self.requests.iter().flatten().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Bytes that came from object stores.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Bytes that went to object stores.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written.load(Ordering::Relaxed)
    }

    /// Counts a request by how it ended.
    pub(super) fn count<T>(&self, operation: StoreOperation, outcome: &Result<T, Error>) {
        let outcome = match outcome {
            Ok(_) => StoreOutcome::Success,
            Err(error) if is_transient(error) => StoreOutcome::Transient,
            Err(_) => StoreOutcome::Final,
        };
        self.counter(operation, outcome).fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_read(&self, bytes: usize) {
        self.bytes_read.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_written(&self, bytes: usize) {
        self.bytes_written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn counter(&self, operation: StoreOperation, outcome: StoreOutcome) -> &AtomicU64 {
        &self.requests[operation as usize][outcome as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_operation_and_outcome() {
        let traffic = StoreTraffic::new();
        traffic.count(StoreOperation::Get, &Ok(()));
        traffic.count(StoreOperation::Get, &Ok(()));
        traffic.count::<()>(
            StoreOperation::Put,
            &Err(Error::NotImplemented { operation: "put".to_owned(), implementer: "test".to_owned() }),
        );
        traffic.count_read(7);
        traffic.count_written(3);
        assert_eq!(traffic.requests(StoreOperation::Get, StoreOutcome::Success), 2);
        assert_eq!(traffic.requests(StoreOperation::Put, StoreOutcome::Final), 1);
        assert_eq!((traffic.all_requests(), traffic.bytes_read(), traffic.bytes_written()), (3, 7, 3));
    }

    #[test]
    fn every_operation_and_outcome_has_its_place() {
        for (place, operation) in StoreOperation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, place, "{}", operation.name());
        }
        for (place, outcome) in StoreOutcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, place, "{}", outcome.name());
        }
    }
}
