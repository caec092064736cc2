use std::{collections::BTreeSet, fmt, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::{DataType, Field, Schema, SchemaRef},
    catalog::{Session, TableProvider},
    error::Result,
    logical_expr::{
        BinaryExpr, Expr, LogicalPlan, LogicalPlanBuilder, Operator, TableProviderFilterPushDown, TableType,
        cast, lit,
    },
    physical_plan::{ExecutionPlan, empty::EmptyExec},
    prelude::{DataFrame, ident},
    scalar::ScalarValue,
};

/// One run's file of a [`RunFiles`].
pub(super) struct RunFile {
    /// The run's name.
    pub(super) run: String,
    /// The file's rows.
    pub(super) rows: DataFrame,
    /// The scores in it, where `run.json` names them.
    pub(super) scores: Option<BTreeSet<String>>,
}

/// One file of every run that has it, one under the other, with the run's name in front. What a run's file has no column
/// for is null. Files of runs and scores that a condition leaves out are not opened.
pub(super) struct RunFiles {
    files: Vec<Part>,
    schema: SchemaRef,
}

struct Part {
    run: String,
    plan: LogicalPlan,
    /// Of each column of the table its name in the file.
    columns: Vec<Option<String>>,
    scores: Option<BTreeSet<String>>,
}

impl fmt::Debug for RunFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunFiles").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl RunFiles {
    /// The table of some files; `called` gives a column's name in SQL.
    pub(super) fn new(files: Vec<RunFile>, called: impl Fn(&str) -> String) -> Self {
        let mut fields = vec![Field::new("run", DataType::Utf8, false)];
        for file in &files {
            for field in file.rows.schema().fields() {
                let name = called(field.name());
                if !fields.iter().any(|there| *there.name() == name) {
                    fields.push(Field::new(name, field.data_type().clone(), true));
                }
            }
        }
        Self::with_schema(files, Arc::new(Schema::new(fields)), called)
    }

    /// The same as a table of given columns, whatever the files have; the first one is the run's name.
    pub(super) fn with_schema(
        files: Vec<RunFile>,
        schema: SchemaRef,
        called: impl Fn(&str) -> String,
    ) -> Self {
        let part = |file: RunFile| {
            let of_file: Vec<&String> =
                file.rows.schema().fields().iter().map(|field| field.name()).collect();
            let there = |field: &Field| of_file.iter().find(|name| called(name) == *field.name());
            let mut columns: Vec<Option<String>> =
                schema.fields().iter().map(|field| there(field).map(|name| (*name).clone())).collect();
            columns[0] = None;
            Part { run: file.run, columns, scores: file.scores, plan: file.rows.into_unoptimized_plan() }
        };
        let files = files.into_iter().map(part).collect();
        Self { files, schema }
    }

    /// The rows of a file as rows of the table.
    fn rows(&self, part: &Part) -> Result<LogicalPlan> {
        let column = |(field, name): (&Arc<Field>, &Option<String>)| {
            let value = match name {
                None if field.name() == "run" => lit(part.run.as_str()),
                None => cast(lit(ScalarValue::Null), field.data_type().clone()),
                Some(name) => cast(ident(name), field.data_type().clone()),
            };
            value.alias(field.name())
        };
        let columns: Vec<Expr> = self.schema.fields().iter().zip(&part.columns).map(column).collect();
        LogicalPlanBuilder::from(part.plan.clone()).project(columns)?.build()
    }
}

impl Part {
    /// Whether it may have rows for which a condition holds. Conditions on anything but run and score say nothing.
    fn may_have(&self, condition: &Expr) -> bool {
        match condition {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                self.may_have(left) && self.may_have(right)
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                self.may_have(left) || self.may_have(right)
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
                self.may_be(left, std::slice::from_ref(right))
                    && self.may_be(right, std::slice::from_ref(left))
            }
            Expr::InList(list) if !list.negated => self.may_be(&list.expr, &list.list),
            _ => true,
        }
    }

    fn may_be(&self, column: &Expr, values: &[impl std::borrow::Borrow<Expr>]) -> bool {
        let Expr::Column(column) = column else { return true };
        let mut texts = values.iter().map(|value| match value.borrow() {
            Expr::Literal(value, _) => value.try_as_str().flatten(),
            _ => None,
        });
        match (column.name.as_str(), &self.scores) {
            ("run", _) => texts.any(|text| text.is_none_or(|text| text == self.run)),
            ("score", Some(scores)) => texts.any(|text| text.is_none_or(|text| scores.contains(text))),
            _ => true,
        }
    }
}

/// Whether a condition means the same on the rows below.
pub(super) fn pushed_down(filter: &Expr) -> TableProviderFilterPushDown {
    match filter.is_volatile() {
        false => TableProviderFilterPushDown::Exact,
        true => TableProviderFilterPushDown::Unsupported,
    }
}

#[async_trait]
impl TableProvider for RunFiles {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters.iter().map(|filter| pushed_down(filter)).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut all: Option<LogicalPlanBuilder> = None;
        let chosen =
            self.files.iter().filter(|part| filters.iter().all(|condition| part.may_have(condition)));
        for part in chosen {
            let rows = self.rows(part)?;
            all = Some(match all {
                Some(above) => above.union(rows)?,
                None => LogicalPlanBuilder::from(rows),
            });
        }
        let Some(mut rows) = all else {
            let schema = match projection {
                Some(projection) => Arc::new(self.schema.project(projection)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        };
        for filter in filters {
            rows = rows.filter(filter.clone())?;
        }
        if let Some(projection) = projection {
            rows = rows.project(projection.iter().map(|&at| ident(self.schema.field(at).name())))?;
        }
        state.create_physical_plan(&rows.limit(0, limit)?.build()?).await
    }
}
