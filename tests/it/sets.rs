//! Real cohorts imported for a test.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use steppe_tests::{Run, Table, steppe};
use tempfile::TempDir;

/// A folder of its own for a test, with a cohort in it.
pub(crate) struct Imported {
    /// Holds the files; gone with the test.
    pub folder: TempDir,
}

impl Imported {
    /// Imports a fileset.
    pub(crate) fn of(prefix: &Path, build: &str) -> Self {
        let imported = Self { folder: new_folder() };
        steppe(["import", "--build", build, "--bfile"]).arg(prefix).arg("--out").arg(imported.cohort()).ok();
        imported
    }

    /// The cohort's folder.
    pub(crate) fn cohort(&self) -> PathBuf {
        self.folder.path().join("cohort")
    }

    /// A path for something else.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Scores files into a folder of the given name, with further options.
    pub(crate) fn score(&self, out: &str, scores: &[&Path], options: &[&str]) -> Run {
        let mut call = steppe(["score", "--cohort"]).arg(self.cohort()).arg("--out").arg(self.path(out));
        for score in scores {
            call = call.arg("--score").arg(score);
        }
        call.args(options).run()
    }

    /// The text table of a result.
    pub(crate) fn sscore(&self, out: &str) -> Table {
        Table::read(&self.path(out).join("scores.sscore"), '\t')
    }
}

/// A part of a fileset.
pub(crate) struct Part<'a> {
    /// The prefix of the files.
    pub source: &'a Path,
    /// Places of the people in the `.fam`.
    pub people: &'a [usize],
    /// Places of the variants in the `.bim`.
    pub variants: Range<usize>,
    /// Calls that are made missing: places among the people and the variants of the part.
    pub missing: &'a [(usize, usize)],
}

impl Part<'_> {
    /// Cuts the part out and imports it.
    pub(crate) fn import(&self, build: &str) -> Imported {
        let folder = new_folder();
        let prefix = folder.path().join("part");
        let lines = |ending: &str| -> Vec<String> {
            let text = std::fs::read_to_string(self.source.with_extension(ending)).expect("a table");
            text.lines().map(|line| format!("{line}\n")).collect()
        };
        let (fam, bim) = (lines("fam"), lines("bim"));
        let those: String = self.people.iter().map(|person| fam[*person].as_str()).collect();
        std::fs::write(prefix.with_extension("fam"), those).expect("a .fam");
        std::fs::write(prefix.with_extension("bim"), bim[self.variants.clone()].concat()).expect("a .bim");
        std::fs::write(prefix.with_extension("bed"), self.bed(fam.len())).expect("a .bed");
        Imported::of(&prefix, build)
    }

    fn bed(&self, samples: usize) -> Vec<u8> {
        let all = std::fs::read(self.source.with_extension("bed")).expect("a .bed");
        let stride = samples.div_ceil(4);
        let mut bed = all[..3].to_vec();
        for (at, variant) in self.variants.clone().enumerate() {
            let row = &all[3 + variant * stride..][..stride];
            let mut bytes = vec![0_u8; self.people.len().div_ceil(4)];
            for (to, person) in self.people.iter().enumerate() {
                let code = match self.missing.contains(&(to, at)) {
                    true => 0b01,
                    false => (row[person / 4] >> (2 * (person % 4))) & 3,
                };
                bytes[to / 4] |= code << (2 * (to % 4));
            }
            bed.extend(bytes);
        }
        bed
    }
}

/// A temporary folder.
pub(crate) fn new_folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A scoring table with `rows` rows for a simulated fileset: `id allele weight`, every variant that has a usable
/// id, weights from a small generator.
pub(crate) fn write_table(path: &Path, variants: &[(String, String)], columns: usize) {
    let mut text = String::from("ID\tA1");
    for column in 1..=columns {
        text.push_str(&format!("\tS{column}"));
    }
    text.push('\n');
    let mut state = 0x1234_5678_9abc_def0u64;
    for (id, allele) in variants {
        text.push_str(&format!("{id}\t{allele}"));
        for _ in 0..columns {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let weight = (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
            text.push_str(&format!("\t{weight:.9}"));
        }
        text.push('\n');
    }
    std::fs::write(path, text).expect("a scoring table");
}
