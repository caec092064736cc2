//! Waiting for object stores from any thread.
//!
//! Futures run on a small runtime of this crate's own, and the caller waits on a channel: `block_on` would panic on
//! a thread that already drives a tokio runtime.

use std::sync::{OnceLock, mpsc};

use tokio::runtime::{Builder, Handle, Runtime};

use crate::StoreError;

static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();

/// The runtime that object stores run on.
pub(crate) fn handle() -> Result<&'static Handle, StoreError> {
    RUNTIME
        .get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("steppe-store")
                .enable_all()
                .build()
                .ok()
        })
        .as_ref()
        .map(Runtime::handle)
        .ok_or(StoreError::Internal("the system gives no threads for object stores"))
}

/// Runs a future on the store's runtime and waits for its result.
pub(crate) fn wait<F>(future: F) -> Result<F::Output, StoreError>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (sender, receiver) = mpsc::sync_channel(1);
    handle()?.spawn(async move {
        // The receiver is only gone when the caller's thread is.
        let _ = sender.send(future.await);
    });
    receiver.recv().map_err(|_| StoreError::Internal("an object-store request stopped without an answer"))
}
