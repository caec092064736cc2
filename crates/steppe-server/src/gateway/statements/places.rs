use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::budget::Budget;
use crate::ServerError;

/// Places of statements that run: what they hold of memory and threads is bounded so. Who comes first goes first, and one
/// user has at most half of the places, so that nobody keeps everybody waiting.
#[derive(Debug, Clone)]
pub(super) struct Places {
    most: usize,
    all: Arc<Semaphore>,
    users: Arc<Mutex<BTreeMap<String, Weak<Semaphore>>>>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _of_all: OwnedSemaphorePermit,
    _of_user: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self { most, all: Arc::new(Semaphore::new(most)), users: Arc::default() }
    }

    /// Waits for a place of somebody.
    ///
    /// # Errors
    /// There is none any more, ever.
    pub(super) async fn turn(&self, subject: &str) -> Result<Turn, ServerError> {
        let closed = |_| ServerError::GatewayUnavailable { problem: "stops" };
        let of_user = self.of_user(subject).acquire_owned().await.map_err(closed)?;
        let of_all = Arc::clone(&self.all).acquire_owned().await.map_err(closed)?;
        Ok(Turn { _of_all: of_all, _of_user: of_user })
    }

    /// The same within a statement's time.
    ///
    /// # Errors
    /// It is cancelled, or others had the places all the time.
    pub(super) async fn first_turn(&self, subject: &str, budget: &mut Budget) -> Result<Turn, ServerError> {
        match budget.spend(self.turn(subject)).await {
            Err(ServerError::StatementTimeout { .. }) => Err(ServerError::TooMany {
                what: "statements run",
                most: self.most,
                remedy: "try again when others have ended",
            }),
            turn => turn?,
        }
    }

    fn of_user(&self, subject: &str) -> Arc<Semaphore> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = users.get(subject).and_then(Weak::upgrade) {
            return there;
        }
        users.retain(|_, places| places.strong_count() > 0);
        let new = Arc::new(Semaphore::new(self.most.div_ceil(2)));
        users.insert(subject.to_owned(), Arc::downgrade(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::*;

    fn budget(milliseconds: u64) -> Budget {
        Budget::new(Duration::from_millis(milliseconds), CancellationToken::new())
    }

    #[tokio::test]
    async fn who_finds_no_place_waits_and_is_told_when_it_was_too_long() {
        let places = Places::new(2);
        let one = places.first_turn("ada", &mut budget(50)).await.expect("a place");
        // Half of the places are hers.
        assert!(places.first_turn("ada", &mut budget(50)).await.is_err());
        let two = places.first_turn("eva", &mut budget(50)).await.expect("a place");
        let full = places.first_turn("ida", &mut budget(50)).await;
        assert!(matches!(full, Err(ServerError::TooMany { most: 2, .. })), "{full:?}");
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        let mut of_nobody = Budget::new(Duration::from_secs(9), cancelled);
        let none = places.first_turn("ida", &mut of_nobody).await;
        assert!(matches!(none, Err(ServerError::StatementCancelled)), "{none:?}");
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.first_turn("ida", &mut budget(20_000)).await.map(drop) }
        });
        tokio::task::yield_now().await;
        drop(two);
        waiting.await.expect("a task").expect("a place");
        drop(one);
        assert!(places.first_turn("ada", &mut budget(50)).await.is_ok());
        assert_eq!(places.users.lock().expect("a lock").len(), 1, "who has no place is forgotten");
    }

    #[tokio::test]
    async fn a_single_place_is_for_everybody() {
        let places = Places::new(1);
        drop(places.first_turn("ada", &mut budget(50)).await.expect("a place"));
        assert!(places.first_turn("eva", &mut budget(50)).await.is_ok());
    }
}
