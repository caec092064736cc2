use std::path::{Path, PathBuf};

use steppe_formats::scoring_file::ReadOptions;
use steppe_genome::matching::MatchOptions;
use steppe_kernels::Level;

use super::MissingPolicy;

/// How scoring files are read and matched.
#[derive(Debug, Clone)]
pub struct MatchSettings {
    /// Scoring files: paths, folders, globs, or `@LIST`.
    pub scores: Vec<String>,
    /// How to read them.
    pub read: ReadOptions,
    /// The matching rules.
    pub rules: MatchOptions,
    /// The least share of a score's rows that must match.
    pub min_overlap: f64,
    /// Accept scoring files that do not name their genome build. Never a guess: the user says so.
    pub accept_unknown_build: bool,
}

/// A scoring job.
#[derive(Debug, Clone)]
pub struct ScoreOptions {
    /// What is scored, and how it is matched.
    pub matching: MatchSettings,
    /// What a missing call counts.
    pub missing: MissingPolicy,
    /// Allele frequencies to impute missing calls from, in plink2's .afreq form; the cohort's founders where absent.
    pub frequency_file: Option<PathBuf>,
    /// Only these samples, by a list as plink2's --keep takes it.
    pub keep: Option<PathBuf>,
    /// Not these samples.
    pub remove: Option<PathBuf>,
    /// The files are copies that came with the job: what is written names them by their own names, without the
    /// folders that they lie in here.
    pub copied_inputs: bool,
    /// Most memory that sums and tables may take, in bytes.
    pub memory: u64,
    /// The kernel level.
    pub level: Level,
    /// Threads for everything.
    pub threads: usize,
}

impl ScoreOptions {
    /// What matching takes: everybody, missing calls that count nothing, and no limit, since nothing is summed.
    pub fn for_matching(matching: MatchSettings, level: Level, threads: usize) -> Self {
        Self {
            matching,
            missing: MissingPolicy::Zero,
            frequency_file: None,
            keep: None,
            remove: None,
            copied_inputs: false,
            memory: u64::MAX,
            level,
            threads,
        }
    }

    /// What outputs call an input file.
    pub(crate) fn name_of<'a>(&self, path: &'a Path) -> &'a Path {
        match path.file_name() {
            Some(name) if self.copied_inputs => Path::new(name),
            _ => path,
        }
    }
}
