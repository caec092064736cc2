use super::step::Step;
use super::{AxisKind, Domain};

/// How far data may go beyond the last tick, as a share of the distance between ticks. Without it a value just below 0 would
/// add a whole empty step to the axis.
const BEYOND: f64 = 0.3;
/// What is left free beyond such data, as a share of the range.
const MARGIN: f64 = 0.02;

/// Ticks at round values that cover the range but for a little; the axis covers all of it. `low > high` says that there are
/// no data.
pub(super) fn domain(low: f64, high: f64, most: usize) -> Domain {
    let (low, high) = widened(low, high);
    // The steps go up by at most 2.5: the first that gives few enough ticks still gives at least 3.
    let fits = |step: &Step| {
        let (first, last) = step.covering(low, high);
        last - first < most as f64
    };
    let ticks = Step::ascending(high - low, most, &[1.0, 2.0, 5.0]).find(fits).map(|step| {
        let (first, last) = trimmed(step, low, high);
        step.ticks(first, last)
    });
    let ticks = ticks.unwrap_or_default();
    let margin = (high - low) * MARGIN;
    let ends = ticks.first().zip(ticks.last()).map(|(first, last)| {
        let low = if low < first.0 { low - margin } else { first.0 };
        (low, if high > last.0 { high + margin } else { last.0 })
    });
    let (low, high) = ends.unwrap_or((low, high));
    Domain { kind: AxisKind::Linear, descending: false, low, high, ticks }
}

/// The multiples of the step that cover the range, without those at the ends that data hardly come near.
fn trimmed(step: Step, low: f64, high: f64) -> (f64, f64) {
    let (mut first, mut last) = step.covering(low, high);
    if last - first > 2.0 && first + 1.0 - step.index(low) < BEYOND {
        first += 1.0;
    }
    if last - first > 2.0 && step.index(high) - (last - 1.0) < BEYOND {
        last -= 1.0;
    }
    (first, last)
}

/// A range with a length, also for one value and for none.
fn widened(low: f64, high: f64) -> (f64, f64) {
    if low > high {
        return (0.0, 1.0);
    }
    let scale = low.abs().max(high.abs());
    if high - low > scale * 1e-9 && high - low > 1e-290 {
        return (low, high);
    }
    if scale < 1e-280 { (-1.0, 1.0) } else { (low - scale / 4.0, high + scale / 4.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range() -> impl Strategy<Value = (f64, f64)> {
        let value =
            (-1.0..1.0, -290..290_i32).prop_map(|(mantissa, exponent)| mantissa * 10_f64.powi(exponent));
        let near = (-10.0..10.0, 1e-12..1.0).prop_map(|(low, span)| (low, low + span));
        prop_oneof![near, (value.clone(), value).prop_map(|(a, b): (f64, f64)| (a.min(b), a.max(b)))]
    }

    proptest! {
        #[test]
        fn few_round_ticks_cover_the_range((low, high) in range(), most in 6..=9_usize) {
            let domain = domain(low, high, most);
            let values: Vec<f64> = domain.ticks.iter().map(|tick| tick.0).collect();
            prop_assert!((3..=most).contains(&values.len()), "{values:?}");
            prop_assert!(domain.low <= values[0] && values[values.len() - 1] <= domain.high);
            // Within rounding, as a multiple that is off by rounding counts as the multiple.
            let slack = 1e-8 * (domain.high - domain.low).max(high.abs().max(low.abs()));
            prop_assert!(domain.low <= low + slack && domain.high >= high - slack);
            let step = values[1] - values[0];
            prop_assert!(values[0] - low < 0.3 * step + slack && high - values[values.len() - 1] < 0.3 * step + slack);
            let mantissa = step / 10_f64.powf(step.log10().floor());
            prop_assert!([1.0, 2.0, 5.0, 10.0].iter().any(|round| (mantissa - round).abs() < 1e-3), "{mantissa}");
            for pair in values.windows(2) {
                prop_assert!(((pair[1] - pair[0]) / step - 1.0).abs() < 1e-3);
            }
            let mut labels: Vec<&String> = domain.ticks.iter().map(|tick| &tick.1).collect();
            labels.dedup();
            prop_assert_eq!(labels.len(), values.len(), "two ticks with one label: {:?}", domain.ticks);
        }
    }

    #[test]
    fn labels_share_their_decimals() {
        let labels = |low, high| -> Vec<String> {
            domain(low, high, 6).ticks.into_iter().map(|tick| tick.1).collect()
        };
        assert_eq!(labels(-0.004, 0.313), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(labels(0.0, 12_345.0), ["0", "5,000", "10,000", "15,000"]);
        assert_eq!(labels(0.0, 2.3e-7), ["0", "0.5×10⁻⁷", "1.0×10⁻⁷", "1.5×10⁻⁷", "2.0×10⁻⁷", "2.5×10⁻⁷"]);
        assert_eq!(labels(7.0, 7.0), ["5", "6", "7", "8", "9"]);
        assert_eq!(labels(f64::INFINITY, f64::NEG_INFINITY), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    }
}
