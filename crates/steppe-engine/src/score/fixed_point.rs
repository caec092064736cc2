/// Entries of a table are less than 2^43 in magnitude, as the kernels take them. Differences of two entries of one
/// table (see `kernel_loop`) stay below that too: they are made of additive tables only, whose entries have one sign.
const ENTRY_BITS: i32 = 43;
/// The sum of the largest entries of all variants is less than 2^62.
const SUM_BITS: i32 = 62;
/// No score needs a finer step than this; it keeps 2^shift a finite double.
const FINEST: i32 = 900;

/// A score's fixed-point scale: entries are multiples of 2⁻ˢ, rounded once to the nearest, ties to even.
///
/// s depends on the score's own tables only, so a score has the same bits alone or among a thousand others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedPoint {
    /// The exponent s.
    pub shift: i32,
}

impl FixedPoint {
    /// The finest scale at which neither an entry nor a sum can overflow.
    ///
    /// `entries` yields, per variant, the largest magnitude that any genotype contributes.
    pub fn for_entries(entries: impl Iterator<Item = f64>) -> Self {
        let mut all = Entries::default();
        entries.for_each(|entry| all.push(entry));
        all.scale()
    }

    /// A contribution as an integer.
    pub fn quantise(self, contribution: f64) -> i64 {
        (contribution * self.scale()).round_ties_even() as i64
    }

    /// A sum as a number.
    pub fn value(self, sum: i64) -> f64 {
        sum as f64 / self.scale()
    }

    /// The largest error of a sum over `variants` variants that quantising can have made.
    pub fn error_bound(self, variants: u64) -> f64 {
        variants as f64 * 0.5 / self.scale()
    }

    /// 2ˢ, exactly.
    fn scale(self) -> f64 {
        f64::from_bits(((1023 + self.shift) as u64) << 52)
    }
}

/// The largest magnitudes that any genotype contributes, variant by variant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entries {
    largest: f64,
    total: f64,
}

impl Entries {
    /// Takes the next variant's.
    pub(super) fn push(&mut self, entry: f64) {
        self.largest = self.largest.max(entry);
        self.total += entry;
    }

    /// The finest scale at which neither an entry nor a sum can overflow.
    pub(super) fn scale(self) -> FixedPoint {
        let Self { largest, total } = self;
        if largest == 0.0 {
            return FixedPoint { shift: 0 };
        }
        // The sum of the rounded entries can exceed the rounded sum: one bit to spare covers that.
        let by_sum = SUM_BITS - 1 - exponent(total);
        let by_entry = ENTRY_BITS - exponent(largest);
        let finest = FixedPoint { shift: by_entry.min(by_sum).clamp(-FINEST, FINEST) };
        // The largest entry may round up to the limit itself.
        let fits = finest.quantise(largest) < 1 << ENTRY_BITS;
        if fits { finest } else { FixedPoint { shift: finest.shift - 1 } }
    }
}

/// The least e with value < 2^e, for a positive finite value.
fn exponent(value: f64) -> i32 {
    let raw = (value.to_bits() >> 52) as i32 & 0x7ff;
    raw - 1022
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_sums_stay_in_range() {
        for weights in [
            vec![1.0],
            vec![1.0f64.next_down()],
            vec![0.3; 2_000_000],
            vec![1e-12, 5e8],
            vec![f64::MIN_POSITIVE; 3],
        ] {
            let scale = FixedPoint::for_entries(weights.iter().copied());
            let quantised: Vec<i64> = weights.iter().map(|&weight| scale.quantise(weight)).collect();
            assert!(quantised.iter().all(|&entry| entry.abs() < 1 << 43));
            assert!(quantised.iter().map(|&entry| i128::from(entry)).sum::<i128>() < 1 << 62);
        }
    }

    #[test]
    fn a_step_is_an_exact_power_of_two() {
        let scale = FixedPoint { shift: 40 };
        assert_eq!(scale.quantise(1.0), 1 << 40);
        assert_eq!(scale.value(-(3 << 39)), -1.5);
        assert_eq!(FixedPoint { shift: -3 }.value(1), 8.0);
        assert_eq!(FixedPoint::for_entries([0.0].into_iter()).quantise(0.0), 0);
    }

    #[test]
    fn exponents() {
        assert_eq!((exponent(1.0), exponent(0.99), exponent(4.0)), (1, 0, 3));
    }
}
