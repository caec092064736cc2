//! Squared correlations of pairs of variants over the samples where both have a call, in integers.

use steppe_fit::{GramSums, PackedColumns};

/// Sums over pairs of some columns.
pub(super) struct PairSums<'a> {
    sums: &'a GramSums,
    columns: &'a PackedColumns,
    /// Σ code and Σ code² of each column.
    own: Vec<[i64; 2]>,
    /// Members whose call is missing in each column; empty where nothing is missing at all.
    missing: Vec<Vec<u32>>,
}

impl<'a> PairSums<'a> {
    pub(super) fn new(sums: &'a GramSums, columns: &'a PackedColumns, groups: &[u32]) -> Self {
        let own = sums.counts.iter().map(|[_, n1, n2, _]| [(n1 + 2 * n2) as i64, (n1 + 4 * n2) as i64]);
        let of_column = |(column, counts): (usize, &[u64; 4])| {
            if counts[3] == 0 {
                return Vec::new();
            }
            let is_missing =
                |sample: &u32| groups[*sample as usize] == 0 && columns.code(column, *sample as usize) == 3;
            (0..groups.len() as u32).filter(is_missing).collect()
        };
        let missing = if sums.both_missing.is_empty() {
            Vec::new()
        } else {
            sums.counts.iter().enumerate().map(of_column).collect()
        };
        Self { sums, columns, own: own.collect(), missing }
    }

    /// Whether the squared correlation of two columns is above the limit. Two columns that no member has both calls of
    /// have none.
    pub(super) fn exceeds(&self, first: usize, second: usize, limit: f64) -> bool {
        let at = first * self.sums.variants + second;
        let back = second * self.sums.variants + first;
        let both = i64::from(self.sums.codes[at]);
        let samples = self.sums.samples as i64;
        let ([sum1, square1], [sum2, square2]) = (self.own[first], self.own[second]);
        if self.missing.is_empty() {
            let pair = Pair { calls: samples, both, sums: [sum1, sum2] };
            return pair.exceeds([square1, square2], limit);
        }
        let missing = |column: usize| self.sums.counts[column][3] as i64;
        let calls = samples - missing(first) - missing(second) + i64::from(self.sums.both_missing[at]);
        let [lost1, lost2] = [at, back].map(|at| i64::from(self.sums.code_missing[at]));
        let pair = Pair { calls, both, sums: [sum1 - lost1, sum2 - lost2] };
        // What is lost of Σ code² lies between once and twice what is lost of Σ code: mostly that decides.
        if pair.exceeds([square1 - lost1, square2 - lost2], limit) {
            return true;
        }
        if !pair.exceeds([square1 - 2 * lost1, square2 - 2 * lost2], limit) {
            return false;
        }
        let exact = [square1 - self.lost_squares(first, second), square2 - self.lost_squares(second, first)];
        pair.exceeds(exact, limit)
    }

    /// Σ code² of one column over the members whose call is missing in the other.
    fn lost_squares(&self, column: usize, other: usize) -> i64 {
        let square = |sample: &u32| match self.columns.code(column, *sample as usize) {
            3 => 0,
            code => i64::from(code) * i64::from(code),
        };
        self.missing[other].iter().map(square).sum()
    }
}

struct Pair {
    calls: i64,
    both: i64,
    sums: [i64; 2],
}

impl Pair {
    /// Covariance and variances are `calls²` times their values, which cancels out.
    fn exceeds(&self, squares: [i64; 2], limit: f64) -> bool {
        let covariance = (self.both * self.calls - self.sums[0] * self.sums[1]) as f64;
        let [first, second] =
            [0, 1].map(|at| (squares[at] * self.calls - self.sums[at] * self.sums[at]).max(0) as f64);
        covariance * covariance > limit * first * second
    }
}
