use crate::number;

/// A round step: a mantissa of 1, 2, 2.5 or 5 times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    mantissa: f64,
    exponent: i32,
}

impl Step {
    /// Steps with these mantissas, ascending, from about a `most`-th of the span.
    pub(super) fn ascending(span: f64, most: usize, mantissas: &'static [f64]) -> impl Iterator<Item = Self> {
        let first = (span / most as f64).log10().floor() as i32;
        (first..first + 3)
            .flat_map(move |exponent| mantissas.iter().map(move |&mantissa| Self { mantissa, exponent }))
    }

    /// `index` steps. Divides by a whole power of ten where the step is small, so that 3 steps of 0.1 are 0.3 to the bit.
    pub(super) fn times(self, index: f64) -> f64 {
        match self.exponent {
            0.. => index * self.mantissa * 10_f64.powi(self.exponent),
            _ => index * self.mantissa / 10_f64.powi(-self.exponent),
        }
    }

    /// Multiples of the step that cover the range: the first is at or below `low`, the last at or above `high`.
    pub(super) fn covering(self, low: f64, high: f64) -> (f64, f64) {
        (self.index(low).floor(), self.index(high).ceil())
    }

    /// The first and last multiple within the range.
    pub(super) fn within(self, low: f64, high: f64) -> (f64, f64) {
        (self.index(low).ceil(), self.index(high).floor())
    }

    /// How many steps a value is; a multiple of the step that is off by rounding counts as the multiple.
    pub(super) fn index(self, value: f64) -> f64 {
        let index = value / self.times(1.0);
        let nearest = index.round();
        if (index - nearest).abs() <= 1e-9 * nearest.abs().max(1.0) { nearest } else { index }
    }

    /// The multiples from `first` to `last` and their labels: all with the same decimals, and all as multiples of the same
    /// power of ten where plain digits would be long.
    pub(super) fn ticks(self, first: f64, last: f64) -> Vec<(f64, String)> {
        let indices = (0..=(last - first) as usize).map(|index| first + index as f64);
        let values: Vec<f64> = indices.map(|index| self.times(index)).collect();
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let last_digit = self.exponent - i32::from(self.mantissa == 2.5);
        let power = largest.log10().floor() as i32;
        let plain = last_digit >= -5 && power < 6;
        let decimals = |digit: i32| usize::try_from(digit - last_digit).unwrap_or(0);
        let label = |value: f64| match plain {
            true => number::fixed(value, decimals(0)),
            false if value == 0.0 => "0".to_owned(),
            false => number::times_power(value, power, decimals(power)),
        };
        values.iter().map(|&value| (value, label(value))).collect()
    }
}
