//! Tail probabilities of the test statistics of association: normal, Student's t and chi-square; density and quantiles of
//! the normal.
//!
//! Each tail comes as a probability and as its natural logarithm. The logarithm stays exact where the probability
//! itself is below the smallest double, so a P of 1e-500 can still be printed and ranked.
//! A statistic that is NaN, or degrees of freedom that are not above zero, give NaN, never a panic.

mod chi_square;
mod fraction;
mod normal;
mod student;

pub use chi_square::{chi_square_upper, ln_chi_square_upper};
pub use normal::{ln_normal_two_sided, normal_cumulative, normal_density, normal_quantile, normal_two_sided};
pub use student::{ln_t_two_sided, t_two_sided};
