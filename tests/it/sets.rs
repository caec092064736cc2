//! Real cohorts imported for a test.

use std::path::{Path, PathBuf};

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
