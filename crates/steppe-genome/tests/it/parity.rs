//! pgscatalog-match's decisions, row by row. What differs is counted, and the counts are part of the test: they
//! are the differences 1 and 3 of the module's documentation.

use std::{collections::BTreeSet, path::Path};

use steppe_genome::{
    VariantTable,
    matching::{
        Ambiguous, MatchOptions, MatchType, RowDecision, RowStatus, ScoringRowTable, VariantLookup,
        candidates, match_rows,
    },
};

use super::{
    log::{LogLine, MatchLog, read_log},
    shared_data::dataset,
    tables::{Rows, Variants},
};

/// Which allele of the target the log calls REF.
#[derive(Debug, Clone, Copy, PartialEq)]
enum LogRoles {
    /// As we do: the .pvar's REF.
    AsHere,
    /// The .bim's A1, which is our counted allele (difference 1).
    Swapped,
}

impl LogRoles {
    /// The log's name of one of our match types.
    fn name(self, match_type: MatchType) -> String {
        let name = match_type.as_str();
        match self {
            Self::AsHere => name.to_owned(),
            Self::Swapped if name.starts_with("refalt") => name.replace("refalt", "altref"),
            Self::Swapped if name.starts_with("altref") => name.replace("altref", "refalt"),
            Self::Swapped if name.starts_with("no_oa_ref") => name.replace("_ref", "_alt"),
            Self::Swapped => name.replace("_alt", "_ref"),
        }
    }

    fn reference_alternate(self, variants: &Variants, variant: u32) -> (&str, &str) {
        let (other, counted) =
            (variants.other_allele(variant as usize), variants.counted_allele(variant as usize));
        match self {
            Self::AsHere => (other, counted),
            Self::Swapped => (counted, other),
        }
    }
}

/// What was compared, and the differences that are allowed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    rows: usize,
    matched: usize,
    excluded: usize,
    unmatched: usize,
    not_best: usize,
    /// Log lines that have not the row's alleles, joined by id only (difference 3).
    joined_by_id: usize,
    /// Rows that the log flags `duplicate_best_match` for such a line only (difference 3).
    flagged_by_id: usize,
}

struct Comparison<'a> {
    variants: &'a Variants,
    lookup: VariantLookup,
    roles: LogRoles,
    options: MatchOptions,
    tally: Tally,
}

impl Comparison<'_> {
    fn score(&mut self, accession: &str, rows: &Rows, log: &mut MatchLog) {
        let decisions = match_rows(rows, self.variants, &self.lookup, &|_| None, &self.options);
        let mut logged = log.remove(accession).unwrap_or_else(|| panic!("{accession} is not in the log"));
        for (index, decision) in decisions.iter().enumerate() {
            let number = rows.row_numbers[index];
            let lines = logged.remove(&number).unwrap_or_else(|| panic!("{accession} row {number}: no line"));
            let context = format!("{accession} row {number}: {decision:?} against {lines:#?}");
            self.row(decision, &lines, &context);
            self.candidates(rows, index, &lines, &context);
        }
        assert!(logged.is_empty(), "{accession}: the log has more rows");
    }

    fn row(&mut self, decision: &RowDecision, lines: &[LogLine], context: &str) {
        self.tally.rows += 1;
        if decision.status == RowStatus::Unmatched {
            self.tally.unmatched += 1;
            assert!(lines.len() == 1 && lines[0].status == "unmatched", "{context}");
            return;
        }
        let best: Vec<&LogLine> = lines.iter().filter(|line| line.best).collect();
        assert_eq!(best.len(), 1, "{context}");
        let line = best[0];
        assert_eq!(line.status, decision.status.as_str(), "{context}");
        match decision.status {
            RowStatus::Matched => self.tally.matched += 1,
            _ => self.tally.excluded += 1,
        }
        let variant = decision.variant.unwrap_or_else(|| panic!("{context}"));
        assert_eq!(line.id, self.variants.id(variant as usize), "{context}");
        let alleles = (line.reference.as_str(), line.alternate.as_str());
        assert_eq!(alleles, self.roles.reference_alternate(self.variants, variant), "{context}");
        assert_eq!(
            Some(line.match_type.clone()),
            decision.match_type.map(|kind| self.roles.name(kind)),
            "{context}"
        );
        let counted = line.matched_effect_allele == self.variants.counted_allele(variant as usize);
        assert_eq!(counted, decision.effect_is_counted, "{context}");
        let flags = decision.flags;
        assert_eq!(line.ambiguous, flags.ambiguous, "{context}");
        assert_eq!(line.is_multiallelic, flags.multiallelic, "{context}");
        assert_eq!(line.flipped, flags.flipped, "{context}");
        assert_eq!(line.duplicate_id, flags.duplicate_id, "{context}");
        if line.duplicate_best_match != flags.duplicate_best_match {
            let by_id = lines.iter().any(|other| {
                other.match_type == line.match_type && other.id == line.id && !other.has_the_rows_alleles()
            });
            assert!(line.duplicate_best_match && by_id, "{context}");
            self.tally.flagged_by_id += 1;
        }
    }

    fn candidates(&mut self, rows: &Rows, index: usize, lines: &[LogLine], context: &str) {
        let ours: BTreeSet<(String, String, String, String, bool, bool)> =
            candidates(&rows.row(index), self.variants, &self.lookup, &self.options)
                .iter()
                .map(|candidate| {
                    let (reference, alternate) =
                        self.roles.reference_alternate(self.variants, candidate.variant);
                    (
                        self.variants.id(candidate.variant as usize).to_owned(),
                        reference.to_owned(),
                        alternate.to_owned(),
                        self.roles.name(candidate.match_type),
                        candidate.ambiguous,
                        candidate.best,
                    )
                })
                .collect();
        let (real, by_id): (Vec<&LogLine>, Vec<&LogLine>) =
            lines.iter().filter(|line| !line.id.is_empty()).partition(|line| line.has_the_rows_alleles());
        assert!(by_id.iter().all(|line| line.is_multiallelic && !line.best), "{context}");
        self.tally.joined_by_id += by_id.len();
        self.tally.not_best += real.iter().filter(|line| line.status == "not_best").count();
        let theirs = real
            .iter()
            .map(|line| {
                (
                    line.id.clone(),
                    line.reference.clone(),
                    line.alternate.clone(),
                    line.match_type.clone(),
                    line.ambiguous,
                    line.best,
                )
            })
            .collect();
        assert_eq!(ours, theirs, "{context}");
    }
}

fn compare(
    variants: &Variants,
    roles: LogRoles,
    options: MatchOptions,
    scoring_files: &[&Path],
    log: &Path,
) -> Tally {
    let mut log = read_log(log);
    let lookup = VariantLookup::build(variants);
    let mut comparison = Comparison { variants, lookup, roles, options, tally: Tally::default() };
    for file in scoring_files {
        for (accession, rows) in Rows::of_normalised(file) {
            comparison.score(&accession, &rows, &mut log);
        }
    }
    assert!(log.is_empty(), "the log has more scores: {:?}", log.keys());
    comparison.tally
}

/// One of the runs of pygscatalog's own tests.
fn pygscatalog(run: &str, target: &str, scores: &str, options: MatchOptions) -> Option<Tally> {
    let folder = dataset("pygscatalog_match")?;
    let variants = Variants::of_pvar(&folder.join("data").join(target));
    let scores = folder.join("data").join(scores);
    let log = folder.join("expected").join(run).join("test_log.csv.gz");
    Some(compare(&variants, LogRoles::AsHere, options, &[&scores], &log))
}

const BIALLELIC: Tally = Tally {
    rows: 155,
    matched: 139,
    excluded: 16,
    unmatched: 0,
    not_best: 14,
    joined_by_id: 0,
    flagged_by_id: 0,
};

#[test]
fn pygscatalog_default() {
    let scores = "good_match_scorefile.txt";
    let Some(tally) = pygscatalog("match_default", "good_match.pvar", scores, MatchOptions::default()) else {
        return;
    };
    assert_eq!(tally, BIALLELIC);
}

#[test]
fn pygscatalog_ignore_flips() {
    let options = MatchOptions { ignore_strand_flips: true, ..MatchOptions::default() };
    let scores = "good_match_scorefile.txt";
    let Some(tally) = pygscatalog("match_ignore_flips", "good_match.pvar", scores, options) else { return };
    assert_eq!(tally, BIALLELIC);
}

#[test]
fn pygscatalog_keep_ambiguous() {
    let options = MatchOptions { ambiguous: Ambiguous::Keep, ..MatchOptions::default() };
    let scores = "good_match_scorefile.txt";
    let Some(tally) = pygscatalog("match_keep_ambiguous", "good_match.pvar", scores, options) else { return };
    assert_eq!(tally, Tally { matched: 153, excluded: 2, ..BIALLELIC });
}

#[test]
fn pygscatalog_duplicated_rows() {
    let scores = "duplicated_scorefile.txt";
    let Some(tally) = pygscatalog("match_duplicated", "good_match.pvar", scores, MatchOptions::default())
    else {
        return;
    };
    assert_eq!(tally, Tally { rows: 5, matched: 4, excluded: 1, not_best: 1, ..Tally::default() });
}

const MULTIALLELIC: Tally = Tally {
    rows: 155,
    matched: 136,
    excluded: 19,
    unmatched: 0,
    not_best: 14,
    joined_by_id: 9,
    flagged_by_id: 7,
};

#[test]
fn pygscatalog_multiallelic_drop() {
    let scores = "good_match_scorefile.txt";
    let Some(tally) =
        pygscatalog("match_multiallelic_drop", "multiallelic.pvar", scores, MatchOptions::default())
    else {
        return;
    };
    assert_eq!(tally, MULTIALLELIC);
}

#[test]
fn pygscatalog_multiallelic_keep() {
    let options = MatchOptions { keep_multiallelic: true, ..MatchOptions::default() };
    let scores = "good_match_scorefile.txt";
    let Some(tally) = pygscatalog("match_multiallelic_keep", "multiallelic.pvar", scores, options) else {
        return;
    };
    assert_eq!(tally, Tally { matched: 139, excluded: 16, ..MULTIALLELIC });
}

/// pgscatalog-match exits 15 there: nothing matches.
#[test]
fn pygscatalog_no_matches() {
    let Some(folder) = dataset("pygscatalog_match") else { return };
    let variants = Variants::of_pvar(&folder.join("data/good_match.pvar"));
    let lookup = VariantLookup::build(&variants);
    let scores = Rows::of_normalised(&folder.join("data/bad_match_scorefile.txt.gz"));
    let rows: usize = scores.values().map(ScoringRowTable::len).sum();
    assert_eq!(rows, 51_209);
    for rows in scores.values() {
        let decisions = match_rows(rows, &variants, &lookup, &|_| None, &MatchOptions::default());
        assert!(decisions.iter().all(|decision| decision.status == RowStatus::Unmatched));
    }
}

#[test]
fn hapmap2() {
    let Some(folder) = dataset("hapmap2_ceu_yri") else { return };
    let variants = Variants::of_bim(&folder.join("hm2_chr4_20.bim"));
    let formatted = folder.join("expected/format");
    let scores = ["PGS000018_GRCh37_chr20", "PGS000027_GRCh37_chr20", "PGS001229_GRCh37_chr4_20"]
        .map(|name| formatted.join(format!("normalised_{name}.txt")));
    let tally = compare(
        &variants,
        LogRoles::Swapped,
        MatchOptions::default(),
        &scores.each_ref().map(AsRef::as_ref),
        &folder.join("expected/match/tgt_log.csv.gz"),
    );
    let expected = Tally {
        rows: 101_629,
        matched: 64_532,
        excluded: 154,
        unmatched: 36_943,
        not_best: 154,
        ..Tally::default()
    };
    assert_eq!(tally, expected);
}

#[test]
fn kg255() {
    let Some(folder) = dataset("kg255_hap550") else { return };
    let tally = compare(
        &Variants::of_bim(&folder.join("kg255_chr3.bim")),
        LogRoles::Swapped,
        MatchOptions::default(),
        &[&folder.join("expected/format/normalised_PGS001229_GRCh37_chr3.txt")],
        &folder.join("expected/match/tgt_log.csv.gz"),
    );
    assert_eq!(tally, Tally { rows: 3154, matched: 718, unmatched: 2436, ..Tally::default() });
}

#[test]
fn cineca() {
    let Some(folder) = dataset("cineca_pgsc_calc") else { return };
    let variants = Variants::of_bim(&folder.join("cineca_synthetic_subset.bim"));
    let run = |name: &str| {
        let expected = folder.join("expected").join(name);
        compare(
            &variants,
            LogRoles::Swapped,
            MatchOptions::default(),
            &[&expected.join("format").join(format!("normalised_{name}.txt"))],
            &expected.join("match/cineca_log.csv.gz"),
        )
    };
    let expected =
        Tally { rows: 835, matched: 782, excluded: 47, unmatched: 6, not_best: 47, ..Tally::default() };
    assert_eq!(run("PGS001229_22"), expected);
    assert_eq!(run("PGS001229_22_duplicate"), Tally { rows: 8, matched: 8, ..Tally::default() });
}

/// pgscatalog-match exits 15 there: nothing matches.
#[test]
fn cineca_without_matches() {
    let Some(folder) = dataset("cineca_pgsc_calc") else { return };
    let variants = Variants::of_bim(&folder.join("cineca_synthetic_subset.bim"));
    let lookup = VariantLookup::build(&variants);
    let file = folder.join("expected/customgrch37/format/normalised_customgrch37.txt");
    for rows in Rows::of_normalised(&file).values() {
        let decisions = match_rows(rows, &variants, &lookup, &|_| None, &MatchOptions::default());
        assert!(decisions.iter().all(|decision| decision.status == RowStatus::Unmatched));
    }
}
