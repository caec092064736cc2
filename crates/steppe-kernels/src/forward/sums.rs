//! The sums in the order in which the passes keep them, and their way back to sample order.

use std::fmt;

use super::FinishedSums;
use super::lookup::LookupScratch;
use super::narrow::{NarrowScratch, WeightLane};
use crate::error::KernelError;
use crate::passes::{LANES, Lanes, Passes};
use crate::rows::{Rows, Tables};

/// Rows that lanes take turns on: half a megabyte of a usual block.
const CACHED_ROWS: usize = 128;

/// One block's sums in slot order, and the buffers that calls reuse.
pub(crate) struct Sums<P: Passes> {
    pub(super) passes: P,
    samples: usize,
    weight_lanes: usize,
    count_lanes: usize,
    /// Lanes that are summed in groups of [`LANES`]: the first ones. The others are summed one by one.
    grouped_lanes: usize,
    /// Group-major, `slots` each.
    pub(super) groups: Vec<Lanes>,
    /// Lane-major, `slots` each.
    pub(super) weights: Vec<i64>,
    /// Lane-major, `slots` each.
    pub(super) alleles: Vec<u32>,
    pub(super) dosage: Vec<u32>,
    pub(super) narrow: NarrowScratch<P>,
    pub(super) lookup: LookupScratch,
}

impl<P: Passes> Sums<P> {
    pub(crate) fn new(passes: P, samples: usize, weight_lanes: usize, count_lanes: usize) -> Self {
        let slots = slots::<P>(samples);
        let rest = weight_lanes % LANES;
        let grouped_lanes = if rest < P::LOOKUP_FROM { weight_lanes - rest } else { weight_lanes };
        Self {
            passes,
            samples,
            weight_lanes,
            count_lanes,
            grouped_lanes,
            groups: vec![Lanes::ZERO; grouped_lanes.div_ceil(LANES) * slots],
            weights: vec![0; (weight_lanes - grouped_lanes) * slots],
            alleles: vec![0; count_lanes * slots],
            dosage: vec![0; count_lanes * slots],
            narrow: NarrowScratch::default(),
            lookup: LookupScratch::default(),
        }
    }

    pub(crate) fn add(&mut self, rows: &Rows<'_>, tables: &Tables<'_>) -> Result<(), KernelError> {
        if rows.samples != self.samples {
            return Err(KernelError::Samples { rows: rows.samples, sums: self.samples });
        }
        rows.check()?;
        tables.check(rows.rows, self.weight_lanes, self.count_lanes)?;
        if rows.rows == 0 || rows.samples == 0 {
            return Ok(());
        }
        if self.grouped_lanes > 0 {
            self.add_groups(rows, tables, self.grouped_lanes);
        }
        let narrow_lanes = self.weight_lanes - self.grouped_lanes;
        let lanes = narrow_lanes.max(self.count_lanes);
        // One lane takes all rows as they come; several take turns on rows that stay in the cache.
        let run_rows = if lanes > 1 || self.grouped_lanes > 0 { CACHED_ROWS } else { rows.rows };
        for first in (0..rows.rows).step_by(run_rows) {
            let run = first..rows.rows.min(first + run_rows);
            for lane in 0..lanes {
                let weights = (lane < narrow_lanes)
                    .then(|| WeightLane { sums: lane, tables: self.grouped_lanes + lane });
                self.add_lane(rows, tables, weights, (lane < self.count_lanes).then_some(lane), run.clone());
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> FinishedSums {
        let slots = slots::<P>(self.samples);
        let column = slot_order(P::column_sample, 4 * P::COLUMN, self.samples);
        let mut weights = Vec::with_capacity(self.weight_lanes * self.samples);
        let index = slot_order(P::offset_sample, 4 * P::COLUMN, self.samples);
        for lane in 0..self.grouped_lanes {
            let group = &self.groups[lane / LANES * slots..][..slots];
            weights.extend(index.iter().map(|&slot| group[slot as usize].0[lane % LANES]));
        }
        for lane in self.weights.chunks(slots.max(1)) {
            weights.extend(column.iter().map(|&slot| lane[slot as usize]));
        }
        let counts = |sums: &[u32]| {
            let lanes = sums.chunks(slots.max(1));
            lanes.flat_map(|lane| column.iter().map(|&slot| lane[slot as usize])).collect()
        };
        FinishedSums { weights, alleles: counts(&self.alleles), dosage: counts(&self.dosage) }
    }
}

/// The slot of each sample, from the sample of each slot of a column.
fn slot_order(sample_of: fn(usize) -> usize, column: usize, samples: usize) -> Vec<u32> {
    let mut slot_of = vec![0; column];
    (0..column).for_each(|slot| slot_of[sample_of(slot)] = slot);
    (0..samples).map(|sample| (sample - sample % column + slot_of[sample % column]) as u32).collect()
}

/// Places for the samples of a block: whole columns.
pub(super) fn slots<P: Passes>(samples: usize) -> usize {
    samples.div_ceil(4 * P::COLUMN) * 4 * P::COLUMN
}

impl<P: Passes> fmt::Debug for Sums<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sums")
            .field("samples", &self.samples)
            .field("weight_lanes", &self.weight_lanes)
            .field("count_lanes", &self.count_lanes)
            .finish_non_exhaustive()
    }
}
