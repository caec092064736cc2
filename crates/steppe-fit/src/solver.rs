//! Solvers of penalised problems over packed columns. They see columns, weights and penalties, never a file or a path of
//! lambdas.

pub(crate) mod coordinate_descent;
pub(crate) mod gram;
pub(crate) mod newton;
pub(crate) mod penalty;
pub(crate) mod solution;
pub(crate) mod strong_set;
pub(crate) mod weight_classes;
