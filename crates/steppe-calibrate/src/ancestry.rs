//! What populations of the reference a person is like, whether the person lies outside all of them, and the proportions
//! in which the person descends from them. Nobody is excluded: everyone gets every number, and flags.

mod admixture;
mod forest;
mod frequencies;
mod held_out;
mod ld_scores;
mod mahalanobis;
mod mixture;
mod outside;
mod populations;
mod similarity;
mod tree;

pub use admixture::{Admixture, AdmixtureProportions};
pub use forest::{ForestOptions, RandomForest};
pub use frequencies::FrequencyAdmixture;
pub use held_out::{HeldOutOptions, held_out_distances};
pub use mahalanobis::{DegreesOfFreedom, PopulationShapes};
pub use outside::{OutsideModel, OutsideVerdict};
pub use populations::Populations;
pub use similarity::{FOREST_LOW_CONFIDENCE, MAHALANOBIS_LOW_CONFIDENCE, Similarity};
