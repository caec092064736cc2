//! Keeping a child process alive.

use std::{
    io,
    process::ExitStatus,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

use crate::{ServerError, ready::ReadySocket};

/// The exit status of a child that can not work as it was told to: another one would not do better.
const REFUSED: i32 = 2;
/// A child that has lived so long did not die young.
const OLD: Duration = Duration::from_secs(30);
/// Between two looks at a child's memory: short enough that it does not get far beyond what it may take.
const LOOK: Duration = Duration::from_millis(25);

/// What is kept alive.
pub(crate) struct Supervised<C> {
    /// What the log calls it.
    pub(crate) what: &'static str,
    /// Makes the command of the next child.
    pub(crate) command: C,
    /// How long to wait before a child is started again, and at most; it doubles while children die young.
    pub(crate) pause: [Duration; 2],
    /// Most bytes of memory in use by the child; one that takes more is killed.
    pub(crate) memory: Option<u64>,
    /// Where children tell that they work. When one ends before any has, another one would not do better.
    pub(crate) ready: Option<ReadySocket>,
}

/// Keeps a child alive until SIGTERM or SIGINT, which it hands on and waits for: the child finishes what it works on. If
/// the child's standard input is a pipe, it closes with this process.
///
/// # Errors
/// A child that can not be started, that says by its status that it never will work (unless one is known to have worked),
/// or that ended before any worked.
pub(crate) async fn supervise<C>(of: Supervised<C>) -> Result<(), ServerError>
where
    C: Fn() -> io::Result<Command>,
{
    let Supervised { what, command, pause: [least, most], memory, ready } = of;
    let failed = |source| ServerError::Process { what, source };
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut pause = least;
    let mut has_worked = false;
    loop {
        let born = Instant::now();
        let mut command = command().map_err(failed)?;
        if let Some(ready) = &ready {
            ready.ask(&mut command);
        }
        let mut child = command.kill_on_drop(true).spawn().map_err(failed)?;
        // Its copies of what the child was given.
        drop(command);
        // Held until the child has ended: waiting for it would close the pipe.
        let _held = child.stdin.take();
        let pid = child.id();
        let ended = tokio::select! {
            ended = child.wait() => ended.map_err(failed)?,
            () = too_large(pid, memory) => {
                tracing::error!("{what} takes more memory than it may; it is killed");
                child.kill().await.map_err(failed)?;
                child.wait().await.map_err(failed)?
            }
            _ = terminate.recv() => return stop(&mut child, what).await,
            _ = interrupt.recv() => return stop(&mut child, what).await,
        };
        has_worked |= ready.as_ref().is_none_or(ReadySocket::was_told);
        // Where one is known to have worked, what the next one refuses can be put right while it is tried again.
        if ended.code() == Some(REFUSED) && !(ready.is_some() && has_worked) {
            return Err(ServerError::ProcessEnded { what, status: REFUSED });
        }
        if !has_worked {
            return Err(ServerError::ProcessNeverReady { what, status: ended });
        }
        if born.elapsed() > OLD {
            pause = least;
        }
        tracing::warn!(status = %ended, seconds = born.elapsed().as_secs(), "{what} ended; starting it again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        }
        pause = (pause * 2).min(most);
    }
}

/// Returns when a process takes more than so many bytes; never without a limit.
async fn too_large(pid: Option<u32>, memory: Option<u64>) {
    let (Some(pid), Some(memory)) = (pid, memory) else { return std::future::pending().await };
    let figures = format!("/proc/{pid}/status");
    loop {
        tokio::time::sleep(LOOK).await;
        // A process that has ended has no figures.
        let text = std::fs::read_to_string(&figures).unwrap_or_default();
        if resident(&text).is_some_and(|bytes| bytes > memory) {
            return;
        }
    }
}

/// The bytes that a process has in memory, of its status as Linux tells it. What it maps of files is not counted: the
/// system takes that back by itself.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Asks a child to finish, and waits for it.
async fn stop(child: &mut Child, what: &'static str) -> Result<(), ServerError> {
    tracing::info!("stopping: {what} finishes its work");
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::ready::tell_to;

    #[test]
    fn memory_is_read_as_linux_writes_it() {
        assert_eq!(resident("VmRSS:\t 9 kB\nRssAnon:\t    1024 kB\n"), Some(1 << 20));
        assert_eq!(resident(""), None);
        let own = std::fs::read_to_string("/proc/self/status").expect("figures");
        assert!(resident(&own).is_some_and(|bytes| bytes > 1 << 10));
    }

    /// What a shell says, as a child that is started again at once.
    fn shell(
        script: &'static str,
        ready: Option<ReadySocket>,
    ) -> Supervised<impl Fn() -> io::Result<Command>> {
        let command = move || {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            Ok(command)
        };
        Supervised { what: "a shell", command, pause: [Duration::from_millis(1); 2], memory: None, ready }
    }

    #[tokio::test]
    async fn a_child_that_never_worked_is_not_started_again() {
        let ended = supervise(shell("exit 7", ReadySocket::bind().ok())).await;
        let error = ended.expect_err("it never worked");
        assert!(matches!(&error, ServerError::ProcessNeverReady { status, .. } if status.code() == Some(7)));
        assert!(error.to_string().contains("exit status: 7"), "{error}");
        // Whoever says that it will not work is believed, whether anything is told or not.
        let ended = supervise(shell("exit 2", None)).await;
        assert!(matches!(ended, Err(ServerError::ProcessEnded { status: REFUSED, .. })));
        // What tells nobody whether it works is started again.
        let again = tokio::time::timeout(Duration::from_millis(300), supervise(shell("exit 7", None))).await;
        assert!(again.is_err());
    }

    #[tokio::test]
    async fn after_one_that_worked_what_the_next_refuses_is_tried_again() {
        let ready = ReadySocket::bind().expect("a socket");
        let mut asked = Command::new("sh");
        ready.ask(&mut asked);
        let socket = asked.as_std().get_envs().find_map(|(_, value)| value).expect("a socket").to_owned();
        let born = AtomicU32::new(0);
        // The first one tells that it works.
        let command = || {
            let number = born.fetch_add(1, Ordering::Relaxed);
            if number == 0 {
                tell_to(&socket)?;
            }
            let mut command = Command::new("sh");
            command.args(["-c", if number == 0 { "exit 7" } else { "exit 2" }]);
            Ok(command)
        };
        let pause = [Duration::from_millis(1); 2];
        let of = Supervised { what: "a shell", command, pause, memory: None, ready: Some(ready) };
        assert!(tokio::time::timeout(Duration::from_millis(500), supervise(of)).await.is_err());
        assert!(born.load(Ordering::Relaxed) > 2);
    }

    #[tokio::test]
    async fn a_child_that_takes_too_much_is_seen() {
        let own = Some(std::process::id());
        let seen = |memory| tokio::time::timeout(Duration::from_millis(500), too_large(own, memory));
        assert!(seen(Some(1)).await.is_ok());
        assert!(seen(Some(u64::MAX)).await.is_err());
        assert!(seen(None).await.is_err());
    }
}
