use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::entry::TileKey;
use crate::StoreError;

/// One fetch of a piece at a time: who comes while it is under way waits, and shares what it brought.
///
/// `foyer`'s own `get_or_fetch` does this too, but with entries written to disk at once it writes them again at every
/// hit.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<TileKey, Seat>>);

/// Where waiters find what the fetch brought.
type Seat = Arc<Mutex<Option<Bytes>>>;

impl Flights {
    /// Fetches a piece, or waits for the thread that is fetching it; whether it was another thread. When that one
    /// fails, the next one tries.
    pub(super) fn fetch(
        &self,
        key: &TileKey,
        fetch: impl FnOnce() -> Result<Bytes, StoreError>,
    ) -> Result<(Bytes, bool), StoreError> {
        let seat = Arc::clone(locked(&self.0).entry(key.clone()).or_default());
        let mut landed = locked(&seat);
        if let Some(bytes) = landed.as_ref() {
            return Ok((bytes.clone(), true));
        }
        let outcome = fetch();
        if let Ok(bytes) = &outcome {
            *landed = Some(bytes.clone());
        }
        let mut seats = locked(&self.0);
        if seats.get(key).is_some_and(|current| Arc::ptr_eq(current, &seat)) {
            seats.remove(key);
        }
        outcome.map(|bytes| (bytes, false))
    }
}

/// What a lock guards stays whole when a thread panics: it is set in one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
