//! The questions that analysts ask, as views, and as table functions where a question has a parameter.
//!
//! Each is plain SQL over the session's own tables, so it shows nobody more than that SQL would. A question whose tables
//! are not there, or whose text is refused to the role, is there all the same and says so when it is asked; only views
//! whose tables do not exist are left out.
//!
//! `steppe` shows them by `SELECT * FROM questions`.

use std::sync::Arc;

use datafusion::{
    arrow::array::{ArrayRef, RecordBatch, StringArray},
    catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider},
    error::{DataFusionError, Result},
    logical_expr::Expr,
    prelude::SessionContext,
};

use crate::{
    EngineError,
    sql::planned::{planned, state_of},
};

/// A question.
struct Question {
    /// The view's or table function's name.
    name: &'static str,
    /// What it answers.
    about: &'static str,
    /// Parameters of the table function, in order; a view has none.
    parameters: &'static [Parameter],
    /// Its SQL; `{1}` and so on are its parameters.
    sql: &'static str,
}

/// What a parameter stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parameter {
    /// A score's name.
    Score,
    /// A table of phenotypes.
    Table,
    /// One of its columns.
    Column,
}

use Parameter::{Column, Score, Table};

/// All questions, in the order of a study: what is there, how scores lie, how they predict, what changed.
const QUESTIONS: [Question; 24] = [
    Question {
        name: "score_distribution",
        about: "How many people have each score, and its mean and standard deviation",
        parameters: &[],
        sql: "SELECT run, score, count(*) AS people, avg(sum) AS mean, stddev(sum) AS sd FROM scores GROUP BY run, score",
    },
    Question {
        name: "score_distribution_by_population",
        about: "The same by population",
        parameters: &[],
        sql: "SELECT s.run, s.score, a.population, count(*) AS people, avg(s.z) AS mean_z, stddev(s.z) AS sd_z \
              FROM scores s JOIN sample_ancestry a USING (sample_key) GROUP BY s.run, s.score, a.population",
    },
    Question {
        name: "percentile_bands",
        about: "How many people are in each band of percentiles of each score",
        parameters: &[],
        sql: "SELECT run, score, percentile_band, count(*) AS people FROM scores GROUP BY run, score, percentile_band",
    },
    Question {
        name: "percentile_bands_by_population",
        about: "How the populations lie over the bands of everybody: where a score is not comparable",
        parameters: &[Score],
        sql: "SELECT s.run, a.population, s.percentile_band, count(*) AS people \
              FROM scores s JOIN sample_ancestry a USING (sample_key) WHERE s.score = {1} \
              GROUP BY s.run, a.population, s.percentile_band",
    },
    Question {
        name: "decile_prevalence",
        about: "Share of cases by decile of a score; score, table of phenotypes, its column of 0 and 1",
        parameters: &[Score, Table, Column],
        sql: "SELECT s.run, floor(s.percentile_band / 10) + 1 AS decile, count(p.{3}) AS people, avg(p.{3}) AS prevalence \
              FROM scores s JOIN {2} p USING (sample_key) WHERE s.score = {1} \
              GROUP BY s.run, floor(s.percentile_band / 10)",
    },
    Question {
        name: "decile_prevalence_by_population",
        about: "The same by population, in the deciles of each population",
        parameters: &[Score, Table, Column],
        sql: "SELECT s.run, a.population, floor(s.population_percentile_band / 10) + 1 AS decile, count(p.{3}) AS people, \
              avg(p.{3}) AS prevalence FROM scores s JOIN {2} p USING (sample_key) \
              JOIN sample_ancestry a USING (sample_key) WHERE s.score = {1} \
              GROUP BY s.run, a.population, floor(s.population_percentile_band / 10)",
    },
    Question {
        name: "top_band_prevalence",
        about: "Share of cases in the highest band of percentiles and below it",
        parameters: &[Score, Table, Column],
        sql: "SELECT s.run, s.percentile_band >= 95 AS is_top, count(p.{3}) AS people, avg(p.{3}) AS prevalence \
              FROM scores s JOIN {2} p USING (sample_key) WHERE s.score = {1} \
              GROUP BY s.run, s.percentile_band >= 95",
    },
    Question {
        name: "discrimination",
        about: "Area under the curve and odds ratio per standard deviation of every score, for a column of cases",
        parameters: &[Table, Column],
        sql: "SELECT s.run, s.score, count(p.{2}) AS people, auc(s.sum, p.{2}) AS auc, \
              odds_ratio_per_sd(s.sum, p.{2}) AS odds_ratio_per_sd \
              FROM scores s JOIN {1} p USING (sample_key) GROUP BY s.run, s.score",
    },
    Question {
        name: "discrimination_by_population",
        about: "Area under the curve by population",
        parameters: &[Score, Table, Column],
        sql: "SELECT s.run, a.population, count(p.{3}) AS people, auc(s.sum, p.{3}) AS auc, \
              odds_ratio_per_sd(s.sum, p.{3}) AS odds_ratio_per_sd FROM scores s JOIN {2} p USING (sample_key) \
              JOIN sample_ancestry a USING (sample_key) WHERE s.score = {1} GROUP BY s.run, a.population",
    },
    Question {
        name: "trait_correlation",
        about: "Correlation of every score with a measured trait",
        parameters: &[Table, Column],
        sql: "SELECT s.run, s.score, count(p.{2}) AS people, corr(s.sum, p.{2}) AS correlation \
              FROM scores s JOIN {1} p USING (sample_key) GROUP BY s.run, s.score",
    },
    Question {
        name: "trait_by_decile",
        about: "Mean of a measured trait by decile of a score",
        parameters: &[Score, Table, Column],
        sql: "SELECT s.run, floor(s.percentile_band / 10) + 1 AS decile, count(p.{3}) AS people, avg(p.{3}) AS mean, \
              stddev(p.{3}) AS sd FROM scores s JOIN {2} p USING (sample_key) WHERE s.score = {1} \
              GROUP BY s.run, floor(s.percentile_band / 10)",
    },
    Question {
        name: "score_correlation",
        about: "Correlation of two scores",
        parameters: &[Score, Score],
        sql: "SELECT one.run, count(*) AS people, corr(one.sum, other.sum) AS correlation \
              FROM scores one JOIN scores other ON one.sample_key = other.sample_key AND one.run = other.run \
              WHERE one.score = {1} AND other.score = {2} GROUP BY one.run",
    },
    Question {
        name: "top_overlap",
        about: "How many people are in the highest tenth of both of two scores, of one, and of none",
        parameters: &[Score, Score],
        sql: "SELECT one.run, one.percentile_band >= 90 AS top_of_first, other.percentile_band >= 90 AS top_of_second, \
              count(*) AS people \
              FROM scores one JOIN scores other ON one.sample_key = other.sample_key AND one.run = other.run \
              WHERE one.score = {1} AND other.score = {2} \
              GROUP BY one.run, one.percentile_band >= 90, other.percentile_band >= 90",
    },
    Question {
        name: "change_between_runs",
        about: "How a score that two runs computed agrees: correlation over the people of both",
        parameters: &[Score],
        sql: "SELECT one.run AS first_run, other.run AS second_run, count(*) AS people, \
              corr(one.sum, other.sum) AS correlation, avg(one.sum) AS first_mean, avg(other.sum) AS second_mean \
              FROM scores one JOIN scores other ON one.sample_key = other.sample_key \
              WHERE one.score = {1} AND other.score = {1} AND one.run < other.run GROUP BY one.run, other.run",
    },
    Question {
        name: "band_moves_between_runs",
        about: "How many people moved between the upper and lower half of a score from one run to another",
        parameters: &[Score],
        sql: "SELECT one.run AS first_run, other.run AS second_run, one.percentile_band >= 50 AS was_upper, \
              other.percentile_band >= 50 AS is_upper, count(*) AS people \
              FROM scores one JOIN scores other ON one.sample_key = other.sample_key \
              WHERE one.score = {1} AND other.score = {1} AND one.run < other.run \
              GROUP BY one.run, other.run, one.percentile_band >= 50, other.percentile_band >= 50",
    },
    Question {
        name: "calibration_by_decile",
        about: "Mean calibrated risk beside the observed share of cases, by decile of the score",
        parameters: &[Score, Table, Column],
        sql: "SELECT c.run AS calibration, s.run, floor(s.percentile_band / 10) + 1 AS decile, count(p.{3}) AS people, \
              avg(c.risk) AS mean_risk, avg(p.{3}) AS observed \
              FROM calibrated_scores c JOIN {2} p ON c.sample_key = p.sample_key \
              JOIN scores s ON s.sample_key = c.sample_key \
              WHERE c.score = {1} AND s.score = {1} GROUP BY c.run, s.run, floor(s.percentile_band / 10)",
    },
    Question {
        name: "populations_of_people",
        about: "How many people are most similar to each population, and how many of them are outside all",
        parameters: &[],
        sql: "SELECT run, population, outside, count(*) AS people FROM sample_ancestry GROUP BY run, population, outside",
    },
    Question {
        name: "people_by_sex",
        about: "How many people of each sex there are",
        parameters: &[],
        sql: "SELECT sex, count(*) AS people FROM samples GROUP BY sex",
    },
    Question {
        name: "match_rates",
        about: "What share of each score's rows, weight and variance was matched",
        parameters: &[],
        sql: "SELECT run, score, rows, rows_matched, overlap_rows, overlap_weight, overlap_variance FROM score_sets",
    },
    Question {
        name: "match_reasons",
        about: "Why rows of scoring files did or did not count",
        parameters: &[],
        sql: "SELECT run, accession AS score, status, reason, count(*) AS rows FROM match_log \
              GROUP BY run, accession, status, reason",
    },
    Question {
        name: "missing_scores",
        about: "Why a score is missing",
        parameters: &[],
        sql: "SELECT run, score, skipped AS reason, overlap_rows, overlap_weight FROM score_sets WHERE skipped IS NOT NULL",
    },
    Question {
        name: "job_costs",
        about: "How long jobs took, and for how many variants and scores",
        parameters: &[],
        sql: "SELECT job, kind, run, finished, seconds, variants, scores, seconds / nullif(scores, 0) AS seconds_a_score \
              FROM jobs",
    },
    Question {
        name: "accuracy_by_group",
        about: "What evaluations measured in each group of people",
        parameters: &[],
        sql: "SELECT run, \"trait\", group_name, model, metric, estimate, lower, upper, n FROM metrics \
              WHERE estimate IS NOT NULL",
    },
    Question {
        name: "shared_variants",
        about: "How many variants two scores have in common",
        parameters: &[Score, Score],
        sql: "SELECT one.run, count(DISTINCT one.variant_index) AS variants FROM score_variants one \
              JOIN score_variants other ON one.variant_index = other.variant_index AND one.run = other.run \
              WHERE one.accession = {1} AND other.accession = {2} GROUP BY one.run",
    },
];

/// Makes the questions known to a session.
///
/// # Errors
/// A session that can not hold views.
pub(super) fn register(context: &SessionContext) -> Result<(), EngineError> {
    for question in &QUESTIONS {
        if question.parameters.is_empty() {
            // A view of tables that the session does not have is no view.
            if let Ok(view) = planned(&context.state(), question.sql) {
                context.register_table(question.name, view)?;
            }
        } else {
            context.register_udtf(question.name, Arc::new(Asked(question)));
        }
    }
    context.register_table("questions", context.read_batch(listed()?)?.into_view())?;
    Ok(())
}

/// The questions as a table.
fn listed() -> Result<RecordBatch, DataFusionError> {
    let texts = |of: &dyn Fn(&Question) -> String| -> ArrayRef {
        Arc::new(QUESTIONS.iter().map(|question| Some(of(question))).collect::<StringArray>())
    };
    let parameters = |question: &Question| -> String {
        let word = |parameter: &Parameter| match parameter {
            Score => "score",
            Table => "table",
            Column => "column",
        };
        question.parameters.iter().map(word).collect::<Vec<_>>().join(", ")
    };
    Ok(RecordBatch::try_from_iter([
        ("name", texts(&|question| question.name.to_owned())),
        ("parameters", texts(&parameters)),
        ("about", texts(&|question| question.about.to_owned())),
        ("sql", texts(&|question| question.sql.to_owned())),
    ])?)
}

/// A text with its `{1}`, `{2}`, … filled in, in one pass: what is filled in is not looked at again.
fn filled(sql: &str, values: &[String]) -> String {
    let mut parts = sql.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('}').unwrap_or(("", part));
        let value = number.parse::<usize>().ok().and_then(|number| values.get(number.checked_sub(1)?));
        text.push_str(value.map_or("", String::as_str));
        text.push_str(rest);
    }
    text
}

/// A question with parameters.
struct Asked(&'static Question);

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Asked").field(&self.0.name).finish()
    }
}

impl TableFunctionImpl for Asked {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let Self(question) = self;
        let usage = || {
            let words = question.parameters.iter().map(|parameter| format!("'{parameter:?}'").to_lowercase());
            let words: Vec<String> = words.collect();
            EngineError::refused(
                format!("{} takes {} texts: {}", question.name, words.len(), question.about),
                format!("write {}({})", question.name, words.join(", ")),
            )
        };
        if args.exprs().len() != question.parameters.len() {
            return Err(usage().into());
        }
        let mut quoted = Vec::with_capacity(question.parameters.len());
        for (parameter, argument) in question.parameters.iter().zip(args.exprs()) {
            let Expr::Literal(value, _) = argument else { return Err(usage().into()) };
            let Some(text) = value.try_as_str().flatten() else { return Err(usage().into()) };
            quoted.push(match parameter {
                Score => format!("'{}'", text.replace('\'', "''")),
                Table | Column => format!("\"{}\"", text.replace('"', "\"\"")),
            });
        }
        let sql = filled(question.sql, &quoted);
        planned(state_of(&args)?, &sql)
    }
}
