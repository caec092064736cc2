use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::console::Console;

/// The shell's convention: 128 + SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// From now on Ctrl-C says `message` and ends the process at once. What a job writes becomes visible in one step at
/// its end, so nothing half-done is left to be taken for a result.
pub(crate) fn say_on_interrupt(console: Console, message: &'static str) {
    on_interrupt(move || {
        console.error(&format!("\ninterrupted; {message}"));
        true
    });
}

/// A flag that the first Ctrl-C raises; the second ends the process at once.
pub(crate) fn raise_on_interrupt(console: Console) -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    on_interrupt(move || {
        let again = raised.swap(true, Ordering::Relaxed);
        if !again {
            console.error("\nstopping at the next whole part; once more stops at once");
        }
        again
    });
    flag
}

/// A server's token, which SIGTERM and SIGINT raise.
pub(crate) fn until_told_to_stop() -> std::io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        stopping.cancel();
    });
    Ok(stop)
}

/// Calls `act` at every Ctrl-C, until it returns true: the process ends then.
fn on_interrupt(act: impl Fn() -> bool + Send + 'static) {
    let wait = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        while runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            if act() {
                process::exit(i32::from(INTERRUPTED));
            }
        }
    };
    // Without the thread Ctrl-C still ends the process, only without a word.
    let _ = std::thread::Builder::new().name("steppe-interrupt".to_owned()).spawn(wait);
}
