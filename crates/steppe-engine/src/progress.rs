/// Told how far a pass has come; the command line draws a bar from it.
pub trait PassProgress: Send + Sync {
    /// A stage of the job begins: what it does, and how many units of work it has (genotypes for a pass).
    fn stage(&self, name: &str, total: u64);

    /// So many more units of the stage are done.
    fn advance(&self, units: u64);

    /// So many of all runs of tiles of a pass are committed. Only passes that commit them say so.
    fn tiles(&self, _done: u64, _total: u64) {}

    /// So many runs of tiles have to be done again.
    fn retried(&self, _tiles: u64) {}
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct SilentProgress;

impl PassProgress for SilentProgress {
    fn stage(&self, _name: &str, _total: u64) {}

    fn advance(&self, _units: u64) {}
}
