use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{Metrics, clamped};
use crate::operations::labels::{AttemptReason, TileState};

/// The tiles of one job in the figures by state. Nothing that is reported twice or late makes a figure wrong for
/// long: a job's tiles leave the figures when this is dropped, and no figure goes below zero.
#[derive(Debug)]
pub struct JobTiles {
    metrics: Metrics,
    counts: Mutex<Counts>,
}

#[derive(Debug)]
struct Counts {
    pending: u64,
    running: u64,
    committed: u64,
}

impl Counts {
    fn of(&mut self, state: TileState) -> &mut u64 {
        match state {
            TileState::Pending => &mut self.pending,
            TileState::Running => &mut self.running,
            TileState::Committed => &mut self.committed,
        }
    }
}

impl JobTiles {
    pub(super) fn new(metrics: Metrics, pending: u64, committed: u64) -> Self {
        metrics.tiles_by(TileState::Pending, clamped(pending));
        metrics.tiles_by(TileState::Committed, clamped(committed));
        Self { metrics, counts: Mutex::new(Counts { pending, running: 0, committed }) }
    }

    /// A pending tile is on a worker.
    pub fn tile_started(&self, reason: AttemptReason) {
        self.metrics.tile_attempted(reason);
        self.go(&[TileState::Pending], TileState::Running);
    }

    /// A running tile is committed, `took` after its attempt began.
    pub fn tile_committed(&self, took: Duration) {
        self.metrics.tile_committed(took);
        // A worker that was given up may commit its tile while the tile waits for the next one.
        self.go(&[TileState::Running, TileState::Pending], TileState::Committed);
    }

    /// A tile is committed; whoever did it has told how long it took.
    pub fn tile_moved_on(&self) {
        self.go(&[TileState::Running, TileState::Pending], TileState::Committed);
    }

    /// The attempt at a running tile is over without a result; the tile waits again.
    pub fn tile_given_back(&self) {
        self.go(&[TileState::Running], TileState::Pending);
    }

    /// Moves one tile from the first of the states that has any.
    fn go(&self, from: &[TileState], to: TileState) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(from) = from.iter().find(|state| *counts.of(**state) > 0) else {
            return;
        };
        *counts.of(*from) -= 1;
        *counts.of(to) += 1;
        self.metrics.tiles_by(*from, -1);
        self.metrics.tiles_by(to, 1);
    }
}

impl Drop for JobTiles {
    fn drop(&mut self) {
        let counts = self.counts.get_mut().unwrap_or_else(PoisonError::into_inner);
        for state in TileState::ALL {
            self.metrics.tiles_by(*state, -clamped(*counts.of(*state)));
        }
    }
}
