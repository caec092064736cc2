//! Keeping a child process alive.

use std::{
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

use crate::ServerError;

/// The exit status of an executor that can not work as it was told to: another one would not do better.
pub const REFUSED: i32 = 2;
/// Before a child is started again; doubles while it keeps dying young.
const PAUSE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(10)];
/// A child that has lived so long did not die young.
const OLD: Duration = Duration::from_secs(30);

/// Keeps a child of `command` alive until SIGTERM or SIGINT, which it hands on and waits for: the child finishes what it
/// works on. The child's standard input is a pipe that closes with this process.
///
/// # Errors
/// A child that can not be started, or that says by its status that it never will work.
pub async fn supervise(mut command: Command, what: &'static str) -> Result<(), ServerError> {
    let failed = |source| ServerError::Process { what, source };
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    command.stdin(Stdio::piped()).kill_on_drop(true);
    let mut pause = PAUSE[0];
    loop {
        let born = Instant::now();
        let mut child = command.spawn().map_err(failed)?;
        // Held until the child has ended: waiting for it would close the pipe.
        let _held = child.stdin.take();
        let ended = tokio::select! {
            ended = child.wait() => ended.map_err(failed)?,
            _ = terminate.recv() => return stop(&mut child, what).await,
            _ = interrupt.recv() => return stop(&mut child, what).await,
        };
        if ended.code() == Some(REFUSED) {
            return Err(ServerError::ProcessEnded { what, status: REFUSED });
        }
        if born.elapsed() > OLD {
            pause = PAUSE[0];
        }
        tracing::warn!(status = %ended, seconds = born.elapsed().as_secs(), "{what} ended; starting it again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        }
        pause = (pause * 2).min(PAUSE[1]);
    }
}

/// Asks a child to finish, and waits for it.
async fn stop(child: &mut Child, what: &'static str) -> Result<(), ServerError> {
    tracing::info!("stopping: {what} finishes its tasks");
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid
        && let Err(error) = kill_process(pid, Signal::TERM)
    {
        tracing::debug!(%error, "it has ended by itself");
    }
    let ended: ExitStatus = child.wait().await.map_err(|source| ServerError::Process { what, source })?;
    tracing::info!(status = %ended, "stopped");
    Ok(())
}
