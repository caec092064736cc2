//! Coordinate descent by covariance updates on a quadratic model: the working set's gradients are all kept, and a step
//! costs one row of its Gram matrix and no column.
//!
//! Rows are 32-bit floats, half the memory and time of 64-bit ones. That does not limit accuracy: the caller computes the
//! true gradient from the residual after each run and runs again from there, as in iterative refinement. An entry is the
//! same whichever of its two features came first, so that a fit that goes on from a checkpoint has the same bits.

mod descent;

use std::sync::Arc;

pub(crate) use descent::Goal;
use rayon::prelude::*;

use super::{
    coordinate_descent::{ColumnCurvature, Metric},
    strong_set::StrongSet,
    weight_classes::{PairSums, PanelBytes, WeightClasses},
};

/// Members that are added at once: bounds the memory that their products take until they are in place.
const ADDED: usize = 512;

/// Members whose products with those that are added make one task.
const PANEL: usize = 64;

/// Entries of a row that a line of the caches holds.
const LINE: usize = 16;

/// A feature of the Gram matrix.
#[derive(Debug)]
struct Member {
    feature: u32,
    curvature: ColumnCurvature,
    /// Codes, class by class.
    codes: Arc<[u8]>,
    mean: f64,
    scale: f64,
    /// Its products with all members, in their order.
    row: Vec<f32>,
}

/// XᵀWX of some features, covariates projected out, in the order of the features: neighbours on a chromosome are
/// neighbours in a row, where a descent wants them together. It may hold more of them than the working set, which changes no bit
/// of a descent: those left behind by one batch are often wanted by the next.
#[derive(Debug, Default)]
pub(crate) struct Gram {
    members: Vec<Member>,
}

/// The entry of two members, from sums over their pair, those of `a` first.
fn entry(a: &Member, b: &Member, sums: &PairSums, at: usize) -> f32 {
    let mut sum = sums.codes[at];
    let (low, high) = if a.feature <= b.feature { (a, b) } else { (b, a) };
    if let (Some(code_missing), Some(missing_code), Some(both)) =
        (sums.code_missing.get(at), sums.missing_code.get(at), sums.both_missing.get(at))
    {
        let (low_missing, high_missing) =
            if a.feature <= b.feature { (missing_code, code_missing) } else { (code_missing, missing_code) };
        sum += low.mean * low_missing + high.mean * high_missing;
        sum += low.mean * high.mean * both;
    }
    let h: f64 = low.curvature.h.iter().zip(&high.curvature.a).map(|(h, a)| h * a).sum();
    (sum / (low.scale * high.scale) - h) as f32
}

impl Gram {
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Where a feature is among the members.
    pub(crate) fn place(&self, feature: u32) -> Option<usize> {
        self.members.binary_search_by_key(&feature, |member| member.feature).ok()
    }

    /// Keeps those members that `wanted` says.
    pub(crate) fn retain(&mut self, wanted: impl Fn(u32) -> bool) {
        let kept: Vec<usize> = (0..self.members.len()).filter(|m| wanted(self.members[*m].feature)).collect();
        if kept.len() == self.members.len() {
            return;
        }
        self.members.retain(|member| wanted(member.feature));
        // In place: what is left over serves the members that come next.
        self.members.par_iter_mut().with_min_len(PANEL).for_each(|member| {
            for (place, k) in kept.iter().enumerate() {
                member.row[place] = member.row[*k];
            }
            member.row.truncate(kept.len());
        });
    }

    /// Adds the strong set's `positions` (ascending), none of which is a member yet. `metric` has the weights of
    /// `classes`.
    pub(crate) fn add(
        &mut self,
        strong: &StrongSet,
        positions: &[usize],
        metric: &Metric,
        classes: &WeightClasses,
    ) {
        for positions in positions.chunks(ADDED) {
            let member = |j: &usize| Member {
                feature: strong.features[*j],
                curvature: metric.column(strong, *j),
                codes: classes.gather(&strong.columns[*j]),
                mean: strong.mean[*j],
                scale: strong.scale[*j],
                row: Vec::new(),
            };
            let old = self.members.len();
            self.members.extend(positions.par_iter().with_min_len(8).map(member).collect::<Vec<_>>());
            self.extend_rows(old, classes);
            self.members.sort_by_key(|member| member.feature);
        }
    }

    /// Brings all rows up to date with the members from `old` on, in the order that all of them will have.
    fn extend_rows(&mut self, old: usize, classes: &WeightClasses) {
        let fresh = &self.members[old..];
        let lay_out = |members: &[Member]| {
            classes.lay_out(&members.iter().map(|member| &*member.codes).collect::<Vec<_>>())
        };
        let bytes: Vec<PanelBytes> = fresh.par_chunks(PANEL).map(lay_out).collect();
        let panels: Vec<_> = bytes.par_iter().map(|bytes| classes.panels(bytes)).collect();
        // Products of a few members with the fresh ones, a row each.
        let products = |members: &[Member]| -> Vec<Vec<f32>> {
            let bytes = lay_out(members);
            let own = classes.panels(&bytes);
            let mut rows = vec![Vec::with_capacity(fresh.len()); members.len()];
            for (fresh, panels) in fresh.chunks(PANEL).zip(&panels) {
                let sums = classes.products(&own, panels);
                for (i, (member, row)) in members.iter().zip(&mut rows).enumerate() {
                    let at = |k: usize| i * fresh.len() + k;
                    row.extend(fresh.iter().enumerate().map(|(k, other)| entry(member, other, &sums, at(k))));
                }
            }
            rows
        };
        let rows: Vec<Vec<f32>> = self.members.par_chunks(PANEL).flat_map_iter(products).collect();
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.sort_by_key(|m| self.members[*m].feature);
        let places: Vec<usize> = (0..order.len()).filter(|place| order[*place] >= old).collect();
        let (earlier, fresh) = self.members.split_at_mut(old);
        make_room(earlier, rows.len());
        let longer = earlier.par_iter_mut().zip(&rows).with_min_len(PANEL);
        longer.for_each(|(member, row)| insert(&mut member.row, row, &places));
        // Turned a cache line of each row at a time.
        fresh.par_chunks_mut(LINE).enumerate().for_each(|(line, members)| {
            members.iter_mut().for_each(|member| member.row.reserve_exact(rows.len()));
            for row in order.iter().map(|m| &rows[*m]) {
                members
                    .iter_mut()
                    .zip(&row[line * LINE..])
                    .for_each(|(member, entry)| member.row.push(*entry));
            }
        });
    }

    /// The curvature of one member.
    pub(crate) fn curvature(&self, member: usize) -> &ColumnCurvature {
        &self.members[member].curvature
    }
}

/// Makes room for rows of so many entries. They grow by an eighth: doubling would waste as much memory as they take.
fn make_room(members: &mut [Member], entries: usize) {
    let mut short: Vec<&mut Member> =
        members.iter_mut().filter(|member| member.row.capacity() < entries).collect();
    // In the order in which they lie in memory, so that the next row fits where others have been.
    short.sort_unstable_by_key(|member| member.row.as_ptr());
    for member in short {
        let more = entries - member.row.len();
        member.row.reserve_exact(more.max(entries / 8));
    }
}

/// Puts new entries at their places (ascending) in the longer row.
fn insert(row: &mut Vec<f32>, new: &[f32], places: &[usize]) {
    let mut end = row.len();
    row.resize(end + new.len(), 0.0);
    for (k, (entry, place)) in new.iter().zip(places).enumerate().rev() {
        // Of the old entries, those before this place.
        let before = place - k;
        row.copy_within(before..end, place + 1);
        row[*place] = *entry;
        end = before;
    }
}

#[cfg(test)]
mod tests {
    use super::insert;

    #[test]
    fn entries_come_to_their_places() {
        for places in [vec![], vec![0], vec![3], vec![0, 1, 4], vec![1, 2, 5, 6]] {
            let mut row = vec![1.0, 2.0, 3.0];
            let new: Vec<f32> = (0..places.len()).map(|k| 10.0 + k as f32).collect();
            insert(&mut row, &new, &places);
            let old: Vec<f32> =
                (0..row.len()).filter(|place| !places.contains(place)).map(|place| row[place]).collect();
            assert_eq!(old, [1.0, 2.0, 3.0]);
            assert_eq!(places.iter().map(|place| row[*place]).collect::<Vec<_>>(), new);
        }
    }
}
