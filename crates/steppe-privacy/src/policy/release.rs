//! How finely a person's value leaves.

use serde::{Deserialize, Serialize};

/// How finely values of a class of columns are seen; later ones see more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Not at all.
    #[default]
    Nothing,
    /// Only numbers of groups: counts, means, histograms.
    Aggregates,
    /// A person's Z to one decimal, or percentile on the cohort's grid.
    Rounded,
    /// As it is.
    Raw,
}

/// A Z as [`Precision::Rounded`] shows it: to one decimal, halves away from zero. What is not finite stays.
pub fn rounded_z(z: f64) -> f64 {
    let rounded = (z * 10.0).round() / 10.0;
    // Minus zero would tell the sign of what was rounded away.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// A percentile (0 to 100) as [`Precision::Rounded`] shows it: the lower end of its step of the grid, 100 included in
/// the last step. `None` is a value that is no percentile, or a grid that does not divide 100.
pub fn percentile_on_grid(percentile: f64, grid: u32) -> Option<u32> {
    if grid == 0 || 100 % grid != 0 || !(0.0..=100.0).contains(&percentile) {
        return None;
    }
    let step = (percentile / f64::from(grid)).floor() as u32;
    Some((step * grid).min(100 - grid))
}
