//! Scores sorted once, for measures that go by rank.

/// Scores in ascending order.
#[derive(Clone, Debug)]
pub struct SortedScores {
    values: Vec<f64>,
    /// The sample of each value.
    order: Vec<u32>,
    /// Where each run of equal values ends.
    ends: Vec<u32>,
}

impl SortedScores {
    /// `None` where a score is NaN.
    pub fn new(scores: &[f64]) -> Option<Self> {
        if scores.iter().any(|score| score.is_nan()) {
            return None;
        }
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        order.sort_by(|a, b| scores[*a as usize].total_cmp(&scores[*b as usize]));
        let values: Vec<f64> = order.iter().map(|sample| scores[*sample as usize]).collect();
        let mut end = 0;
        let ends = values
            .chunk_by(|a, b| a == b)
            .map(|tied| {
                end += tied.len() as u32;
                end
            })
            .collect();
        Some(Self { values, order, ends })
    }

    /// The score has one value only, or none.
    pub fn is_constant(&self) -> bool {
        self.ends.len() < 2
    }

    /// Each sample's rank less the mean rank, ties sharing the mean of theirs.
    pub fn centred_ranks(&self) -> Vec<f64> {
        let middle = 0.5 * (self.order.len() as f64 - 1.0);
        let mut ranks = vec![0.0; self.order.len()];
        let mut start = 0;
        for end in &self.ends {
            let rank = 0.5 * f64::from(start + end - 1) - middle;
            self.order[start as usize..*end as usize]
                .iter()
                .for_each(|sample| ranks[*sample as usize] = rank);
            start = *end;
        }
        ranks
    }

    /// As [`super::auc`], of samples that count `cases[i]` times as cases and `controls[i]` times as controls. `None` where a
    /// class is absent.
    pub fn auc(&self, cases: &[f64], controls: &[f64]) -> Option<f64> {
        let (mut below, mut twice, mut hits_total) = (0.0, 0.0, 0.0);
        let mut start = 0;
        for end in &self.ends {
            let (mut hits, mut misses) = (0.0, 0.0);
            for sample in &self.order[start..*end as usize] {
                hits += cases[*sample as usize];
                misses += controls[*sample as usize];
            }
            twice += hits * (2.0 * below + misses);
            below += misses;
            hits_total += hits;
            start = *end as usize;
        }
        (hits_total > 0.0 && below > 0.0).then(|| twice / (2.0 * hits_total * below))
    }

    /// Quantiles at ascending shares (R's type 7, numpy's default) of the scores, each counted `weights[i]` times. Empty
    /// without samples.
    pub fn quantiles(&self, weights: &[f64], shares: &[f64]) -> Vec<f64> {
        let total: f64 = weights.iter().sum();
        if total < 1.0 {
            return Vec::new();
        }
        let mut quantiles = Vec::with_capacity(shares.len());
        let mut place = 0;
        // Samples up to and including the one at `place`.
        let mut up_to = self.weight(weights, 0);
        for share in shares {
            let position = (total - 1.0) * share;
            let whole = position.floor();
            while up_to <= whole && place + 1 < self.values.len() {
                place += 1;
                up_to += self.weight(weights, place);
            }
            let lower = self.values[place];
            let mut next = place;
            let mut up_to_next = up_to;
            while up_to_next <= whole + 1.0 && next + 1 < self.values.len() {
                next += 1;
                up_to_next += self.weight(weights, next);
            }
            let part = position - whole;
            quantiles.push(if part > 0.0 { lower + part * (self.values[next] - lower) } else { lower });
        }
        quantiles
    }

    /// Calls `visit` with each sample and the number of `edges` (ascending) that its score is above, in ascending order:
    /// bins are open below and closed above, so that ties stay together.
    pub fn for_each_bin(&self, edges: &[f64], mut visit: impl FnMut(usize, usize)) {
        let mut bin = 0;
        for (sample, value) in self.order.iter().zip(&self.values) {
            while bin < edges.len() && *value > edges[bin] {
                bin += 1;
            }
            visit(*sample as usize, bin);
        }
    }

    fn weight(&self, weights: &[f64], place: usize) -> f64 {
        weights[self.order[place] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Counts stand for copies: area and quantiles are those of the resample written out.
        #[test]
        fn counts_equal_copies(rows in proptest::collection::vec((0_u8..8, proptest::bool::ANY, 0_u8..4), 1..40)) {
            let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0) * 0.3).collect();
            let times: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
            let of = |which: bool| -> Vec<f64> {
                rows.iter().map(|row| if row.1 == which { f64::from(row.2) } else { 0.0 }).collect()
            };
            let sorted = SortedScores::new(&scores).unwrap();
            let copies: Vec<(f64, bool)> = rows
                .iter()
                .flat_map(|row| std::iter::repeat_n((f64::from(row.0) * 0.3, row.1), usize::from(row.2)))
                .collect();
            let (written, cases): (Vec<f64>, Vec<bool>) = copies.iter().copied().unzip();
            let (fast, plain) = (sorted.auc(&of(true), &of(false)), super::super::auc(&cases, &written));
            proptest::prop_assert_eq!(fast.is_some(), plain.is_some());
            proptest::prop_assert!((fast.unwrap_or(0.0) - plain.unwrap_or(0.0)).abs() < 1e-14);

            let shares = [0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.9, 1.0];
            let quantiles = sorted.quantiles(&times, &shares);
            if written.is_empty() {
                proptest::prop_assert!(quantiles.is_empty());
            } else {
                let mut values = written;
                values.sort_by(f64::total_cmp);
                for (share, quantile) in shares.iter().zip(quantiles) {
                    let position = (values.len() - 1) as f64 * share;
                    let (lower, part) = (position.floor() as usize, position.fract());
                    let upper = (lower + 1).min(values.len() - 1);
                    let expected = values[lower] + part * (values[upper] - values[lower]);
                    proptest::prop_assert!((quantile - expected).abs() < 1e-12, "{} {} {}", share, quantile, expected);
                }
            }
        }
    }
}
