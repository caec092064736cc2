//! How many cases of each fault run, from which seed, and which faults share the machine.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How thorough the fault tests are; `STEPPE_FAULT_TIER` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// None at all, and every test says so.
    Off,
    /// One or two cases of each fault.
    Smoke,
    /// The counts of every change.
    Ci,
    /// A third of a release's counts.
    Third,
    /// The counts of a release.
    Release,
}

/// How many cases a fault has in each tier.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// While the test itself is worked on.
    pub smoke: usize,
    /// At every change.
    pub ci: usize,
    /// Before a release.
    pub release: usize,
}

impl Tier {
    /// What the environment asks for.
    ///
    /// # Panics
    /// When it asks for a tier that there is none of.
    pub fn of_environment() -> Self {
        match std::env::var("STEPPE_FAULT_TIER").as_deref() {
            Ok("ci") => Self::Ci,
            Ok("off") => Self::Off,
            Err(_) | Ok("smoke" | "") => Self::Smoke,
            Ok("third") => Self::Third,
            Ok("release") => Self::Release,
            Ok(other) => unreachable!("STEPPE_FAULT_TIER={other}: give off, smoke, ci, third or release"),
        }
    }

    /// The number of cases.
    pub fn cases(self, counts: Counts) -> usize {
        match self {
            Self::Off => 0,
            Self::Smoke => counts.smoke,
            Self::Ci => counts.ci,
            Self::Third => counts.release.div_ceil(3),
            Self::Release => counts.release,
        }
    }
}

/// The seed of random choices: `STEPPE_FAULT_SEED`, else the time.
pub fn fault_seed() -> u64 {
    let given = std::env::var("STEPPE_FAULT_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(1, |now| now.as_secs())
    })
}

/// Faults of one lane run one after another; lanes run side by side, as far as the test runner has threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Faults that keep both cores at work.
    Busy,
    /// Faults that mostly wait for something to be noticed.
    Waiting,
    /// Faults of the store, of disks and memory.
    Store,
}

/// Waits for this lane's turn. `None` when the tier is `off`, which is said.
pub fn turn(lane: Lane) -> Option<MutexGuard<'static, ()>> {
    static LANES: [Mutex<()>; 3] = [const { Mutex::new(()) }; 3];
    if Tier::of_environment() == Tier::Off {
        crate::skip("STEPPE_FAULT_TIER is off");
        return None;
    }
    Some(LANES[lane as usize].lock().unwrap_or_else(PoisonError::into_inner))
}
