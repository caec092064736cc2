//! The demo's second half: what the scores mean, by the commands that a user would give.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Parser;

use super::super::Session;
use crate::{
    cli::{Cli, Command},
    exit::Outcome,
    options::RemoteOptions,
};

/// The score and the trait that are calibrated.
const SCORE: &str = "STP_t2d";
const TRAIT: &str = "CC";
/// The people whom the reference lacks.
const TARGET: &str = "KAZ";
/// People of each other population in the reference.
const REFERENCE: usize = 500;

/// The folders that this half writes, below the demo's.
pub(super) const FOLDERS: [&str; 4] = ["lists", "reference", "ancestry", "calibrated"];

/// The demo's calibration.
pub(super) struct Calibration<'a> {
    /// The demo's folder.
    pub(super) out: &'a Path,
    /// Start of the names of the simulated files.
    pub(super) prefix: &'a Path,
    pub(super) threads: usize,
    pub(super) session: Session,
}

impl Calibration<'_> {
    /// A reference without Kazakhs, everybody else's ancestry against it, and risks for Kazakhs; a page tells of it.
    pub(super) fn run(&self) -> anyhow::Result<()> {
        self.write_lists().context("can not divide the people")?;
        let note = |text: &str| self.session.console.note(text);
        let (cohort, population) = (self.path("cohort"), self.with_phenotypes(":population"));
        note(&format!("\n5. comparing everybody to a reference that has no {TARGET}:"));
        self.steppe(&[
            "pca",
            "--cohort",
            &cohort,
            "--keep",
            &self.path("lists/reference.txt"),
            "--population",
            &population,
            "--pcs",
            "4",
            "--indep-pairwise",
            "1000",
            "50",
            "0.2",
            "--out",
            &self.path("reference"),
        ])?;
        self.steppe(&[
            "ancestry",
            "--cohort",
            &cohort,
            "--reference",
            &self.path("reference"),
            "--keep",
            &self.path("lists/others.txt"),
            "--out",
            &self.path("ancestry"),
        ])?;
        note(&format!("\n6. calibrating the risk of type 2 diabetes for {TARGET}, on the people of a list:"));
        let result = self.path("result");
        self.steppe(&[
            "calibrate",
            "--reference",
            &self.path("reference"),
            "--reference-scores",
            &result,
            "--ancestry",
            &self.path("ancestry"),
            "--scores",
            &result,
            "--score-name",
            SCORE,
            "--population",
            &population,
            "--target",
            TARGET,
            "--pheno",
            &self.with_phenotypes(""),
            "--trait",
            TRAIT,
            "--learn",
            &self.path("lists/learn.txt"),
            "--out",
            &self.path("calibrated"),
        ])?;
        note(&format!(
            "\nthe report, to open in a browser:  {}  (also .kk and .ru)",
            self.path("calibrated/report.en.html")
        ));
        Ok(())
    }

    fn path(&self, name: &str) -> String {
        self.out.join(name).display().to_string()
    }

    fn with_phenotypes(&self, end: &str) -> String {
        format!("{}.pheno.tsv{end}", self.prefix.display())
    }

    /// Shows a command and does what it would do.
    fn steppe(&self, words: &[&str]) -> anyhow::Result<Outcome> {
        self.session.console.note(&format!("   steppe {}", words.join(" ")));
        let threads = self.threads.to_string();
        // What is there is a demo's, so that it may be replaced.
        let all = ["steppe"].iter().chain(words).chain(&["--overwrite", "--threads", threads.as_str()]);
        let here = RemoteOptions::default();
        match Cli::try_parse_from(all)?.command {
            Command::Pca(command) => command.run(&here, self.session),
            Command::Ancestry(command) => command.run(&here, self.session),
            Command::Calibrate(command) => command.run(&here, self.session),
            _ => Ok(Outcome::Done),
        }
    }

    /// Writes who is the reference, who is not, and who of the latter teaches the calibration.
    fn write_lists(&self) -> anyhow::Result<()> {
        let children = children(&PathBuf::from(format!("{}.fam", self.prefix.display())))?;
        let table = fs::read_to_string(self.with_phenotypes(""))?;
        let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut reference, mut others, mut learn) = (String::new(), String::new(), String::new());
        for line in table.lines().skip(1) {
            let fields: Vec<&str> = line.split('\t').collect();
            let [family, sample, _, _, population, split] = fields[..] else { continue };
            let id = format!("{family}\t{sample}\n");
            let of_population = taken.entry(population).or_default();
            if population != TARGET && *of_population < REFERENCE && !children.contains(sample) {
                *of_population += 1;
                reference.push_str(&id);
                continue;
            }
            others.push_str(&id);
            if split == "valid" {
                learn.push_str(&id);
            }
        }
        fs::create_dir_all(self.out.join("lists"))?;
        for (name, list) in [("reference", reference), ("others", others), ("learn", learn)] {
            fs::write(self.out.join(format!("lists/{name}.txt")), list)?;
        }
        Ok(())
    }
}

/// Samples whose parents are in the cohort: a reference of relatives would find families.
fn children(fam: &Path) -> anyhow::Result<HashSet<String>> {
    let text = fs::read_to_string(fam)?;
    let child = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, sample, father, mother, ..] = fields[..] else { return None };
        (father != "0" || mother != "0").then(|| sample.to_owned())
    };
    Ok(text.lines().filter_map(child).collect())
}
