//! `#key=value` lines.

use std::path::Path;

use steppe_genome::GenomeBuild;

use super::tally::Tally;
use crate::{
    FormatError, Malformed, NoteKind,
    scoring_file::{Harmonised, Header},
};

/// The keys of format 2.0 and of the relaxed header, by what they set; then those of the format before it.
const SYNONYMS: &[(&str, &str)] = &[
    ("score_id", "pgs_id"),
    ("omicspred_id", "pgs_id"),
    ("PGS ID", "pgs_id"),
    ("PGS Name", "pgs_name"),
    ("Reported Trait", "trait_reported"),
    ("Original Genome Build", "genome_build"),
    ("Number of Variants", "variants_number"),
    ("PGP ID", "pgp_id"),
    ("Citation", "citation"),
];

/// Keys that a file of format 2.0 must have.
const REQUIRED: &[&str] =
    &["pgs_id", "trait_reported", "trait_mapped", "trait_efo", "genome_build", "pgp_id", "citation"];

/// Collects header lines and reads them when the last is there.
#[derive(Default)]
pub(super) struct HeaderLines {
    /// Key (synonyms resolved), value, line.
    entries: Vec<(String, String, u64)>,
}

impl HeaderLines {
    /// Takes a line that starts with `#`; whether it is `key=value`. Banners (`##`) and comments are not.
    pub(super) fn take(&mut self, path: &Path, line: &str, number: u64) -> Result<bool, FormatError> {
        let text = line.trim_start_matches('#');
        let Some((key, value)) = text.split_once('=') else { return Ok(false) };
        if line.starts_with("##") || key.contains('\t') {
            return Ok(false);
        }
        let key = key.trim();
        let key = SYNONYMS.iter().find(|(synonym, _)| *synonym == key).map_or(key, |(_, meant)| meant);
        let value = value.trim();
        if let Some((_, before, at)) = self.entries.iter().find(|(known, ..)| known == key) {
            if before == value {
                return Ok(true);
            }
            let problem = format!("the header says this on line {at} already, with another value ({before})");
            let remedy = "a scoring file has one header: keep the line that is true";
            return Err(Malformed::new(path, problem, remedy).line(number).field(key).value(value).into());
        }
        self.entries.push((key.to_owned(), value.to_owned(), number));
        Ok(true)
    }

    /// Reads all values.
    pub(super) fn finish(mut self, path: &Path, tally: &mut Tally) -> Result<Header, FormatError> {
        self.check_version(path, tally)?;
        let harmonised = self.harmonised(path, tally)?;
        let genome_build = self.build(path, "genome_build")?;
        let variants_number = self.variants_number(tally);
        let weight_type = self.text("weight_type").filter(|kind| kind != "NR");
        let list = |text: Option<String>| match text {
            Some(text) => text.split('|').map(|part| part.trim().to_owned()).collect(),
            None => Vec::new(),
        };
        Ok(Header {
            format_version: self.text("format_version"),
            pgs_id: self.text("pgs_id"),
            pgs_name: self.text("pgs_name"),
            trait_reported: self.text("trait_reported"),
            trait_mapped: list(self.text("trait_mapped")),
            trait_efo: list(self.text("trait_efo")),
            genome_build,
            harmonised,
            pgp_id: self.text("pgp_id"),
            citation: self.text("citation"),
            variants_number,
            weight_type,
            license: self.text("license"),
            other: self.entries.into_iter().map(|(key, value, _)| (key, value)).collect(),
        })
    }

    fn entry(&mut self, key: &str) -> Option<(String, u64)> {
        let at = self.entries.iter().position(|(known, ..)| known == key)?;
        let (_, value, line) = self.entries.remove(at);
        Some((value, line)).filter(|(value, _)| !value.is_empty())
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.entry(key).map(|(value, _)| value)
    }

    /// A build; `NR` and an empty value say that it is not known.
    fn build(&mut self, path: &Path, key: &str) -> Result<Option<GenomeBuild>, FormatError> {
        let Some((value, line)) = self.entry(key) else { return Ok(None) };
        if value.eq_ignore_ascii_case("NR") {
            return Ok(None);
        }
        let unknown = |_| {
            let remedy = "give GRCh37 (hg19), GRCh38 (hg38) or NCBI36 (hg18), or NR where it is not known";
            Malformed::new(path, "unknown genome build", remedy).line(line).field(key).value(&value)
        };
        value.parse().map(Some).map_err(unknown).map_err(Into::into)
    }

    fn harmonised(&mut self, path: &Path, tally: &mut Tally) -> Result<Option<Harmonised>, FormatError> {
        let build = self.build(path, "HmPOS_build")?;
        let date = self.entry("HmPOS_date");
        let match_chr = self.text("HmPOS_match_chr");
        let match_pos = self.text("HmPOS_match_pos");
        match (build, date) {
            (Some(build), Some((date, _))) => Ok(Some(Harmonised { build, date, match_chr, match_pos })),
            (None, None) => Ok(None),
            (_, date) => {
                let line = date.map_or(0, |(_, line)| line);
                let label = "HmPOS_build and HmPOS_date are not both given: read as not harmonised";
                tally.add(NoteKind::Other, label, line, "");
                Ok(None)
            }
        }
    }

    fn variants_number(&mut self, tally: &mut Tally) -> Option<u64> {
        let (value, line) = self.entry("variants_number")?;
        let number = value.parse().ok();
        if number.is_none() {
            tally.add(NoteKind::Other, "variants_number is not a number", line, &value);
        }
        number
    }

    /// Refuses formats that we do not know; notes what the strict format asks for and the header lacks.
    fn check_version(&self, path: &Path, tally: &mut Tally) -> Result<(), FormatError> {
        let find = |key: &str| self.entries.iter().find(|(known, ..)| known == key);
        let Some((_, version, line)) = find("format_version") else { return Ok(()) };
        if !matches!(version.as_str(), "2.0" | "2") {
            let remedy =
                "this program reads format 2.0 of the PGS Catalog; download the score in that format";
            let problem = "unknown version of the scoring-file format";
            return Err(Malformed::new(path, problem, remedy)
                .line(*line)
                .field("format_version")
                .value(version)
                .into());
        }
        for key in REQUIRED.iter().filter(|key| find(key).is_none()) {
            tally.add(NoteKind::Other, "the header lacks keys of format 2.0", *line, key);
        }
        for (key, prefix, label) in [
            ("pgs_id", "PGS", "pgs_id is not PGS and six digits"),
            ("pgp_id", "PGP", "pgp_id is not PGP and six digits"),
        ] {
            let Some((_, id, at)) = find(key) else { continue };
            let digits = id.strip_prefix(prefix).unwrap_or_default();
            if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                tally.add(NoteKind::Other, label, *at, id);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Header, FormatError> {
        let mut header = HeaderLines::default();
        for (number, line) in (1..).zip(lines) {
            header.take(Path::new("x.txt"), line, number)?;
        }
        header.finish(Path::new("x.txt"), &mut Tally::default())
    }

    #[test]
    fn first_equals_sign_splits() {
        let header =
            read(&["##SECTION=1", "#citation=a=b doi:10=1\t\t", "#score_id = s1", "#trait_mapped=x|y z"]);
        assert!(header.is_ok_and(|header| header.citation.as_deref() == Some("a=b doi:10=1")
            && header.pgs_id.as_deref() == Some("s1")
            && header.trait_mapped == ["x", "y z"]
            && header.other.is_empty()));
    }

    #[test]
    fn harmonised_needs_build_and_date() {
        let header = read(&["#genome_build=hg19", "#HmPOS_build=GRCh38", "#HmPOS_date=2022-07-29"]);
        assert!(header.is_ok_and(|header| header.build() == Some(GenomeBuild::Grch38)));
        let header = read(&["#genome_build=hg19", "#HmPOS_build=GRCh38"]);
        assert!(header.is_ok_and(|header| header.build() == Some(GenomeBuild::Grch37)));
    }

    #[test]
    fn builds_are_never_guessed() {
        assert!(read(&["#genome_build=NR"]).is_ok_and(|header| header.build().is_none()));
        assert!(read(&["#genome_build=GRCh39"]).is_err());
        assert!(read(&["#genome_build=GRCh37", "#genome_build=GRCh38"]).is_err());
        assert!(read(&["#format_version=3.0"]).is_err());
    }
}
