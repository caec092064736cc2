//! How many variants a variant speaks for: the sum of its squared correlations with its neighbours within populations
//! (LD scores; Bulik-Sullivan et al. 2015).

use steppe_fit::{GenotypeMatrix, GramSums};

use super::populations::Populations;
use crate::error::CalibrateError;

/// Variants of a block; neighbours are those of the same block and of the two beside it.
const BLOCK: usize = 200;

/// Per variant its LD score, at least 1: the squared correlation with itself.
pub(super) fn ld_scores(
    matrix: &dyn GenotypeMatrix,
    populations: &Populations,
) -> Result<Vec<f64>, CalibrateError> {
    let groups: Vec<u32> =
        populations.of_person.iter().map(|of_person| of_person.unwrap_or(u32::MAX)).collect();
    let variants = matrix.variants();
    let mut scores = vec![0.0; variants];
    for first in (0..variants).step_by(BLOCK) {
        let end = variants.min(first + 2 * BLOCK);
        let sums = matrix.gram(first as u32..end as u32, &groups, populations.names.len())?;
        let within = Within::new(&sums);
        let own = BLOCK.min(end - first);
        // Pairs of the first block, and of a variant in it with one of the next block.
        for i in 0..own {
            for j in i..end - first {
                let squared = within.squared_correlation(i, j);
                scores[first + i] += squared;
                if j > i {
                    scores[first + j] += squared;
                }
            }
        }
    }
    Ok(scores.into_iter().map(|score| score.max(1.0)).collect())
}

/// Covariances within groups, summed over groups.
struct Within<'a> {
    sums: &'a [GramSums],
    /// Per group the means of the called.
    means: Vec<Vec<f64>>,
    variances: Vec<f64>,
    /// What chance adds to a squared correlation.
    chance: f64,
}

impl<'a> Within<'a> {
    fn new(sums: &'a [GramSums]) -> Self {
        let mean = |[n0, n1, n2, _]: &[u64; 4]| {
            let called = (n0 + n1 + n2) as f64;
            if called > 0.0 { (n1 + 2 * n2) as f64 / called } else { 0.0 }
        };
        let means: Vec<Vec<f64>> = sums.iter().map(|group| group.counts.iter().map(mean).collect()).collect();
        let variants = sums.first().map_or(0, |group| group.variants);
        let people: u64 = sums.iter().map(|group| group.samples).sum();
        let mut within = Self { sums, means, variances: Vec::new(), chance: 1.0 / people.max(1) as f64 };
        within.variances = (0..variants).map(|variant| within.covariance(variant, variant)).collect();
        within
    }

    /// Σ over groups of Σ (x_i − mean_i)(x_j − mean_j) over the people with both calls.
    fn covariance(&self, i: usize, j: usize) -> f64 {
        let of_group = |(sums, means): (&GramSums, &Vec<f64>)| {
            let total = |variant: usize| {
                let [_, n1, n2, _] = sums.counts[variant];
                (n1 + 2 * n2) as f64
            };
            let pair = |matrix: &Vec<u32>, i: usize, j: usize| {
                f64::from(matrix.get(i * sums.variants + j).copied().unwrap_or(0))
            };
            let missing = |variant: usize| sums.counts[variant][3] as f64;
            let both = sums.samples as f64 - missing(i) - missing(j) + pair(&sums.both_missing, i, j);
            let (mean_i, mean_j) = (means[i], means[j]);
            pair(&sums.codes, i, j)
                - mean_j * (total(i) - pair(&sums.code_missing, i, j))
                - mean_i * (total(j) - pair(&sums.code_missing, j, i))
                + mean_i * mean_j * both
        };
        self.sums.iter().zip(&self.means).map(of_group).sum()
    }

    /// Without what chance adds; 1 for a variant with itself, 0 where one does not vary.
    fn squared_correlation(&self, i: usize, j: usize) -> f64 {
        if i == j {
            return 1.0;
        }
        let variance = self.variances[i] * self.variances[j];
        if variance <= 0.0 {
            return 0.0;
        }
        self.covariance(i, j).powi(2) / variance - self.chance
    }
}
