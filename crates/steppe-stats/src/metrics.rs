//! How well predictions meet what was observed. Each takes plain slices of equal length, one value per sample, and gives
//! `None` where the measure is not defined for the data.

mod concordance;
mod determination;
mod ranks;

pub use concordance::c_index;
pub use determination::{explained_variance, r_squared};
pub use ranks::auc;
