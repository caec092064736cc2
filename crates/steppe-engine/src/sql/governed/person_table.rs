//! A table about persons as one session sees it.

use std::{any::Any, borrow::Cow, collections::BTreeSet, fmt, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::{DataType, Field, Schema, SchemaRef},
    catalog::{Session, TableProvider},
    common::{
        Column,
        tree_node::{Transformed, TreeNode},
    },
    error::Result,
    logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, TableProviderFilterPushDown, TableType},
    physical_plan::ExecutionPlan,
};
use steppe_privacy::policy::{Access, ExportGrant, Mask, Precision};

use super::{
    bands::Standings,
    barrier::{PolicyBarrierExec, RowPolicy},
    guard::Guard,
    on_demand::AbsentScore,
    people::People,
    unreadable::without_values,
    visible::Visibility,
};
use crate::EngineError;

/// The hidden column of people's numbers, below releases only. No statement can name it.
pub(super) const PERSON_COLUMN: &str = "__steppe_person";
/// Names that begin so are ours.
pub(super) const RESERVED: &str = "__steppe";
/// The column of pseudonyms.
pub(super) const KEY_COLUMN: &str = "sample_key";

/// What a statement that is answered by groups may do with a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnUse {
    /// Join tables by it and count it.
    Key,
    /// Anything: it says nothing of persons (which run, which score). Files are chosen by conditions on it.
    Label,
    /// Group and filter by it, and aggregate it.
    Attribute,
    /// Aggregate it.
    Value,
}

/// What a column shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    /// The person's pseudonym.
    Key,
    /// The person's number in the cohort.
    Person,
    /// A column of the files, or its mask.
    Stored(usize, Option<Mask>),
    /// Z in the score, to one decimal if it is rounded.
    Z {
        /// Whether it is.
        rounded: bool,
    },
    /// Percentile among all, or in the population; on the policy's grid if there is one.
    Percentile {
        /// Among people of the same population.
        in_population: bool,
        /// The grid.
        grid: Option<u32>,
    },
}

/// A column as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PersonColumn {
    /// Its name.
    pub(crate) name: String,
    /// What groups may do with it.
    pub(crate) used_as: ColumnUse,
    /// What it shows.
    pub(crate) shown: Shown,
}

/// Columns of the files that decide on rows.
#[derive(Debug, Clone)]
pub(crate) struct ScoreRows {
    /// Which run.
    pub(crate) run: usize,
    /// Which score.
    pub(crate) score: usize,
    /// The value that Z and percentiles are of.
    pub(crate) value: usize,
    /// Where people stand.
    pub(crate) standings: Arc<Standings>,
}

/// The scores whose rows there are in a table; those of few variants, and of nobody knows how many, are not among them.
#[derive(Debug, Clone)]
pub(crate) struct SeenScores {
    /// The column of their names.
    pub(crate) score: usize,
    /// Their names.
    pub(crate) names: Arc<BTreeSet<String>>,
}

/// A table about persons, before anybody's policy, and what a policy makes of it.
#[derive(Debug, Clone)]
pub(crate) struct PersonTable {
    /// The table as it is in files.
    pub(crate) stored: Arc<dyn TableProvider>,
    /// Its column of sample ids.
    pub(crate) key: usize,
    /// Columns that are shown.
    pub(crate) columns: Vec<PersonColumn>,
    /// Of a table of scores.
    pub(crate) scores: Option<ScoreRows>,
    /// The scores that are there; `None` is all.
    pub(crate) seen_scores: Option<SeenScores>,
    /// Whose rows are seen.
    pub(crate) visibility: Arc<Visibility>,
    /// All people.
    pub(crate) people: Arc<People>,
    /// Key of masks that hash.
    pub(crate) mask_key: [u8; 32],
}

/// The provider of a [`PersonTable`] in a session. Locked, it can be named and planned and never be read; what may be
/// read of it is read through the copy that [`PolicyTable::unlocked`] makes, below a release.
#[derive(Clone)]
pub(crate) struct PolicyTable {
    table: Arc<PersonTable>,
    guard: Arc<Guard>,
    export: ExportGrant,
    is_locked: bool,
    has_person: bool,
    /// What it stands in for, before a run has it; then it can not be read either.
    absent: Option<AbsentScore>,
    schema: SchemaRef,
}

impl fmt::Debug for PolicyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyTable").field("is_locked", &self.is_locked).finish_non_exhaustive()
    }
}

impl PolicyTable {
    /// The table in a session; locked if only groups may be seen.
    pub(crate) fn new(table: Arc<PersonTable>, guard: Arc<Guard>, access: &Access) -> Self {
        let schema = Arc::new(table.schema());
        // Who may take no rows away is shown none, however fine the precision.
        let is_locked = access.precision == Precision::Aggregates || access.export.rows_per_day == 0;
        Self { table, guard, export: access.export, is_locked, has_person: false, absent: None, schema }
    }

    /// The stand-in of a score that no run has yet.
    pub(crate) fn standing_in(&self, score: &str) -> Self {
        let absent = AbsentScore { cohort: self.guard.cohort.clone(), score: score.to_owned() };
        Self { absent: Some(absent), ..self.clone() }
    }

    /// The score that it stands in for.
    pub(super) fn absent(&self) -> Option<AbsentScore> {
        self.absent.clone()
    }

    /// Rows that may leave.
    pub(crate) fn export(&self) -> ExportGrant {
        self.export
    }

    /// Whether only groups may be seen.
    pub(crate) fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// Whose session it is, and of which cohort.
    pub(crate) fn guard(&self) -> &Arc<Guard> {
        &self.guard
    }

    /// What may be done with the columns, in the order of the schema.
    pub(crate) fn columns(&self) -> &[PersonColumn] {
        &self.table.columns
    }

    /// The copy that is read below a release, with a last column of the people's numbers.
    pub(crate) fn unlocked(&self) -> Self {
        let person =
            PersonColumn { name: PERSON_COLUMN.to_owned(), used_as: ColumnUse::Key, shown: Shown::Person };
        let mut table = PersonTable::clone(&self.table);
        table.columns.push(person);
        let schema = Arc::new(table.schema());
        let guard = Arc::clone(&self.guard);
        Self {
            table: Arc::new(table),
            guard,
            export: ExportGrant::default(),
            is_locked: false,
            has_person: true,
            absent: self.absent.clone(),
            schema,
        }
    }

    /// Whether it is such a copy.
    pub(crate) fn is_below_release(&self) -> bool {
        self.has_person
    }
}

impl PersonTable {
    fn schema(&self) -> Schema {
        let stored = self.stored.schema();
        let field = |column: &PersonColumn| {
            let kind = match &column.shown {
                Shown::Key => DataType::Utf8,
                Shown::Person => DataType::UInt32,
                Shown::Stored(at, None) => stored.field(*at).data_type().clone(),
                Shown::Stored(_, Some(Mask::Width(_))) | Shown::Z { .. } => DataType::Float64,
                Shown::Stored(_, Some(_)) => DataType::Utf8,
                Shown::Percentile { grid: None, .. } => DataType::Float64,
                Shown::Percentile { grid: Some(_), .. } => DataType::Int32,
            };
            let is_nullable = !matches!(column.shown, Shown::Key | Shown::Person);
            Field::new(&column.name, kind, is_nullable)
        };
        Schema::new(self.columns.iter().map(field).collect::<Vec<_>>())
    }

    /// The stored column behind a label.
    fn label(&self, name: &str) -> Option<usize> {
        let is_it = |column: &&PersonColumn| column.name == name && column.used_as == ColumnUse::Label;
        match self.columns.iter().find(is_it)?.shown {
            Shown::Stored(at, None) => Some(at),
            _ => None,
        }
    }

    /// A condition in terms of the stored columns, if it is on labels alone and can not fail: a comparison with
    /// constants, or several of them.
    fn condition_on_labels(&self, condition: &Expr) -> Option<Expr> {
        if !self.is_on_labels(condition) {
            return None;
        }
        let stored = self.stored.schema();
        let renamed = condition.clone().transform(|expression| {
            Ok(match &expression {
                Expr::Column(column) => match self.label(&column.name) {
                    Some(at) => {
                        Transformed::yes(Expr::Column(Column::from_name(stored.field(at).name().clone())))
                    }
                    None => Transformed::no(expression),
                },
                _ => Transformed::no(expression),
            })
        });
        renamed.ok().map(|renamed| renamed.data)
    }

    fn is_on_labels(&self, condition: &Expr) -> bool {
        let is_label =
            |side: &Expr| matches!(side, Expr::Column(column) if self.label(&column.name).is_some());
        let is_constant = |side: &Expr| matches!(side, Expr::Literal(..));
        match condition {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => {
                self.is_on_labels(left) && self.is_on_labels(right)
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
                (is_label(left) && is_constant(right)) || (is_constant(left) && is_label(right))
            }
            Expr::InList(list) => is_label(&list.expr) && list.list.iter().all(is_constant) && !list.negated,
            _ => false,
        }
    }
}

#[async_trait]
impl TableProvider for PolicyTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        None
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Inexact: the condition is looked at again above the barrier, and below it only chooses what is read.
        Ok(filters
            .iter()
            .map(|filter| match self.table.is_on_labels(filter) {
                true => TableProviderFilterPushDown::Inexact,
                false => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if self.is_locked {
            return Err(EngineError::refused(
                "rows of persons are not shown to your role",
                "ask for groups: SELECT …, count(*) … GROUP BY …",
            )
            .into());
        }
        if self.absent.is_some() {
            return Err(EngineError::Internal("a score that is read before it is there").into());
        }
        let all: Vec<usize> = (0..self.table.columns.len()).collect();
        let shown: Vec<PersonColumn> =
            projection.unwrap_or(&all).iter().map(|&at| self.table.columns[at].clone()).collect();
        let conditions: Vec<Expr> =
            filters.iter().filter_map(|filter| self.table.condition_on_labels(filter)).collect();
        let stored = RowPolicy::stored_columns(&self.table, &shown);
        let input =
            self.table.stored.scan(state, Some(&stored), &conditions, None).await.map_err(without_values)?;
        let schema = Arc::new(match projection {
            Some(projection) => self.schema.project(projection)?,
            None => Schema::clone(&self.schema),
        });
        let policy = RowPolicy::new(Arc::clone(&self.table), shown, &stored, schema);
        Ok(Arc::new(PolicyBarrierExec::new(input, Arc::new(policy))))
    }
}

/// The policy's provider behind a table of a plan.
pub(crate) fn policy_table(provider: &Arc<dyn TableProvider>) -> Option<&PolicyTable> {
    let provider: &dyn Any = provider.as_ref();
    provider.downcast_ref()
}
