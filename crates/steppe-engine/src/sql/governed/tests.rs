//! Statements of people under a policy, on a cohort of made-up people.

mod approvals;
mod attacks;
mod equivalence;
mod groups;
mod memory;
mod refusals;
mod rows;
mod scene;
