//! Principal components of a reference cohort: which variants take part, and the components themselves, by passes.

mod fit;
mod hardy_weinberg;
mod krylov;
mod long_range_ld;
mod model;
mod operator;
mod prune;
mod selection;

pub(crate) use fit::near_components;
pub use fit::{Component, Passes, Pca, PcaOptions, principal_components};
pub use hardy_weinberg::{hardy_weinberg_chi_square, hardy_weinberg_exact};
pub use long_range_ld::{GenomeRegion, LongRangeLd};
pub use model::{AlleleWeights, PcaModel, VariantScale};
pub use prune::{LdWindow, PruneOptions, Pruning, prune};
pub use selection::{
    HardyWeinbergTest, SelectionCounts, SelectionOptions, VariantPlace, VariantSelection, select,
};
