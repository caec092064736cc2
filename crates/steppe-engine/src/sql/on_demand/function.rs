//! The table function, where no policy is asked.

use std::{collections::BTreeSet, fmt, sync::Arc};

use datafusion::{
    arrow::datatypes::{DataType, Field, Schema, SchemaRef},
    catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider},
    error::Result,
    execution::SessionState,
    logical_expr::Expr,
    prelude::SessionContext,
};

use super::{OnDemand, scan::OnDemandTable};
use crate::{
    EngineError,
    output::scores_schema,
    sql::{
        planned::{planned, state_of},
        runs::{self, NamedRun},
        session::{CATALOG, SCHEMA},
    },
};

/// The longest name of a score that is looked for: that of a file.
const LONGEST: usize = 200;

/// Makes `score` known to a session of some runs.
pub(in crate::sql) fn register(
    context: &SessionContext,
    runs: &[NamedRun],
    on_demand: Option<Arc<OnDemand>>,
) {
    let present = runs.iter().flat_map(NamedRun::computed).map(|score| score.name.clone()).collect();
    context.register_udtf("score", Arc::new(Score { present, on_demand }));
}

struct Score {
    present: BTreeSet<String>,
    on_demand: Option<Arc<OnDemand>>,
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Score").field("present", &self.present.len()).finish_non_exhaustive()
    }
}

impl TableFunctionImpl for Score {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let (score, state) = (score_name(&args)?, state_of(&args)?);
        if self.present.contains(score) {
            return planned(state, &of_score(score));
        }
        let on_demand = self.on_demand.as_ref().ok_or_else(|| without_files(score))?;
        check_name(score)?;
        let schema = match scores_table(state)? {
            Some(table) => table.schema(),
            None => without_runs()?,
        };
        Ok(Arc::new(OnDemandTable::new(Arc::clone(on_demand), score, schema)))
    }
}

/// The session's table of scores.
fn scores_table(state: &SessionState) -> Result<Option<Arc<dyn TableProvider>>> {
    let schema = state.catalog_list().catalog(CATALOG).and_then(|catalog| catalog.schema(SCHEMA));
    // The session's tables are in memory: nothing is waited for.
    schema.map_or(Ok(None), |schema| futures::executor::block_on(schema.table("scores")))
}

/// The only argument of `score`.
pub(in crate::sql) fn score_name<'a>(args: &TableFunctionArgs<'a, '_>) -> Result<&'a str> {
    let name = match args.exprs() {
        [Expr::Literal(value, _)] => value.try_as_str().flatten(),
        _ => None,
    };
    Ok(name.ok_or_else(|| {
        EngineError::refused("score takes the name of a score", "write it as a text: score('PGS000018')")
    })?)
}

/// The rows of a score that a run has.
pub(in crate::sql) fn of_score(score: &str) -> String {
    format!("SELECT * FROM scores WHERE score = '{}'", score.replace('\'', "''"))
}

/// Refuses what can not be the name of a score's file. A path is none.
pub(in crate::sql) fn check_name(score: &str) -> Result<(), EngineError> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_name = score.starts_with(|c: char| c.is_ascii_alphanumeric()) && score.chars().all(is_known);
    if is_name && score.len() <= LONGEST {
        return Ok(());
    }
    Err(EngineError::refused(
        "no run has this score, and its name is none of a scoring file",
        "give letters, digits, dots, - and _ such as PGS000018",
    ))
}

/// What is said where nothing is computed.
fn without_files(score: &str) -> EngineError {
    EngineError::refused(
        format!("no run has score {score:?}, and there are no scoring files to compute it from"),
        "name them with --scoring-files, and with --computed where the result is kept",
    )
}

/// The columns of `scores` where there is no run yet.
pub(in crate::sql) fn without_runs() -> Result<SchemaRef, EngineError> {
    let mut fields = vec![Field::new("run", DataType::Utf8, false)];
    for field in scores_schema()?.fields() {
        let kind = match field.data_type() {
            // As files are read.
            DataType::Utf8 => DataType::Utf8View,
            other => other.clone(),
        };
        fields.push(Field::new(runs::called(field.name()), kind, true));
    }
    Ok(Arc::new(Schema::new(fields)))
}
