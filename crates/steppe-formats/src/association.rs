//! Tables of association as `plink2 --glm hide-covar` writes them.

mod columns;
mod row;
mod writer;

pub use columns::{AssociationColumns, Effect, Model};
pub use row::{AssociationRow, ErrorCode, Estimate};
pub use writer::AssociationWriter;
