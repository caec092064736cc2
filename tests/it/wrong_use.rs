//! Wrong calls get one clear message with a remedy, and write nothing.

use std::fs;

use steppe_tests::{data_folder, steppe};

use crate::sets::{Imported, new_folder};

#[test]
fn paths_that_are_not_there() {
    let place = new_folder();
    let out = place.path().join("out");
    let run = steppe(["import", "--build", "GRCh38", "--bfile", "/nowhere/x", "--out"]).arg(&out).run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("/nowhere/x"), "{}", run.stderr);
    let run =
        steppe(["score", "--cohort"]).arg(place.path()).args(["--score", "x.txt", "--out"]).arg(&out).run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("steppe import"), "the remedy names the command: {}", run.stderr);
    assert!(!out.exists());
}

#[test]
fn too_few_founders_and_missing_calls() {
    let Some(folder) = data_folder("bed_reader_good") else { return };
    let imported = Imported::of(&folder.join("small"), "GRCh37");
    let table = imported.path("weights.txt");
    fs::write(&table, "ID A1 W\nsid2 T 0.5\nsid3 A 0.25\n").expect("a table");
    let run = imported.score("out", &[&table], &["--min-overlap", "0"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("--freq") && run.stderr.contains("--missing zero"), "{}", run.stderr);
    assert!(!imported.path("out").exists());
}

#[test]
fn simd_levels_are_checked() {
    let run = steppe(["--simd", "mmx", "describe", "x"]).run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("avx2"), "{}", run.stderr);
    let run = steppe(["describe", "x"]).env("STEPPE_SIMD", "mmx").run();
    assert_eq!(run.status, 2);
}

#[test]
fn help_teaches() {
    for command in ["import", "describe", "verify", "match", "score", "sql", "demo", "simulate"] {
        let run = steppe([command, "--help"]).ok();
        assert!(run.stdout.contains("Usage: steppe"), "{command}: {}", run.stdout);
        assert!(run.stdout.contains("Examples:"), "{command} --help has no example");
    }
}

#[test]
fn filesets_of_other_samples_are_refused_and_other_orders_are_not() {
    let place = new_folder();
    let variants = [("1", "rs1", 100, "A", "G"), ("1", "rs2", 200, "C", "T")];
    let write = |name: &str, samples: &[&str], chromosome: &str, codes: &[u8]| {
        let prefix = place.path().join(name);
        let fam: String = samples.iter().map(|sample| format!("{sample} {sample} 0 0 1 -9\n")).collect();
        let bim: String = variants
            .iter()
            .map(|(_, id, position, a1, a2)| {
                format!("{chromosome} {id}_{chromosome} 0 {position} {a1} {a2}\n")
            })
            .collect();
        fs::write(prefix.with_extension("fam"), fam).expect("a .fam");
        fs::write(prefix.with_extension("bim"), bim).expect("a .bim");
        fs::write(prefix.with_extension("bed"), [&[0x6c, 0x1b, 1], codes].concat()).expect("a .bed");
        prefix
    };
    let first = write("first", &["a", "b", "c"], "1", &[0b11_10_00, 0b00_00_11]);
    let reordered = write("reordered", &["c", "a", "b"], "2", &[0b11_10_00, 0b00_00_11]);
    let other = write("other", &["a", "b", "d"], "2", &[0b11_10_00, 0b00_00_11]);
    let import = |second: &std::path::Path, out: &str| {
        steppe(["import", "--build", "GRCh38", "--bfile"])
            .arg(&first)
            .arg("--bfile")
            .arg(second)
            .arg("--out")
            .arg(place.path().join(out))
            .run()
    };
    let refused = import(&other, "refused").expect_status(2);
    assert!(refused.stderr.contains("other.fam") && refused.stderr.contains('d'), "{}", refused.stderr);
    assert!(!place.path().join("refused").exists());
    let accepted = import(&reordered, "accepted").expect_status(0);
    assert!(accepted.stderr.contains("order"), "the user is told of the reordering: {}", accepted.stderr);
    let twice = import(&first, "twice").expect_status(2);
    assert!(twice.stderr.contains("several filesets"), "the same variant in two filesets: {}", twice.stderr);
    // Sample a is the second of the reordered fileset: code 10 (het) of its first variant.
    fs::write(place.path().join("w.txt"), "ID A1 W\nrs1_2 A 1\n").expect("a table");
    steppe(["score", "--missing", "zero", "--min-overlap", "0", "--match-by", "id", "--cohort"])
        .arg(place.path().join("accepted"))
        .arg("--score")
        .arg(place.path().join("w.txt"))
        .arg("--out")
        .arg(place.path().join("scores"))
        .ok();
    let table = steppe_tests::Table::read(&place.path().join("scores/scores.sscore"), '\t');
    assert_eq!(table.texts("IID"), ["a", "b", "c"]);
    assert_eq!(table.numbers("W_SUM"), [1.0, 0.0, 2.0]);
}
