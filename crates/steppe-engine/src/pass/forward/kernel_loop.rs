//! What one partition does with its tiles: from packed rows and sparse lanes to kernel calls.
//!
//! Variants whose ploidy depends on sex are summed once per sex class over a copy of their rows in which everybody
//! outside the class is set to *missing*. Their tables hold differences from the entry of a missing call, so that
//! those others add nothing; the missing entry itself is a constant of the class, added at the end of the job
//! (`PreparedScore::missing_constants`). Counts of a missing call are zero to begin with.

use steppe_kernels::{CountTable, ForwardSums, Rows, Tables, WeightTable};
use steppe_store::{RowGroup, SampleBlock, Scratch, TileReader};

use super::{ForwardOperand, SEX_CLASSES};
use crate::{
    EngineError,
    pass::{PartialSums, PassContext},
};

/// Below this share of used rows, a row group's rows are read one by one instead of all.
const SELECT_BELOW: f64 = 0.25;

/// From so many weight lanes on, rows are gathered before they are summed: the sums of a block no longer fit into the
/// cache, and every call of the kernel goes through all of them.
const GATHER_FROM_LANES: usize = 4;
/// Most rows that are gathered: of few lanes as many as stay in the cache, of many lanes so many that their sums, which
/// do not, are worth the way.
const GATHERED_ROWS: [usize; 2] = [256, 2048];
/// From so many weight lanes on they are many.
const MANY_LANES: usize = 17;
/// Most bytes that the tables of gathered rows may take.
const GATHERED_TABLE_BYTES: usize = 32 << 20;

/// The sums of one block that one partition is building up.
pub(super) struct BlockPass<'a> {
    context: &'a PassContext,
    operand: &'a ForwardOperand,
    block: &'a SampleBlock,
    reader: TileReader,
    sums: ForwardSums,
    buffers: Buffers,
    gathered: Gathered,
}

/// Rows that wait for more of their kind.
#[derive(Default)]
struct Gathered {
    /// How many rows are summed together; 0 where they are not gathered.
    rows: usize,
    variants: Vec<u32>,
    codes: Vec<u8>,
}

#[derive(Default)]
struct Buffers {
    weights: Vec<WeightTable>,
    counts: Vec<CountTable>,
    masked_rows: Vec<u8>,
}

/// Which variant each row of a run is.
#[derive(Clone, Copy)]
enum RowVariants<'a> {
    From(u32),
    These(&'a [u32]),
}

impl<'a> RowVariants<'a> {
    /// Ascending variants; a run without gaps needs no search.
    fn of(variants: &'a [u32]) -> Self {
        match (variants.first(), variants.last()) {
            (Some(&first), Some(&last)) if (last - first) as usize + 1 == variants.len() => Self::From(first),
            _ => Self::These(variants),
        }
    }

    fn variant_of(&self, row: usize) -> u32 {
        match self {
            Self::From(first) => first + row as u32,
            Self::These(variants) => variants[row],
        }
    }

    fn row_of(&self, variant: u32) -> Option<usize> {
        match self {
            Self::From(first) => Some((variant - first) as usize),
            Self::These(variants) => variants.binary_search(&variant).ok(),
        }
    }

    /// The half-open range of variants that the rows lie in.
    fn bounds(&self, rows: usize) -> (u32, u32) {
        match self {
            Self::From(first) => (*first, first + rows as u32),
            Self::These(variants) => match (variants.first(), variants.last()) {
                (Some(&first), Some(&last)) => (first, last + 1),
                _ => (0, 0),
            },
        }
    }
}

impl<'a> BlockPass<'a> {
    pub(super) fn new(context: &'a PassContext, operand: &'a ForwardOperand, block: &'a SampleBlock) -> Self {
        let sums = ForwardSums::new(
            context.level,
            block.samples as usize,
            operand.weights.len(),
            operand.counts.len(),
        );
        let lanes = operand.weights.len();
        let rows = match lanes {
            0..GATHER_FROM_LANES => 0,
            _ => (GATHERED_TABLE_BYTES / (lanes * size_of::<WeightTable>()))
                .clamp(64, GATHERED_ROWS[usize::from(lanes >= MANY_LANES)]),
        };
        let gathered = Gathered { rows, ..Gathered::default() };
        Self {
            context,
            operand,
            block,
            reader: context.cohort.reader(),
            sums,
            buffers: Buffers::default(),
            gathered,
        }
    }

    pub(super) fn block(&self) -> u32 {
        self.block.index
    }

    /// Sums one row group; an error leaves the sums unusable.
    pub(super) fn add_row_group(
        &mut self,
        group: &RowGroup,
        scratch: &mut Scratch,
    ) -> Result<(), EngineError> {
        let context = self.context;
        let reader = self.reader.clone();
        let end = group.first_variant + group.rows;
        let plain = self.operand.plain_in(group.first_variant, end);
        let by_sex = self.operand.by_sex_in(group.first_variant, end);
        let used = plain.len() + by_sex.len();
        let mut failure = None;
        let mut add = |variants: RowVariants<'_>, rows: Rows<'_>| {
            if failure.is_none() {
                failure = self.add_rows(variants, rows).err();
            }
        };
        if (used as f64) < SELECT_BELOW * f64::from(group.rows) {
            let mut variants = [plain, by_sex].concat();
            variants.sort_unstable();
            variants.dedup();
            reader.select(group, &variants, scratch, &mut |variants, rows| {
                add(RowVariants::These(variants), rows);
                Ok(())
            })?;
        } else {
            reader.scan(group, scratch, &mut |first, rows| {
                add(RowVariants::From(first), rows);
                Ok(())
            })?;
        }
        context.progress.advance(u64::from(group.rows) * u64::from(self.block.samples));
        failure.map_or(Ok(()), Err)
    }

    fn add_rows(&mut self, variants: RowVariants<'_>, rows: Rows<'_>) -> Result<(), EngineError> {
        if self.gathered.rows == 0 {
            return self.sum_rows(variants, rows);
        }
        let row_bytes = rows.samples.div_ceil(4);
        for row in 0..rows.rows {
            // Variants ascend within what is gathered, in whatever order tiles come.
            if self.gathered.variants.last().is_some_and(|&last| last >= variants.variant_of(row)) {
                self.sum_gathered()?;
            }
            self.gathered.codes.extend_from_slice(&rows.bytes[row * rows.stride..][..row_bytes]);
            self.gathered.variants.push(variants.variant_of(row));
            if self.gathered.variants.len() == self.gathered.rows {
                self.sum_gathered()?;
            }
        }
        Ok(())
    }

    fn sum_gathered(&mut self) -> Result<(), EngineError> {
        let rows = self.gathered.rows;
        let gathered = std::mem::take(&mut self.gathered);
        let (codes, variants) = (&gathered.codes, &gathered.variants);
        let samples = self.block.samples as usize;
        if !variants.is_empty() {
            let stride = samples.div_ceil(4);
            let run = Rows { bytes: codes, stride, rows: variants.len(), samples };
            self.sum_rows(RowVariants::of(variants), run)?;
        }
        self.gathered = Gathered { rows, ..gathered };
        self.gathered.variants.clear();
        self.gathered.codes.clear();
        Ok(())
    }

    fn sum_rows(&mut self, variants: RowVariants<'_>, rows: Rows<'_>) -> Result<(), EngineError> {
        let (first, end) = variants.bounds(rows.rows);
        if !self.operand.plain_in(first, end).is_empty() {
            self.add_plain(variants, rows)?;
        }
        if !self.operand.by_sex_in(first, end).is_empty() {
            self.add_by_sex(variants, rows)?;
        }
        Ok(())
    }

    fn add_plain(&mut self, variants: RowVariants<'_>, rows: Rows<'_>) -> Result<(), EngineError> {
        let operand = self.operand;
        let (first, end) = variants.bounds(rows.rows);
        let row_count = rows.rows;
        let Buffers { weights, counts, .. } = &mut self.buffers;
        reset(weights, operand.weights.len() * row_count);
        for (lane, out) in operand.weights.iter().zip(weights.chunks_exact_mut(row_count)) {
            let (used, tables) = lane.plain.range(first, end);
            place(variants, used, tables, out);
        }
        reset(counts, operand.counts.len() * row_count);
        for (lane, out) in operand.counts.iter().zip(counts.chunks_exact_mut(row_count)) {
            let (used, tables) = lane.plain.range(first, end);
            place(variants, used, tables, out);
        }
        self.sums.add(rows, &self.buffers.tables(operand.weights.len(), operand.counts.len()))?;
        Ok(())
    }

    fn add_by_sex(&mut self, variants: RowVariants<'_>, rows: Rows<'_>) -> Result<(), EngineError> {
        let operand = self.operand;
        let masks = &self.context.masks[self.block.index as usize];
        let (first, end) = variants.bounds(rows.rows);
        let used = operand.by_sex_in(first, end);
        let row_bytes = (rows.samples).div_ceil(4);
        for class in SEX_CLASSES.into_iter().filter(|&class| masks.has(class)) {
            let Buffers { weights, counts, masked_rows } = &mut self.buffers;
            masked_rows.resize(used.len() * row_bytes, 0);
            let mut present: Vec<u32> = Vec::with_capacity(used.len());
            for &variant in used {
                let Some(row) = variants.row_of(variant) else { continue };
                let codes = &rows.bytes[row * rows.stride..][..row_bytes];
                let out = &mut masked_rows[present.len() * row_bytes..][..row_bytes];
                masks.only(class, codes, out);
                present.push(variant);
            }
            let here = RowVariants::These(&present);
            reset(weights, operand.weights.len() * present.len());
            for (lane, out) in operand.weights.iter().zip(weights.chunks_exact_mut(present.len().max(1))) {
                let (used, tables) = lane.by_sex.range(first, end);
                place_with(here, used, tables, out, |tables| {
                    let table = tables[class.index()];
                    table.map(|entry| entry - table[3])
                });
            }
            reset(counts, operand.counts.len() * present.len());
            for (lane, out) in operand.counts.iter().zip(counts.chunks_exact_mut(present.len().max(1))) {
                let (used, tables) = lane.by_sex.range(first, end);
                place_with(here, used, tables, out, |tables| tables[class.index()]);
            }
            let masked =
                Rows { bytes: masked_rows, stride: row_bytes, rows: present.len(), samples: rows.samples };
            let tables = Tables {
                weights,
                weight_lanes: operand.weights.len(),
                counts,
                count_lanes: operand.counts.len(),
            };
            self.sums.add(masked, &tables)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<PartialSums, EngineError> {
        self.sum_gathered()?;
        let finished = self.sums.finish();
        Ok(PartialSums {
            key: self.block.index,
            sums: finished.weights,
            alleles: finished.alleles,
            dosage: finished.dosage,
        })
    }
}

impl Buffers {
    fn tables(&self, weight_lanes: usize, count_lanes: usize) -> Tables<'_> {
        Tables { weights: &self.weights, weight_lanes, counts: &self.counts, count_lanes }
    }
}

/// Empties a buffer and fills it with zero tables.
fn reset<T: Clone + Default>(buffer: &mut Vec<T>, length: usize) {
    buffer.clear();
    buffer.resize(length, T::default());
}

fn place<T: Copy>(rows: RowVariants<'_>, variants: &[u32], values: &[T], out: &mut [T]) {
    place_with(rows, variants, values, out, |&value| value);
}

/// Puts each variant's value at its row; variants that are not among the rows are passed over.
fn place_with<S, T>(
    rows: RowVariants<'_>,
    variants: &[u32],
    values: &[S],
    out: &mut [T],
    convert: impl Fn(&S) -> T,
) {
    for (&variant, value) in variants.iter().zip(values) {
        if let Some(slot) = rows.row_of(variant).and_then(|row| out.get_mut(row)) {
            *slot = convert(value);
        }
    }
}
