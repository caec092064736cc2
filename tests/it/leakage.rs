//! `steppe leakage`: what scores give away, on scoring files that the tests make.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use steppe_tests::{Run, Table, steppe};
use tempfile::TempDir;

use crate::sets::{Imported, new_folder};

/// A scoring file with frequencies: normal effects, frequencies of 0.05 to 0.5; of the first variant perhaps others.
fn scoring_file(name: &str, variants: usize, seed: u64, first: Option<(f64, f64)>) -> String {
    let mut text = format!(
        "#pgs_id={name}\n#genome_build=GRCh38\nrsID\tchr_name\tchr_position\teffect_allele\tother_allele\t\
         effect_weight\tallelefrequency_effect\n"
    );
    let mut numbers = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut uniform = || numbers.random::<f64>();
    for at in 0..variants {
        let normal = (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        let made = (0.1 * normal, 0.05 + 0.45 * uniform());
        let (weight, frequency) = first.filter(|_| at == 0).unwrap_or(made);
        writeln!(text, "rs{at}\t{}\t{}\tA\tG\t{weight}\t{frequency}", 1 + at % 22, 1000 + at).expect("text");
    }
    text
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(new_folder())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(self, name: &str, text: &str) -> Self {
        std::fs::write(self.path(name), text).expect("a file");
        self
    }

    fn leakage(&self, names: &[&str], options: &[&str]) -> Run {
        steppe(["leakage"]).args(names.iter().map(|name| self.path(name))).args(options).run()
    }
}

/// The rows of a result: score, release, and columns by name.
struct Rows(Table);

impl Rows {
    fn read(folder: &Path) -> Self {
        Self(Table::read(&folder.join("leakage.tsv"), '\t'))
    }

    fn text(&self, score: &str, release: &str, column: &str) -> &str {
        let [scores, releases, column] = ["score", "release", column].map(|name| self.0.column(name));
        let row = self.0.rows.iter().find(|row| row[scores] == score && row[releases] == release);
        &row.unwrap_or_else(|| panic!("{score} as {release}"))[column]
    }

    fn number(&self, score: &str, release: &str, column: &str) -> f64 {
        self.text(score, release, column).parse().expect("a number")
    }
}

#[test]
fn a_raw_score_of_fifteen_variants_is_its_genotypes() {
    let files = Files::new().with("S15.txt", &scoring_file("S15", 15, 1, None));
    let out = files.path("result").display().to_string();
    let options = ["--decimals", "1", "4", "--out", &out];
    let run = files.leakage(&["S15.txt"], &options).expect_status(0);
    assert!(run.stdout.contains("withhold") && run.stdout.contains("raw"), "{}", run.stdout);
    let rows = Rows::read(&files.path("result"));
    assert!(rows.number("S15", "raw", "recovered") >= 0.99);
    assert!(rows.number("S15", "raw", "whole") >= 990.0);
    assert!(rows.number("S15", "raw", "baseline") < 0.7, "the baseline guesses from frequencies alone");
    assert_eq!(rows.text("S15", "raw", "verdict"), "withhold");
    let excess = |release: &str| rows.number("S15", release, "excess");
    assert!(excess("raw") >= excess("decimals:4") && excess("decimals:4") > excess("decimals:1"));
    assert!(excess("decimals:1") >= -0.02);
    let record = std::fs::read_to_string(files.path("result").join("run.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!(record["kind"], "leakage");
    assert_eq!(record["parameters"]["people"], 1000);
    assert_eq!(record["traits"].as_array().map(Vec::len), Some(5));
    let json = std::fs::read_to_string(files.path("result").join("leakage.json")).expect("a table");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json[0]["release"], "raw");
    assert_eq!(json[0]["recovered"].as_f64(), Some(rows.number("S15", "raw", "recovered")));
    // The same again is there already; of other people it is another result.
    let again = files.leakage(&["S15.txt"], &options).expect_status(0);
    assert!(again.stderr.contains("was there already"), "{}", again.stderr);
    assert_eq!(again.stdout, run.stdout);
    let other: Vec<&str> = options.iter().copied().chain(["--seed", "7"]).collect();
    let refused = files.leakage(&["S15.txt"], &other).expect_status(2);
    assert!(refused.stderr.contains("--overwrite"), "{}", refused.stderr);
}

/// The precisions that persons may be shown, beside the baseline: the verdict is the rule of five points.
#[test]
fn z_to_one_decimal_and_percentiles_of_five_to_twenty_variants_are_judged_by_the_rule() {
    let mut files = Files::new();
    let names: Vec<String> = (5..=20).map(|count| format!("S{count}.txt")).collect();
    for (count, name) in (5..).zip(&names) {
        files = files.with(name, &scoring_file(&format!("S{count}"), count, count as u64, None));
    }
    let out = files.path("result").display().to_string();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    files.leakage(&all, &["--people", "400", "--out", &out]).expect_status(0);
    let rows = Rows::read(&files.path("result"));
    for count in 5..=20 {
        let score = format!("S{count}");
        assert!(rows.number(&score, "raw", "recovered") >= 0.99, "{score}");
        assert_eq!(rows.text(&score, "raw", "verdict"), "withhold");
        for release in ["z:1", "percentile:5"] {
            let number = |column| rows.number(&score, release, column);
            let excess = number("excess");
            println!("{score} as {release}: {:+.1} points, {}", 100.0 * excess, number("baseline"));
            assert!((number("recovered") - number("baseline") - excess).abs() < 1e-12);
            let verdict = if excess <= 0.05 { "release" } else { "withhold" };
            assert_eq!(rows.text(&score, release, "verdict"), verdict, "{score} as {release}: {excess}");
        }
    }
    assert_eq!(rows.text("S5", "z:1", "verdict"), "withhold");
    for count in 14..=20 {
        assert_eq!(rows.text(&format!("S{count}"), "percentile:5", "verdict"), "release", "{count}");
    }
}

#[test]
fn a_cohorts_frequencies_are_those_of_its_founders() {
    let files = Files::new();
    let people = files.path("people").display().to_string();
    let options = ["--population", "EUR=300", "--variants", "500", "--missing-rate", "0", "--out", &people];
    steppe(["simulate"]).args(options).ok();
    let imported = Imported::of(&files.path("people"), "GRCh38");
    let sql = "SELECT chromosome, position, id, counted_allele, other_allele, \
               (founder_n1 + 2.0 * founder_n2) / (2.0 * (founder_n0 + founder_n1 + founder_n2)) \
               FROM variants ORDER BY index";
    let listed = steppe(["sql", "--format", "csv", "--cohort"]).arg(imported.cohort()).arg(sql).ok().stdout;
    let rows: Vec<Vec<&str>> = listed.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let is_plain = |row: &&Vec<&str>| {
        let pair = format!("{}{}", row[3], row[4]);
        !["AT", "TA", "CG", "GC"].contains(&pair.as_str()) && row[5].parse::<f64>().is_ok_and(|f| f > 0.05)
    };
    let mut text =
        "#pgs_id=OWN\n#genome_build=GRCh38\nrsID\tchr_name\tchr_position\teffect_allele\tother_allele\t\
                    effect_weight\tallelefrequency_effect\n"
            .to_owned();
    for (at, row) in rows.iter().filter(is_plain).step_by(20).take(12).enumerate() {
        let (frequency, weight): (f64, f64) =
            (row[5].parse().expect("a number"), 0.1 + 0.07 * (at as f64).sin());
        // Every other row counts the other allele.
        let (effect, other, frequency) =
            if at % 2 == 0 { (row[3], row[4], frequency) } else { (row[4], row[3], 1.0 - frequency) };
        writeln!(text, "{}\t{}\t{}\t{effect}\t{other}\t{weight}\t{frequency}", row[2], row[0], row[1])
            .expect("text");
    }
    let files = files.with("OWN.txt", &text);
    let [own, theirs] = ["own", "theirs"].map(|name| files.path(name).display().to_string());
    files.leakage(&["OWN.txt"], &["--people", "200", "--out", &own]).expect_status(0);
    let cohort = imported.cohort().display().to_string();
    let options = ["--people", "200", "--cohort", &cohort, "--out", &theirs];
    files.leakage(&["OWN.txt"], &options).expect_status(0);
    let (own, theirs) = (Rows::read(Path::new(&own)), Rows::read(Path::new(&theirs)));
    for release in ["raw", "z:1", "percentile:5"] {
        for column in ["variants", "baseline", "recovered", "verdict"] {
            assert_eq!(own.text("OWN", release, column), theirs.text("OWN", release, column), "{release}");
        }
    }
    assert_eq!(own.number("OWN", "raw", "variants"), 12.0);
}

#[test]
fn what_is_not_measured_is_said_with_its_reason() {
    let dominant = scoring_file("DOM", 8, 4, None);
    let dominant: String = dominant
        .lines()
        .map(|line| match line.starts_with('#') {
            true => format!("{line}\n"),
            false if line.starts_with("rsID") => format!("{line}\tis_dominant\n"),
            false => format!("{line}\tTRUE\n"),
        })
        .collect();
    let files = Files::new()
        .with("BIG.txt", &scoring_file("BIG", 250, 2, None))
        .with("DOM.txt", &dominant)
        .with("S30.txt", &scoring_file("S30", 30, 3, None))
        .with("S6.txt", &scoring_file("S6", 6, 5, Some((0.0, 0.3))));
    let out = files.path("result").display().to_string();
    let all = ["BIG.txt", "DOM.txt", "S30.txt", "S6.txt"];
    let run = files.leakage(&all, &["--people", "100", "--out", &out]).expect_status(3);
    assert!(
        run.stderr.contains("it has 250 variants, and the attack is run on at most 200"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("8 of its variants are not additive"), "{}", run.stderr);
    let rows = Rows::read(&files.path("result"));
    for score in ["BIG", "DOM"] {
        assert_eq!(rows.text(score, "NA", "verdict"), "not_measured");
        assert_eq!(rows.text(score, "NA", "excess"), "NA");
    }
    // All digits of thirty variants are too fine for the grid, and that is no leave.
    assert_eq!(rows.text("S30", "raw", "verdict"), "withhold");
    assert_eq!(rows.text("S30", "raw", "recovered"), "NA");
    assert!(rows.text("S30", "raw", "reason").contains("exactly"));
    assert_eq!(rows.text("S30", "z:1", "verdict"), "release");
    // A variant without weight does not water the others down.
    assert_eq!(rows.number("S6", "raw", "variants"), 5.0);
}

#[test]
fn one_strong_variant_is_named_though_the_mean_is_small() {
    let files = Files::new().with("APOE.txt", &scoring_file("APOE", 40, 6, Some((2.5, 0.3))));
    let run = files.leakage(&["APOE.txt"], &["--people", "300"]).expect_status(0);
    let line = run.stdout.lines().find(|line| line.contains("percentile:5")).expect("a line");
    assert!(line.contains("release") && line.contains("rs0 +"), "{line}");
    assert!(run.stderr.contains("gives rs0 away"), "{}", run.stderr);
}

#[test]
fn what_can_not_be_measured_is_refused_before_anything_is_written() {
    let without: String = scoring_file("BARE", 5, 1, None)
        .lines()
        .map(|line| match line.rsplit_once('\t') {
            Some((rest, _)) => format!("{rest}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    let files = Files::new().with("S5.txt", &scoring_file("S5", 5, 1, None)).with("BARE.txt", &without);
    let out = files.path("result").display().to_string();
    for (names, options, said) in [
        (&["BARE.txt"][..], &[][..], "BARE.txt:4: nothing says how frequent allele A of rs0 is"),
        (&["BARE.txt"], &[], "--cohort"),
        (&["NONE.txt"], &[], "NONE.txt"),
        (&["S5.txt"], &["--percentile-grid", "7"], "it does not divide 100"),
        (&["S5.txt"], &["--people", "0"], "--people 0"),
        (&["S5.txt"], &["--decimals", "40"], "--decimals 40"),
        (&["S5.txt"], &["--max-leakage", "5"], "give a fraction"),
        (&["S5.txt"], &["--cohort", "/nowhere/at/all"], "/nowhere/at/all"),
        (&["S5.txt", "S5.txt"], &["--freq", "/nowhere.afreq"], "nowhere.afreq"),
        (&[], &[], "SCORE"),
    ] {
        let options: Vec<&str> = options.iter().copied().chain(["--out", &out]).collect();
        let run = files.leakage(names, &options).expect_status(2);
        assert!(run.stderr.contains(said), "{names:?} {options:?}: {}", run.stderr);
        assert!(!files.path("result").exists(), "{options:?}");
    }
}
