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
    /// a block of neighbours on their own small matrix, and only then brings every gradient up to date: those of the
    /// next block first, so that one thread solves it while others go on with the rest.
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
            let mut moved = Vec::new();
            for block in std::iter::once(first).chain(rest.chunks(BLOCK)) {
                moved = self.step(block, &moved, goal, gradient, beta);
            }
            self.subtract(&moved, 0, gradient);
        }
    }

    /// Solves one block with all else fixed, and brings gradients up to date with what the block before has moved.
    fn step(
        &self,
        block: &[usize],
        moved: &[(usize, f64)],
        goal: &Goal<'_>,
        gradient: &mut [f64],
        beta: &mut [f64],
    ) -> Vec<(usize, f64)> {
        let (Some(&first), Some(&last)) = (block.first(), block.last()) else {
            self.subtract(moved, 0, gradient);
            return Vec::new();
        };
        let (before, rest) = gradient.split_at_mut(first);
        let (own, after) = rest.split_at_mut(last + 1 - first);
        self.subtract(moved, first, own);
        let others = moved.len() * (before.len() + after.len());
        let mut subtract =
            || rayon::join(|| self.subtract(moved, 0, before), || self.subtract(moved, last + 1, after));
        let own: Vec<f64> = block.iter().map(|m| own[m - first]).collect();
        let solve = || self.solve_block(block, goal, own, beta);
        if others < SHARED {
            subtract();
            solve()
        } else {
            rayon::join(solve, subtract).0
        }
    }

    /// Solves one block, whose gradients are `own`, with all else fixed: the members that have moved, and how far.
    fn solve_block(
        &self,
        block: &[usize],
        goal: &Goal<'_>,
        mut own: Vec<f64>,
        beta: &mut [f64],
    ) -> Vec<(usize, f64)> {
        let violation = |(m, own): (&usize, &f64)| goal.penalty.violation(goal.factor[*m], *own, beta[*m]);
        let worst = block.iter().zip(&own).map(violation).fold(0.0, f64::max);
        let tolerance = (0.1 * worst).max(0.5 * goal.tolerance);
        if worst <= tolerance {
            return Vec::new();
        }
        let level = Level::best();
        // Of most members of a block none moves: their entries are not looked up.
        let mut entries: Vec<Vec<f32>> = vec![Vec::new(); block.len()];
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
        moved.filter(|(_, delta)| *delta != 0.0).collect()
    }

    /// Takes what some coefficients' changes add to the predictor off the gradients of the members from `first` on.
    fn subtract(&self, moved: &[(usize, f64)], first: usize, gradient: &mut [f64]) {
        if moved.is_empty() || gradient.is_empty() {
            return;
        }
        let rows: Vec<(&[f32], f64)> =
            moved.iter().map(|(m, delta)| (self.members[*m].row.as_slice(), *delta)).collect();
        let level = Level::best();
        let part = |(at, gradient): (usize, &mut [f64])| {
            // A row has an entry for each member, and so for each gradient; that is all that can fail.
            let _ = subtract_rows(level, &rows, first + at * GRADIENTS, gradient);
        };
        if rows.len() * gradient.len() < SHARED {
            gradient.chunks_mut(GRADIENTS).enumerate().for_each(part);
        } else {
            // One by one: the thread that has solved the next block takes what is left.
            gradient.par_chunks_mut(GRADIENTS).enumerate().with_max_len(1).for_each(part);
        }
    }
}
