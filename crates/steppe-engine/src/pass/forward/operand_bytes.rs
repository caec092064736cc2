//! An operand as bytes: what workers fetch by its hash.
//!
//! ```text
//! "STEPPEF2"
//! u32 lists;         per list  u32 length, then u32 ascending variant indices
//! u32 weight lanes;  per lane  u32 list, weights of its variants;  u32 list, then i64[3][4] a variant, by sex
//! u32 count lanes;   per lane  u32 list, then u8[4][2] a variant; u32 list, then u8[3][4][2] a variant, by sex
//!
//! weights  u32 0, then i64[4] a variant
//!       or u32 1, then all i64 of one copy, all i64 of a missing call, all u8 shapes
//! ```
//! Little end first. Lanes over the same variants share one list. The second form of weights is for effects that add: no
//! copy is 0, and two are twice one but for the rounding of each, which is the shape's low bits, less one; its bit 2 says
//! that the copies are those of the other allele. It is half as long.

use std::{collections::HashMap, sync::Arc};

use steppe_kernels::{CountEntry, CountTable, WeightTable};

use super::{CountLane, ForwardOperand, Sparse, WeightLane};
use crate::pass::little_end;

const MAGIC: &[u8; 8] = b"STEPPEF2";

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

/// Forms of weights.
const TABLES: u32 = 0;
const ADDING: u32 = 1;

/// Which bit of a shape says that no copy of the effect allele is two of the counted one.
const OF_OTHER: u8 = 4;

/// The shape of a table whose effect adds.
fn shape(table: &WeightTable) -> Option<u8> {
    let (two, reversed) = match *table {
        [0, _, two, _] => (two, 0),
        [two, _, 0, _] => (two, OF_OTHER),
        _ => return None,
    };
    // Weights are far from the ends of their range; what is not has no shape.
    let rounding = two.checked_sub(table[1].checked_mul(2)?)?;
    let rounding = u8::try_from(rounding.checked_add(1)?).ok().filter(|rounding| *rounding < OF_OTHER)?;
    Some(rounding | reversed)
}

/// The table of a shape; `None` for one that is no shape.
fn table_of(one: i64, missing: i64, shape: u8) -> Option<WeightTable> {
    let two = one.checked_mul(2)?.checked_add(i64::from(shape % OF_OTHER) - 1)?;
    match shape / OF_OTHER {
        0 => Some([0, one, two, missing]),
        1 => Some([two, one, 0, missing]),
        _ => None,
    }
}

fn put_weights(tables: &[WeightTable], into: &mut Vec<u8>) {
    let shapes: Option<Vec<u8>> = tables.iter().map(shape).collect();
    let Some(shapes) = shapes else {
        into.extend_from_slice(&TABLES.to_le_bytes());
        tables.iter().for_each(|table| table.put(into));
        return;
    };
    into.extend_from_slice(&ADDING.to_le_bytes());
    for code in [1, 3] {
        little_end::put(into, tables.iter(), |table| table[code].to_le_bytes());
    }
    into.extend_from_slice(&shapes);
}

/// The lists of variants, each written once.
#[derive(Default)]
struct Lists<'a> {
    all: Vec<&'a [u32]>,
    numbers: HashMap<(*const u32, usize), u32>,
}

impl<'a> Lists<'a> {
    /// The lists of all lanes, in the order in which lanes name them.
    fn of(operand: &'a ForwardOperand) -> Self {
        let mut lists = Self::default();
        for lane in &operand.weights {
            lists.add(lane.plain.variants());
            lists.add(lane.by_sex.variants());
        }
        for lane in &operand.counts {
            lists.add(lane.plain.variants());
            lists.add(lane.by_sex.variants());
        }
        lists
    }

    fn add(&mut self, list: &'a [u32]) {
        let Self { all, numbers } = self;
        numbers.entry((list.as_ptr(), list.len())).or_insert_with(|| {
            all.push(list);
            (all.len() - 1) as u32
        });
    }

    fn number(&self, list: &[u32]) -> u32 {
        self.numbers.get(&(list.as_ptr(), list.len())).copied().unwrap_or_default()
    }

    fn put<T: Fixed>(&self, sparse: &Sparse<T>, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.number(sparse.variants()).to_le_bytes());
        sparse.values().iter().for_each(|value| value.put(into));
    }
}

impl ForwardOperand {
    /// The operand as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let lists = Lists::of(self);
        let listed: usize = lists.all.iter().map(|list| 4 + 4 * list.len()).sum();
        let weights: usize = self.weights.iter().map(|lane| 17 * lane.plain.values().len() + 16).sum();
        let mut bytes = Vec::with_capacity(64 + listed + weights);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(lists.all.len() as u32).to_le_bytes());
        for list in &lists.all {
            bytes.extend_from_slice(&(list.len() as u32).to_le_bytes());
            little_end::put(&mut bytes, list.iter(), |variant| variant.to_le_bytes());
        }
        bytes.extend_from_slice(&(self.weights.len() as u32).to_le_bytes());
        for lane in &self.weights {
            bytes.extend_from_slice(&lists.number(lane.plain.variants()).to_le_bytes());
            put_weights(lane.plain.values(), &mut bytes);
            lists.put(&lane.by_sex, &mut bytes);
        }
        bytes.extend_from_slice(&(self.counts.len() as u32).to_le_bytes());
        for lane in &self.counts {
            lists.put(&lane.plain, &mut bytes);
            lists.put(&lane.by_sex, &mut bytes);
        }
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
                plain: bytes.weights(&lists)?,
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

    fn weights(&mut self, lists: &[Arc<[u32]>]) -> Option<Sparse<WeightTable>> {
        let variants = lists.get(self.number()?)?;
        let form = u32::try_from(self.number()?).ok()?;
        if form == TABLES {
            return self.values(variants);
        }
        let of_one = self.take(variants.len().checked_mul(8)?)?.as_chunks::<8>().0;
        let of_missing = self.take(of_one.len() * 8)?.as_chunks::<8>().0;
        let shapes = self.take(of_one.len())?;
        let tables = of_one.iter().zip(of_missing).zip(shapes).map(|((one, missing), shape)| {
            table_of(i64::from_le_bytes(*one), i64::from_le_bytes(*missing), *shape)
        });
        let tables: Option<Vec<WeightTable>> = if form == ADDING { tables.collect() } else { None };
        Some(Sparse::new(Arc::clone(variants), tables?))
    }

    fn sparse<T: Fixed>(&mut self, lists: &[Arc<[u32]>]) -> Option<Sparse<T>> {
        let variants = lists.get(self.number()?)?;
        self.values(variants)
    }

    fn values<T: Fixed>(&mut self, variants: &Arc<[u32]>) -> Option<Sparse<T>> {
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
        fn weights_that_add_take_half_as_much(
            lane in prop::collection::btree_map(any::<u32>(), (-(1_i64 << 60)..1 << 60, any::<i64>(), -1_i64..2, any::<bool>()), 1..40),
        ) {
            let variants: Arc<[u32]> = lane.keys().copied().collect();
            let table = |&(one, missing, rounding, of_other): &(i64, i64, i64, bool)| match of_other {
                false => [0, one, 2 * one + rounding, missing],
                true => [2 * one + rounding, one, 0, missing],
            };
            let tables: Vec<WeightTable> = lane.values().map(table).collect();
            let plain = Sparse::new(variants, tables.clone());
            let operand = ForwardOperand::new(vec![WeightLane { plain, by_sex: Sparse::default() }], Vec::new());
            let bytes = operand.to_bytes();
            prop_assert!(bytes.len() <= 48 + 21 * tables.len(), "{} bytes of {} tables", bytes.len(), tables.len());
            let read = ForwardOperand::from_bytes(&bytes).expect("an operand");
            prop_assert_eq!(read.weights[0].plain.values(), &tables[..]);
        }

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
