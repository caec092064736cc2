//! `steppe explain`: one person's score taken apart, beside `steppe score` of everyone.

use std::path::{Path, PathBuf};

use steppe_tests::{Run, Table, data_folder, steppe};

use crate::{
    calibrate::Calibrated,
    sets::{Imported, Part},
};

const READING: [&str; 4] = ["--score-columns", "ID,A1,QT_EUR,CC_EUR", "--ambiguous", "keep"];
const PERSON: &str = "KAZ005001";

struct Explained {
    imported: Imported,
    data: PathBuf,
}

impl Explained {
    fn new() -> Option<Self> {
        let data = data_folder("simulated")?;
        Some(Self { imported: Imported::of(&data.join("geno"), "GRCh38"), data })
    }

    fn explain(&self, cohort: &Path, options: &[&str]) -> Run {
        steppe(["explain", "--cohort"])
            .arg(cohort)
            .arg("--score")
            .arg(self.data.join("effects.tsv"))
            .args(READING)
            .args(options)
            .run()
    }

    fn path(&self, name: &str) -> String {
        self.imported.path(name).display().to_string()
    }

    fn populations(&self) -> String {
        format!("{}:pop", self.data.join("samples.tsv").display())
    }

    /// Everyone's population and score.
    fn scores(&self) -> Vec<(String, String, f64)> {
        let effects = self.data.join("effects.tsv");
        self.imported.score("scores", &[&effects], &READING).expect_status(0);
        let table = self.imported.sscore("scores");
        let people = Table::read(&self.data.join("samples.tsv"), '\t');
        let (ids, sums) = (people.by("IID"), table.numbers("QT_EUR_SUM"));
        let population = people.column("pop");
        let rows = table.texts("IID").into_iter().zip(sums);
        rows.map(|(id, sum)| (id.to_owned(), ids[id][population].clone(), sum)).collect()
    }
}

fn sum(table: &Table, column: &str) -> f64 {
    table.numbers(column).iter().sum()
}

#[test]
fn the_parts_add_up_to_the_score_and_the_expectations_to_the_populations_mean() {
    let Some(made) = Explained::new() else { return };
    let scores = made.scores();
    let cohort = made.imported.cohort();
    let raw = scores.iter().find(|(id, _, _)| id == PERSON).expect("the person").2;
    let of_kazakhs: Vec<f64> = scores.iter().filter(|of| of.1 == "KAZ").map(|of| of.2).collect();
    let mean = of_kazakhs.iter().sum::<f64>() / of_kazakhs.len() as f64;
    let (table, page, populations) = (made.path("parts.tsv"), made.path("page.html"), made.populations());
    let options = [
        "--sample",
        PERSON,
        "--score-name",
        "QT_EUR",
        "--population",
        &populations,
        "--tsv",
        &table,
        "--html",
        &page,
        "--language",
        "kk",
        "--top",
        "5",
    ];
    let run = made.explain(&cohort, &options).expect_status(0);
    assert!(run.stdout.contains("every call of this person was read"), "{}", run.stdout);
    let parts = made.imported.path("parts.tsv");
    let parts = Table::read(&parts, '\t');
    assert!((sum(&parts, "adds") - raw).abs() < 1e-9, "{} {raw}", sum(&parts, "adds"));
    assert!((sum(&parts, "expected") - mean).abs() < 1e-9, "{} {mean}", sum(&parts, "expected"));
    assert!((sum(&parts, "share") - 1.0).abs() < 1e-9);
    let changes = parts.numbers("change");
    assert!(changes.windows(2).all(|pair| pair[0].abs() >= pair[1].abs()), "by falling change");
    let shown: Vec<&str> = parts.texts("variant").into_iter().take(6).collect();
    assert!(shown[..5].iter().all(|name| run.stdout.contains(name)), "{}", run.stdout);
    assert!(!run.stdout.contains(shown[5]), "five and no more: {}", run.stdout);
    let html = std::fs::read_to_string(&page).expect("a page");
    assert!(html.contains("lang=\"kk\"") && html.contains(PERSON) && html.contains(shown[0]));
    assert!(!html.contains("src=") && !html.contains("<link"), "it loads nothing");
    // The founders are everybody here: their expectation is everybody's mean.
    made.explain(
        &cohort,
        &["--sample", "0", PERSON, "--score-name", "QT_EUR", "--tsv", &table, "--overwrite"],
    )
    .expect_status(0);
    let all = scores.iter().map(|of| of.2).sum::<f64>() / scores.len() as f64;
    let parts = Table::read(&made.imported.path("parts.tsv"), '\t');
    assert!((sum(&parts, "expected") - all).abs() < 1e-9, "{} {all}", sum(&parts, "expected"));
}

#[test]
fn a_missing_call_counts_as_expected_and_its_reach_is_told() {
    let Some(made) = Explained::new() else { return };
    let bim = std::fs::read_to_string(made.data.join("geno.bim")).expect("a .bim");
    let effects = Table::read(&made.data.join("effects.tsv"), '\t');
    let (id, weight) = (&effects.rows[0][0], effects.numbers("QT_EUR")[0]);
    let variant = bim.lines().position(|line| line.contains(&format!("\t{id}\t"))).expect("the variant");
    let people: Vec<usize> = (0..120).collect();
    let source = made.data.join("geno");
    let part = |missing: &[(usize, usize)]| {
        Part { source: &source, people: &people, variants: 0..9000, missing }.import("GRCh38")
    };
    let (whole, holed) = (part(&[]), part(&[(7, variant)]));
    let fam = std::fs::read_to_string(made.data.join("geno.fam")).expect("a .fam");
    let person = fam.lines().nth(7).and_then(|line| line.split_whitespace().nth(1)).expect("a person");
    let table = |cohort: &Imported, name: &str| {
        let file = made.path(name);
        let run =
            made.explain(&cohort.cohort(), &["--sample", person, "--score-name", "QT_EUR", "--tsv", &file]);
        (run.expect_status(0).stdout, Table::read(Path::new(&file), '\t'))
    };
    let (_, before) = table(&whole, "before.tsv");
    let (said, after) = table(&holed, "after.tsv");
    assert!(said.contains("1 calls of this person are missing"), "{said}");
    let row = after.by("variant")[id.as_str()].clone();
    let number = |name: &str| -> f64 { row[after.column(name)].parse().expect("a number") };
    assert_eq!((row[after.column("genotype")].as_str(), row[after.column("missing")].as_str()), (".", "1"));
    assert!((number("adds") - 2.0 * number("effect_frequency") * weight).abs() < 1e-9);
    assert!(number("change").abs() < 1e-9, "it counts as expected");
    let others = sum(&after, "adds") - number("adds");
    let ends = [others, others + 2.0 * weight];
    let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    assert!(said.contains(&format!("{low:.4} to {high:.4}")), "{low} {high}: {said}");
    let true_score = sum(&before, "adds");
    assert!(true_score >= low - 1e-9 && true_score <= high + 1e-9, "{true_score}");
}

#[test]
fn a_calibration_says_what_the_score_means() {
    let Some(made) = Calibrated::new() else { return };
    let effects = made.data.join("effects.tsv");
    made.imported.score("everyone", &[&effects], &READING).expect_status(0);
    made.with_disease_by("everyone", &["--score-name", "CC_EUR"], "model").expect_status(0);
    let all = made.table("model/calibrated.tsv");
    let row = all.rows.iter().find(|row| row[all.column("population")] == "KAZ").expect("a Kazakh").clone();
    let (populations, page) = (made.populations(), made.imported.path("page.html"));
    let explain = |options: &[&str]| {
        steppe(["explain", "--cohort"])
            .arg(made.imported.cohort())
            .args(["--sample", &row[1], "--score-name", "CC_EUR", "--calibration"])
            .arg(made.imported.path("model"))
            .arg("--score")
            .arg(&effects)
            .args(READING)
            .args(options)
            .run()
    };
    let run = explain(&["--population", &populations, "--html", page.to_str().expect("a path")]);
    let said = run.expect_status(0).stdout;
    let number = |name: &str| -> f64 { row[all.column(name)].parse().expect("a number") };
    for text in [
        format!("score CC_EUR: {:.4}", number("raw")),
        format!("adjusted {:+.4}", number("adjusted")),
        format!("percentile {:.1}", number("percentile")),
        format!("risk {:.1} %", 100.0 * number("risk")),
    ] {
        assert!(said.contains(&text), "{text}: {said}");
    }
    assert_eq!(said.contains("outside of all populations"), row[all.column("outside")] == "1");
    let html = std::fs::read_to_string(&page).expect("a page");
    assert!(html.contains("lang=\"en\"") && html.contains("EAS"));
    let refused = explain(&["--html", page.to_str().expect("a path")]).expect_status(2);
    assert!(refused.stderr.contains("it exists"), "{}", refused.stderr);
    let refused = explain(&[]).expect_status(2);
    assert!(refused.stderr.contains("--target NAME"), "{}", refused.stderr);
}

#[test]
fn who_or_what_is_not_there_is_refused_without_a_name() {
    let Some(made) = Explained::new() else { return };
    let cohort = made.imported.cohort();
    let nobody = made.explain(&cohort, &["--sample", "SECRET77", "--score-name", "QT_EUR"]).expect_status(2);
    assert!(nobody.stderr.contains("the cohort has no such sample"), "{}", nobody.stderr);
    assert!(!nobody.stderr.contains("SECRET77") && !nobody.stderr.contains("KAZ0"), "{}", nobody.stderr);
    let other = made.explain(&cohort, &["--sample", "9", PERSON, "--score-name", "QT_EUR"]).expect_status(2);
    assert!(other.stderr.contains("no such sample") && !other.stderr.contains(PERSON), "{}", other.stderr);
    let table = made.path("no.tsv");
    for (options, said) in [
        (&["--sample", PERSON][..], "choose with --score-name among QT_EUR, CC_EUR"),
        (&["--sample", PERSON, "--score-name", "BMI"], "score 'BMI' is not in the scoring files"),
        (
            &["--sample", PERSON, "--score-name", "QT_EUR", "--tsv", "/nowhere/x.tsv"],
            "its folder is not there",
        ),
        (&["--sample", PERSON, "--score-name", "QT_EUR", "--population", "pop"], "it names no file"),
        (&["--sample", PERSON, "--score-name", "QT_EUR", "--calibration", "nowhere"], "steppe calibrate"),
        (&["--sample", PERSON, "--score-name", "QT_EUR", "--html", &table, "--tsv", &table], "name one file"),
    ] {
        let run = made.explain(&cohort, options).expect_status(2);
        assert!(run.stderr.contains(said), "{options:?}: {}", run.stderr);
        assert!(!run.stderr.contains(PERSON), "{}", run.stderr);
    }
    assert!(!made.imported.path("no.tsv").exists());
}
