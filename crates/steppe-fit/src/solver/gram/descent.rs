//! The descent on a Gram matrix, block by block.

use rayon::prelude::*;
use steppe_kernels::{Level, subtract_rows};

use super::Gram;
use crate::solver::penalty::Penalty;

/// Sweeps after which the true gradient is looked at again whether or not the model is solved.
const MAX_SWEEPS: usize = 2000;

/// Features of a block that is solved at once.
const BLOCK: usize = 128;

/// Sweeps over a block before the others get their turn.
const MAX_BLOCK_SWEEPS: usize = 100;

/// Gradients that are brought up to date at once: the nearest cache holds them while rows go by.
const GRADIENTS: usize = 1024;

/// Products from which an update of gradients is shared among threads: less is done before another thread is awake.
const SHARED: usize = 1 << 16;

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

impl Gram {
    /// Minimises over the coefficients of some members. `gradient` and `beta` are in members' order; both are kept up to
    /// date, gradients of all members. Ends when no violation is above the goal's tolerance.
    ///
    /// Neighbours on a chromosome correlate most, and one coordinate at a time is slow to settle them. So a step solves
    /// a block of neighbours on their own small matrix, and only then brings every gradient up to date.
    pub(crate) fn descend(&self, goal: &Goal<'_>, gradient: &mut [f64], beta: &mut [f64]) {
        let movable = |m: &usize| self.members[*m].curvature.kappa > 0.0;
        let mut order: Vec<usize> = goal.members.iter().copied().filter(movable).collect();
        order.sort_unstable();
        for sweep in 0..MAX_SWEEPS {
            let violation = |m: usize| goal.penalty.violation(goal.factor[m], gradient[m], beta[m]);
            if !order.iter().any(|m| violation(*m) > goal.tolerance) {
                return;
            }
            let open = |m: &usize| beta[*m] != 0.0 || violation(*m) > 0.5 * goal.tolerance;
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
        let level = Level::best();
        // Of most members of a block none moves: their entries are not looked up.
        let mut entries: Vec<Vec<f32>> = vec![Vec::new(); block.len()];
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
                if entries[i].is_empty() {
                    let row = &self.members[*m].row;
                    entries[i] = block.iter().map(|k| row[*k]).collect();
                }
                // There is an entry for each member of the block, which is all that can fail.
                let _ = subtract_rows(level, &[(&entries[i], delta)], 0, &mut own);
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
