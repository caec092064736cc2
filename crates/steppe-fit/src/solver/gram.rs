//! Coordinate descent by covariance updates on a quadratic model: the working set's gradients are all kept, and a step
//! costs one row of its Gram matrix and no column.
//!
//! Rows are 32-bit floats, half the memory and time of 64-bit ones. That does not limit accuracy: the caller computes the
//! true gradient from the residual after each run and runs again from there, as in iterative refinement. An entry is the
//! same whichever of its two features came first, so that a fit that goes on from a checkpoint has the same bits.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;
use steppe_kernels::{Level, subtract_rows};

use super::{
    coordinate_descent::{ColumnCurvature, Metric},
    penalty::Penalty,
    strong_set::StrongSet,
    weight_classes::{PairSums, PanelBytes, WeightClasses},
};

/// Sweeps after which the true gradient is looked at again whether or not the model is solved.
const MAX_SWEEPS: usize = 2000;

/// Features of a block that is solved at once.
const BLOCK: usize = 128;

/// Sweeps over a block before the others get their turn.
const MAX_BLOCK_SWEEPS: usize = 100;

/// Members that are appended at once: bounds the memory that their products take until they are in place.
const APPENDED: usize = 512;

/// Members whose products with those that are appended make one task.
const PANEL: usize = 64;

/// Gradients that are brought up to date at once: the nearest cache holds them while rows go by.
const GRADIENTS: usize = 1024;

/// Products from which an update of gradients is shared among threads: less is done before another thread is awake.
const SHARED: usize = 1 << 17;

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

/// XᵀWX of some features, covariates projected out. It may hold more of them than the working set, which changes no bit
/// of a descent: those left behind by one batch are often wanted by the next.
#[derive(Debug, Default)]
pub(crate) struct Gram {
    members: Vec<Member>,
    place: HashMap<u32, usize>,
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

    /// Appends the strong set's `positions`, none of which is a member yet. `metric` has the weights of `classes`.
    pub(crate) fn append(
        &mut self,
        strong: &StrongSet,
        positions: &[usize],
        metric: &Metric,
        classes: &WeightClasses,
    ) {
        for positions in positions.chunks(APPENDED) {
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
            let fresh = self.members.iter().enumerate().skip(old);
            self.place.extend(fresh.map(|(m, member)| (member.feature, m)));
            self.extend_rows(old, classes);
        }
    }

    /// Brings all rows up to date with the members from `old` on.
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
        // Rows grow by an eighth: doubling would waste as much memory as they take.
        let room = (rows.len() - old).max(self.members.len() / 8);
        let (earlier, fresh) = self.members.split_at_mut(old);
        for (member, row) in earlier.iter_mut().zip(&rows) {
            if member.row.capacity() < rows.len() {
                member.row.reserve_exact(room);
            }
            member.row.extend_from_slice(row);
        }
        for member in fresh.iter_mut() {
            member.row.reserve_exact(rows.len());
        }
        // Turned a few rows at a time, which the caches hold.
        for rows in rows.chunks(16) {
            for (k, member) in fresh.iter_mut().enumerate() {
                member.row.extend(rows.iter().map(|row| row[k]));
            }
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
        // Of most members of a block none moves: their entries, far apart in memory, are not looked up.
        let mut rows: Vec<Vec<f64>> = vec![Vec::new(); block.len()];
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
                if rows[i].is_empty() {
                    let row = &self.members[*m].row;
                    rows[i] = block.iter().map(|k| f64::from(row[*k])).collect();
                }
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

    /// Takes what some coefficients' changes add to the predictor off every gradient.
    fn subtract(&self, moved: &[(usize, f64)], gradient: &mut [f64]) {
        let rows: Vec<(&[f32], f64)> =
            moved.iter().map(|(m, delta)| (self.members[*m].row.as_slice(), *delta)).collect();
        let level = Level::best();
        let part = |(at, gradient): (usize, &mut [f64])| {
            // A row has an entry for each member, and so for each gradient; that is all that can fail.
            let _ = subtract_rows(level, &rows, at * GRADIENTS, gradient);
        };
        if rows.len() * gradient.len() < SHARED {
            gradient.chunks_mut(GRADIENTS).enumerate().for_each(part);
        } else {
            gradient.par_chunks_mut(GRADIENTS).enumerate().for_each(part);
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
