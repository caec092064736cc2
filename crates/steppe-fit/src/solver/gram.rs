//! Coordinate descent by covariance updates, for a quadratic loss: the working set's gradients are all kept, and a step
//! costs one row of its Gram matrix and no column.
//!
//! Rows are 32-bit floats, half the memory and time of 64-bit ones. That does not limit accuracy: the caller computes the
//! true gradient from the residual after each run and runs again from there, as in iterative refinement. An entry is the
//! same whichever of its two features came first, so that a fit that goes on from a checkpoint has the same bits.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;

use super::{
    code_products::{Planes, code_products, padded_words, planes},
    columns,
    coordinate_descent::{ColumnCurvature, Metric},
    penalty::Penalty,
    strong_set::StrongSet,
};

/// Sweeps after which the true gradient is looked at again whether or not the model is solved.
const MAX_SWEEPS: usize = 2000;

/// Features of a block that is solved at once.
const BLOCK: usize = 128;

/// Sweeps over a block before the others get their turn.
const MAX_BLOCK_SWEEPS: usize = 100;

/// A feature of the Gram matrix.
#[derive(Debug)]
struct Member {
    feature: u32,
    curvature: ColumnCurvature,
    /// Codes, 0 where the call is missing or the sample does not train.
    codes: Planes,
    /// Training samples with a missing call, ascending.
    missing: Vec<u32>,
    /// The packed bytes as the strong set has them.
    column: Arc<[u8]>,
    mean: f64,
    scale: f64,
    /// Its products with all members, in their order.
    row: Vec<f32>,
}

impl Member {
    fn code(&self, sample: u32) -> f64 {
        let bit = |plane: &[u64]| (plane[sample as usize / 64] >> (sample % 64)) & 1;
        (bit(&self.codes.low) + 2 * bit(&self.codes.high)) as f64
    }
}

/// XᵀWX of some features, covariates projected out. It may hold more of them than the working set, which changes no bit
/// of a descent: those left behind by one batch are often wanted by the next.
#[derive(Debug, Default)]
pub(crate) struct Gram {
    members: Vec<Member>,
    place: HashMap<u32, usize>,
}

/// The sample weights W, as products over pairs need them.
pub(crate) struct PairWeights<'a> {
    w: &'a [f64],
    /// The weight of every training sample, where they have one.
    uniform: Option<f64>,
    /// The bit of each sample that trains.
    mask: Vec<u64>,
}

impl<'a> PairWeights<'a> {
    pub(crate) fn new(w: &'a [f64]) -> Self {
        let mut mask = vec![0_u64; padded_words(w.len())];
        let mut positive = w.iter().copied().filter(|w| *w > 0.0);
        let first = positive.next();
        for (sample, _) in w.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            mask[sample / 64] |= 1 << (sample % 64);
        }
        Self { w, uniform: first.filter(|first| positive.all(|w| w == *first)), mask }
    }

    fn member(&self, strong: &StrongSet, j: usize, curvature: ColumnCurvature) -> Member {
        let bytes = &strong.columns[j];
        let mut codes = Planes { low: vec![0; self.mask.len()], high: vec![0; self.mask.len()] };
        let mut missing = Vec::new();
        for (i, chunk) in bytes.chunks(16).enumerate() {
            let (low, high) = planes(chunk);
            let mut absent = low & high & self.mask[i];
            codes.low[i] = low & self.mask[i] & !absent;
            codes.high[i] = high & self.mask[i] & !absent;
            while absent != 0 {
                missing.push((64 * i) as u32 + absent.trailing_zeros());
                absent &= absent - 1;
            }
        }
        let (mean, scale) = (strong.mean[j], strong.scale[j]);
        let column = Arc::clone(bytes);
        Member {
            feature: strong.features[j],
            curvature,
            codes,
            missing,
            column,
            mean,
            scale,
            row: Vec::new(),
        }
    }

    /// w × code of each sample, 0 where missing; empty where weights are uniform.
    fn dense(&self, member: &Member) -> Vec<f64> {
        if self.uniform.is_some() {
            return Vec::new();
        }
        self.w.iter().enumerate().map(|(sample, w)| w * member.code(sample as u32)).collect()
    }

    /// The entry of two members. `dense` is that of `b`.
    fn entry(&self, a: &Member, b: &Member, dense: &[f64]) -> f32 {
        let codes = match self.uniform {
            Some(w) => w * code_products(&a.codes, &b.codes) as f64,
            // Codes are 0, 1 or 2, so each term w·code·code is exact, and the same from both sides.
            None => columns::dot(&a.column, self.w.len(), dense).0,
        };
        let (low, high) = if a.feature <= b.feature { (a, b) } else { (b, a) };
        let mut sum = codes;
        if !low.missing.is_empty() || !high.missing.is_empty() {
            sum += low.mean * self.missing_codes(low, high) + high.mean * self.missing_codes(high, low);
            sum += low.mean * high.mean * self.both_missing(low, high);
        }
        let h: f64 = low.curvature.h.iter().zip(&high.curvature.a).map(|(h, a)| h * a).sum();
        (sum / (low.scale * high.scale) - h) as f32
    }

    /// Σ w × code of `other` over samples whose call in `absent` is missing.
    fn missing_codes(&self, absent: &Member, other: &Member) -> f64 {
        absent.missing.iter().map(|sample| self.w[*sample as usize] * other.code(*sample)).sum()
    }

    fn both_missing(&self, a: &Member, b: &Member) -> f64 {
        let both = a.missing.iter().filter(|sample| b.missing.binary_search(sample).is_ok());
        both.map(|sample| self.w[*sample as usize]).sum()
    }
}

impl Gram {
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Where a feature is among the members.
    pub(crate) fn place(&self, feature: u32) -> Option<usize> {
        self.place.get(&feature).copied()
    }

    /// Keeps those members that `wanted` says.
    pub(crate) fn retain(&mut self, wanted: impl Fn(u32) -> bool) {
        let kept: Vec<usize> = (0..self.members.len()).filter(|m| wanted(self.members[*m].feature)).collect();
        if kept.len() == self.members.len() {
            return;
        }
        self.members.retain(|member| wanted(member.feature));
        for member in &mut self.members {
            member.row = kept.iter().map(|k| member.row[*k]).collect();
        }
        self.place = self.members.iter().enumerate().map(|(m, member)| (member.feature, m)).collect();
    }

    /// Appends the strong set's `positions`, none of which is a member yet.
    pub(crate) fn append(&mut self, strong: &StrongSet, positions: &[usize], metric: &Metric) {
        let weights = PairWeights::new(&metric.w);
        let old = self.members.len();
        let fresh: Vec<Member> = positions
            .par_iter()
            .with_min_len(8)
            .map(|j| weights.member(strong, *j, metric.column(strong, *j)))
            .collect();
        self.members.extend(fresh);
        self.place.extend(self.members.iter().enumerate().skip(old).map(|(m, member)| (member.feature, m)));
        let members = &self.members;
        let rows: Vec<Vec<f32>> = (old..members.len())
            .into_par_iter()
            .map(|m| {
                let dense = weights.dense(&members[m]);
                members[..=m].iter().map(|other| weights.entry(other, &members[m], &dense)).collect()
            })
            .collect();
        // Rows grow by an eighth: doubling would waste as much memory as they take.
        let room = rows.len().max(self.members.len() / 8);
        for member in self.members.iter_mut().filter(|member| member.row.capacity() < old + rows.len()) {
            member.row.reserve_exact(room);
        }
        for (m, row) in (old..).zip(rows) {
            for (member, entry) in self.members[..m].iter_mut().zip(&row) {
                member.row.push(*entry);
            }
            self.members[m].row = row;
        }
    }

    /// The curvature of one member.
    pub(crate) fn curvature(&self, member: usize) -> &ColumnCurvature {
        &self.members[member].curvature
    }

    /// Minimises over the coefficients of some members. `gradient` and `beta` are in members' order; both are kept up to
    /// date, gradients of all members. Ends when no violation is above the goal's tolerance.
    ///
    /// Neighbours on a chromosome correlate most, and one coordinate at a time is slow to settle them. So a step solves
    /// a block of neighbours on their own small matrix, and only then brings every gradient up to date.
    pub(crate) fn descend(&self, goal: &Goal<'_>, gradient: &mut [f64], beta: &mut [f64]) {
        let mut order = goal.members.to_vec();
        order.sort_unstable_by_key(|m| self.members[*m].feature);
        for sweep in 0..MAX_SWEEPS {
            let violation = |m: usize| goal.penalty.violation(goal.factor[m], gradient[m], beta[m]);
            let movable = |m: &usize| self.members[*m].curvature.kappa > 0.0;
            if !order.iter().any(|m| movable(m) && violation(*m) > goal.tolerance) {
                return;
            }
            let open = |m: &usize| movable(m) && (beta[*m] != 0.0 || violation(*m) > 0.5 * goal.tolerance);
            let open: Vec<usize> = order.iter().copied().filter(open).collect();
            // Every second sweep cuts half a block away, so that no pair of neighbours is always apart.
            let (first, rest) = open.split_at(if sweep % 2 == 1 { open.len().min(BLOCK / 2) } else { 0 });
            for block in std::iter::once(first).chain(rest.chunks(BLOCK)) {
                self.solve_block(block, goal, gradient, beta);
            }
        }
    }

    /// Solves one block with all else fixed, then brings gradients up to date.
    fn solve_block(&self, block: &[usize], goal: &Goal<'_>, gradient: &mut [f64], beta: &mut [f64]) {
        let violation = |m: &usize| goal.penalty.violation(goal.factor[*m], gradient[*m], beta[*m]);
        let worst = block.iter().map(violation).fold(0.0, f64::max);
        let tolerance = (0.1 * worst).max(0.5 * goal.tolerance);
        if worst <= tolerance {
            return;
        }
        let entries =
            |m: &usize| block.iter().map(|k| f64::from(self.members[*m].row[*k])).collect::<Vec<f64>>();
        let rows: Vec<Vec<f64>> = block.iter().map(entries).collect();
        let mut own: Vec<f64> = block.iter().map(|m| gradient[*m]).collect();
        let before: Vec<f64> = block.iter().map(|m| beta[*m]).collect();
        for _ in 0..MAX_BLOCK_SWEEPS {
            let mut worst = 0.0_f64;
            for (i, m) in block.iter().enumerate() {
                let violation = goal.penalty.violation(goal.factor[*m], own[i], beta[*m]);
                if violation <= 0.5 * tolerance {
                    continue;
                }
                worst = worst.max(violation);
                let kappa = self.members[*m].curvature.kappa;
                let target = goal.penalty.minimiser(goal.factor[*m], kappa, own[i], beta[*m]);
                let delta = target - beta[*m];
                beta[*m] = target;
                own.iter_mut().zip(&rows[i]).for_each(|(own, entry)| *own -= delta * entry);
            }
            if worst <= tolerance {
                break;
            }
        }
        let moved = block.iter().zip(&before).map(|(m, before)| (*m, beta[*m] - before));
        let moved: Vec<(usize, f64)> = moved.filter(|(_, delta)| *delta != 0.0).collect();
        self.subtract(&moved, gradient);
    }

    /// Takes what some coefficients' changes add to the predictor off every gradient, four rows at once.
    fn subtract(&self, moved: &[(usize, f64)], gradient: &mut [f64]) {
        let mut fours = moved.chunks_exact(4);
        for four in &mut fours {
            let [a, b, c, d] =
                [four[0], four[1], four[2], four[3]].map(|(m, _)| &self.members[m].row[..gradient.len()]);
            let delta = [four[0].1, four[1].1, four[2].1, four[3].1];
            for (k, gradient) in gradient.iter_mut().enumerate() {
                let left = delta[0] * f64::from(a[k]) + delta[1] * f64::from(b[k]);
                let right = delta[2] * f64::from(c[k]) + delta[3] * f64::from(d[k]);
                *gradient -= left + right;
            }
        }
        for (m, delta) in fours.remainder() {
            for (gradient, entry) in gradient.iter_mut().zip(&self.members[*m].row) {
                *gradient -= delta * f64::from(*entry);
            }
        }
    }
}

/// What a descent is to reach.
pub(crate) struct Goal<'a> {
    /// Members whose coefficients may change.
    pub(crate) members: &'a [usize],
    pub(crate) penalty: Penalty,
    /// Penalty factors of all members, in their order.
    pub(crate) factor: &'a [f64],
    /// Largest violation.
    pub(crate) tolerance: f64,
}
