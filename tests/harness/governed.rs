//! A made-up cohort with two scores and a table of phenotypes, and a policy on it.

use std::{fmt::Write, fs, io, path::Path};

use crate::steppe;

/// People of the cohort.
const PEOPLE: usize = 900;

/// A policy with revision 1: an analyst sees groups of 5, a researcher rows of two sites, a steward groups and the log.
pub const POLICY: &str = r#"version = 1
revision = 1
[cohort."bio"]
minimum_cell = 5
consent = { column = "consent", allowed = ["yes"] }
[cohort."bio".role.analyst]
scores = "aggregates"
phenotypes = "aggregates"
[cohort."bio".role.researcher]
scores = "raw"
phenotypes = "raw"
rows = { site = ["north", "south"] }
export_rows_per_day = 100000
approvals = 0
[cohort."bio".role.steward]
scores = "aggregates"
phenotypes = "aggregates"
"#;

/// Makes the cohort `bio`, its scores `scores` and `people.csv` in a folder.
///
/// `people.csv` has `iid,consent,site,age,affected`: of person n the site is north, south or east by n mod 3, but those of
/// three people an island; the age is 40 + n mod 30, affected whoever's n is a multiple of 9. Everybody has consented but
/// every tenth.
pub(crate) fn write_cohort(folder: &Path) -> io::Result<()> {
    let [prefix, cohort, scores] = ["made", "bio", "scores"].map(|name| folder.join(name));
    let people = PEOPLE.to_string();
    let simulate = ["simulate", "--unlinked", "--variants", "400", "--scores", "2", "--samples", &people];
    steppe(simulate).arg("--out").arg(&prefix).ok();
    steppe(["import", "--build", "GRCh38", "--bfile"]).arg(&prefix).arg("--out").arg(&cohort).ok();
    let score = steppe(["score", "--cohort"]).arg(&cohort).arg("--score").arg(folder.join("made.scores.txt"));
    score.arg("--out").arg(&scores).ok();
    let fam = fs::read_to_string(folder.join("made.fam"))?;
    let mut text = "iid,consent,site,age,affected\n".to_owned();
    for (n, line) in fam.lines().enumerate() {
        let id = line.split_whitespace().nth(1).unwrap_or_default();
        let site = if n % 300 == 7 { "island" } else { ["north", "south", "east"][n % 3] };
        let consent = if n % 10 == 0 { "no" } else { "yes" };
        let (age, affected) = (40 + n % 30, u8::from(n % 9 == 0));
        writeln!(text, "{id},{consent},{site},{age},{affected}").map_err(io::Error::other)?;
    }
    fs::write(folder.join("people.csv"), text)
}
