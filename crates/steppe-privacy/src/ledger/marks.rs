//! Sums that tell combinations of sets of people apart.

use std::hash::{BuildHasher, RandomState};

use roaring::RoaringBitmap;

use super::field;

/// Two numbers of the field.
pub(super) type Mark = [u64; 2];

/// A mark for everybody, as if at random. The mark of a combination of sets is the sum over its people, each with its
/// coefficient: it is 0 if the combination is, and otherwise but for one time in 2¹²², which nobody can bring about: the
/// keys are drawn when the process reads the ledger, and no mark is ever shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    keys: [u64; 2],
}

impl Default for Marks {
    /// With new keys, of the system's random numbers.
    fn default() -> Self {
        let random = RandomState::new();
        Self { keys: [random.hash_one(1), random.hash_one(2)] }
    }
}

impl Marks {
    pub(super) fn of(self, person: u32) -> Mark {
        self.keys.map(|key| field::reduce(u128::from(mixed(key, person))))
    }

    pub(super) fn of_set(self, set: &RoaringBitmap) -> Mark {
        let mut sums = [0u128; 2];
        for person in set {
            for (sum, key) in sums.iter_mut().zip(self.keys) {
                *sum += u128::from(mixed(key, person));
            }
        }
        sums.map(field::reduce)
    }
}

/// SplitMix64 with a key.
fn mixed(key: u64, person: u32) -> u64 {
    let mixed = (u64::from(person) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ key;
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_a_set_is_the_sum_over_its_people() {
        let marks = Marks::default();
        let set: RoaringBitmap = (0..200_000).step_by(7).collect();
        let sum = set.iter().fold([0; 2], |sum, person| field::add_pairs(sum, marks.of(person)));
        assert_eq!(marks.of_set(&set), sum);
        assert_eq!(marks.of_set(&RoaringBitmap::new()), [0; 2]);
    }

    #[test]
    fn another_process_has_other_marks() {
        assert_ne!(Marks::default().of(3), Marks::default().of(3));
    }
}
