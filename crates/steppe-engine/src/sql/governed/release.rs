//! How a statement on tables about persons is answered by groups.
//!
//! ```text
//!      anything                    numbers that were let go
//!         │
//!      Release                     sets of people → suppression, ledger or noise → the groups that stay
//!         │
//!      Aggregate                   the statement's aggregates, and hidden sets of people
//!         │
//!  Projection, Filter,             conditions on persons are columns here, so that it is known who would be there
//!  SubqueryAlias, Join             without them
//!         │
//!      TableScan                   the unlocked copy of the table, behind its barrier
//! ```
//!
//! [`ReleaseRule`] goes through every plan after DataFusion's own analysis. It finds the aggregates over locked tables,
//! checks all that is below (`below` and `source`: operators, `expression`: expressions, `boundary`: keys and aggregates), and builds
//! the plan above. What a list does not name is refused. The operator (`exec`) collects the groups; `decision` lets go.

mod below;
mod boundary;
mod decision;
mod exec;
mod expression;
mod node;
mod noisy;
mod planner;
mod rule;
mod source;

pub(super) use node::is_release;
pub(super) use planner::ReleaseQueryPlanner;
pub(super) use rule::{ReleaseRule, check_statements};
