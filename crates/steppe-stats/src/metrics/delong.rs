//! Variance of the area under the curve (DeLong, DeLong and Clarke-Pearson 1988), by midranks (Sun and Xu 2014).

use crate::distributions::normal_two_sided;

/// Areas of several scores over the same samples, with their covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct Delong {
    /// Area of each score.
    pub auc: Vec<f64>,
    /// Covariance of the areas, scores x scores, row-major.
    pub covariance: Vec<f64>,
}

/// Difference of two areas and its test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AucDifference {
    /// First area less second.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Two-sided P of no difference; 1 where estimate and error are both 0.
    pub p: f64,
}

impl Delong {
    /// `None` with fewer than two cases or controls, or where a score is NaN.
    pub fn new(case: &[bool], scores: &[&[f64]]) -> Option<Self> {
        let cases = case.iter().filter(|case| **case).count();
        let controls = case.len() - cases;
        let has_nan = scores.iter().any(|score| score.iter().any(|value| value.is_nan()));
        if cases < 2 || controls < 2 || has_nan {
            return None;
        }
        let parts: Vec<Placements> = scores.iter().map(|score| Placements::new(case, score)).collect();
        let mut covariance = Vec::with_capacity(parts.len() * parts.len());
        for a in &parts {
            for b in &parts {
                covariance.push(
                    cross(&a.of_cases, &b.of_cases) / cases as f64
                        + cross(&a.of_controls, &b.of_controls) / controls as f64,
                );
            }
        }
        let auc = parts.iter().map(|part| mean(&part.of_cases)).collect();
        Some(Self { auc, covariance })
    }

    /// Standard error of a score's area.
    pub fn standard_error(&self, score: usize) -> f64 {
        self.covariance[score * (self.auc.len() + 1)].sqrt()
    }

    /// The area less and plus `z` standard errors, within 0 and 1.
    pub fn interval(&self, score: usize, z: f64) -> (f64, f64) {
        let reach = z * self.standard_error(score);
        ((self.auc[score] - reach).max(0.0), (self.auc[score] + reach).min(1.0))
    }

    /// The paired test of two scores.
    pub fn difference(&self, first: usize, second: usize) -> AucDifference {
        let entry = |row: usize, column: usize| self.covariance[row * self.auc.len() + column];
        let variance = entry(first, first) + entry(second, second) - 2.0 * entry(first, second);
        let estimate = self.auc[first] - self.auc[second];
        let standard_error = variance.max(0.0).sqrt();
        let p = if estimate == 0.0 { 1.0 } else { normal_two_sided(estimate / standard_error) };
        AucDifference { estimate, standard_error, p }
    }
}

/// Share of controls that each case's score is above, and share of cases that are above each control's; ties half.
struct Placements {
    of_cases: Vec<f64>,
    of_controls: Vec<f64>,
}

impl Placements {
    fn new(case: &[bool], score: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..score.len()).collect();
        order.sort_by(|a, b| score[*a].total_cmp(&score[*b]));
        let cases = case.iter().filter(|case| **case).count() as f64;
        let controls = case.len() as f64 - cases;
        let mut placement = vec![0.0; score.len()];
        let (mut cases_below, mut controls_below) = (0.0, 0.0);
        for tied in order.chunk_by(|a, b| score[*a] == score[*b]) {
            let hits = tied.iter().filter(|sample| case[**sample]).count() as f64;
            let misses = tied.len() as f64 - hits;
            for sample in tied {
                placement[*sample] = if case[*sample] {
                    (controls_below + 0.5 * misses) / controls
                } else {
                    1.0 - (cases_below + 0.5 * hits) / cases
                };
            }
            cases_below += hits;
            controls_below += misses;
        }
        let of = |which: bool| {
            placement.iter().zip(case).filter(|(_, case)| **case == which).map(|(value, _)| *value).collect()
        };
        Self { of_cases: of(true), of_controls: of(false) }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample covariance.
fn cross(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f64>() / (a.len() as f64 - 1.0)
}
