//! The reliability curve and the expected calibration error.

use super::SortedScores;

/// Samples with similar risks.
#[derive(Clone, Copy, Debug, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct ReliabilityBin {
    /// Samples.
    pub n: f64,
    /// Cases among them.
    pub cases: f64,
    /// Their mean risk; 0 for an empty bin.
    pub mean_risk: f64,
}

impl ReliabilityBin {
    /// Share of cases.
    pub fn observed(&self) -> f64 {
        self.cases / self.n
    }
}

/// Bins of equal counts, in ascending order of risk: their edges are the risks' quantiles, open below and closed above, as
/// scikit-learn's `calibration_curve(strategy="quantile")` has them. Ties stay in one bin, so that bins can be empty. `cases`
/// are 1 or 0, `sorted` the sorted `risk`.
pub fn reliability_bins(
    sorted: &SortedScores,
    risk: &[f64],
    cases: &[f64],
    weights: &[f64],
    bins: usize,
) -> Vec<ReliabilityBin> {
    let shares: Vec<f64> = (1..bins).map(|edge| edge as f64 / bins as f64).collect();
    let edges = sorted.quantiles(weights, &shares);
    let mut sums = vec![ReliabilityBin::default(); bins];
    sorted.for_each_bin(&edges, |sample, bin| {
        let weight = weights[sample];
        sums[bin].n += weight;
        sums[bin].cases += weight * cases[sample];
        sums[bin].mean_risk += weight * risk[sample];
    });
    for bin in sums.iter_mut().filter(|bin| bin.n > 0.0) {
        bin.mean_risk /= bin.n;
    }
    sums
}

/// Mean absolute difference of mean risk and share of cases over bins, weighted by their sizes (Naeini et al. 2015).
/// Chance alone keeps it above 0, the more so the fewer samples there are. `None` without samples.
pub fn expected_calibration_error(bins: &[ReliabilityBin]) -> Option<f64> {
    let total: f64 = bins.iter().map(|bin| bin.n).sum();
    let error: f64 = bins.iter().map(|bin| (bin.n * bin.mean_risk - bin.cases).abs()).sum();
    (total > 0.0).then(|| error / total)
}

/// Wilson's interval (1927) of a share of `n`, at `z` standard errors. `None` without samples.
pub fn wilson(successes: f64, n: f64, z: f64) -> Option<(f64, f64)> {
    let share = successes / n;
    let squared = z * z;
    let centre = (share + squared / (2.0 * n)) / (1.0 + squared / n);
    let reach = z / (1.0 + squared / n) * (share * (1.0 - share) / n + squared / (4.0 * n * n)).sqrt();
    (n > 0.0).then(|| ((centre - reach).max(0.0), (centre + reach).min(1.0)))
}
