//! What was told to stop and did not. Planning and expressions do not look whether anybody still waits for them; a thread
//! can not be ended from outside, a process can.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Within this time whatever is told to stop has stopped, if it ever looks.
const GRACE: Duration = Duration::from_secs(5);
/// So many that do not stop are one too many: each holds a thread.
const MOST: usize = 3;
/// Nothing goes on for so long after it was told to stop.
const LONGEST: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// What works at the moment, and since when it should not.
#[derive(Debug, Clone, Default)]
pub(in crate::gateway) struct Overdue(Arc<Mutex<Works>>);

#[derive(Debug, Default)]
struct Works {
    next: u64,
    /// When each was told to stop.
    told: BTreeMap<u64, Option<Instant>>,
}

/// Something that works, until it is dropped.
#[derive(Debug)]
pub(super) struct Work {
    id: u64,
    overdue: Overdue,
}

/// Tells it to stop, as soon as it is dropped.
#[derive(Debug)]
pub(super) struct Stop {
    id: u64,
    overdue: Overdue,
}

impl Overdue {
    /// Something begins to work. Whoever does the work keeps the first, whoever waits for it the second.
    pub(super) fn begin(&self) -> (Work, Stop) {
        let id = self.works(|works| {
            works.next += 1;
            works.told.insert(works.next, None);
            works.next
        });
        (Work { id, overdue: self.clone() }, Stop { id, overdue: self.clone() })
    }

    /// Whether too much of what was told to stop goes on.
    pub(in crate::gateway) fn is_too_much(&self, now: Instant) -> bool {
        self.works(|works| {
            let since = works.told.values().flatten().map(|told| now.saturating_duration_since(*told));
            let late: Vec<Duration> = since.filter(|since| *since > GRACE).collect();
            late.len() >= MOST || late.iter().any(|since| *since > LONGEST)
        })
    }

    /// Waits until too much of what was told to stop goes on. Blocks its thread.
    pub(in crate::gateway) fn wait(&self) {
        while !self.is_too_much(Instant::now()) {
            std::thread::sleep(PAUSE);
        }
    }

    fn works<T>(&self, on: impl FnOnce(&mut Works) -> T) -> T {
        on(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.overdue.works(|works| works.told.remove(&self.id));
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.overdue.works(|works| {
            if let Some(told) = works.told.get_mut(&self.id) {
                told.get_or_insert_with(Instant::now);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_goes_on_after_it_was_told_to_stop_counts() {
        let overdue = Overdue::default();
        let works: Vec<_> = (0..MOST).map(|_| overdue.begin()).collect();
        let later = Instant::now() + 2 * GRACE;
        assert!(!overdue.is_too_much(later), "nobody told them");
        let (works, stops): (Vec<_>, Vec<_>) = works.into_iter().unzip();
        drop(stops);
        assert!(!overdue.is_too_much(Instant::now()), "they may yet stop");
        assert!(overdue.is_too_much(later));
        drop(works);
        assert!(!overdue.is_too_much(later), "they have");
        let (_work, stop) = overdue.begin();
        drop(stop);
        assert!(!overdue.is_too_much(later), "one is not too much");
        assert!(overdue.is_too_much(Instant::now() + 2 * LONGEST), "but not for ever");
    }
}
