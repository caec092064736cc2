use std::num::NonZeroUsize;

use clap::Args;

use super::MemorySize;

/// How many threads a command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct ThreadsOption {
    /// Threads [default: one per core].
    #[arg(long, value_name = "N", help_heading = "Resources")]
    threads: Option<NonZeroUsize>,
}

impl ThreadsOption {
    /// The number of threads: as given, or one per core that this process may use.
    pub(crate) fn count(&self) -> usize {
        self.threads.map_or_else(
            || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            NonZeroUsize::get,
        )
    }
}

/// How much memory a command may take.
#[derive(Debug, Clone, Args)]
pub(crate) struct MemoryOption {
    /// Most memory to take: 512M, 2GiB, 16G (K, M, G and T are powers of 1024; kB, MB, GB of 1000).
    #[arg(long, value_name = "SIZE", default_value = "2GiB", help_heading = "Resources")]
    pub(crate) memory: MemorySize,
}
