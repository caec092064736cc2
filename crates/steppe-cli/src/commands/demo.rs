mod calibration;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::Args;
use serde_json::json;
use steppe_engine::{
    LocalEngine,
    output::ScoreRequest,
    score::{MatchSettings, MissingPolicy, ScoreOptions},
    sql::{self, SqlSources},
};
use steppe_formats::{plink1::FilesetPaths, scoring_file::ReadOptions};
use steppe_genome::{GenomeBuild, matching::MatchOptions};
use steppe_simulate::CohortSpec;
use steppe_store::{Codec, ImportOptions, Location, NoProgress};

use calibration::Calibration;

use super::{Session, import::run_import, score::run_request, simulate::write_cohort, sql::Sink};
use crate::{
    exit::{Outcome, Usage},
    options::ThreadsOption,
    render,
};

const EXAMPLES: &str = "\
Examples:
  steppe demo
  steppe demo --out tour --seed 7

The folder has genotypes/ (PLINK files, scoring files and each person's population and traits), cohort/ (what steppe
import makes of them), result/ (what steppe score makes of that), reference/ (steppe pca) and ancestry/ (steppe ancestry),
and calibrated/ with the report, report.en.html, .kk and .ru. A second run reuses what is there.";

/// The distribution of every score in every population.
const DISTRIBUTION: &str = "\
SELECT score, population, count(*) AS people, round(avg(sum), 3) AS mean, round(stddev(sum), 3) AS sd,
       round(min(sum), 3) AS lowest, round(max(sum), 3) AS highest
FROM scores JOIN populations ON populations.sample_id = scores.sample_id
GROUP BY score, population ORDER BY score, population";

/// Says which folder is ours to write, and what is in it.
const MARKER: &str = "steppe-demo.json";
const MEMORY: u64 = 1 << 30;

/// Make a cohort of Europeans, East Asians and Kazakh-like admixed people, import it, score it on several scoring
/// files, show how the scores are distributed in each population, and calibrate one for the Kazakh-like people, with a
/// report.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DemoCommand {
    /// The folder that everything goes to; it must be new, or an earlier demo's.
    #[arg(long, value_name = "DIR", default_value = "steppe-demo")]
    out: PathBuf,
    /// Other people with every seed; the same people with the same one.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: ThreadsOption,
}

impl DemoCommand {
    /// Runs the whole way from nothing to a report.
    pub(crate) fn run(&self, session: Session) -> anyhow::Result<Outcome> {
        let started = Instant::now();
        let prefix = self.out.join("genotypes").join("demo");
        self.simulate(&prefix, session)?;
        self.import(&prefix, session)?;
        // One of the scores is made for another array, to show what becomes of it: its being skipped is a success here.
        self.score(&prefix, session)?;
        self.show(&prefix, session)?;
        let threads = self.threads.count();
        Calibration { out: &self.out, prefix: &prefix, threads, session }.run()?;
        let elapsed = render::duration(started.elapsed());
        session.console.note(&format!("\nall of it took {elapsed}\n\n{}", self.next_steps(&prefix)));
        Ok(Outcome::Done)
    }

    fn location(&self, folder: &str) -> Location {
        Location::local(self.out.join(folder))
    }

    /// Makes the people, unless the same ones are there.
    fn simulate(&self, prefix: &Path, session: Session) -> anyhow::Result<()> {
        let marker = self.out.join(MARKER);
        let content =
            json!({ "made_by": "steppe demo", "version": env!("CARGO_PKG_VERSION"), "seed": self.seed });
        let content = format!("{content:#}\n");
        if fs::read_to_string(&marker).is_ok_and(|there| there == content) {
            session.console.note(&format!("1. {}: the same people as last time", self.out.display()));
            return Ok(());
        }
        if marker.exists() {
            for folder in ["genotypes", "cohort", "result"].iter().chain(&calibration::FOLDERS) {
                Location::local(self.out.join(folder)).delete_all()?;
            }
        } else if fs::read_dir(&self.out).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Usage::refuse(
                format!("{}: the folder is not empty, and not an earlier demo's", self.out.display()),
                "choose another --out",
            ));
        }
        fs::create_dir_all(&self.out)?;
        // Ours from here on, also if this run is interrupted; the seed is only filled in when all is written.
        fs::write(&marker, "{}\n")?;
        session.console.note(&format!("1. making people:  steppe simulate --out {}", prefix.display()));
        let demo = CohortSpec::demo();
        write_cohort(
            &CohortSpec { seed: self.seed, overwrite: true, threads: self.threads.count(), ..demo },
            prefix,
            session,
        )?;
        Ok(fs::write(&marker, content)?)
    }

    fn import(&self, prefix: &Path, session: Session) -> anyhow::Result<()> {
        let out = self.location("cohort");
        session.console.note(&format!(
            "2. importing them:  steppe import --bfile {} --build GRCh38 --out {out}",
            prefix.display()
        ));
        let report = run_import(
            ImportOptions {
                filesets: vec![FilesetPaths::from_prefix(prefix)],
                out,
                build: GenomeBuild::Grch38,
                block_samples: None,
                threads: self.threads.count(),
                memory_bytes: MEMORY,
                codec: Codec::Uncompressed,
                level: session.level,
                progress: Arc::new(NoProgress),
            },
            session,
        )?;
        session.console.note(&format!(
            "   {} people, {} variants, {}",
            render::count(u64::from(report.samples)),
            render::count(u64::from(report.variants)),
            render::bytes(report.stored_bytes)
        ));
        Ok(())
    }

    fn score(&self, prefix: &Path, session: Session) -> anyhow::Result<Outcome> {
        let scores = format!("{}.scores", prefix.display());
        let (cohort, out) = (self.location("cohort"), self.location("result"));
        session
            .console
            .note(&format!("3. scoring them:  steppe score --cohort {cohort} --score {scores} --out {out}"));
        let options = ScoreOptions {
            matching: MatchSettings {
                scores: vec![scores],
                read: ReadOptions::default(),
                rules: MatchOptions::default(),
                min_overlap: 0.75,
                accept_unknown_build: false,
            },
            missing: MissingPolicy::Mean,
            frequency_file: None,
            keep: None,
            remove: None,
            copied_inputs: false,
            memory: MEMORY,
            level: session.level,
            threads: self.threads.count(),
        };
        run_request(
            &ScoreRequest { cohort, out, overwrite: true, sscore: true, scratch: None, options },
            session,
        )
    }

    /// Asks for the distribution of the scores in SQL.
    fn show(&self, prefix: &Path, session: Session) -> anyhow::Result<()> {
        session.console.note(&format!("4. looking at them with steppe sql:\n\n{DISTRIBUTION}\n"));
        let engine = LocalEngine::new(self.threads.count())?;
        let sources = SqlSources {
            cohort: Some(self.location("cohort")),
            scores: vec![self.location("result")],
            tables: vec![("populations".to_owned(), Location::local(populations(prefix)))],
            on_demand: None,
            threads: self.threads.count(),
        };
        engine.wait(async {
            let context = sql::open(&sources).await?;
            let rows = sql::stream(&context, DISTRIBUTION).await?;
            Sink::table().write(rows, session.console).await
        })
    }

    fn next_steps(&self, prefix: &Path) -> String {
        let (cohort, result) = (self.location("cohort"), self.location("result"));
        format!(
            "try next:\n  steppe describe {cohort}\n  steppe sql --cohort {cohort} --scores {result} --table populations={}\n  \
             steppe sql --scores {result} \"SELECT accession, reason, count(*) FROM match_log GROUP BY 1, 2 ORDER BY 1, 3 DESC\"\n  \
             steppe import --bfile YOUR_FILES --build GRCh38 --out YOUR_COHORT",
            populations(prefix).display()
        )
    }
}

/// Where the simulator wrote each person's population.
fn populations(prefix: &Path) -> PathBuf {
    PathBuf::from(format!("{}.populations.tsv", prefix.display()))
}
