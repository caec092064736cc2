use std::hash::{DefaultHasher, Hash, Hasher};

/// The ids that are checked; more would cost memory without end.
const MOST: usize = 1 << 24;

/// Stands for an id that may repeat: `.`.
const NO_ID: u64 = u64::MAX;

/// Hashes of the ids in the file's order. Appending and one sort at the end cost a fifth of what a hash set's
/// scattered accesses do, at 10 million ids.
#[derive(Debug, Default)]
pub(super) struct IdHashes {
    hashes: Vec<u64>,
    /// There were more than [`MOST`].
    full: bool,
}

impl IdHashes {
    /// Adds the id of the next line.
    pub(super) fn push(&mut self, id: &str) {
        if self.hashes.len() == MOST {
            self.full = true;
            return;
        }
        if id == "." {
            return self.hashes.push(NO_ID);
        }
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        self.hashes.push(hasher.finish());
    }

    /// The last line that is checked, where lines follow that are not.
    pub(super) fn last_checked(&self) -> Option<u64> {
        self.full.then_some(MOST as u64)
    }

    /// The 1-based lines whose id stands on an earlier line. Two ids of one 64-bit hash are taken for one; among 10
    /// million that happens once in 400,000 files.
    pub(super) fn repeated_lines(self) -> impl Iterator<Item = u64> {
        let mut sorted = self.hashes.clone();
        sorted.sort_unstable();
        let mut repeated: Vec<(u64, bool)> = sorted
            .chunk_by(|one, next| one == next)
            .filter(|same| same.len() > 1 && same[0] != NO_ID)
            .map(|same| (same[0], false))
            .collect();
        drop(sorted);
        let hashes = if repeated.is_empty() { Vec::new() } else { self.hashes };
        hashes.into_iter().zip(1..).filter_map(move |(hash, line)| {
            let place = repeated.binary_search_by_key(&hash, |entry| entry.0).ok()?;
            std::mem::replace(&mut repeated[place].1, true).then_some(line)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_after_the_first_are_repeated() {
        let mut ids = IdHashes::default();
        for id in ["a", ".", "b", "a", ".", "c", "a", "b"] {
            ids.push(id);
        }
        assert_eq!(ids.last_checked(), None);
        assert_eq!(ids.repeated_lines().collect::<Vec<_>>(), [4, 7, 8]);
    }
}
