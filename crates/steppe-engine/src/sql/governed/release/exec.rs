//! The operator that lets groups go.

use std::{fmt, sync::Arc};

use datafusion::{
    arrow::{
        array::{
            Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch, RecordBatchOptions,
            UInt32Array, UInt64Array,
        },
        compute::{cast, concat_batches, take},
        datatypes::{DataType, Float64Type, Int64Type, SchemaRef},
    },
    common::tree_node::TreeNodeRecursion,
    error::{DataFusionError, Result},
    execution::{
        TaskContext,
        memory_pool::{MemoryConsumer, MemoryReservation},
    },
    physical_expr::{Distribution, EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, Partitioning,
        PlanProperties, SendableRecordBatchStream,
        execution_plan::{Boundedness, EmissionType},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use steppe_privacy::policy::Protection;

use super::{
    decision::{Group, Noisy, Outcome, Refused, decide},
    node::{Shape, Tells},
    noisy,
};
use crate::{
    EngineError,
    sql::{
        governed::{
            guard::{Guard, refusal_for_users},
            people_set::PeopleSet,
            remembered::{Open, Weighed},
            unreadable::without_values_below,
        },
        service::Notices,
        session::off_runtime,
    },
};

/// Groups that are collected before a statement is refused; what is released are far fewer.
const MOST_GROUPS: usize = 100_000;
/// Copies of what users were told that a decision makes.
const COPIES: usize = 2;
/// Digits of released numbers that are no counts.
const DIGITS: i32 = 6;
/// Digits of released associations.
const DIGITS_OF_ASSOCIATION: i32 = 4;

/// Collects the groups, decides, and hands on what is let go.
pub(super) struct ReleaseExec {
    input: Arc<dyn ExecutionPlan>,
    shape: Arc<Shape>,
    guard: Arc<Guard>,
    properties: Arc<PlanProperties>,
}

impl ReleaseExec {
    pub(super) fn new(
        input: Arc<dyn ExecutionPlan>,
        shape: Arc<Shape>,
        guard: Arc<Guard>,
        schema: SchemaRef,
    ) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        Self { input, shape, guard, properties }
    }
}

/// Everything that a partition does.
struct Work {
    shape: Arc<Shape>,
    guard: Arc<Guard>,
    schema: SchemaRef,
    notices: Option<Arc<Notices>>,
    memory: MemoryReservation,
}

impl Work {
    async fn run(self, mut groups: SendableRecordBatchStream) -> Result<RecordBatch> {
        let schema = groups.schema();
        let mut batches = Vec::new();
        let mut count = 0;
        while let Some(batch) = groups.try_next().await.map_err(without_values_below)? {
            count += batch.num_rows();
            if count > MOST_GROUPS {
                return Err(EngineError::refused(
                    format!("there are more than {MOST_GROUPS} groups"),
                    "group by fewer or wider categories",
                )
                .into());
            }
            self.memory.try_grow(batch.get_array_memory_size())?;
            batches.push(batch);
        }
        // The sets are read from their bytes, and put together once more for every column that is left out.
        self.memory.try_grow(self.memory.size() * (1 + self.shape.columns()))?;
        let all = concat_batches(&schema, &batches)?;
        let (order, groups) = groups_of(&self.shape, &all)?;
        let outcome = match self.guard.rules.protection {
            Protection::Ledger => {
                let ledger = self.guard.ledger().await?;
                self.decided(groups, ledger, |shape, groups, guard, ledger| {
                    decide(shape, groups, guard.minimum_cell(), ledger)
                })
                .await?
            }
            Protection::DifferentialPrivacy { per_day, per_query } => {
                let budget = self.guard.budget().await?;
                self.decided(groups, budget, move |shape, groups, guard, budget| {
                    noisy::decide(shape, groups, guard, budget, (per_day, per_query))
                })
                .await?
            }
        };
        self.notify(&outcome);
        self.shown(&all, &order, &outcome)
    }

    /// Decides, remembers the decision and writes it down, in this order and before anything leaves.
    async fn decided<T: serde::Serialize + Weighed + Send + 'static>(
        &self,
        groups: Vec<Group>,
        mut open: Open<T>,
        decide: impl FnOnce(&Shape, &[Group], &Guard, &mut T) -> Result<Outcome, Refused> + Send + 'static,
    ) -> Result<Outcome, EngineError> {
        let (shape, guard) = (Arc::clone(&self.shape), Arc::clone(&self.guard));
        // What is decided is a copy until it is remembered.
        self.memory.try_grow(COPIES * open.memory()?)?;
        off_runtime(move || {
            let decided = decide(&shape, &groups, &guard, open.get()?);
            // A refusal may have told something, too.
            open.save()?;
            let (suppressed, refusal) = match &decided {
                Ok(outcome) => (outcome.suppressed, None),
                Err(Refused::Few(refusal)) => (groups.len(), Some(refusal.name())),
                Err(Refused::Statement(_)) => (groups.len(), Some("statement")),
                Err(Refused::Spent(_)) => (groups.len(), Some("budget")),
            };
            guard.record(&shape.tables, (groups.len(), suppressed), refusal)?;
            decided.map_err(|refused| match refused {
                Refused::Few(_) => refusal_for_users(),
                Refused::Statement(error) | Refused::Spent(error) => error,
            })
        })
        .await
    }

    fn notify(&self, outcome: &Outcome) {
        let Some(notices) = &self.notices else { return };
        let minimum = self.guard.minimum_cell();
        if outcome.suppressed > 0 {
            notices.push(format!(
                "{} of {} groups are left out: they have fewer than {minimum} people, or would tell of such groups",
                outcome.suppressed,
                outcome.suppressed + outcome.kept.iter().filter(|kept| **kept).count(),
            ));
        }
        if !outcome.withheld.is_empty() {
            notices.push(format!(
                "{} values are left out: associations are not told of as few people",
                outcome.withheld.len(),
            ));
        }
    }

    /// The columns of the statement, of groups that are let go, in the order of their keys.
    fn shown(&self, all: &RecordBatch, order: &[u32], outcome: &Outcome) -> Result<RecordBatch> {
        let kept: Vec<usize> = (0..order.len()).filter(|&group| outcome.kept[group]).collect();
        let rows: UInt32Array = kept.iter().map(|&group| order[group]).collect();
        let mut columns = Vec::with_capacity(self.shape.shown());
        for (at, field) in self.schema.fields().iter().enumerate() {
            let column = take(all.column(at), &rows, None)?;
            let Some(item) = at.checked_sub(self.shape.keys.len()) else {
                columns.push(column);
                continue;
            };
            let tells = self.shape.items[item].tells;
            if let Some(noisy) = outcome.noisy.get(item) {
                let noisy: ArrayRef = match noisy {
                    Noisy::Counts(counts) => {
                        Arc::new(kept.iter().map(|&group| counts[group]).collect::<UInt64Array>())
                    }
                    Noisy::Means(means) => {
                        let shown = kept.iter().map(|&group| to_digits(means[group], DIGITS));
                        Arc::new(shown.collect::<Float64Array>())
                    }
                };
                columns.push(cast(&noisy, field.data_type())?);
                continue;
            }
            let is_withheld: Vec<bool> =
                kept.iter().map(|&group| outcome.withheld.contains(&(group, item))).collect();
            columns.push(rounded(&column, tells, &is_withheld, field.data_type())?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

/// Values as they leave: counts as they are, other numbers to few digits, what is withheld or not finite as null.
fn rounded(values: &ArrayRef, tells: Tells, is_withheld: &[bool], kind: &DataType) -> Result<ArrayRef> {
    let digits = match tells {
        Tells::Count => return Ok(Arc::clone(values)),
        Tells::Moment => DIGITS,
        Tells::Association => DIGITS_OF_ASSOCIATION,
    };
    if kind.is_floating() {
        let numbers = cast(values, &DataType::Float64)?;
        let shown = numbers.as_primitive::<Float64Type>().iter().zip(is_withheld);
        let shown = shown.map(|(value, withheld)| {
            value.filter(|value| !withheld && value.is_finite()).map(|value| to_digits(value, digits))
        });
        return Ok(cast(&(Arc::new(shown.collect::<Float64Array>()) as ArrayRef), kind)?);
    }
    let withheld: BooleanArray = is_withheld.iter().map(|withheld| Some(*withheld)).collect();
    Ok(datafusion::arrow::compute::nullif(values, &withheld)?)
}

/// A number to so many significant digits.
fn to_digits(value: f64, digits: i32) -> f64 {
    let text = format!("{value:.*e}", digits as usize - 1);
    text.parse().unwrap_or(value)
}

/// The groups in the order of their keys, and the row of each.
fn groups_of(shape: &Shape, all: &RecordBatch) -> Result<(Vec<u32>, Vec<Group>)> {
    let keys: Vec<ArrayRef> = (0..shape.keys.len())
        .map(|at| cast(all.column(at), &DataType::Utf8))
        .collect::<std::result::Result<_, _>>()?;
    let missing = || DataFusionError::from(EngineError::Internal("a release without sets of people"));
    let mut groups = Vec::with_capacity(all.num_rows());
    for row in 0..all.num_rows() {
        // A missing key comes before all others, and is not the empty text.
        let key = keys.iter().map(|column| match column.is_null(row) {
            true => String::new(),
            false => format!("={}", column.as_string::<i32>().value(row)),
        });
        let sets = (shape.shown()..shape.shown() + shape.sets).map(|at| {
            let column = all.columns().get(at).and_then(|column| column.as_binary_opt::<i64>());
            PeopleSet::from_bytes(column.ok_or_else(missing)?.value(row))
        });
        let after = shape.shown() + shape.sets;
        let sums = (after..after + shape.sums).map(|at| {
            let column = all.columns().get(at).and_then(|column| column.as_primitive_opt::<Int64Type>());
            Ok(column.ok_or_else(missing)?.value(row))
        });
        let (sets, sums) = (sets.collect::<Result<_>>()?, sums.collect::<Result<_>>()?);
        groups.push((row as u32, Group { key: key.collect(), sets, sums }));
    }
    groups.sort_by(|one, other| one.1.key.cmp(&other.1.key));
    Ok(groups.into_iter().unzip())
}

impl ExecutionPlan for ReleaseExec {
    fn name(&self) -> &'static str {
        "ReleaseExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition])
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self::new(input, Arc::clone(&self.shape), Arc::clone(&self.guard), self.schema())))
    }

    fn execute(&self, partition: usize, task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let work = Work {
            shape: Arc::clone(&self.shape),
            guard: Arc::clone(&self.guard),
            schema: self.schema(),
            notices: task.session_config().get_extension::<Notices>(),
            memory: MemoryConsumer::new(self.name()).register(task.memory_pool()),
        };
        let groups = self.input.execute(partition, task)?;
        let released = stream::once(work.run(groups)).boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), released)))
    }
}

impl DisplayAs for ReleaseExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseExec")
    }
}

impl fmt::Debug for ReleaseExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}
