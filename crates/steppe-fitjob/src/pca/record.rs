use serde::{Deserialize, Serialize};

use super::super::record::JobRecord;

/// The content of `run.json` of principal components.
pub type PcaRecord = JobRecord<ComponentRecord>;

/// A component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentRecord {
    /// Its name in tables: `PC1` and so on.
    pub name: String,
    /// Eigenvalue of the relationship matrix, as plink2's `--pca` prints it.
    pub eigenvalue: f64,
    /// Share of all variance.
    pub share: f64,
    /// |A·v − λ·v| / λ of the vector found.
    pub residual: f64,
    /// Bound of the sine of the angle to the exact component.
    pub angle: f64,
    /// Whether it is as exact as asked for.
    pub converged: bool,
}
