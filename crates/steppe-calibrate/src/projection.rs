//! Target people on the principal components of a reference: simple projection, and OADP (Zhang, Dey, Lee 2020), which
//! undoes that people who did not make the components are drawn towards the origin.

mod oadp;
mod target;

pub use oadp::Oadp;
pub(crate) use target::squared_lengths;
pub use target::{FEW_SHARED, LEAST_SHARED, Projection, ProjectionMethod, SharedVariant, project};
