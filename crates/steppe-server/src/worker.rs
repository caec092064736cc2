//! A worker: a process that keeps another one, the executor, alive.
//!
//! An executor lives one life: it ends when it loses its scheduler, when a tile makes it abort, or when the system runs
//! out of memory. The worker starts the next one, with the same name, and the executor ends with the worker.

mod executor;
mod supervise;
mod tasks;

pub use executor::{WorkerConfig, run_executor_process};
pub use supervise::{REFUSED, supervise};
