//! Coordinate descent by covariance updates, for a quadratic loss: the working set's gradients are all kept, and a step
//! costs one row of its Gram matrix and no column.
//!
//! Rows are 32-bit floats, half the memory and time of 64-bit ones. That does not limit accuracy: the caller computes the
//! true gradient from the residual after each run and runs again from there, as in iterative refinement. An entry is the
//! same whichever of its two features came first, so that a fit that goes on from a checkpoint has the same bits.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;

use super::{
    columns,
    coordinate_descent::{ColumnCurvature, Metric},
    penalty::Penalty,
    strong_set::StrongSet,
};

/// Sweeps after which the true gradient is looked at again whether or not the model is solved.
const MAX_SWEEPS: usize = 2000;

/// Low bit of each two-bit field.
const LOW: u64 = 0x5555_5555_5555_5555;

/// A feature of the Gram matrix.
#[derive(Debug)]
struct Member {
    feature: u32,
    curvature: ColumnCurvature,
    /// Packed codes, 32 samples a word, 0 where the call is missing or the sample does not train.
    codes: Vec<u64>,
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
        ((self.codes[sample as usize / 32] >> (2 * (sample % 32))) & 3) as f64
    }
}

/// XᵀWX of a growing working set, covariates projected out.
#[derive(Debug, Default)]
pub(crate) struct Gram {
    members: Vec<Member>,
}

/// The sample weights W, as products over pairs need them.
pub(crate) struct PairWeights<'a> {
    w: &'a [f64],
    /// The weight of every training sample, where they have one.
    uniform: Option<f64>,
    /// All bits of a two-bit field set where the sample trains.
    mask: Vec<u64>,
}

impl<'a> PairWeights<'a> {
    pub(crate) fn new(w: &'a [f64]) -> Self {
        let mut mask = vec![0_u64; w.len().div_ceil(32)];
        let mut positive = w.iter().copied().filter(|w| *w > 0.0);
        let first = positive.next();
        for (sample, _) in w.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            mask[sample / 32] |= 3 << (2 * (sample % 32));
        }
        Self { w, uniform: first.filter(|first| positive.all(|w| w == *first)), mask }
    }

    fn member(&self, strong: &StrongSet, j: usize, curvature: ColumnCurvature) -> Member {
        let bytes = &strong.columns[j];
        let mut codes = vec![0_u64; self.mask.len()];
        let mut missing = Vec::new();
        for (i, (word, chunk)) in codes.iter_mut().zip(bytes.chunks(8)).enumerate() {
            let mut raw = [0_u8; 8];
            raw[..chunk.len()].copy_from_slice(chunk);
            let all = u64::from_le_bytes(raw) & self.mask[i];
            let mut absent = all & (all >> 1) & LOW;
            *word = all & !(absent | (absent << 1));
            while absent != 0 {
                missing.push((32 * i) as u32 + absent.trailing_zeros() / 2);
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

/// Σ code × code of two packed vectors without missing calls. Plain word arithmetic, which compilers turn into vectors on
/// every machine: products of up to 4 are added in nibbles, then bytes, then widened.
fn code_products(a: &[u64], b: &[u64]) -> u64 {
    const PAIRS: u64 = 0x3333_3333_3333_3333;
    const NIBBLES: u64 = 0x0F0F_0F0F_0F0F_0F0F;
    const WIDE: u64 = 0x00FF_00FF_00FF_00FF;
    let mut total = 0;
    // A byte grows by at most 16 a word, so 15 words fit.
    for (a, b) in a.chunks(15).zip(b.chunks(15)) {
        let mut bytes = 0_u64;
        for (a, b) in a.iter().zip(b) {
            let (a_high, b_high) = (a >> 1, b >> 1);
            let mixed = ((a & b_high) | (a_high & b)) & LOW;
            let small = (a & b & LOW) | (mixed << 1);
            let four = a_high & b_high & LOW;
            let nibbles =
                (small & PAIRS) + ((small >> 2) & PAIRS) + (((four & PAIRS) + ((four >> 2) & PAIRS)) << 2);
            bytes += (nibbles & NIBBLES) + ((nibbles >> 4) & NIBBLES);
        }
        let words = (bytes & WIDE) + ((bytes >> 8) & WIDE);
        total += words.wrapping_mul(0x0001_0001_0001_0001) >> 48;
    }
    total
}

impl Gram {
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Keeps those members that are in `features` (ascending), in that order.
    pub(crate) fn retain(&mut self, features: &[u32]) {
        let place: HashMap<u32, usize> =
            self.members.iter().enumerate().map(|(m, member)| (member.feature, m)).collect();
        let kept: Vec<usize> = features.iter().filter_map(|feature| place.get(feature).copied()).collect();
        let mut old: Vec<Option<Member>> = std::mem::take(&mut self.members).into_iter().map(Some).collect();
        for m in &kept {
            if let Some(mut member) = old[*m].take() {
                member.row = kept.iter().map(|k| member.row[*k]).collect();
                self.members.push(member);
            }
        }
    }

    /// Appends the strong set's `positions`, in that order.
    pub(crate) fn append(&mut self, strong: &StrongSet, positions: &[usize], metric: &Metric) {
        let weights = PairWeights::new(&metric.w);
        let old = self.members.len();
        let fresh: Vec<Member> = positions
            .par_iter()
            .with_min_len(8)
            .map(|j| weights.member(strong, *j, metric.column(strong, *j)))
            .collect();
        self.members.extend(fresh);
        let members = &self.members;
        let rows: Vec<Vec<f32>> = (old..members.len())
            .into_par_iter()
            .map(|m| {
                let dense = weights.dense(&members[m]);
                members[..=m].iter().map(|other| weights.entry(other, &members[m], &dense)).collect()
            })
            .collect();
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

    /// Minimises over the members' coefficients. `gradient` and `beta` are in members' order; both are kept up to date.
    /// Ends when no violation is above the goal's tolerance.
    pub(crate) fn descend(&self, goal: &Goal<'_>, gradient: &mut [f64], beta: &mut [f64]) {
        let all: Vec<usize> = (0..self.members.len()).collect();
        let mut sweeps = 0;
        while sweeps < MAX_SWEEPS {
            sweeps += 1;
            if self.sweep(&all, goal, gradient, beta) <= goal.tolerance {
                return;
            }
            let active: Vec<usize> = all.iter().copied().filter(|m| beta[*m] != 0.0).collect();
            while sweeps < MAX_SWEEPS {
                sweeps += 1;
                if self.sweep(&active, goal, gradient, beta) <= goal.tolerance {
                    break;
                }
            }
        }
    }

    /// One step on each member that needs one; returns the largest violation met.
    fn sweep(&self, members: &[usize], goal: &Goal<'_>, gradient: &mut [f64], beta: &mut [f64]) -> f64 {
        let mut worst = 0.0_f64;
        for m in members.iter().copied() {
            let kappa = self.members[m].curvature.kappa;
            let violation = goal.penalty.violation(goal.factor[m], gradient[m], beta[m]);
            // All gradients are known, so a coordinate that is good enough costs nothing.
            if kappa == 0.0 || violation <= 0.5 * goal.tolerance {
                continue;
            }
            worst = worst.max(violation);
            let target = goal.penalty.minimiser(goal.factor[m], kappa, gradient[m], beta[m]);
            let delta = target - beta[m];
            beta[m] = target;
            for (gradient, entry) in gradient.iter_mut().zip(&self.members[m].row) {
                *gradient -= delta * f64::from(*entry);
            }
        }
        worst
    }
}

/// What a descent is to reach.
pub(crate) struct Goal<'a> {
    pub(crate) penalty: Penalty,
    /// Penalty factors, in members' order.
    pub(crate) factor: &'a [f64],
    /// Largest violation.
    pub(crate) tolerance: f64,
}

#[cfg(test)]
mod tests {
    use super::code_products;

    proptest::proptest! {
        #[test]
        fn products_equal_the_plain_sum(pairs in proptest::collection::vec((0_u64..3, 0_u64..3), 0..2000)) {
            let pack = |codes: Vec<u64>| -> Vec<u64> {
                codes.chunks(32).map(|chunk| chunk.iter().enumerate().map(|(i, code)| code << (2 * i)).sum()).collect()
            };
            let a = pack(pairs.iter().map(|pair| pair.0).collect());
            let b = pack(pairs.iter().map(|pair| pair.1).collect());
            proptest::prop_assert_eq!(code_products(&a, &b), pairs.iter().map(|(a, b)| a * b).sum::<u64>());
        }
    }
}
