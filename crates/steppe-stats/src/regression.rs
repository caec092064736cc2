//! Logistic regression: maximum likelihood by Newton's method, and Firth's penalised likelihood where that has no
//! maximum.

mod firth;
mod likelihood;
mod newton;

pub use firth::FirthFit;
pub use likelihood::LogisticModel;
pub use newton::{LogisticFit, LogisticNewton};

/// No maximum was found: predictors depend on each other, or they separate cases from controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no maximum of the likelihood: predictors are collinear or separate cases from controls; drop some")]
pub struct Diverged;
