//! The release in a plan: below it rows of persons, above it numbers that were let go.

use std::{
    cmp::Ordering,
    collections::BTreeSet,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use datafusion::{
    common::DFSchemaRef,
    error::Result,
    logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore},
};

use steppe_privacy::noise::Bounds;

use crate::{EngineError, sql::governed::guard::Guard};

/// What a column of an answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    /// How many people.
    Count,
    /// A sum of powers of one value of each.
    Moment,
    /// How two values of each go together.
    Association,
}

/// An aggregate of an answer.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// What it tells.
    pub(super) tells: Tells,
    /// The hidden set of people that it is of.
    pub(super) set: usize,
    /// The conditions that those people meet.
    pub(super) conditions: Vec<usize>,
    /// How its mean is told with noise; `None` is not.
    pub(super) mean: Option<NoisyMean>,
}

/// A mean that is told with noise.
#[derive(Debug, Clone)]
pub(super) struct NoisyMean {
    /// Of which column.
    pub(super) column: Arc<str>,
    /// The bounds of the values that it counts.
    pub(super) bounds: Bounds,
    /// The hidden sum of those values, in steps.
    pub(super) sum: usize,
}

/// A condition on persons.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    /// The hidden set of people who meet it.
    pub(super) set: usize,
    /// The attributes that it is on.
    pub(super) columns: BTreeSet<Arc<str>>,
}

/// What an answer is made of. The columns below are the groups' keys, the answer's aggregates, and hidden sets of people.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Of each key the attributes that it is calculated from.
    pub(super) keys: Vec<BTreeSet<Arc<str>>>,
    /// The aggregates.
    pub(super) items: Vec<Item>,
    /// How many hidden sets there are.
    pub(super) sets: usize,
    /// How many hidden sums there are after them.
    pub(super) sums: usize,
    /// The set of the people who count.
    pub(super) base: usize,
    /// The set of all people of a group, whatever the conditions.
    pub(super) all: usize,
    /// Conditions on persons.
    pub(super) conditions: Vec<Condition>,
    /// Those that WHERE has.
    pub(super) of_base: Vec<usize>,
    /// The tables that are read.
    pub(super) tables: BTreeSet<String>,
}

impl Shape {
    /// Columns that the answer shows.
    pub(super) fn shown(&self) -> usize {
        self.keys.len() + self.items.len()
    }

    /// Columns that keys and conditions are on.
    pub(super) fn columns(&self) -> usize {
        let of_conditions = self.conditions.iter().flat_map(|condition| &condition.columns);
        self.keys.iter().flatten().chain(of_conditions).collect::<BTreeSet<_>>().len()
    }
}

/// Lets go of the groups that may be let go.
#[derive(Clone)]
pub(super) struct ReleaseNode {
    pub(super) input: LogicalPlan,
    pub(super) schema: DFSchemaRef,
    pub(super) shape: Arc<Shape>,
    pub(super) guard: Arc<Guard>,
}

/// Whether a plan is a release.
pub(in crate::sql::governed) fn is_release(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Extension(extension) if extension.node.as_any().is::<ReleaseNode>())
}

impl fmt::Debug for ReleaseNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_for_explain(f)
    }
}

impl PartialEq for ReleaseNode {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shape, &other.shape) && self.input == other.input
    }
}

impl Eq for ReleaseNode {}

impl Hash for ReleaseNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
    }
}

impl PartialOrd for ReleaseNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for ReleaseNode {
    fn name(&self) -> &'static str {
        "Release"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Release: groups of at least {} people", self.guard.minimum_cell())
    }

    fn with_exprs_and_inputs(&self, _expressions: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let input = inputs.into_iter().next().ok_or(EngineError::Internal("a release of nothing"))?;
        Ok(Self { input, ..self.clone() })
    }
}
