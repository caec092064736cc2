//! Epochs in the store. Two coordinators may have two job logs, but they share the store: whoever comes later creates
//! the next number there, and the earlier one, when it sees that, stops.

use std::time::Duration;

use serde_json::json;
use steppe_store::Location;
use tokio_util::sync::CancellationToken;

use super::{blocking, now};
use crate::ServerError;

/// How often a coordinator looks whether it has been replaced.
const LOOK: Duration = Duration::from_secs(2);

fn folder(store: &Location) -> Location {
    store.child("epochs")
}

fn highest(store: &Location) -> Result<u64, ServerError> {
    let names = folder(store).list()?;
    Ok(names.iter().filter_map(|name| name.strip_suffix(".json")?.parse().ok()).max().unwrap_or(0))
}

/// Begins an epoch: its number is higher than every one before, and nobody else has it.
pub(super) async fn begin(store: &Location, owner: &str) -> Result<u64, ServerError> {
    let (store, owner) = (store.clone(), owner.to_owned());
    blocking(move || {
        loop {
            let epoch = highest(&store)? + 1;
            let content = json!({ "owner": owner, "began_at": now() }).to_string();
            if folder(&store).child(&format!("{epoch:010}.json")).put_if_absent(content.into())? {
                return Ok(epoch);
            }
        }
    })
    .await
}

/// Whether no higher epoch has begun. Blocks.
pub(super) fn is_current(store: &Location, epoch: u64) -> Result<bool, ServerError> {
    Ok(highest(store)? <= epoch)
}

/// Raises `stop` when a higher epoch has begun.
pub(super) async fn watch(store: Location, epoch: u64, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
        let look = store.clone();
        match blocking(move || highest(&look)).await {
            Ok(highest) if highest > epoch => {
                tracing::error!(epoch, highest, "another coordinator has taken over this store; stopping");
                return stop.cancel();
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %crate::chain(&error), "can not look at the epochs"),
        }
    }
}

/// A name for this process in the epochs.
pub(super) fn owner() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", host.trim(), std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_later_one_stops_the_earlier_one() -> Result<(), ServerError> {
        let folder = tempfile::tempdir().map_err(ServerError::file(std::path::Path::new("tmp"), "make"))?;
        let store = Location::local(folder.path());
        let first = begin(&store, "one").await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(watch(store.clone(), first, stop.clone()));
        assert!(!stop.is_cancelled());
        let second = begin(&store, "two").await?;
        assert_eq!((first, second), (1, 2));
        tokio::time::timeout(3 * LOOK, stop.cancelled()).await.expect("the first one stops");
        task.await.expect("it ended");
        Ok(())
    }

    #[tokio::test]
    async fn many_at_once_get_different_epochs() -> Result<(), ServerError> {
        let folder = tempfile::tempdir().map_err(ServerError::file(std::path::Path::new("tmp"), "make"))?;
        let store = Location::local(folder.path());
        let begun = (0..16).map(|_| begin(&store, "same"));
        let mut epochs: Vec<u64> = futures::future::try_join_all(begun).await?;
        epochs.sort_unstable();
        assert_eq!(epochs, (1..=16).collect::<Vec<_>>());
        Ok(())
    }
}
