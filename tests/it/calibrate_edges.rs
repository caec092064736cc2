//! `steppe calibrate` where there is little to calibrate on: constant scores, one class, one person, ids that are numbers.

use std::{collections::HashMap, fs, path::Path};

use steppe_tests::{Table, data_folder};

use crate::{calibrate::Calibrated, sets::new_folder};

#[test]
fn constant_scores_are_left_out_and_the_others_are_not() {
    let Some(made) = Calibrated::new() else { return };
    let scores = made.table("scores.tsv");
    let one = scores.column("one");
    let rows = scores.rows.iter().map(|row| format!("{}\t{}\t1.5\t{}\n", row[0], row[1], row[one]));
    let text = format!("#FID\tIID\tflat\tone\n{}", rows.collect::<String>());
    fs::write(made.imported.path("flat.tsv"), text).expect("scores");
    let run = made.with_disease_by("flat.tsv", &[], "flat").expect_status(0);
    for part in ["z_norm1", "z_norm2", "smooth adjustment", "risk"] {
        let said = format!("score flat: {part} is left out: the score is the same for all");
        assert!(run.stderr.contains(&said), "{said}: {}", run.stderr);
    }
    let people = made.table("flat/calibrated.tsv");
    let [score, raw, adjusted, risk] = ["score", "raw", "adjusted", "risk"].map(|name| people.column(name));
    let (flat, one): (Vec<_>, Vec<_>) = people.rows.iter().partition(|row| row[score] == "flat");
    assert_eq!(flat.len(), one.len());
    assert!(flat.iter().all(|row| row[raw] == "1.5" && row[adjusted] == "NA" && row[risk] == "NA"));
    assert!(one.iter().all(|row| row[adjusted] != "NA" && row[risk] != "NA"));
}

#[test]
fn without_cases_scores_are_adjusted_and_there_is_no_risk() {
    let Some(made) = Calibrated::new() else { return };
    let people = Table::read(&made.data.join("samples.tsv"), '\t');
    let rows = people.rows.iter().map(|row| format!("{}\t{}\t1\n", row[0], row[1]));
    let healthy = made.imported.path("healthy.tsv");
    fs::write(&healthy, format!("#FID\tIID\tCC\n{}", rows.collect::<String>())).expect("traits");
    let options = ["--pheno", healthy.to_str().expect("a path"), "--trait", "CC", "--score-name", "one"];
    let run = made.calibrate_scores("scores.tsv", &options, "healthy").expect_status(0);
    assert!(run.stderr.contains("score one: risk is left out: cases: 0 are too few"), "{}", run.stderr);
    let people = made.table("healthy/calibrated.tsv");
    let (risk, adjusted) = (people.column("risk"), people.column("adjusted"));
    assert!(people.rows.iter().all(|row| row[risk] == "NA" && row[adjusted] != "NA"));
}

#[test]
fn one_person_is_adjusted_as_by_the_reference_alone() {
    let Some(made) = Calibrated::new() else { return };
    made.calibrate_scores("scores.tsv", &["--reference-only"], "all").expect_status(0);
    let all = made.table("all/calibrated.tsv");
    let person = &all.rows[7];
    fs::write(made.imported.path("one.txt"), format!("{}\t{}\n", person[0], person[1])).expect("a list");
    made.ancestry("one.txt", "ancestry-of-one").ok();
    let run = made.calibrate_people("ancestry-of-one", "scores.tsv", &[], "one").expect_status(0);
    assert!(run.stderr.contains("people of the cohort: 1 are too few"), "{}", run.stderr);
    let those: Vec<_> = all.rows.iter().filter(|row| row[1] == person[1]).cloned().collect();
    assert_eq!(those.len(), 2, "two scores");
    assert_eq!(made.table("one/calibrated.tsv").rows, those);
}

/// The simulated cohort's files with numbers for ids, which begin with zeros.
fn numbered(data: &Path, folder: &Path) {
    let fam = fs::read_to_string(data.join("geno.fam")).expect("a .fam");
    let number: HashMap<&str, String> = fam
        .lines()
        .enumerate()
        .map(|(at, line)| (line.split_whitespace().nth(1).expect("an id"), format!("{at:07}")))
        .collect();
    let renamed = |line: &str| -> String {
        let fields = line.split_whitespace().map(|field| number.get(field).map_or(field, String::as_str));
        fields.collect::<Vec<_>>().join("\t") + "\n"
    };
    for name in ["geno.fam", "samples.tsv", "pheno.tsv"] {
        let text = fs::read_to_string(data.join(name)).expect("a table");
        fs::write(folder.join(name), text.lines().map(renamed).collect::<String>()).expect("a table");
    }
    for name in ["geno.bed", "geno.bim"] {
        fs::copy(data.join(name), folder.join(name)).expect("a copy");
    }
}

#[test]
fn ids_that_are_numbers_stay_text() {
    let Some(data) = data_folder("simulated") else { return };
    let folder = new_folder();
    numbered(&data, folder.path());
    let tables = [Calibrated::of(data), Calibrated::of(folder.path().to_owned())].map(|made| {
        made.with_disease_by("scores.tsv", &["--score-name", "one"], "model").expect_status(0);
        made.table("model/calibrated.tsv")
    });
    let [named, numbered] = tables;
    assert!(numbered.rows.iter().all(|row| row[1].len() == 7 && row[1].starts_with("00")));
    let numbers = |table: &Table| table.rows.iter().map(|row| row[2..].to_vec()).collect::<Vec<_>>();
    assert!(named.rows.len() > 2000 && numbers(&named) == numbers(&numbered), "other ids, other numbers");
}
