mod display;
mod output;
mod shell;
mod statements;

use std::{
    io::{self, IsTerminal, Read},
    path::PathBuf,
};

use clap::Args;
use datafusion::prelude::SessionContext;
use steppe_engine::{
    LocalEngine,
    sql::{self, OnDemandSource, SqlSources},
};
use steppe_store::Location;

use super::Session;
use crate::{
    exit::{Outcome, Usage},
    options::{MemorySize, NamedFile, RemoteOptions, ThreadsOption},
    score_process::ScoreProcess,
};

pub(super) use output::{Format, Sink};

const EXAMPLES: &str = "\
Tables:
  samples, variants                  the cohort's, with --cohort
  scores, match_log                  of every --scores folder, with a column run
  calibrated                         of steppe calibrate: every person's calibrated scores
  recalibrations                     of steppe calibrate: the risks of every population
  metrics, reliability, deciles      of steppe evaluate: numbers, curves and odds by tenths
  evaluated                          of steppe evaluate: the groups of people
  runs, run_scores, run_inputs       parameters, overlap figures and hashes from run.json
  anything else                      --table NAME=FILE
  score('NAME')                      a score's rows of scores; computed if no result has it, with --scoring-files

Examples:
  The distribution of each score:
    steppe sql --scores result \"SELECT score, count(*), avg(average), stddev(average) FROM scores GROUP BY score\"

  Why rows of the scoring files did not count:
    steppe sql --scores result \"SELECT reason, count(*) FROM match_log GROUP BY reason ORDER BY 2 DESC\"

  How well two calibrations predict in each population, and the people at highest risk:
    steppe sql --result evaluation \\
      \"SELECT group_name, model, round(estimate, 3) AS auc, lower, upper FROM metrics WHERE metric = 'auc'\"
    steppe sql --result calibrated \\
      \"SELECT sample_id, risk, risk_low, risk_high FROM calibrated ORDER BY risk DESC LIMIT 20\"

  Scores with a phenotype file, as CSV:
    steppe sql --scores result --table phenotypes=phenotypes.tsv --format csv \\
      \"SELECT * FROM scores JOIN phenotypes ON phenotypes.iid = scores.sample_id\" > joined.csv

  A score that nobody has computed yet (on a cluster: steppe --profile DIR sql ...):
    steppe sql --cohort biobank --scoring-files pgs/ --computed computed/ \\
      \"SELECT avg(sum), stddev(sum) FROM score('PGS000018')\"

  A shell (ends a statement with ;, \\d lists tables, \\q leaves):
    steppe sql --cohort biobank --scores result";

/// Look at cohorts and results with SQL: one query, or a shell without one.
///
/// Queries read; nothing can be changed through SQL. Files are read where they lie, and only the columns and rows
/// that a query needs.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct SqlCommand {
    /// The query; a shell starts without one, and piped statements are run in order.
    #[arg(value_name = "QUERY")]
    query: Option<String>,
    /// A cohort: tables samples and variants.
    #[arg(long, value_name = "COHORT")]
    cohort: Option<String>,
    /// A result of steppe score, match, calibrate or evaluate; repeatable.
    #[arg(long, visible_alias = "result", value_name = "DIR")]
    scores: Vec<String>,
    /// Scoring files of scores that no result has: SELECT * FROM score('PGS000018') computes them of the cohort.
    #[arg(long, value_name = "LOCATION", requires_all = ["cohort", "computed"], help_heading = "Computing scores")]
    scoring_files: Option<String>,
    /// The folder in which computed scores are kept, a result each; they are tables like other results the next time.
    #[arg(long, value_name = "DIR", requires = "scoring_files", help_heading = "Computing scores")]
    computed: Option<PathBuf>,
    /// Most memory to take for computing a score.
    #[arg(long, value_name = "SIZE", default_value = "2GiB", help_heading = "Computing scores")]
    score_memory: MemorySize,
    /// Another file as a table: Parquet, CSV, or tab-separated text with a header; repeatable.
    #[arg(long, value_name = "NAME=FILE")]
    table: Vec<NamedFile>,
    /// How rows are written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE", requires = "query")]
    output: Option<PathBuf>,
    /// Most rows that --format table shows; 0 shows all.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_rows: usize,
    #[command(flatten)]
    threads: ThreadsOption,
}

impl SqlCommand {
    /// Runs the query, the piped statements, or the shell.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        let sink = self.sink()?;
        let threads = self.threads.count();
        let engine = LocalEngine::new(threads)?;
        let context = engine.wait(sql::open(&self.sources(remote, threads)?))?;
        match &self.query {
            Some(query) => run_statements(&engine, &context, query, &sink, session)?,
            None if io::stdin().is_terminal() => shell::run(&engine, &context, &sink, session)?,
            None => {
                let mut text = String::new();
                io::stdin().lock().read_to_string(&mut text)?;
                run_statements(&engine, &context, &text, &sink, session)?;
            }
        }
        Ok(Outcome::Done)
    }

    fn sources(&self, remote: &RemoteOptions, threads: usize) -> anyhow::Result<SqlSources> {
        let parse = |text: &String| Ok::<_, anyhow::Error>(Location::parse(text)?);
        let table =
            |table: &NamedFile| Ok::<_, anyhow::Error>((table.name.clone(), Location::parse(&table.file)?));
        Ok(SqlSources {
            cohort: self.cohort.as_ref().map(parse).transpose()?,
            scores: self.scores.iter().map(parse).collect::<Result<_, _>>()?,
            tables: self.table.iter().map(table).collect::<Result<_, _>>()?,
            on_demand: self.on_demand(remote, threads)?,
            threads,
        })
    }

    fn on_demand(&self, remote: &RemoteOptions, threads: usize) -> anyhow::Result<Option<OnDemandSource>> {
        let (Some(files), Some(computed)) = (&self.scoring_files, &self.computed) else { return Ok(None) };
        let runner = ScoreProcess::shared(remote, self.score_memory.0, Some(threads))?;
        Ok(Some(OnDemandSource {
            scoring_files: Location::parse(files)?,
            computed: computed.clone(),
            runner,
        }))
    }

    fn sink(&self) -> anyhow::Result<Sink> {
        if self.format == Format::Parquet && self.output.is_none() && io::stdout().is_terminal() {
            return Err(Usage::refuse(
                "a terminal can not show Parquet",
                "give --output FILE, or redirect to a file",
            ));
        }
        Ok(Sink { format: self.format, file: self.output.clone(), max_rows: self.max_rows })
    }
}

/// Runs every statement of a text in order. Only one may go to a file.
fn run_statements(
    engine: &LocalEngine,
    context: &SessionContext,
    text: &str,
    sink: &Sink,
    session: Session,
) -> anyhow::Result<()> {
    let (mut all, rest) = statements::split(text);
    all.extend(Some(rest.trim().to_owned()).filter(|rest| !statements::is_blank(rest)));
    match all.len() {
        0 => {
            return Err(Usage::refuse(
                "there is no query",
                "give one, such as \"SELECT count(*) FROM scores\"",
            ));
        }
        1 => {}
        _ if sink.file.is_some() || sink.format == Format::Parquet => {
            return Err(Usage::refuse("several statements can not go to one file", "give one query"));
        }
        _ => {}
    }
    for statement in all {
        engine.wait(run_query(context, &statement, sink, session))?;
    }
    Ok(())
}

/// Runs one query and writes its rows.
pub(super) async fn run_query(
    context: &SessionContext,
    query: &str,
    sink: &Sink,
    session: Session,
) -> anyhow::Result<()> {
    let stream = match sql::stream(context, query).await {
        Ok(stream) => stream,
        Err(error) => {
            let names: Vec<String> =
                sql::tables(context).await?.into_iter().map(|table| table.name).collect();
            let there = if names.is_empty() {
                "none; see --cohort, --scores and --table".into()
            } else {
                names.join(", ")
            };
            return Err(
                anyhow::Error::from(error).context(format!("the query can not be run (tables: {there})"))
            );
        }
    };
    sink.write(stream, session.console).await
}
