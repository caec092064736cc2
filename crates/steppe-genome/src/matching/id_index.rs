use std::hash::{DefaultHasher, Hasher};

use crate::VariantTable;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// No variant.
    Nothing,
    /// One variant.
    One(u32),
    /// Several variants.
    Several,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The upper half of the id's hash, so that strings are rarely compared in vain.
    tag: u32,
    /// The first variant of the id; `EMPTY` where the slot is free.
    variant: u32,
}

const EMPTY: u32 = u32::MAX;

/// Finds variants by id: open addressing over the table's own strings. The id `.` names nothing.
#[derive(Debug, Clone)]
pub(super) struct IdIndex {
    slots: Vec<Slot>,
    /// First variants of ids that occur again, ascending.
    repeated: Vec<u32>,
}

impl IdIndex {
    /// One pass over the table.
    pub(super) fn build<V: VariantTable + ?Sized>(table: &V) -> Self {
        let room = (table.len() + table.len() / 2 + 1).next_power_of_two();
        let mut index = Self { slots: vec![Slot { tag: 0, variant: EMPTY }; room], repeated: Vec::new() };
        let count = u32::try_from(table.len()).unwrap_or(EMPTY);
        for variant in 0..count {
            let id = table.id(variant as usize);
            if is_missing(id) {
                continue;
            }
            let hash = hash(id);
            let slot = index.slot_of(table, id, hash);
            match index.slots[slot].variant {
                EMPTY => index.slots[slot] = Slot { tag: (hash >> 32) as u32, variant },
                first => index.repeated.push(first),
            }
        }
        index.repeated.sort_unstable();
        index.repeated.dedup();
        index
    }

    /// What `id` names in `table`, which is the one that the index was built from.
    pub(super) fn find<V: VariantTable + ?Sized>(&self, table: &V, id: &str) -> Named {
        if is_missing(id) {
            return Named::Nothing;
        }
        match self.slots[self.slot_of(table, id, hash(id))].variant {
            EMPTY => Named::Nothing,
            first if self.repeated.binary_search(&first).is_ok() => Named::Several,
            only => Named::One(only),
        }
    }

    /// The slot that holds `id`, or the free one where it would go. A third of the slots is free, so the search
    /// ends.
    fn slot_of<V: VariantTable + ?Sized>(&self, table: &V, id: &str, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let tag = (hash >> 32) as u32;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.variant == EMPTY || (slot.tag == tag && table.id(slot.variant as usize) == id) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }
}

fn is_missing(id: &str) -> bool {
    id.is_empty() || id == "."
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(id.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::test_support::TestVariants;

    #[test]
    fn ids_name_one_several_or_no_variants() {
        let mut table = TestVariants::default();
        for id in ["rs1", "rs2", ".", "rs1", ".", "é", ""] {
            table.push("1", 1, id, "A", "C");
        }
        let index = IdIndex::build(&table);
        assert_eq!(index.find(&table, "rs1"), Named::Several);
        assert_eq!(index.find(&table, "rs2"), Named::One(1));
        assert_eq!(index.find(&table, "é"), Named::One(5));
        for id in [".", "", "rs3"] {
            assert_eq!(index.find(&table, id), Named::Nothing);
        }
    }

    #[test]
    fn many_ids_are_all_found() {
        let mut table = TestVariants::default();
        for number in 0..5000 {
            table.push("1", 1, &format!("rs{number}"), "A", "C");
        }
        let index = IdIndex::build(&table);
        for number in 0..5000_u32 {
            assert_eq!(index.find(&table, &format!("rs{number}")), Named::One(number));
        }
        assert_eq!(index.find(&table, "rs5000"), Named::Nothing);
        assert_eq!(IdIndex::build(&TestVariants::default()).find(&table, "rs1"), Named::Nothing);
    }
}
