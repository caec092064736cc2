//! Faults on demand, for the fault matrix: a tile that aborts its process, tiles that take long. Only in builds with
//! debug assertions; a release build has none of this.

use std::{sync::OnceLock, time::Duration};

/// Row group that aborts the process which reads it.
const ABORT: &str = "STEPPE_TEST_ABORT_TILE";
/// Milliseconds that every row group takes longer.
const DELAY: &str = "STEPPE_TEST_TILE_DELAY_MS";

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Does what the environment asks for, before a row group is read.
pub(super) fn before(tile: u32) {
    static FAULTS: OnceLock<(Option<u64>, Option<u64>)> = OnceLock::new();
    let (abort, delay) = *FAULTS.get_or_init(|| (number(ABORT), number(DELAY)));
    if abort == Some(u64::from(tile)) {
        tracing::error!(tile, "aborting, as {ABORT} says");
        std::process::abort();
    }
    if let Some(delay) = delay {
        std::thread::sleep(Duration::from_millis(delay));
    }
}
