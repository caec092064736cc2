//! A worker: a process that keeps another one, the executor, alive.
//!
//! An executor lives one life: it ends when it loses its scheduler, when a tile makes it abort, or when the system runs
//! out of memory. The worker starts the next one, with the same name, and the executor ends with the worker.

mod executor;
mod tasks;

use std::{process::Stdio, time::Duration};

use tokio::process::Command;

use crate::{
    ServerError,
    supervise::{Supervised, supervise},
};
pub use executor::{WorkerConfig, run_executor_process};

/// Before an executor is started again: one that dies young is not worth much haste.
const PAUSE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(10)];

/// Keeps an executor of what `command` makes alive until SIGTERM or SIGINT, which it hands on and waits for: running tasks
/// finish. The executor's standard input is a pipe that closes with this process.
///
/// # Errors
/// An executor that can not be started, or that says by its status that it never will work.
pub async fn keep_alive(command: impl Fn() -> Command) -> Result<(), ServerError> {
    let piped = || {
        let mut command = command();
        command.stdin(Stdio::piped());
        Ok(command)
    };
    // An executor ends when it loses its coordinator, before it had one as well.
    let ready = None;
    supervise(Supervised { what: "the executor", command: piped, pause: PAUSE, memory: None, ready }).await
}
