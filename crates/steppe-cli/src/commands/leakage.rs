use std::{path::PathBuf, time::Instant};

use clap::Args;
use steppe_engine::EngineError;
use steppe_fitjob::{LeakageOptions, LeakageReport, LeakageRow, Verdict, measure_leakage};
use steppe_store::Location;

use super::Session;
use crate::{
    console::print,
    exit::Outcome,
    interrupt::raise_on_interrupt,
    options::{MatchingRules, RemoteOptions, ThreadsOption, fraction, note_end},
    progress::StepBar,
    remote,
    render::{self, Align},
};

const EXAMPLES: &str = "\
A score is a sum over variants, and its weights are public. Who knows a person's score can ask which genotypes add up to it:
of 15 variants a score with all its digits has one answer, and it is the person's genotypes. This command is that person. It
makes people up from allele frequencies, looks at their scores as finely as they would be released, guesses their genotypes as
well as can be done, and counts how many it gets right, beside what frequencies alone would get right.

Examples:
  What scores of a folder give away, with the allele frequencies of a cohort's founders:
    steppe leakage pgs/ --cohort biobank

  Without a cohort, from frequencies of plink2, and also for scores rounded to two and to four decimals:
    steppe leakage PGS000001.txt.gz --freq kazakhs.afreq --decimals 2 4

  From the column allelefrequency_effect of the scoring file itself, keeping the numbers:
    steppe leakage PGS000001.txt.gz --out leakage

Columns:
  release       raw (all digits), decimals:N (the score to N decimals), z:1 (its Z to one decimal), percentile:N (steps of N
                percentiles)
  baseline      share of genotypes guessed right from frequencies alone
  recovered     share guessed right with the score
  points        what the score gives away: recovered less baseline, in points of a hundred
  whole         people all of whose genotypes were guessed right
  most exposed  the variant that is given away most, and by how many points
  verdict       release: at most --max-leakage over the baseline; withhold: more, or not proven

What it does not see: variants in linkage disequilibrium, relatives, several scores of one person (each gives more), and what
is known of a person from elsewhere. A score of more than 24 variants is attacked on a grid, which is exact for coarse
releases only; finer ones are withheld. A score of more than 200 variants is not measured. X is measured as in women.
Scores of 20 to 24 variants take some seconds to half a minute for 1000 people.

The result folder, where --out names one:
  leakage.tsv   a row per score and release
  leakage.json  the same for programs
  run.json      inputs with hashes, parameters, the same rows

Exit status: 0 every score was measured (whatever the verdict), 3 some were not, 2 input or command line refused (nothing was
written), 130 interrupted, 1 other failures.";

/// Say how many genotypes a released score gives away, by attacking it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct LeakageCommand {
    /// Scoring files: a file, a folder, a glob pattern, or @LIST with one of them a line.
    #[arg(value_name = "SCORE", required = true)]
    scores: Vec<String>,
    /// Match the files to this cohort, and take its founders' allele frequencies.
    #[arg(long, value_name = "COHORT")]
    cohort: Option<String>,
    /// Allele frequencies, in plink2's .afreq form; what it lacks is taken from the cohort or the scoring file.
    #[arg(long, value_name = "FILE")]
    freq: Option<PathBuf>,
    #[command(flatten)]
    releases: ReleaseArguments,
    #[command(flatten)]
    rules: MatchingRules,
    /// The folder or URL of the result; without it the table is only shown.
    #[arg(long, value_name = "DIR")]
    out: Option<String>,
    /// Replace a result of other inputs or parameters.
    #[arg(long, requires = "out")]
    overwrite: bool,
    #[command(flatten)]
    threads: ThreadsOption,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Releases and the attack")]
struct ReleaseArguments {
    /// Measure scores rounded to this many decimals too.
    #[arg(long, value_name = "N", num_args = 1.., value_delimiter = ',')]
    decimals: Vec<u32>,
    /// The width of the steps of percentiles; it divides 100.
    #[arg(long, value_name = "N", default_value_t = 5)]
    percentile_grid: u32,
    /// The largest share of genotypes over the baseline that may be given away.
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = fraction)]
    max_leakage: f64,
    /// How many people to make up.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    people: usize,
    /// Other people with every seed; the same people with the same one.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl LeakageCommand {
    /// Measures, and shows a line per score and release.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        remote::refuse(remote, "measurements of leakage")?;
        let started = Instant::now();
        let options = self.options()?;
        let out = self.out.as_deref().map(Location::parse).transpose()?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
        let mut bar = StepBar::new(session.console, raise_on_interrupt(session.console), "attacks");
        let measured: Result<LeakageReport, EngineError> = pool
            .install(|| measure_leakage(&options, out.as_ref().map(|out| (out, self.overwrite)), &mut bar));
        bar.clear();
        let report = measured?;
        print(&table(&report.rows))?;
        if report.reused {
            report.notices.iter().for_each(|notice| session.console.note(notice));
        }
        report.rows.iter().filter_map(unmeasured).for_each(|line| session.console.note(&line));
        note_end(self.out.as_deref().unwrap_or_default(), report.reused, started, session);
        let all = report.rows.iter().all(|row| row.verdict != Verdict::NotMeasured);
        Ok(if all { Outcome::Done } else { Outcome::SomeSkipped })
    }

    fn options(&self) -> anyhow::Result<LeakageOptions> {
        let of = &self.releases;
        Ok(LeakageOptions {
            matching: self.rules.settings(&self.scores),
            cohort: self.cohort.as_deref().map(Location::parse).transpose()?,
            frequency_file: self.freq.clone(),
            decimals: of.decimals.clone(),
            percentile_grid: of.percentile_grid,
            people: of.people,
            seed: of.seed,
            max_leakage: of.max_leakage,
            threads: self.threads.count(),
        })
    }
}

fn table(rows: &[LeakageRow]) -> String {
    let columns = [
        ("score", Align::Left),
        ("variants", Align::Right),
        ("release", Align::Left),
        ("baseline", Align::Right),
        ("recovered", Align::Right),
        ("points", Align::Right),
        ("whole", Align::Right),
        ("most exposed", Align::Left),
        ("verdict", Align::Left),
    ];
    render::table(columns, rows.iter().map(line))
}

fn line(row: &LeakageRow) -> Vec<String> {
    let share = |share: Option<f64>| share.map_or_else(String::new, render::percent);
    let points = |excess: f64| format!("{:+.1}", 100.0 * excess);
    let exposed = row.most_exposed.as_ref().zip(row.most_exposed_excess);
    let whole = row.whole.map_or_else(String::new, |whole| {
        format!("{} of {}", render::count(whole), render::count(row.people))
    });
    vec![
        row.score.clone(),
        render::count(row.variants),
        row.release.clone().unwrap_or_default(),
        share(row.baseline),
        share(row.recovered),
        row.excess.map_or_else(String::new, points),
        whole,
        exposed.map_or_else(String::new, |(name, excess)| format!("{name} {}", points(excess))),
        match row.verdict {
            Verdict::NotMeasured => "not measured".to_owned(),
            other => other.as_str().to_owned(),
        },
    ]
}

/// Why a row has no numbers.
fn unmeasured(row: &LeakageRow) -> Option<String> {
    let reason = row.reason.as_ref()?;
    Some(match &row.release {
        Some(release) => format!("{} as {release}: {reason}", row.score),
        None => format!("{}: not measured, since {reason}", row.score),
    })
}
