//! Differential privacy for counts, means and histograms: noise that does not average out, within a budget.
//!
//! An answer of privacy loss ε has discrete Laplace noise: P(*x*) ∝ exp(−ε |*x*| / Δ) on the whole numbers, where Δ is how
//! much one person more or less changes the true answer. It is sampled exactly, in integers (Canonne, Kamath & Steinke,
//! *The Discrete Gaussian for Differential Privacy*, 2020, algorithm 2): floating-point samplers give their inputs away
//! in the last bits.
//!
//! The sampler's random bits are a keyed BLAKE3 of the *canonical question*: cohort, state of the data, people, statistic
//! and ε, not who asks and not how it was written. So one question has one answer, for everybody and always, and asking it
//! a thousand times tells no more. Who has the secret can take the noise away: it belongs to the gateway alone.
//!
//! [`Budget`] adds up what a user has spent: ε of different answers add up (basic composition), an answer that they had
//! before costs nothing. It begins anew every day, so that over many days more is told than one day's ε: the protection
//! is against a user who asks for a day, and slows one who asks for a year.

mod budget;
mod sampler;

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use crate::PrivacyError;
pub use budget::{Budget, BudgetSpent};
use sampler::{RandomBits, discrete_laplace};

/// Parts of an ε that are counted: millionths.
const PARTS: u64 = 1_000_000;
/// Steps of a mean's bounds, to each side of their middle.
const MEAN_STEPS: u32 = 1 << 19;

/// A privacy loss, in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Epsilon(u64);

impl Epsilon {
    /// Rounded to millionths.
    ///
    /// # Errors
    /// It is no number from 0.000001 to 100.
    pub fn new(epsilon: f64) -> Result<Self, PrivacyError> {
        let parts = (epsilon * PARTS as f64).round();
        if !(1.0..=100.0 * PARTS as f64).contains(&parts) {
            let remedy = "give a number from 0.000001 to 100, usually 0.01 to 1";
            return Err(PrivacyError::Noise { what: "epsilon", value: epsilon.to_string(), remedy });
        }
        Ok(Self(parts as u64))
    }

    /// As a number.
    pub fn value(self) -> f64 {
        self.0 as f64 / PARTS as f64
    }
}

/// Public bounds that a mean's values are cut to, so that no person moves it by more; they must not be taken from the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    /// From the least value that counts to the largest.
    ///
    /// # Errors
    /// They are no two finite numbers that ascend.
    pub fn new(low: f64, high: f64) -> Result<Self, PrivacyError> {
        if low < high && (high - low).is_finite() {
            return Ok(Self { low, high });
        }
        let remedy = "give two public numbers that ascend";
        Err(PrivacyError::Noise { what: "the mean's range", value: format!("{low} to {high}"), remedy })
    }

    /// A value in whole steps from the middle of the bounds, at most 2¹⁹ to each side; what is no number is in the middle.
    pub fn steps(self, value: f64) -> i64 {
        let steps = f64::from(MEAN_STEPS);
        ((value.clamp(self.low, self.high) - self.middle()) / self.step()).round().clamp(-steps, steps) as i64
    }

    fn middle(self) -> f64 {
        self.low + (self.high - self.low) / 2.0
    }

    fn step(self) -> f64 {
        (self.high - self.low) / 2.0 / f64::from(MEAN_STEPS)
    }
}

/// What is asked about a set of people.
#[derive(Debug, Clone, PartialEq)]
pub enum Statistic<'a> {
    /// How many they are.
    Count,
    /// The mean of a column, of values cut to public bounds.
    Mean {
        /// The column.
        column: &'a str,
        /// The bounds.
        bounds: Bounds,
    },
    /// How many are in each of a column's bins.
    Histogram {
        /// The column.
        column: &'a str,
        /// The bins, written in one way: their public bounds or categories.
        bins: &'a [String],
    },
}

/// A question as it is, whoever asks it in whatever words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Question([u8; 32]);

impl Question {
    /// The question about some people of a cohort. `data` names the state of the cohort's values (a revision or hash): the
    /// same noise on values of which one has changed would tell the change.
    pub fn new(
        cohort: &str,
        data: &str,
        people: &RoaringBitmap,
        statistic: &Statistic<'_>,
        epsilon: Epsilon,
    ) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("steppe 2026-11-22 question of differential privacy");
        let mut text = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        text(cohort);
        text(data);
        match statistic {
            Statistic::Count => text("count"),
            Statistic::Mean { column, bounds: Bounds { low, high } } => {
                ["mean", column, &format!("{low:e}"), &format!("{high:e}")].into_iter().for_each(text);
            }
            Statistic::Histogram { column, bins } => {
                let bins = bins.iter().map(String::as_str);
                ["histogram", column].into_iter().chain(bins).for_each(text);
            }
        }
        hasher.update(&epsilon.0.to_le_bytes());
        for sample in people {
            hasher.update(&sample.to_le_bytes());
        }
        Self(*hasher.finalize().as_bytes())
    }
}

/// Gives noisy answers. The true numbers go in, and only what these functions give back may leave.
pub struct Noise {
    secret: [u8; 32],
}

impl std::fmt::Debug for Noise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Noise").finish_non_exhaustive()
    }
}

impl Noise {
    /// With the gateway's secret: 32 random bytes, the same after a restart.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// A count with noise of scale 1/ε; below 0 is 0.
    pub fn count(&self, question: Question, epsilon: Epsilon, count: u64) -> u64 {
        noisy_count(&mut self.bits(question), epsilon, count)
    }

    /// The counts of a histogram's bins, of which everybody is in at most one: each with noise of scale 1/ε, together of
    /// loss ε.
    pub fn histogram(&self, question: Question, epsilon: Epsilon, counts: &[u64]) -> Vec<u64> {
        let mut bits = self.bits(question);
        counts.iter().map(|&count| noisy_count(&mut bits, epsilon, count)).collect()
    }

    /// A mean: the noisy sum over the noisy count, of loss ε/2 each, within the bounds. The sum is of [`Bounds::steps`] of
    /// so many people's values.
    pub fn mean(
        &self,
        question: Question,
        epsilon: Epsilon,
        (sum, count): (i64, u64),
        bounds: Bounds,
    ) -> f64 {
        let mut bits = self.bits(question);
        // Half of ε is a scale of two.
        let noise_of_sum =
            discrete_laplace(&mut bits, 2 * u128::from(PARTS) * u128::from(MEAN_STEPS), epsilon.0.into());
        let noise_of_count = discrete_laplace(&mut bits, 2 * u128::from(PARTS), epsilon.0.into());
        let sum = i128::from(sum) + noise_of_sum;
        let count = (i128::from(count) + noise_of_count).max(1);
        (bounds.middle() + bounds.step() * (sum as f64 / count as f64)).clamp(bounds.low, bounds.high)
    }

    fn bits(&self, question: Question) -> RandomBits {
        RandomBits::new(&self.secret, &question.0)
    }
}

fn noisy_count(bits: &mut RandomBits, epsilon: Epsilon, count: u64) -> u64 {
    let noise = discrete_laplace(bits, PARTS.into(), epsilon.0.into());
    u64::try_from((i128::from(count) + noise).max(0)).unwrap_or(u64::MAX)
}
