use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::ServerError;

/// How many statements of each user run.
#[derive(Debug, Clone)]
pub(super) struct Quota {
    most: usize,
    running: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// A statement's place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    subject: String,
    quota: Quota,
}

impl Quota {
    pub(super) fn new(most: usize) -> Self {
        Self { most, running: Arc::default() }
    }

    /// Takes a place for a statement of somebody.
    ///
    /// # Errors
    /// They have as many as they may.
    pub(super) fn take(&self, subject: &str) -> Result<Place, ServerError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(subject.to_owned()).or_default();
        if *count >= self.most {
            return Err(ServerError::TooMany {
                what: "statements of yours run",
                most: self.most,
                remedy: "wait for one of them, or cancel it",
            });
        }
        *count += 1;
        Ok(Place { subject: subject.to_owned(), quota: self.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.quota.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.subject) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.subject);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_each_users_own_and_come_back() {
        let quota = Quota::new(2);
        let one = quota.take("ada").expect("a place");
        let _two = quota.take("ada").expect("a place");
        assert!(matches!(quota.take("ada"), Err(ServerError::TooMany { most: 2, .. })));
        let _hers = quota.take("eva").expect("a place");
        drop(one);
        assert!(quota.take("ada").is_ok());
    }
}
