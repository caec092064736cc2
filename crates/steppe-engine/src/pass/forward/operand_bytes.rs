//! An operand as bytes: what workers fetch by its hash.
//!
//! ```text
//! "STEPPEF1"
//! u32 lists;         per list  u32 length, then u32 ascending variant indices
//! u32 weight lanes;  per lane  u32 list, then i64[4] a variant;  u32 list, then i64[3][4] a variant, by sex
//! u32 count lanes;   per lane  u32 list, then u8[4][2] a variant; u32 list, then u8[3][4][2] a variant, by sex
//! ```
//! Little end first. Lanes over the same variants share one list.

use std::{collections::HashMap, sync::Arc};

use steppe_kernels::{CountEntry, CountTable, WeightTable};

use super::{CountLane, ForwardOperand, Sparse, WeightLane};

const MAGIC: &[u8; 8] = b"STEPPEF1";

/// A value of fixed size.
trait Fixed: Copy {
    const BYTES: usize;
    fn put(&self, into: &mut Vec<u8>);
    /// Reads from exactly [`Self::BYTES`] bytes.
    fn get(bytes: &[u8]) -> Self;
}

impl Fixed for i64 {
    const BYTES: usize = 8;

    fn put(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.to_le_bytes());
    }

    fn get(bytes: &[u8]) -> Self {
        bytes.first_chunk().map_or(0, |bytes| Self::from_le_bytes(*bytes))
    }
}

impl Fixed for CountEntry {
    const BYTES: usize = 2;

    fn put(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&[self.alleles, self.dosage]);
    }

    fn get(bytes: &[u8]) -> Self {
        bytes.first_chunk().map_or(Self::default(), |&[alleles, dosage]| Self { alleles, dosage })
    }
}

impl<T: Fixed, const N: usize> Fixed for [T; N] {
    const BYTES: usize = N * T::BYTES;

    fn put(&self, into: &mut Vec<u8>) {
        self.iter().for_each(|value| value.put(into));
    }

    fn get(bytes: &[u8]) -> Self {
        std::array::from_fn(|at| T::get(&bytes[at * T::BYTES..][..T::BYTES]))
    }
}

/// The lists of variants, each written once.
#[derive(Default)]
struct Lists<'a> {
    all: Vec<&'a [u32]>,
    numbers: HashMap<(*const u32, usize), u32>,
}

impl<'a> Lists<'a> {
    fn number(&mut self, list: &'a [u32]) -> u32 {
        let Self { all, numbers } = self;
        *numbers.entry((list.as_ptr(), list.len())).or_insert_with(|| {
            all.push(list);
            (all.len() - 1) as u32
        })
    }

    fn put<T: Fixed>(&mut self, sparse: &'a Sparse<T>, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.number(sparse.variants()).to_le_bytes());
        sparse.values().iter().for_each(|value| value.put(into));
    }
}

impl ForwardOperand {
    /// The operand as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut lists = Lists::default();
        let mut lanes = Vec::new();
        lanes.extend_from_slice(&(self.weights.len() as u32).to_le_bytes());
        for lane in &self.weights {
            lists.put(&lane.plain, &mut lanes);
            lists.put(&lane.by_sex, &mut lanes);
        }
        lanes.extend_from_slice(&(self.counts.len() as u32).to_le_bytes());
        for lane in &self.counts {
            lists.put(&lane.plain, &mut lanes);
            lists.put(&lane.by_sex, &mut lanes);
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(lists.all.len() as u32).to_le_bytes());
        for list in &lists.all {
            bytes.extend_from_slice(&(list.len() as u32).to_le_bytes());
            list.iter().for_each(|variant| bytes.extend_from_slice(&variant.to_le_bytes()));
        }
        bytes.append(&mut lanes);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Unread(bytes);
        if bytes.take(MAGIC.len())? != MAGIC {
            return None;
        }
        let lists: Vec<Arc<[u32]>> = bytes.many(Unread::list)?;
        let weights = bytes.many(|bytes| {
            Some(WeightLane {
                plain: bytes.sparse::<WeightTable>(&lists)?,
                by_sex: bytes.sparse::<[WeightTable; 3]>(&lists)?,
            })
        })?;
        let counts = bytes.many(|bytes| {
            Some(CountLane {
                plain: bytes.sparse::<CountTable>(&lists)?,
                by_sex: bytes.sparse::<[CountTable; 3]>(&lists)?,
            })
        })?;
        bytes.0.is_empty().then(|| Self::new(weights, counts))
    }
}

/// Bytes that are still to be read.
struct Unread<'a>(&'a [u8]);

impl<'a> Unread<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(*self.take(4)?.first_chunk()?) as usize)
    }

    /// As many of something as the number before them says, of which each takes at least four bytes.
    fn many<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        if count > self.0.len() / 4 {
            return None;
        }
        (0..count).map(|_| one(self)).collect()
    }

    fn list(&mut self) -> Option<Arc<[u32]>> {
        let count = self.number()?;
        let bytes = self.take(count.checked_mul(4)?)?;
        let variants: Arc<[u32]> =
            bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        variants.is_sorted_by(|before, after| before < after).then_some(variants)
    }

    fn sparse<T: Fixed>(&mut self, lists: &[Arc<[u32]>]) -> Option<Sparse<T>> {
        let variants = lists.get(self.number()?)?;
        let bytes = self.take(variants.len().checked_mul(T::BYTES)?)?;
        Some(Sparse::new(Arc::clone(variants), bytes.chunks_exact(T::BYTES).map(T::get).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sparse<T: Fixed>(variants: &Arc<[u32]>, bytes: &mut impl Iterator<Item = u8>) -> Sparse<T> {
        let values = variants.iter().map(|_| T::get(&bytes.take(T::BYTES).collect::<Vec<u8>>())).collect();
        Sparse::new(Arc::clone(variants), values)
    }

    fn operand(lists: &[Arc<[u32]>], lanes: &[(usize, usize)], noise: &[u8]) -> ForwardOperand {
        let mut bytes = noise.iter().copied().cycle();
        let list = |at: usize| &lists[at % lists.len()];
        let weights = lanes
            .iter()
            .map(|&(plain, by_sex)| WeightLane {
                plain: sparse(list(plain), &mut bytes),
                by_sex: sparse(list(by_sex), &mut bytes),
            })
            .collect();
        let counts = lanes
            .iter()
            .map(|&(plain, by_sex)| CountLane {
                plain: sparse(list(by_sex), &mut bytes),
                by_sex: sparse(list(plain), &mut bytes),
            })
            .collect();
        ForwardOperand::new(weights, counts)
    }

    prop_compose! {
        fn operands()(
            lists in prop::collection::vec(prop::collection::btree_set(any::<u32>(), 0..20), 1..4),
            lanes in prop::collection::vec((0..4_usize, 0..4_usize), 0..5),
            noise in prop::collection::vec(any::<u8>(), 1..50),
        ) -> ForwardOperand {
            let lists: Vec<Arc<[u32]>> = lists.into_iter().map(|list| list.into_iter().collect()).collect();
            operand(&lists, &lanes, &noise)
        }
    }

    proptest! {
        #[test]
        fn an_operand_comes_back(operand in operands()) {
            let bytes = operand.to_bytes();
            let read = ForwardOperand::from_bytes(&bytes).expect("an operand");
            prop_assert_eq!(read.to_bytes(), bytes);
            prop_assert_eq!(format!("{read:?}"), format!("{operand:?}"));
        }

        #[test]
        fn what_is_cut_or_noise_is_nothing(operand in operands(), cut in 1..9_usize, noise in prop::collection::vec(any::<u8>(), 0..64)) {
            let bytes = operand.to_bytes();
            prop_assert!(ForwardOperand::from_bytes(&bytes[..bytes.len() - cut]).is_none());
            let _ = ForwardOperand::from_bytes(&[MAGIC.as_slice(), &noise].concat());
        }
    }
}
