//! Residuals in fixed point, and products back from their sums.

use steppe_fit::ResidualPrecision;

/// Bits of a residual's magnitude: the kernels take less than 2^23.
const BITS: i32 = 23;

/// Columns of residuals as integers: one a residual, or a coarse one and a fine one.
pub(super) struct Quantised {
    /// Integer columns: of residual `c` those from `c * parts` on.
    pub(super) columns: Vec<Vec<i32>>,
    parts: usize,
    /// Per residual the exponent s: the coarse integers are multiples of 2⁻ˢ.
    shifts: Vec<i32>,
}

impl Quantised {
    pub(super) fn new(residuals: &[&[f64]], precision: ResidualPrecision) -> Self {
        let parts = match precision {
            ResidualPrecision::Screening => 1,
            ResidualPrecision::Full => 2,
        };
        let mut quantised = Self { columns: Vec::new(), parts, shifts: Vec::new() };
        for residual in residuals {
            let largest = residual.iter().fold(0f64, |most, value| most.max(value.abs()));
            let shift = shift_for(largest);
            let scale = power(shift);
            let coarse: Vec<f64> = residual.iter().map(|value| (value * scale).round_ties_even()).collect();
            if parts == 2 {
                // What rounding left, at most half, exactly; with as many bits again.
                let fine = residual
                    .iter()
                    .zip(&coarse)
                    .map(|(value, coarse)| ((value * scale - coarse) * power(BITS)).round_ties_even() as i32);
                let fine = fine.collect();
                quantised.columns.push(coarse.iter().map(|value| *value as i32).collect());
                quantised.columns.push(fine);
            } else {
                quantised.columns.push(coarse.iter().map(|value| *value as i32).collect());
            }
            quantised.shifts.push(shift);
        }
        quantised
    }

    /// One variant's products, from its sums of codes and of missing calls for each integer column, and its mean.
    pub(super) fn products(&self, sums: &[i64], mean: f64, into: &mut [f64]) {
        let per_residual = sums.chunks_exact(2 * self.parts);
        for ((product, shift), sums) in into.iter_mut().zip(&self.shifts).zip(per_residual) {
            let value = |at: usize| {
                let fine = if self.parts == 2 { sums[2 + at] as f64 / power(BITS) } else { 0.0 };
                (sums[at] as f64 + fine) / power(*shift)
            };
            *product = if sums.iter().skip(1).step_by(2).all(|missing| *missing == 0) {
                value(0)
            } else {
                value(0) + mean * value(1)
            };
        }
    }
}

/// The largest exponent at which the value, rounded, stays below 2^23.
fn shift_for(largest: f64) -> i32 {
    if largest == 0.0 || !largest.is_finite() {
        return 0;
    }
    let exponent = (largest.to_bits() >> 52) as i32 - 1022;
    let shift = (BITS - exponent).clamp(-1000, 1000);
    // The largest may round up to the limit itself.
    if (largest * power(shift)).round_ties_even() < power(BITS) { shift } else { shift - 1 }
}

/// 2ⁿ, exactly.
fn power(n: i32) -> f64 {
    f64::from_bits(((1023 + n) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products of a small column of codes, by way of integers, beside plain ones.
    fn both(residual: &[f64], codes: &[u8], precision: ResidualPrecision) -> (f64, f64) {
        let quantised = Quantised::new(&[residual], precision);
        let sum = |of: fn(u8) -> i64, column: &[i32]| {
            codes.iter().zip(column).map(|(code, value)| of(*code) * i64::from(*value)).sum::<i64>()
        };
        let called = |code: u8| if code == 3 { 0 } else { i64::from(code) };
        let missing = |code: u8| i64::from(code == 3);
        let sums: Vec<i64> =
            quantised.columns.iter().flat_map(|column| [sum(called, column), sum(missing, column)]).collect();
        let mut product = [0.0];
        quantised.products(&sums, 0.75, &mut product);
        let value = |code: u8| if code == 3 { 0.75 } else { f64::from(code) };
        (product[0], codes.iter().zip(residual).map(|(code, r)| value(*code) * r).sum())
    }

    #[test]
    fn products_are_as_precise_as_promised() {
        let codes = [0, 1, 2, 3, 2, 1, 0, 3];
        for scale in [1.0, 1e-30, 1e30, 3.7] {
            let residual: Vec<f64> =
                [0.1, -0.9999, 0.3333, 1.0, -1.0, 1e-9, 0.5, 0.123_456_789].map(|r| r * scale).into();
            for (precision, bits) in [(ResidualPrecision::Screening, 23), (ResidualPrecision::Full, 46)] {
                let (found, plain) = both(&residual, &codes, precision);
                let bound = 2.0 * codes.len() as f64 * scale / power(bits);
                assert!((found - plain).abs() <= bound, "{found} {plain} {bits}");
            }
        }
    }

    #[test]
    fn nothing_is_nothing_and_the_largest_fits() {
        assert_eq!(both(&[0.0; 3], &[1, 2, 3], ResidualPrecision::Full).0, 0.0);
        for largest in [1.0, 1.0 - f64::EPSILON, 0.999_999_999, 8_388_607.9, f64::MIN_POSITIVE] {
            let quantised = Quantised::new(&[&[largest, -largest]], ResidualPrecision::Full);
            assert!(quantised.columns.iter().flatten().all(|value| value.abs() < 1 << BITS), "{largest}");
        }
    }
}
