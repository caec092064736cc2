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

/// The commands; `{out}` is the demo's folder and `{traits}` the table of the simulated traits. Two components tell three
/// populations apart, and the second one is noise here, of which a rough idea will do.
const PCA: &str = "pca --cohort {out}/cohort --keep {out}/lists/reference.txt --population {traits}:population --pcs 2 \
                   --angle 0.05 --out {out}/reference";
const ANCESTRY: &str = "ancestry --cohort {out}/cohort --reference {out}/reference --keep {out}/lists/others.txt \
                        --out {out}/ancestry";
const CALIBRATE: &str = "calibrate --reference {out}/reference --reference-scores {out}/result --ancestry {out}/ancestry \
                         --scores {out}/result --score-name STP_t2d --pcs 2 --population {traits}:population --target KAZ \
                         --pheno {traits} --trait CC --learn {out}/lists/learn.txt --out {out}/calibrated";

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
        note(&format!("\n5. comparing everybody to a reference that has no {TARGET}:"));
        self.steppe(PCA)?;
        self.steppe(ANCESTRY)?;
        note(&format!("\n6. calibrating the risk of type 2 diabetes for {TARGET}, on the people of a list:"));
        self.steppe(CALIBRATE)?;
        let page = self.out.join("calibrated/report.en.html");
        note(&format!("\nthe report, to open in a browser:  {}  (also .kk and .ru)", page.display()));
        Ok(())
    }

    /// The table of the simulated traits.
    fn traits(&self) -> String {
        format!("{}.pheno.tsv", self.prefix.display())
    }

    /// Shows a command and does what it would do.
    fn steppe(&self, line: &str) -> anyhow::Result<Outcome> {
        let (out, traits, threads) =
            (self.out.display().to_string(), self.traits(), self.threads.to_string());
        let word = |word: &str| word.replace("{out}", &out).replace("{traits}", &traits);
        let words: Vec<String> = line.split_whitespace().map(word).collect();
        self.session.console.note(&format!("   steppe {}", words.join(" ")));
        // What is there is a demo's, so that it may be replaced.
        let more = ["--overwrite", "--threads", threads.as_str()];
        let all = ["steppe"].into_iter().chain(words.iter().map(String::as_str)).chain(more);
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
        let table = fs::read_to_string(self.traits())?;
        let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut reference, mut others, mut learn) = (String::new(), String::new(), String::new());
        for (number, line) in table.lines().skip(1).enumerate() {
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
            // Many of the others and few of the own cohort, as it is with a new cohort; the rest is for the test.
            let of_others = population != TARGET && split == "train" && number % 2 == 0;
            if split == "valid" || of_others {
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
