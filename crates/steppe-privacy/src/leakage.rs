//! The meter: how many genotypes a released score gives away.
//!
//! A score is Σ *w g* over its variants with *g* ∈ {0, 1, 2} copies of the effect allele, and its weights are public. Who
//! sees it, even rounded, can ask which genotypes give it. The attack that is run here knows the weights, the allele
//! frequencies of the person's population and the released value, and nothing else of the person. Of every variant it
//! guesses the genotype of the largest posterior probability
//!
//! > P(*g* = *x* | released) ∝ Σ over vectors **g** with *g* = *x* and a score in the released window of Π P(*gᵢ*),
//!
//! with Hardy–Weinberg probabilities and variants independent. No guess from these facts has more expected correct
//! genotypes (the most probable whole vector has fewer). The baseline guesses each variant's most frequent genotype
//! without the score; what the score gives away is the difference.
//!
//! Up to [`EXACT_VARIANTS`] variants the sum is exact: half sums of 3^(K/2) vectors each, sorted, and for every vector of
//! one half the probability of the window's range of the other. Above, sums are convolved on a grid of
//! 16,384 cells. That is right for windows that are wide beside the cells' rounding; a finer release can
//! not be measured, and counts as one that gives everything away: [`Leakage::excess`] is `None`.
//!
//! A thousand raw scores take 0.2 s at 15 variants, 4 s at 20 and half a minute at 24; of coarse releases few values
//! differ, and each is inverted once (`examples/leakage_table.rs`).
//!
//! What it does not see: correlated variants, relatives, several scores of one person (each at the same precision gives
//! more), and phenotypes.

mod exact;
mod grid;
mod prior;
mod release;

use std::collections::BTreeMap;

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};

use crate::PrivacyError;
use prior::Prior;
pub use release::Release;

/// Scores of more variants are measured on a grid.
pub const EXACT_VARIANTS: usize = 24;
/// Scores of more variants are not measured.
pub const MOST_VARIANTS: usize = 200;

/// A variant of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variant {
    /// The weight of a copy of the effect allele.
    pub weight: f64,
    /// The effect allele's frequency in the population.
    pub frequency: f64,
}

/// Whose genotypes are attacked.
#[derive(Debug, Clone, Copy)]
pub enum People<'a> {
    /// People drawn by the variants' frequencies, the same for the same seed.
    Simulated {
        /// How many.
        people: usize,
        /// The generator's seed (xoshiro256++).
        seed: u64,
    },
    /// Copies of the effect allele by person and variant.
    Given(&'a [Vec<u8>]),
}

/// How the posterior was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By all genotype vectors.
    Exact,
    /// On a grid.
    Grid {
        /// Whether every released window was wide enough for it.
        is_fine_enough: bool,
    },
}

/// What a released score gives away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leakage {
    /// People whose genotypes were guessed.
    pub people: usize,
    /// The score's variants.
    pub variants: usize,
    /// Share of all genotypes that were guessed right with the score.
    pub recovered: f64,
    /// Share that was guessed right without.
    pub baseline: f64,
    /// People whose every genotype was guessed right with the score.
    pub whole: usize,
    /// Genotype vectors that a person's released value allows, on average.
    pub consistent: f64,
    /// The place of the variant that the score gives most away of, and the share of people whose genotype is guessed
    /// right over that without the score. One strong variant can be given away whole where the mean over all is small.
    pub most_exposed: (usize, f64),
    /// How the guesses were made.
    pub method: Method,
}

impl Leakage {
    /// The share of genotypes that the score gives away over the baseline; may be slightly below 0, by chance.
    /// `None` could not be measured.
    pub fn excess(&self) -> Option<f64> {
        let is_measured = self.method != Method::Grid { is_fine_enough: false };
        is_measured.then_some(self.recovered - self.baseline)
    }

    /// Whether the score gives more away than a share of its genotypes; what could not be measured does.
    pub fn exceeds(&self, most: f64) -> bool {
        self.excess().is_none_or(|excess| excess > most)
    }
}

/// What a guess rests on: of each variant the posterior of 0, 1 and 2 copies, and how many vectors there are.
struct Posterior {
    genotypes: Vec<[f64; 3]>,
    consistent: f64,
}

/// Runs the attack on everybody, and counts what it gets right.
///
/// # Errors
/// No variants or too many; a weight that is not finite, a frequency that is none; genotypes of other variants or of
/// more than two copies; a release that shows nothing it can be inverted by (a standard deviation of 0, a grid without
/// order); no people.
pub fn measure(variants: &[Variant], release: &Release, people: People<'_>) -> Result<Leakage, PrivacyError> {
    check_variants(variants)?;
    release.check()?;
    let genotypes = match people {
        People::Simulated { people, seed } => simulate(variants, people, seed),
        People::Given(genotypes) => genotypes.to_vec(),
    };
    check_genotypes(variants, &genotypes)?;
    let prior = Prior::new(variants);
    let mut attack = Attack::new(variants, release, &prior);
    let (mut whole, mut consistent) = (0usize, 0.0);
    // Right guesses by variant, with the score and without.
    let mut right = vec![[0u64; 2]; variants.len()];
    for person in &genotypes {
        let (guess, vectors) = attack.guess(person);
        for (place, right) in right.iter_mut().enumerate() {
            right[0] += u64::from(guess[place] == person[place]);
            right[1] += u64::from(prior.modes[place] == person[place]);
        }
        whole += usize::from(guess == *person);
        consistent += vectors;
    }
    let people = genotypes.len() as f64;
    let share = |which: usize| {
        right.iter().map(|right| right[which]).sum::<u64>() as f64 / (people * variants.len() as f64)
    };
    let excess = right.iter().map(|[with, without]| (*with as f64 - *without as f64) / people);
    let most = |most: (usize, f64), this: (usize, f64)| if this.1 > most.1 { this } else { most };
    Ok(Leakage {
        people: genotypes.len(),
        variants: variants.len(),
        recovered: share(0),
        baseline: share(1),
        whole,
        consistent: consistent / people,
        most_exposed: excess.enumerate().fold((0, f64::NEG_INFINITY), most),
        method: attack.method,
    })
}

/// Scores of people drawn by the variants' frequencies, ascending: what percentiles of a population are read from.
pub fn simulated_scores(variants: &[Variant], people: usize, seed: u64) -> Vec<f64> {
    let genotypes = simulate(variants, people, seed);
    let mut scores: Vec<f64> = genotypes.iter().map(|person| score(variants, person)).collect();
    scores.sort_by(f64::total_cmp);
    scores
}

/// Σ *w g*.
fn score(variants: &[Variant], genotypes: &[u8]) -> f64 {
    variants.iter().zip(genotypes).map(|(variant, &copies)| variant.weight * f64::from(copies)).sum()
}

/// The attack on people of one score; guesses from one released value are made once.
struct Attack<'a> {
    variants: &'a [Variant],
    release: &'a Release,
    prior: &'a Prior,
    tolerance: f64,
    posterior: Inverter,
    method: Method,
    known: BTreeMap<[u64; 2], (Vec<u8>, f64)>,
}

enum Inverter {
    Exact(exact::Halves),
    Grid(grid::Grid),
}

impl<'a> Attack<'a> {
    fn new(variants: &'a [Variant], release: &'a Release, prior: &'a Prior) -> Self {
        let (posterior, method) = if variants.len() <= EXACT_VARIANTS {
            (Inverter::Exact(exact::Halves::new(variants, prior)), Method::Exact)
        } else {
            (Inverter::Grid(grid::Grid::new(variants, prior)), Method::Grid { is_fine_enough: true })
        };
        // Sums in another order differ by this much.
        let magnitude: f64 = variants.iter().map(|variant| 2.0 * variant.weight.abs()).sum();
        let tolerance = 2.0 * variants.len() as f64 * f64::EPSILON * magnitude;
        Self { variants, release, prior, tolerance, posterior, method, known: BTreeMap::new() }
    }

    /// The most probable genotypes of a person's released value, and the vectors that it allows.
    fn guess(&mut self, person: &[u8]) -> (Vec<u8>, f64) {
        let [low, high] = self.release.window(score(self.variants, person), self.tolerance);
        let key = [low.to_bits(), high.to_bits()];
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let posterior = match &self.posterior {
            Inverter::Exact(halves) => halves.posterior(low, high),
            Inverter::Grid(grid) => {
                if !grid.resolves(low, high) {
                    // Nothing follows from a guess that rounding made: the others need not be made.
                    self.method = Method::Grid { is_fine_enough: false };
                    return (self.prior.modes.clone(), 0.0);
                }
                grid.posterior(low, high)
            }
        };
        let modes = posterior.genotypes.iter().zip(&self.prior.modes).map(|(genotype, &mode)| {
            // Nothing is consistent only where the grid is too coarse; then the baseline is the guess.
            if genotype.iter().sum::<f64>() > 0.0 { prior::mode(genotype) } else { mode }
        });
        let guess = (modes.collect(), posterior.consistent);
        self.known.insert(key, guess.clone());
        guess
    }
}

fn simulate(variants: &[Variant], people: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut allele = |frequency: f64| {
        let uniform = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        u8::from(uniform < frequency)
    };
    let mut person =
        || variants.iter().map(|variant| allele(variant.frequency) + allele(variant.frequency)).collect();
    (0..people).map(|_| person()).collect()
}

fn check_variants(variants: &[Variant]) -> Result<(), PrivacyError> {
    let fault = |problem: String, remedy| Err(PrivacyError::Leakage { problem, remedy });
    if variants.is_empty() || variants.len() > MOST_VARIANTS {
        return fault(
            format!("the score has {} variants", variants.len()),
            "give 1 to 200; what larger scores give away of each variant is little",
        );
    }
    for (at, variant) in variants.iter().enumerate() {
        if !variant.weight.is_finite() {
            return fault(format!("variant {} has the weight {}", at + 1, variant.weight), "give a number");
        }
        if !(0.0..=1.0).contains(&variant.frequency) {
            let problem = format!("variant {} has the frequency {}", at + 1, variant.frequency);
            return fault(problem, "give the effect allele's frequency, from 0 to 1");
        }
    }
    Ok(())
}

fn check_genotypes(variants: &[Variant], people: &[Vec<u8>]) -> Result<(), PrivacyError> {
    let fault = |problem: String, remedy| Err(PrivacyError::Leakage { problem, remedy });
    if people.is_empty() {
        return fault("there are no people to guess the genotypes of".to_owned(), "give at least one");
    }
    match people
        .iter()
        .position(|person| person.len() != variants.len() || person.iter().any(|&copies| copies > 2))
    {
        Some(at) => fault(
            format!("person {} has not 0, 1 or 2 copies for each of {} variants", at + 1, variants.len()),
            "leave out people with missing genotypes",
        ),
        None => Ok(()),
    }
}
