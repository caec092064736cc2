//! The memory of what is kept between statements: where people stand, what users were told. It has one number of bytes;
//! what was not used for the longest time is let go first.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// Whoever keeps things.
pub(super) trait Keeper: Send + Sync {
    /// Lets go of a thing, unless it is in use or can not be had again. It may not be told to keep anything meanwhile.
    fn let_go(&self, thing: u64) -> bool;
}

/// Bytes for things that are kept.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    things: Mutex<Things>,
}

#[derive(Default)]
struct Things {
    uses: u64,
    named: u64,
    bytes: usize,
    by_name: HashMap<u64, Thing>,
}

struct Thing {
    bytes: usize,
    last_use: u64,
    keeper: Weak<dyn Keeper>,
}

impl std::fmt::Debug for Things {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Things").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Room {
    /// Room for so many bytes.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, things: Mutex::default() })
    }

    /// A name for a thing.
    pub(super) fn name(&self) -> u64 {
        self.on_things(|things| {
            things.named += 1;
            things.named
        })
    }

    /// A thing was used, and takes so many bytes now. Others are let go of where that is too much. Its keeper must not
    /// hold what it needs to let go.
    pub(super) fn used(&self, name: u64, bytes: usize, keeper: Weak<dyn Keeper>) {
        self.on_things(|things| {
            things.uses += 1;
            let last_use = things.uses;
            things.put(name, Thing { bytes, last_use, keeper });
        });
        let mut tried = BTreeSet::from([name]);
        while let Some((name, thing)) = self.on_things(|things| things.take_oldest(self.most, &tried)) {
            tried.insert(name);
            if thing.keeper.upgrade().is_some_and(|keeper| !keeper.let_go(name)) {
                self.on_things(|things| things.put_back(name, thing));
            }
        }
    }

    /// Bytes of all things.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.on_things(|things| things.bytes)
    }

    fn on_things<T>(&self, act: impl FnOnce(&mut Things) -> T) -> T {
        act(&mut self.things.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Things {
    fn put(&mut self, name: u64, thing: Thing) {
        self.bytes += thing.bytes;
        if let Some(before) = self.by_name.insert(name, thing) {
            self.bytes = self.bytes.saturating_sub(before.bytes);
        }
    }

    /// Unless it was used meanwhile.
    fn put_back(&mut self, name: u64, thing: Thing) {
        if !self.by_name.contains_key(&name) {
            self.put(name, thing);
        }
    }

    /// Where there is too much, the thing that was not used for the longest time.
    fn take_oldest(&mut self, most: usize, but: &BTreeSet<u64>) -> Option<(u64, Thing)> {
        if self.bytes <= most {
            return None;
        }
        let others = self.by_name.iter().filter(|(name, _)| !but.contains(name));
        let name = *others.min_by_key(|(_, thing)| thing.last_use)?.0;
        let thing = self.by_name.remove(&name)?;
        self.bytes = self.bytes.saturating_sub(thing.bytes);
        Some((name, thing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets go of all but one, and remembers of which.
    #[derive(Default)]
    struct Shelf {
        stays: Option<u64>,
        gone: Mutex<Vec<u64>>,
    }

    impl Keeper for Shelf {
        fn let_go(&self, thing: u64) -> bool {
            let goes = self.stays != Some(thing);
            if goes {
                self.gone.lock().expect("a lock").push(thing);
            }
            goes
        }
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let room = Room::new(100);
        let names: Vec<u64> = (0..4).map(|_| room.name()).collect();
        let shelf = Arc::new(Shelf { stays: Some(names[1]), ..Shelf::default() });
        let used = |name: u64, bytes| {
            let keeper: Weak<dyn Keeper> = Arc::downgrade(&shelf) as Weak<dyn Keeper>;
            room.used(name, bytes, keeper);
            std::mem::take(&mut *shelf.gone.lock().expect("a lock"))
        };
        assert_eq!(used(names[0], 40), [0u64; 0]);
        assert_eq!(used(names[1], 30), [0u64; 0]);
        assert_eq!(used(names[2], 30), [0u64; 0]);
        assert_eq!(used(names[0], 40), [0u64; 0], "once is not twice");
        assert_eq!(used(names[3], 30), [names[2]], "the second is in use");
        assert_eq!(room.bytes(), 100);
        assert_eq!(used(names[3], 90), [names[0]]);
        assert_eq!(room.bytes(), 120, "what is used now stays, however large");
        assert_eq!(used(names[3], 10), [0u64; 0]);
        let lost: Weak<dyn Keeper> = Weak::<Shelf>::new();
        room.used(names[2], 80, lost);
        room.used(room.name(), 1, Arc::downgrade(&shelf) as Weak<dyn Keeper>);
        assert_eq!(used(names[0], 50), [names[3]], "the keeper of the third is no more");
    }
}
