use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::StoreError;

/// Lets threads at a value one by one, in the order of their tickets, whatever order they come in.
pub(super) struct Turnstile<T> {
    state: Mutex<State<T>>,
    turned: Condvar,
}

struct State<T> {
    turn: usize,
    closed: bool,
    value: T,
}

impl<T> Turnstile<T> {
    pub(super) fn new(value: T) -> Self {
        Self { state: Mutex::new(State { turn: 0, closed: false, value }), turned: Condvar::new() }
    }

    /// Waits for the ticket's turn, then works on the value; the next ticket is 1 more.
    ///
    /// # Errors
    /// What the work gives, or [`StoreError::Cancelled`] after [`Self::close`].
    pub(super) fn pass<R>(
        &self,
        ticket: usize,
        work: impl FnOnce(&mut T) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let mut state = self.lock();
        while state.turn != ticket && !state.closed {
            state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return Err(StoreError::Cancelled);
        }
        let done = work(&mut state.value)?;
        state.turn += 1;
        self.turned.notify_all();
        Ok(done)
    }

    /// Sends everybody away who waits or comes.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.turned.notify_all();
    }

    pub(super) fn into_value(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).value
    }

    /// A thread that panicked while it held the value ends the whole import; the value is not used again.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_pass_in_order() {
        let turnstile = Turnstile::new(Vec::new());
        std::thread::scope(|scope| {
            for ticket in [3, 1, 0, 2] {
                let turnstile = &turnstile;
                scope.spawn(move || {
                    turnstile.pass(ticket, |seen| {
                        seen.push(ticket);
                        Ok(())
                    })
                });
            }
        });
        assert_eq!(turnstile.into_value(), [0, 1, 2, 3]);
    }

    #[test]
    fn closing_sends_waiters_away() {
        let turnstile = Turnstile::new(());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turnstile.pass(1, |()| Ok(())));
            turnstile.close();
            assert!(matches!(waiting.join().unwrap(), Err(StoreError::Cancelled)));
        });
    }
}
