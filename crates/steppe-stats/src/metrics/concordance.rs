//! Harrell's concordance index.

/// Probability that, of two comparable samples, the one with the higher predicted risk has its event first; predictions
/// that tie count half. A pair is comparable if the one with the shorter time had an event, or if times tie and only one
/// had an event (then that one is first); pairs of events at the same time do not count. This is the concordance of R's
/// `survival` and of `glmnet::Cindex`. `None` where no pair is comparable or a prediction is NaN.
pub fn c_index(time: &[f64], event: &[bool], risk: &[f64]) -> Option<f64> {
    if risk.iter().any(|r| r.is_nan()) {
        return None;
    }
    let mut levels = risk.to_vec();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let level = |sample: usize| levels.partition_point(|r| *r < risk[sample]);
    let mut order: Vec<usize> = (0..time.len()).collect();
    order.sort_by(|a, b| time[*b].total_cmp(&time[*a]));
    // Samples that outlive the current time, counted by level of risk.
    let mut alive = Counts::new(levels.len());
    let (mut twice_concordant, mut comparable) = (0_u64, 0_u64);
    for tied in order.chunk_by(|a, b| time[*a] == time[*b]) {
        for sample in tied.iter().filter(|sample| !event[**sample]) {
            alive.add(level(*sample));
        }
        for sample in tied.iter().filter(|sample| event[**sample]) {
            let level = level(*sample);
            let (below, up_to) = (alive.below(level), alive.below(level + 1));
            twice_concordant += below + up_to;
            comparable += alive.total;
        }
        for sample in tied.iter().filter(|sample| event[**sample]) {
            alive.add(level(*sample));
        }
    }
    (comparable > 0).then(|| twice_concordant as f64 / (2 * comparable) as f64)
}

/// Counts by level with running totals in logarithmic time (a Fenwick tree).
struct Counts {
    tree: Vec<u64>,
    total: u64,
}

impl Counts {
    fn new(levels: usize) -> Self {
        Self { tree: vec![0; levels + 1], total: 0 }
    }

    fn add(&mut self, level: usize) {
        self.total += 1;
        let mut node = level + 1;
        while node < self.tree.len() {
            self.tree[node] += 1;
            node += node & node.wrapping_neg();
        }
    }

    fn below(&self, level: usize) -> u64 {
        let (mut node, mut sum) = (level, 0);
        while node > 0 {
            sum += self.tree[node];
            node &= node - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, pair by pair.
    fn naive(time: &[f64], event: &[bool], risk: &[f64]) -> Option<f64> {
        let (mut good, mut all) = (0.0, 0.0);
        for i in 0..time.len() {
            for j in 0..time.len() {
                let first = event[i] && (time[i] < time[j] || (time[i] == time[j] && !event[j]));
                if first && i != j {
                    all += 1.0;
                    good += match risk[i].total_cmp(&risk[j]) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
                }
            }
        }
        (all > 0.0).then(|| good / all)
    }

    proptest::proptest! {
        #[test]
        fn equals_the_definition(rows in proptest::collection::vec((0_u8..12, proptest::bool::ANY, 0_u8..9), 0..60)) {
            let time: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let event: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let risk: Vec<f64> = rows.iter().map(|row| f64::from(row.2) - 4.0).collect();
            let (fast, slow) = (c_index(&time, &event, &risk), naive(&time, &event, &risk));
            proptest::prop_assert_eq!(fast.is_some(), slow.is_some());
            proptest::prop_assert!((fast.unwrap_or(0.0) - slow.unwrap_or(0.0)).abs() < 1e-12);
        }
    }

    /// survival 3.5-3 `concordance(Surv(time, event) ~ risk, reverse = TRUE)$concordance` and glmnet 4.1-6
    /// `Cindex(risk, Surv(time, event))` both print 0.80769230769230771.
    #[test]
    fn equals_survival() {
        let time = [5.0, 3.0, 3.0, 8.0, 1.0, 8.0, 2.0];
        let event = [true, true, false, false, true, true, false];
        let risk = [0.2, 0.9, 0.2, -1.0, 0.4, 0.2, 1.5];
        let value = c_index(&time, &event, &risk).unwrap();
        assert!((value - 0.807_692_307_692_307_7).abs() < 1e-12, "{value}");
    }
}
