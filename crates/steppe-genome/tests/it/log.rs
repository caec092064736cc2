//! pgscatalog-match's log: one line per candidate, one line without variant per unmatched row.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use super::shared_data::text;

/// One line of the log.
#[derive(Debug, Clone)]
pub(crate) struct LogLine {
    pub(crate) effect_allele: String,
    pub(crate) other_allele: String,
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) alternate: String,
    pub(crate) matched_effect_allele: String,
    pub(crate) match_type: String,
    pub(crate) is_multiallelic: bool,
    pub(crate) ambiguous: bool,
    pub(crate) flipped: bool,
    pub(crate) best: bool,
    pub(crate) duplicate_best_match: bool,
    pub(crate) duplicate_id: bool,
    pub(crate) status: String,
}

impl LogLine {
    /// Whether the row's alleles, complemented where the match type says so, are those of the variant. They are
    /// not where the log has the line only because it joins once more by id.
    pub(crate) fn has_the_rows_alleles(&self) -> bool {
        let strand = |allele: &str| {
            if self.flipped { steppe_genome::complement(allele).unwrap() } else { allele.to_owned() }
        };
        let row = (strand(&self.effect_allele), strand(&self.other_allele));
        row == (self.reference.clone(), self.alternate.clone())
            || row == (self.alternate.clone(), self.reference.clone())
    }
}

/// The lines of every row of every score: accession, row number, lines in order.
pub(crate) type MatchLog = BTreeMap<String, BTreeMap<u64, Vec<LogLine>>>;

/// Reads a log; no cell of it has a comma.
pub(crate) fn read_log(path: &Path) -> MatchLog {
    let content = text(path);
    let mut lines = content.lines();
    let header: HashMap<&str, usize> =
        lines.next().unwrap().split(',').enumerate().map(|(index, name)| (name, index)).collect();
    let mut log = MatchLog::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), header.len());
        let cell = |name: &str| cells[header[name]].to_owned();
        let flag = |name: &str| cells[header[name]] == "true";
        let rows = log.entry(cell("accession")).or_default();
        rows.entry(cell("row_nr").parse().unwrap()).or_default().push(LogLine {
            effect_allele: cell("effect_allele"),
            other_allele: cell("other_allele"),
            id: cell("ID"),
            reference: cell("REF"),
            alternate: cell("ALT"),
            matched_effect_allele: cell("matched_effect_allele"),
            match_type: cell("match_type"),
            is_multiallelic: flag("is_multiallelic"),
            ambiguous: flag("ambiguous"),
            flipped: flag("match_flipped"),
            best: flag("best_match"),
            duplicate_best_match: flag("duplicate_best_match"),
            duplicate_id: flag("duplicate_ID"),
            status: cell("match_status"),
        });
    }
    log
}
