//! The fault matrix: real processes are disturbed at random moments, and the result is the one that a single process
//! computes, or a failure that names its cause. `STEPPE_FAULT_TIER` says how many cases, `STEPPE_FAULT_SEED` repeats a
//! run's choices.

mod aborting_tile;
mod cancelled;
mod corruption;
mod disks;
mod frozen_worker;
mod ground;
mod killed_coordinator;
mod killed_fit;
mod killed_worker;
mod killed_workers;
mod memory;
mod partitions;
mod store;
mod strangers;
mod submissions;
mod two_coordinators;
mod undisturbed;

/// Fails a case, with a reason.
macro_rules! ensure {
    ($condition:expr, $($reason:tt)+) => {
        if !$condition {
            return Err(format!($($reason)+));
        }
    };
}
use ensure;
