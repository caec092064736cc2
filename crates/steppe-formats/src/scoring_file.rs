//! Scoring files: PGS Catalog format 2.0 (plain and harmonised), its relaxed form for custom files, and bare tables
//! of id, allele and weights as plink2's `--score` takes them.
//!
//! A file is read whole into columns. What a row says is kept as the file says it, after the normalisation that
//! the PGS Catalog's own tools do (harmonised positions, several other alleles); nothing is dropped without a word:
//! a row is in [`ScoringFile::rows`], or in [`ScoringFile::unsupported`] with its weight.

mod discover;
mod header;
mod options;
mod reader;
mod rows;
mod weights;
mod writer;

use std::path::{Path, PathBuf};

pub use discover::{discover, scoring_file_stem};
pub use header::{Harmonised, Header};
pub use options::{
    COLUMNS_OPTION, ColumnRef, HEADER_OPTION, ReadOptions, ScoringFormat, TableColumns, TableHeader,
};
pub use reader::read_scoring_file;
pub use rows::{DuplicateRow, ScoringRows, UnsupportedKind, UnsupportedRow};
pub use writer::{NewScore, NewScoreRow, ScoringFileWriter};

use crate::FileNote;

/// One scoring file in memory: one score, or one per weight column of a table.
#[derive(Debug, Clone)]
pub struct ScoringFile {
    /// The file.
    pub path: PathBuf,
    /// What stands in its `#key=value` lines.
    pub header: Header,
    /// The scores' names, one per weight column.
    pub columns: Vec<String>,
    /// The rows that can be scored.
    pub rows: ScoringRows,
    /// The rows that are not scored, each with its weight.
    pub unsupported: Vec<UnsupportedRow>,
    /// Rows that repeat an earlier row in every respect; they are in `rows` too, for matching to flag.
    pub duplicates: Vec<DuplicateRow>,
    /// What is odd about the file.
    pub notes: Vec<FileNote>,
    /// The file's size on disk, in bytes.
    pub bytes: u64,
}

impl ScoringFile {
    /// The name of the file as a whole: the header's `pgs_id`, else the file's name without its extensions.
    pub fn score_name(&self) -> String {
        self.header.pgs_id.clone().unwrap_or_else(|| file_stem(&self.path))
    }

    /// The name that the PGS Catalog's tools give it: [`Self::score_name`], with `_hmPOS_<build>` after it where
    /// the file is harmonised.
    pub fn accession(&self) -> String {
        let name = self.score_name();
        match &self.header.harmonised {
            Some(harmonised) if self.header.pgs_id.is_some() => format!("{name}_hmPOS_{}", harmonised.build),
            _ => name,
        }
    }

    /// How many data rows the file has, scored or not.
    pub fn row_count(&self) -> u64 {
        (self.rows.len() + self.unsupported.len()) as u64
    }

    /// Σ|weight| over the rows that are not scored.
    pub fn unsupported_weight(&self) -> f64 {
        self.unsupported.iter().map(|row| row.weight).sum()
    }
}

/// A file's name without the extensions of scoring files and of compression: `PGS000018_hmPOS_GRCh38` of
/// `PGS000018_hmPOS_GRCh38.txt.gz`.
fn file_stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut stem: &str = &name;
    for extensions in
        [[".gz", ".zst", ".bgz"].as_slice(), [".txt", ".tsv", ".csv", ".score", ".scorefile"].as_slice()]
    {
        let shorter = extensions.iter().find_map(|extension| stem.strip_suffix(extension));
        stem = shorter.filter(|shorter| !shorter.is_empty()).unwrap_or(stem);
    }
    stem.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_lose_known_extensions_only() {
        for (name, stem) in [
            ("PGS000018_hmPOS_GRCh38.txt.gz", "PGS000018_hmPOS_GRCh38"),
            ("height.v2.tsv.zst", "height.v2"),
            ("height", "height"),
            (".txt", ".txt"),
        ] {
            assert_eq!(file_stem(Path::new(name)), stem);
        }
    }
}
