//! Net reclassification improvement (Pencina et al. 2008; without categories 2011).

/// How many more cases go up than down by a new risk, and how many more controls down than up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reclassification {
    /// Share of cases that go up less share that go down.
    pub of_cases: f64,
    /// Its standard error.
    pub of_cases_error: f64,
    /// Share of controls that go down less share that go up.
    pub of_controls: f64,
    /// Its standard error.
    pub of_controls_error: f64,
}

impl Reclassification {
    /// The net improvement: both together.
    pub fn net(&self) -> f64 {
        self.of_cases + self.of_controls
    }

    /// Its standard error.
    pub fn net_error(&self) -> f64 {
        self.of_cases_error.hypot(self.of_controls_error)
    }
}

/// Reclassification of samples (`cases` 1 or 0) from risk `old` to risk `new`. With ascending `thresholds` a sample moves when
/// it gets into another of the categories that they bound (at or above a threshold is in the upper one); without, any change
/// of risk counts. `None` where a class is absent.
pub fn net_reclassification(
    cases: &[f64],
    new: &[f64],
    old: &[f64],
    weights: &[f64],
    thresholds: &[f64],
) -> Option<Reclassification> {
    let category = |risk: f64| {
        if thresholds.is_empty() { risk } else { thresholds.partition_point(|edge| *edge <= risk) as f64 }
    };
    // For controls and cases: total, up, down.
    let mut counts = [[0.0; 3]; 2];
    for (((case, new), old), weight) in cases.iter().zip(new).zip(old).zip(weights) {
        let class = &mut counts[usize::from(*case > 0.0)];
        let (new, old) = (category(*new), category(*old));
        class[0] += weight;
        class[1] += if new > old { *weight } else { 0.0 };
        class[2] += if new < old { *weight } else { 0.0 };
    }
    let part = |[total, toward, away]: [f64; 3]| {
        let net = (toward - away) / total;
        (net, (((toward + away) / total - net * net) / total).max(0.0).sqrt())
    };
    let [[controls, up, down], events] = counts;
    if controls == 0.0 || events[0] == 0.0 {
        return None;
    }
    let (of_cases, of_cases_error) = part(events);
    let (of_controls, of_controls_error) = part([controls, down, up]);
    Some(Reclassification { of_cases, of_cases_error, of_controls, of_controls_error })
}
