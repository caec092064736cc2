//! Lists of variants, as plink2's `--extract` and `--exclude` take them, and numbers by variant.

mod factors;
mod ids;

pub use factors::{PenaltyFactors, read_penalty_factors};
pub use ids::{VariantList, read_variant_list};
