//! `scores_wide('run')`: the scores of a run side by side, a row for each person of the cohort.
//!
//! It is LEFT JOINs of `scores` to `samples` by the key, so that it can stand below a release like any other tables about
//! persons; each score is read once.

use std::{collections::BTreeMap, fmt, sync::Arc};

use datafusion::{
    catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider},
    error::Result,
    logical_expr::Expr,
    prelude::SessionContext,
};

use super::person_table::KEY_COLUMN;
use crate::{
    EngineError,
    sql::planned::{planned, state_of},
};

/// Scores that are put side by side; each is a join.
const MOST_SCORES: usize = 32;

/// Columns of `scores` that are shown of each score, with what stands behind the score's name.
const COLUMNS: [(&str, &str); 4] = [
    ("sum", ""),
    ("z", "_z"),
    ("percentile_band", "_band"),
    ("population_percentile_band", "_population_band"),
];

/// Makes the function known to a session that has scores; `runs` are the scores of each run.
pub(super) fn register(context: &SessionContext, runs: BTreeMap<String, Vec<String>>, columns: &[String]) {
    let columns = COLUMNS.into_iter().filter(|(name, _)| columns.iter().any(|there| there == name)).collect();
    context.register_udtf("scores_wide", Arc::new(ScoresWide { runs, columns }));
}

struct ScoresWide {
    runs: BTreeMap<String, Vec<String>>,
    columns: Vec<(&'static str, &'static str)>,
}

impl fmt::Debug for ScoresWide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScoresWide").field("runs", &self.runs.len()).finish_non_exhaustive()
    }
}

impl ScoresWide {
    fn sql(&self, run: &str, scores: &[String]) -> String {
        let (mut shown, mut joins) = (vec![format!("people.{KEY_COLUMN}")], String::new());
        let text = |value: &str| format!("'{}'", value.replace('\'', "''"));
        for (at, score) in scores.iter().enumerate() {
            for (column, suffix) in &self.columns {
                let name = format!("{score}{suffix}").replace('"', "\"\"");
                shown.push(format!("s{at}.{column} AS \"{name}\""));
            }
            joins += &format!(
                " LEFT JOIN scores s{at} ON s{at}.{KEY_COLUMN} = people.{KEY_COLUMN} \
                 AND s{at}.run = {} AND s{at}.score = {}",
                text(run),
                text(score)
            );
        }
        format!("SELECT {} FROM samples people{joins}", shown.join(", "))
    }
}

impl TableFunctionImpl for ScoresWide {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let run = match args.exprs() {
            [Expr::Literal(value, _)] => value.try_as_str().flatten(),
            _ => None,
        };
        let Some((run, scores)) = run.and_then(|run| self.runs.get_key_value(run)) else {
            let names: Vec<&str> = self.runs.keys().map(String::as_str).collect();
            return Err(EngineError::refused(
                "scores_wide takes the name of a run with scores",
                format!("give one of {}", names.join(", ")),
            )
            .into());
        };
        if scores.len() > MOST_SCORES {
            return Err(EngineError::refused(
                format!(
                    "run {run} has {} scores, and at most {MOST_SCORES} are put side by side",
                    scores.len()
                ),
                "join those that you need from scores",
            )
            .into());
        }
        planned(state_of(&args)?, &self.sql(run, scores))
    }
}
