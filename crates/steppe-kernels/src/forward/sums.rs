//! The sums in the order in which the passes keep them, and their way back to sample order.

use std::fmt;

use super::FinishedSums;
use super::lookup::LookupScratch;
use super::narrow::NarrowScratch;
use crate::error::KernelError;
use crate::passes::{LANES, Lanes, Passes};
use crate::rows::{Rows, Tables};

/// One block's sums in slot order, and the buffers that calls reuse.
pub(crate) struct Sums<P: Passes> {
    pub(super) passes: P,
    samples: usize,
    weight_lanes: usize,
    count_lanes: usize,
    pub(super) weights: Weights,
    /// Lane-major, `slots` each.
    pub(super) alleles: Vec<u32>,
    pub(super) dosage: Vec<u32>,
    pub(super) narrow: NarrowScratch<P>,
    pub(super) lookup: LookupScratch,
}

/// Few lanes are summed one by one, many in groups of [`LANES`].
pub(super) enum Weights {
    /// Lane-major, `slots` each.
    ByLane(Vec<i64>),
    /// Group-major, `slots` each.
    ByGroup(Vec<Lanes>),
}

impl<P: Passes> Sums<P> {
    pub(crate) fn new(passes: P, samples: usize, weight_lanes: usize, count_lanes: usize) -> Self {
        let slots = slots::<P>(samples);
        let weights = if weight_lanes < P::LOOKUP_FROM {
            Weights::ByLane(vec![0; weight_lanes * slots])
        } else {
            Weights::ByGroup(vec![Lanes::ZERO; weight_lanes.div_ceil(LANES) * slots])
        };
        Self {
            passes,
            samples,
            weight_lanes,
            count_lanes,
            weights,
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
        let by_lane = match self.weights {
            Weights::ByLane(_) => self.weight_lanes,
            Weights::ByGroup(_) => {
                self.add_groups(rows, tables);
                0
            }
        };
        for lane in 0..by_lane.max(self.count_lanes) {
            self.add_lane(
                rows,
                tables,
                (lane < by_lane).then_some(lane),
                (lane < self.count_lanes).then_some(lane),
            );
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> FinishedSums {
        let slots = slots::<P>(self.samples);
        let column = slot_order(P::column_sample, 4 * P::COLUMN, self.samples);
        let mut weights = Vec::with_capacity(self.weight_lanes * self.samples);
        match &self.weights {
            Weights::ByLane(sums) if !sums.is_empty() => {
                for lane in sums.chunks(slots) {
                    weights.extend(column.iter().map(|&slot| lane[slot as usize]));
                }
            }
            Weights::ByLane(_) => {}
            Weights::ByGroup(sums) => {
                let index = slot_order(P::index_sample, 4 * P::COLUMN, self.samples);
                for lane in 0..self.weight_lanes {
                    let group = &sums[lane / LANES * slots..][..slots];
                    weights.extend(index.iter().map(|&slot| group[slot as usize].0[lane % LANES]));
                }
            }
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
