use super::{Domain, linear};

/// With more steps than this not every rank has a tick.
const MOST: f64 = 20.0;

/// A tick at every whole number of the range, and half a step free at both ends.
pub(super) fn domain(low: f64, high: f64, most: usize) -> Domain {
    let (first, last) = (low.round(), high.round());
    // The comparison fails where there are no data.
    if !(0.0..=MOST).contains(&(last - first)) {
        return linear::domain(low, high, most);
    }
    let ticks = (0..=(last - first) as u32).map(|step| {
        let value = first + f64::from(step);
        (value, format!("{value:.0}"))
    });
    let (low, high) = (low.min(first) - 0.5, high.max(last) + 0.5);
    Domain { low, high, ticks: ticks.collect(), ..linear::domain(low, high, most) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_has_a_tick() {
        let deciles = domain(1.0, 10.0, 6);
        assert_eq!((deciles.low, deciles.high, deciles.ticks.len()), (0.5, 10.5, 10));
        assert_eq!(deciles.ticks[9], (10.0, "10".to_owned()));
        assert_eq!(domain(3.0, 3.0, 6).ticks, [(3.0, "3".to_owned())]);
        assert!(domain(1.0, 500.0, 6).ticks.len() < 10);
        assert!(domain(f64::INFINITY, f64::NEG_INFINITY, 6).low < 1.0, "no data");
    }
}
