//! The operator between files about persons and everything that a statement asks of them.

use std::{fmt, ops::Range, sync::Arc};

use datafusion::{
    arrow::{
        array::{
            Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, RecordBatch, StringArray,
            UInt32Array,
        },
        compute::{cast, filter_record_batch},
        datatypes::{DataType, Float64Type, SchemaRef},
    },
    common::tree_node::TreeNodeRecursion,
    error::{DataFusionError, Result},
    execution::TaskContext,
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
        execution_plan::{Boundedness, EmissionType},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use steppe_privacy::policy::{Mask, percentile_on_grid, rounded_z};

use super::{
    bands::Standing,
    person_table::{PersonColumn, PersonTable, ScoreRows, Shown},
    texts::{runs, text, texts},
    unreadable::without_values,
    visible::Visible,
};
use crate::EngineError;

/// What becomes of the rows of a file: which are there, and what each shows.
#[derive(Debug)]
pub(super) struct RowPolicy {
    table: Arc<PersonTable>,
    shown: Vec<PersonColumn>,
    /// Of each stored column its place in what is read.
    places: Vec<Option<usize>>,
    schema: SchemaRef,
}

/// Of rows of one score where people stand in it.
type Standings = Vec<(Range<usize>, Option<Arc<Standing>>)>;

/// Of each row where people stand in its score.
fn by_row(standings: &Standings) -> impl Iterator<Item = Option<&Standing>> {
    standings.iter().flat_map(|(rows, standing)| rows.clone().map(|_| standing.as_deref()))
}

impl RowPolicy {
    /// The stored columns that must be read to show some: always the key, and of scores which it is.
    pub(super) fn stored_columns(table: &PersonTable, shown: &[PersonColumn]) -> Vec<usize> {
        let mut stored = vec![table.key];
        for column in shown {
            match (&column.shown, &table.scores) {
                (Shown::Stored(at, _), _) => stored.push(*at),
                (Shown::Z { .. }, Some(scores)) => stored.push(scores.value),
                _ => {}
            }
        }
        if let Some(scores) = &table.scores {
            stored.extend([scores.run, scores.score]);
        }
        stored.extend(table.seen_scores.as_ref().map(|seen| seen.score));
        stored.sort_unstable();
        stored.dedup();
        stored
    }

    pub(super) fn new(
        table: Arc<PersonTable>,
        shown: Vec<PersonColumn>,
        stored: &[usize],
        schema: SchemaRef,
    ) -> Self {
        let count = table.stored.schema().fields().len();
        let places = (0..count).map(|column| stored.iter().position(|&at| at == column)).collect();
        Self { table, shown, places, schema }
    }

    fn column<'a>(&self, batch: &'a RecordBatch, stored: usize) -> Result<&'a ArrayRef> {
        match self.places.get(stored).copied().flatten() {
            Some(place) => Ok(batch.column(place)),
            None => Err(EngineError::Internal("a column that was not read").into()),
        }
    }

    /// Drops the rows that are not there, and shows of the others what is shown.
    async fn apply(&self, batch: &RecordBatch, visible: &Visible) -> Result<RecordBatch> {
        let numbers = self.table.people.numbers(self.column(batch, self.table.key)?)?;
        let hidden = self.hidden_rows(batch)?;
        let is_there = |(row, number): (usize, &Option<u32>)| {
            let is_seen =
                number.is_some_and(|number| visible.flags.get(number as usize).copied().unwrap_or(false));
            Some(is_seen && !hidden.get(row).copied().unwrap_or(false))
        };
        let there: BooleanArray = numbers.iter().enumerate().map(is_there).collect();
        let rows = filter_record_batch(batch, &there)?;
        let kept = numbers.into_iter().zip(there.values().iter()).filter(|(_, kept)| *kept);
        let numbers: Vec<u32> = kept.filter_map(|(number, _)| number).collect();
        let standings = self.standings(&rows, visible).await?;
        let shown: Result<Vec<ArrayRef>> =
            self.shown.iter().map(|column| self.show(column, &rows, &numbers, &standings)).collect();
        let options =
            datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), shown?, &options)?)
    }

    /// Of each row whether its score is not seen; empty where all are.
    fn hidden_rows(&self, batch: &RecordBatch) -> Result<Vec<bool>> {
        let Some(seen) = &self.table.seen_scores else { return Ok(Vec::new()) };
        let names = texts(self.column(batch, seen.score)?)?;
        let mut hidden = vec![false; batch.num_rows()];
        for run in runs(&[&names], batch.num_rows()) {
            let is_seen = text(&names, run.start).is_some_and(|name| seen.names.contains(name));
            hidden[run].fill(!is_seen);
        }
        Ok(hidden)
    }

    /// Standings of the rows, if any column needs them.
    async fn standings(&self, rows: &RecordBatch, visible: &Visible) -> Result<Standings> {
        let needs =
            |column: &PersonColumn| matches!(column.shown, Shown::Z { .. } | Shown::Percentile { .. });
        let Some(scores) = self.table.scores.as_ref().filter(|_| self.shown.iter().any(needs)) else {
            return Ok(Vec::new());
        };
        let ScoreRows { run, score, standings, .. } = scores;
        let (names, scores) = (texts(self.column(rows, *run)?)?, texts(self.column(rows, *score)?)?);
        let mut found = Standings::new();
        for rows in runs(&[&names, &scores], rows.num_rows()) {
            let standing = match (text(&names, rows.start), text(&scores, rows.start)) {
                (Some(run), Some(score)) => Some(standings.of(run, score, visible).await?),
                _ => None,
            };
            found.push((rows, standing));
        }
        Ok(found)
    }

    fn show(
        &self,
        column: &PersonColumn,
        rows: &RecordBatch,
        numbers: &[u32],
        standings: &Standings,
    ) -> Result<ArrayRef> {
        let people = &self.table.people;
        Ok(match &column.shown {
            Shown::Key => {
                let keys = numbers.iter().map(|&number| people.pseudonym(number));
                Arc::new(keys.collect::<StringArray>())
            }
            Shown::Person => Arc::new(UInt32Array::from(numbers.to_vec())),
            Shown::Stored(at, None) => Arc::clone(self.column(rows, *at)?),
            Shown::Stored(at, Some(mask)) => {
                masked(self.column(rows, *at)?.as_ref(), *mask, &self.table.mask_key)?
            }
            Shown::Z { rounded } => self.z(rows, standings, *rounded)?,
            Shown::Percentile { in_population, grid } => {
                let of = |(number, standing): (&u32, Option<&Standing>)| match in_population {
                    true => standing?.population_percentile(*number),
                    false => standing?.percentile(*number),
                };
                let percentiles = numbers.iter().zip(by_row(standings)).map(of);
                match grid {
                    None => Arc::new(percentiles.collect::<Float64Array>()),
                    Some(grid) => {
                        let on_grid = |percentile: Option<f64>| {
                            percentile_on_grid(percentile?, *grid).map(|low| low as i32)
                        };
                        Arc::new(percentiles.map(on_grid).collect::<Int32Array>())
                    }
                }
            }
        })
    }

    fn z(&self, rows: &RecordBatch, standings: &Standings, is_rounded: bool) -> Result<ArrayRef> {
        let Some(scores) = &self.table.scores else {
            return Err(EngineError::Internal("a Z of a table without scores").into());
        };
        let values = cast(self.column(rows, scores.value)?, &DataType::Float64)?;
        let z =
            values.as_primitive::<Float64Type>().iter().zip(by_row(standings)).map(|(value, standing)| {
                let z = standing?.z(value?)?;
                Some(if is_rounded { rounded_z(z) } else { z })
            });
        Ok(Arc::new(z.collect::<Float64Array>()))
    }
}

/// A column behind its mask.
fn masked(values: &dyn Array, mask: Mask, key: &[u8; 32]) -> Result<ArrayRef> {
    let texts = cast(values, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>().iter();
    if let Mask::Width(_) = mask {
        let low = texts.map(|text| text.and_then(|text| mask.apply_number(text.trim().parse().ok()?)));
        return Ok(Arc::new(low.collect::<Float64Array>()));
    }
    Ok(Arc::new(texts.map(|text| text.and_then(|text| mask.apply(text, key))).collect::<StringArray>()))
}

/// Applies a [`RowPolicy`] to what is read. To DataFusion it is an operator of unknown kind: no filter, projection or
/// limit is pushed through it, and it has no statistics, so that no expression of a statement is evaluated on a row, and
/// no number calculated from one, that the policy forbids.
pub(super) struct PolicyBarrierExec {
    input: Arc<dyn ExecutionPlan>,
    policy: Arc<RowPolicy>,
    properties: Arc<PlanProperties>,
}

impl PolicyBarrierExec {
    pub(super) fn new(input: Arc<dyn ExecutionPlan>, policy: Arc<RowPolicy>) -> Self {
        let partitions = input.properties().output_partitioning().partition_count();
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&policy.schema)),
            datafusion::physical_plan::Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { input, policy, properties }
    }
}

impl ExecutionPlan for PolicyBarrierExec {
    fn name(&self) -> &'static str {
        "PolicyBarrierExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
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
        Ok(Arc::new(Self::new(input, Arc::clone(&self.policy))))
    }

    fn execute(&self, partition: usize, task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, task)?;
        let policy = Arc::clone(&self.policy);
        // Asked when it runs, not when it is planned: a prepared statement sees who may be seen now.
        let shown = async move {
            let visible = policy.table.visibility.now().await?;
            let shown = rows.and_then(move |batch| {
                let (policy, visible) = (Arc::clone(&policy), Arc::clone(&visible));
                async move { policy.apply(&batch, &visible).await }
            });
            Ok::<_, DataFusionError>(shown)
        };
        let shown = stream::once(shown).try_flatten().map_err(without_values).boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.policy.schema), shown)))
    }
}

impl DisplayAs for PolicyBarrierExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyBarrierExec")
    }
}

impl fmt::Debug for PolicyBarrierExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}
