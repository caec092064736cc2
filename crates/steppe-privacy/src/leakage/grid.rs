//! The posterior by convolution of rounded contributions.

use super::{Posterior, Variant, prior::Prior};

/// Cells from the lowest to the highest score.
const CELLS: usize = 16_384;

/// Probabilities of sums of the first variants, each contribution rounded to a cell.
pub(super) struct Grid {
    lowest: f64,
    cell: f64,
    prior: Vec<[f64; 3]>,
    /// Cells that each variant's copies add.
    steps: Vec<[usize; 3]>,
    /// Before each variant, and after the last: the probability of each cell.
    before: Vec<Vec<f64>>,
    /// How many vectors end in each cell.
    vectors: Vec<f64>,
}

impl Grid {
    pub(super) fn new(variants: &[Variant], prior: &Prior) -> Self {
        let lowest: f64 = variants.iter().map(|variant| (2.0 * variant.weight).min(0.0)).sum();
        let magnitude: f64 = variants.iter().map(|variant| 2.0 * variant.weight.abs()).sum();
        let cell = if magnitude > 0.0 { magnitude / CELLS as f64 } else { 1.0 };
        let steps_of = |variant: &Variant| {
            let least = (2.0 * variant.weight).min(0.0);
            [0.0, 1.0, 2.0].map(|copies| ((variant.weight * copies - least) / cell).round() as usize)
        };
        let steps: Vec<[usize; 3]> = variants.iter().map(steps_of).collect();
        // Rounding adds at most half a cell a variant.
        let cells = CELLS + variants.len() + 1;
        let mut before = vec![point(cells)];
        let mut vectors = point(cells);
        for (steps, prior) in steps.iter().zip(&prior.genotypes) {
            let next = before.last().map(|last| convolve(last, steps, prior)).unwrap_or_default();
            before.push(next);
            vectors = convolve(&vectors, steps, &[1.0; 3]);
        }
        Self { lowest, cell, prior: prior.genotypes.clone(), steps, before, vectors }
    }

    /// Whether a window is wide beside the rounding: its standard deviation is at most √(variants / 12) cells.
    pub(super) fn resolves(&self, low: f64, high: f64) -> bool {
        (high - low) / self.cell >= 4.0 * (self.steps.len() as f64).sqrt()
    }

    /// The posterior of scores from `low` to below `high`.
    pub(super) fn posterior(&self, low: f64, high: f64) -> Posterior {
        let cells = self.vectors.len();
        // Casts of what is out of range, the infinities included, end at the first and last cell.
        let place = |score: f64| (((score - self.lowest) / self.cell).round() as usize).min(cells);
        let (from, to) = (place(low), place(high).max(place(low) + 1).min(cells));
        let mut after = vec![0.0; cells];
        after[from.min(to)..to].fill(1.0);
        let mut genotypes = vec![[0.0; 3]; self.steps.len()];
        for variant in (0..self.steps.len()).rev() {
            let (steps, prior, before) = (&self.steps[variant], &self.prior[variant], &self.before[variant]);
            let mut earlier = vec![0.0; cells];
            for copies in 0..3 {
                let from_here = &after[steps[copies].min(cells)..];
                let mut sum = 0.0;
                for ((earlier, before), after) in earlier.iter_mut().zip(before).zip(from_here) {
                    *earlier += prior[copies] * after;
                    sum += before * after;
                }
                genotypes[variant][copies] = prior[copies] * sum;
            }
            after = earlier;
        }
        Posterior { genotypes, consistent: self.vectors[from.min(to)..to].iter().sum() }
    }
}

/// All in the first cell.
fn point(cells: usize) -> Vec<f64> {
    let mut point = vec![0.0; cells];
    point[0] = 1.0;
    point
}

/// A variant's copies added to a sum.
fn convolve(sums: &[f64], steps: &[usize; 3], weights: &[f64; 3]) -> Vec<f64> {
    let mut next = vec![0.0; sums.len()];
    for (&step, weight) in steps.iter().zip(weights) {
        for (next, sum) in next.iter_mut().skip(step).zip(sums) {
            *next += weight * sum;
        }
    }
    next
}
