//! Every metric that is changed by calls, with its name, unit and help text. Series with few labels are there from
//! the start, at zero, so that rates and alerts see their first change.

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use steppe_store::{StoreOperation, StoreOutcome};

use crate::{
    audit::Outcome,
    jobs::JobState,
    operations::labels::{AttemptReason, ByteDirection, CacheOutcome, Label, TileState},
};

/// Upper bounds in seconds for the time of a tile.
const TILE_SECONDS: [f64; 14] =
    [0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 600.0, 1800.0];
/// Upper bounds in seconds for the time of a call.
const API_SECONDS: [f64; 11] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0, 600.0];

#[derive(Debug)]
pub(super) struct Families {
    pub(super) tiles: Family<[Label; 1], Gauge>,
    pub(super) tile_seconds: Histogram,
    pub(super) attempts: Family<[Label; 1], Counter>,
    pub(super) checksum_failures: Counter,
    pub(super) store_requests: Family<[Label; 2], Counter>,
    pub(super) store_bytes: Family<[Label; 1], Counter>,
    pub(super) cache_requests: Family<[Label; 1], Counter>,
    pub(super) jobs: Family<[Label; 1], Gauge>,
    pub(super) epoch: Gauge,
    pub(super) audit_records: Family<[Label; 1], Counter>,
    pub(super) api_requests: Family<[Label; 2], Counter>,
    pub(super) api_seconds: Family<[Label; 1], Histogram>,
}

impl Families {
    fn zero() -> Self {
        let store_requests = StoreOperation::ALL.iter().flat_map(|operation| {
            StoreOutcome::ALL.iter().map(|outcome| [Label::from(*operation), Label::from(*outcome)])
        });
        Self {
            tiles: family(TileState::ALL.iter().map(|state| [(*state).into()])),
            tile_seconds: Histogram::new(TILE_SECONDS),
            attempts: family(AttemptReason::ALL.iter().map(|reason| [(*reason).into()])),
            checksum_failures: Counter::default(),
            store_requests: family(store_requests),
            store_bytes: family(ByteDirection::ALL.iter().map(|direction| [(*direction).into()])),
            cache_requests: family(CacheOutcome::ALL.iter().map(|outcome| [(*outcome).into()])),
            jobs: family(JobState::ALL.iter().map(|state| [(*state).into()])),
            epoch: Gauge::default(),
            audit_records: family(
                [Outcome::Allow, Outcome::Deny, Outcome::Note].map(|decision| [decision.into()]),
            ),
            api_requests: Family::default(),
            api_seconds: Family::new_with_constructor(|| Histogram::new(API_SECONDS)),
        }
    }

    /// Makes the metrics and names them. The registry adds the unit and `_total` to a name, and a full stop to a help.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::zero();
        let version = [Label::new("version", env!("CARGO_PKG_VERSION"))];
        registry.register("steppe_build", "Which steppe this is", Info::new(version));
        all.register_tiles(registry);
        all.register_store(registry);
        all.register_service(registry);
        all
    }

    fn register_tiles(&self, registry: &mut Registry) {
        registry.register("steppe_tiles", "Tiles of the jobs that run, by state", self.tiles.clone());
        registry.register_with_unit(
            "steppe_tile",
            "Time of a tile from the begin of its attempt to its commit",
            Unit::Seconds,
            self.tile_seconds.clone(),
        );
        registry.register(
            "steppe_tile_attempts",
            "Attempts at tiles, by why they began",
            self.attempts.clone(),
        );
        registry.register(
            "steppe_checksum_failures",
            "Reads whose content was not what was written",
            self.checksum_failures.clone(),
        );
    }

    fn register_store(&self, registry: &mut Registry) {
        registry.register(
            "steppe_store_requests",
            "Requests to the object store, by operation and outcome",
            self.store_requests.clone(),
        );
        registry.register_with_unit(
            "steppe_store",
            "Bytes read from and written to the object store",
            Unit::Bytes,
            self.store_bytes.clone(),
        );
        registry.register(
            "steppe_cache_requests",
            "Requests to the cache, by where it was found",
            self.cache_requests.clone(),
        );
    }

    fn register_service(&self, registry: &mut Registry) {
        registry.register("steppe_jobs", "Jobs in the job log, by state", self.jobs.clone());
        registry.register("steppe_coordinator_epoch", "Epoch of this coordinator", self.epoch.clone());
        registry.register(
            "steppe_audit_records",
            "Lines added to the audit log, by decision",
            self.audit_records.clone(),
        );
        registry.register(
            "steppe_api_requests",
            "Calls of the API, by method and gRPC code",
            self.api_requests.clone(),
        );
        registry.register_with_unit(
            "steppe_api",
            "Time of a call of the API, of a stream until its end",
            Unit::Seconds,
            self.api_seconds.clone(),
        );
    }
}

/// A family whose series are there from the start.
fn family<const N: usize, M: Default>(series: impl IntoIterator<Item = [Label; N]>) -> Family<[Label; N], M> {
    let family = Family::default();
    for labels in series {
        drop(family.get_or_create(&labels));
    }
    family
}
