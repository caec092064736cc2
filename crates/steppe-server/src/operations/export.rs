//! What the store's own counters say, in the metrics. They count by themselves and only grow; the difference since the
//! last look is added.

use steppe_store::{StoreOperation, StoreOutcome, StoreTraffic, TileCacheStatistics};

use super::{ByteDirection, CacheOutcome, Metrics};

/// The figures at the last look.
#[derive(Debug, Default)]
pub struct StoreExport {
    requests: [[u64; StoreOutcome::ALL.len()]; StoreOperation::ALL.len()],
    bytes: [u64; 2],
    cache: TileCacheStatistics,
}

impl StoreExport {
    /// Adds what has happened since the last call.
    pub fn add_to(&mut self, metrics: &Metrics, cache: Option<TileCacheStatistics>) {
        let traffic = StoreTraffic::of_process();
        for (operation, row) in StoreOperation::ALL.into_iter().zip(&mut self.requests) {
            for (outcome, last) in StoreOutcome::ALL.into_iter().zip(row) {
                let now = traffic.requests(operation, outcome);
                metrics.store_requests(operation, outcome, now.saturating_sub(*last));
                *last = now;
            }
        }
        let bytes = [traffic.bytes_read(), traffic.bytes_written()];
        for (direction, (now, last)) in [ByteDirection::Read, ByteDirection::Written]
            .into_iter()
            .zip(bytes.into_iter().zip(&mut self.bytes))
        {
            metrics.store_bytes(direction, now.saturating_sub(*last));
            *last = now;
        }
        let Some(now) = cache else { return };
        let last = std::mem::replace(&mut self.cache, now);
        for (outcome, now, last) in [
            (CacheOutcome::Memory, now.memory_hits, last.memory_hits),
            (CacheOutcome::Disk, now.disk_hits, last.disk_hits),
            (CacheOutcome::Miss, now.misses, last.misses),
        ] {
            metrics.cache_requests(outcome, now.saturating_sub(last));
        }
        let failures = now.verification_failures.saturating_sub(last.verification_failures);
        (0..failures).for_each(|_| metrics.checksum_failed());
    }
}
