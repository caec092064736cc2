//! `match_summary.tsv`: one line per score, for people and scripts.

use std::{fmt::Write as _, io::Write as _, path::Path};

use super::{OutputRecord, ScoreRecord, hashing::HashingFile};
use crate::EngineError;

/// The file's name.
pub(super) const FILE: &str = "match_summary.tsv";

const COLUMNS: [&str; 14] = [
    "score",
    "file",
    "result",
    "rows",
    "rows_matched",
    "rows_excluded",
    "rows_unmatched",
    "rows_unsupported",
    "unsupported_weight_share",
    "overlap_rows",
    "overlap_weight",
    "overlap_variance",
    "rows_without_frequency",
    "reasons",
];

/// Writes the summary.
pub(super) fn write(folder: &Path, scores: &[ScoreRecord]) -> Result<OutputRecord, EngineError> {
    let mut text = COLUMNS.join("\t");
    text.push('\n');
    for score in scores {
        line(score, &mut text);
    }
    let mut file = HashingFile::create(folder, FILE)?;
    file.write_all(text.as_bytes()).map_err(EngineError::write(FILE))?;
    file.finish()
}

fn line(score: &ScoreRecord, text: &mut String) {
    let result =
        score.skipped.as_ref().map_or_else(|| "pass".to_owned(), |reason| format!("skipped: {reason}"));
    let reasons: Vec<String> =
        score.reasons.iter().map(|(reason, rows)| format!("{reason}={rows}")).collect();
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "{}\t{}\t{result}\t{}\t{}\t{}\t{}\t{}\t{:.6}\t{:.6}\t{:.6}\t{:.6}\t{}\t{}",
        score.name,
        score.file,
        score.rows,
        score.rows_matched,
        score.rows_excluded,
        score.rows_unmatched,
        score.rows_unsupported,
        score.unsupported_weight_share,
        score.overlap_rows,
        score.overlap_weight,
        score.overlap_variance,
        score.rows_without_frequency,
        reasons.join(";"),
    );
}
