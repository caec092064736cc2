//! The posterior by all genotype vectors, met in the middle.

use super::{Posterior, Variant, prior::Prior};

/// Ranges of fewer vectors are summed one by one: of a difference of prefix sums rare vectors would vanish.
const ONE_BY_ONE: usize = 32;

/// The genotype vectors of half of the variants, by ascending score.
struct Half {
    scores: Vec<f64>,
    priors: Vec<f64>,
    /// Two bits for each variant's copies.
    genotypes: Vec<u32>,
    /// Sums of the priors before each vector, and of all.
    before: Vec<f64>,
    variants: usize,
}

impl Half {
    fn new(variants: &[Variant], prior: &[[f64; 3]]) -> Self {
        let mut vectors = vec![(0.0, 1.0, 0u32)];
        for (at, (variant, prior)) in variants.iter().zip(prior).enumerate() {
            let with = |&(score, probability, genotypes): &(f64, f64, u32)| {
                [0u32, 1, 2].map(|copies| {
                    let score = score + variant.weight * f64::from(copies);
                    (score, probability * prior[copies as usize], genotypes | copies << (2 * at))
                })
            };
            vectors = vectors.iter().flat_map(with).collect();
        }
        vectors.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.2.cmp(&other.2)));
        let mut before = vec![0.0];
        let mut sum = 0.0;
        for (_, probability, _) in &vectors {
            sum += probability;
            before.push(sum);
        }
        Self {
            scores: vectors.iter().map(|vector| vector.0).collect(),
            priors: vectors.iter().map(|vector| vector.1).collect(),
            genotypes: vectors.iter().map(|vector| vector.2).collect(),
            before,
            variants: variants.len(),
        }
    }

    fn probability(&self, from: usize, to: usize) -> f64 {
        if to - from <= ONE_BY_ONE {
            return self.priors[from..to].iter().sum();
        }
        self.before[to] - self.before[from]
    }

    /// Adds up, by this half's vectors, the probability that this vector and any of the other half's have a score in a
    /// window; and how many pairs do.
    fn join(&self, other: &Self, low: f64, high: f64) -> (Vec<[f64; 3]>, f64) {
        let mut genotypes = vec![[0.0; 3]; self.variants];
        let mut pairs = 0.0;
        // As this half's scores rise, the range of the other's falls.
        let (mut from, mut to) = (other.scores.len(), other.scores.len());
        for (at, &score) in self.scores.iter().enumerate() {
            while from > 0 && other.scores[from - 1] >= low - score {
                from -= 1;
            }
            while to > 0 && other.scores[to - 1] >= high - score {
                to -= 1;
            }
            if to <= from {
                continue;
            }
            pairs += (to - from) as f64;
            let probability = self.priors[at] * other.probability(from, to);
            for (variant, sums) in genotypes.iter_mut().enumerate() {
                sums[(self.genotypes[at] >> (2 * variant) & 3) as usize] += probability;
            }
        }
        (genotypes, pairs)
    }
}

/// All vectors of a score's variants, as those of two halves.
pub(super) struct Halves {
    first: Half,
    second: Half,
}

impl Halves {
    pub(super) fn new(variants: &[Variant], prior: &Prior) -> Self {
        let middle = variants.len() / 2;
        let (first, second) = variants.split_at(middle);
        let (prior_first, prior_second) = prior.genotypes.split_at(middle);
        Self { first: Half::new(first, prior_first), second: Half::new(second, prior_second) }
    }

    /// The posterior of scores from `low` to below `high`.
    pub(super) fn posterior(&self, low: f64, high: f64) -> Posterior {
        let (mut genotypes, consistent) = self.first.join(&self.second, low, high);
        genotypes.extend(self.second.join(&self.first, low, high).0);
        Posterior { genotypes, consistent }
    }
}
