use super::step::Step;
use super::{AxisKind, Domain};
use crate::number;

/// How much the axis goes beyond the data at each end, as a share of its length.
const MARGIN: f64 = 0.02;

/// Ticks at round values within the range, which is widened only a little: up to the next power of ten could be far.
pub(super) fn domain(low: f64, high: f64, most: usize) -> Domain {
    let (low, high) = widened(low, high);
    // Roots before the ratio, which may be more than floating point holds.
    let margin = high.powf(MARGIN) / low.powf(MARGIN);
    let (low, high) = (low / margin, high * margin);
    Domain { kind: AxisKind::Log10, descending: false, low, high, ticks: ticks(low, high, most) }
}

fn widened(low: f64, high: f64) -> (f64, f64) {
    if low > high {
        return (0.1, 1.0);
    }
    if high / low > 1.0 + 1e-9 { (low, high) } else { (low / 2.0, high * 2.0) }
}

/// The usual sets from dense to sparse, as mantissas and a distance in decades: the first of which 4 to `most` values lie in
/// the range, else 3. A range within one decade may have none of them and gets equal steps.
fn ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let mut sets: Vec<(&[f64], i32)> = vec![(&[1.0, 2.0, 5.0], 1), (&[1.0, 3.0], 1)];
    sets.extend((1..=200).map(|decades| (&[1.0][..], decades)));
    let of_set = |(mantissas, decades): &(&[f64], i32)| in_decades(low, high, mantissas, *decades);
    let sparse_enough = || sets.iter().map(of_set).filter(|ticks| ticks.len() <= most);
    let equal_steps = || {
        let span = high - low;
        Step::ascending(span, most, &[1.0, 2.0, 2.5, 5.0])
            .map(|step| (step, step.within(low, high)))
            .find(|(_, (first, last))| last - first < most as f64)
            .map(|(step, (first, last))| step.ticks(first, last))
    };
    sparse_enough()
        .find(|ticks| ticks.len() >= 4)
        .or_else(|| sparse_enough().find(|ticks| ticks.len() >= 3))
        .or_else(equal_steps)
        .unwrap_or_default()
}

/// Mantissas times every `decades`-th power of ten, those that lie in the range.
fn in_decades(low: f64, high: f64, mantissas: &[f64], decades: i32) -> Vec<(f64, String)> {
    let first = (low.log10().floor() as i32).div_euclid(decades) * decades;
    let last = high.log10().ceil() as i32;
    let exponents = || (first..=last).step_by(decades.unsigned_abs() as usize);
    let plain = -4 <= first && last <= 5;
    exponents()
        .flat_map(|exponent| mantissas.iter().map(move |&mantissa| (mantissa, exponent)))
        .map(|(mantissa, exponent)| (power(mantissa, exponent), mantissa, exponent))
        .filter(|(value, ..)| (low..=high).contains(value))
        .map(|(value, mantissa, exponent)| {
            let label = match plain {
                true => number::fixed(value, usize::try_from(-exponent).unwrap_or(0)),
                false if mantissa == 1.0 => number::scientific(value, 0).trim_start_matches("1×").to_owned(),
                false => number::scientific(value, 0),
            };
            (value, label)
        })
        .collect()
}

fn power(mantissa: f64, exponent: i32) -> f64 {
    if exponent < 0 { mantissa / 10_f64.powi(-exponent) } else { mantissa * 10_f64.powi(exponent) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn few_round_ticks_all_along_the_range(
            start in -250.0..250.0,
            decades in prop_oneof![1e-6..0.1, 0.1..3.0, 3.0..45.0],
            most in 6..=9_usize,
        ) {
            let low = 10_f64.powf(start);
            let domain = domain(low, low * 10_f64.powf(decades), most);
            let values: Vec<f64> = domain.ticks.iter().map(|tick| tick.0).collect();
            prop_assert!((3..=most).contains(&values.len()), "{values:?}");
            prop_assert!(values.is_sorted() && values[0] >= domain.low && values[values.len() - 1] <= domain.high);
            // No part longer than 60 % of the axis is without a tick.
            let share = |value: f64| (value / domain.low).ln() / (domain.high / domain.low).ln();
            let places: Vec<f64> = [0.0].into_iter().chain(values.iter().copied().map(share)).chain([1.0]).collect();
            prop_assert!(places.windows(2).all(|pair| pair[1] - pair[0] < 0.6), "{places:?}");
            let mut labels: Vec<&String> = domain.ticks.iter().map(|tick| &tick.1).collect();
            labels.dedup();
            prop_assert_eq!(labels.len(), values.len(), "two ticks with one label: {:?}", domain.ticks);
        }
    }

    #[test]
    fn usual_ranges() {
        let labels = |low, high| -> Vec<String> {
            domain(low, high, 6).ticks.into_iter().map(|tick| tick.1).collect()
        };
        assert_eq!(labels(0.011, 0.212), ["0.02", "0.05", "0.1", "0.2"]);
        assert_eq!(labels(1e-5, 2e-3), ["10⁻⁵", "3×10⁻⁵", "10⁻⁴", "3×10⁻⁴", "10⁻³"]);
        assert_eq!(labels(4.0, 9.5), ["4", "5", "6", "7", "8", "9"]);
        assert_eq!(labels(1e-12, 1.0), ["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]);
    }
}
