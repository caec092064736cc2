//! What can be checked of the command line without any data: that its definition is sound, that help teaches, and
//! that misuse is refused. Black-box tests of what commands do are in the workspace's `tests` package.

use std::{
    io,
    process::{Command, Output},
};

const COMMANDS: [&[&str]; 11] = [
    &["import"],
    &["describe"],
    &["verify"],
    &["match"],
    &["score"],
    &["assoc"],
    &["fit", "lasso"],
    &["fit", "ridge"],
    &["sql"],
    &["demo"],
    &["simulate"],
];

fn steppe(arguments: &[&str]) -> io::Result<Output> {
    // A debug build of clap asserts the whole definition when it parses.
    Command::new(env!("CARGO_BIN_EXE_steppe")).args(arguments).env_remove("STEPPE_SIMD").output()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_command_has_help_with_examples() -> io::Result<()> {
    let overview = steppe(&["--help"])?;
    assert!(overview.status.success());
    for command in COMMANDS {
        assert!(text(&overview.stdout).contains(command[0]), "{command:?} is in the overview");
        let help = steppe(&[command, &["--help"]].concat())?;
        assert!(help.status.success(), "{command:?}: {}", text(&help.stderr));
        assert!(text(&help.stdout).contains("Example"), "{command:?} has an example");
        assert!(text(&help.stdout).contains("--simd"), "{command:?} takes --simd");
    }
    Ok(())
}

#[test]
fn misuse_is_status_two_and_says_why() -> io::Result<()> {
    for (arguments, word) in [
        (&["score"][..], "--cohort"),
        (&["score", "--cohort", "c", "--score", "s", "--out", "o", "--missing", "guess"], "zero"),
        (&["score", "--cohort", "c", "--score", "s", "--out", "o", "--memory", "2"], "2GiB"),
        (&["describe", "no-such-cohort"], "no-such-cohort"),
        (&["describe", "x", "--simd", "mmx"], "avx512"),
        (&["assoc", "--cohort", "no-such-cohort", "--pheno", "p", "--out", "o"], "no-such-cohort"),
        (&["assoc", "--cohort", "c", "--pheno", "p", "--out", "o", "--firth", "maybe"], "fallback"),
        (&["assoc", "--cohort", "c", "--pheno", "p", "--out", "o", "--family", "poisson"], "gaussian"),
        (&["fit", "ridge", "--cohort", "no-such-cohort", "--pheno", "p", "--out", "o"], "no-such-cohort"),
        (
            &["fit", "ridge", "--cohort", "c", "--pheno", "p", "--out", "o", "--loocv", "--folds", "3"],
            "cannot be used",
        ),
        (&["nonsense"], "nonsense"),
        (&["sql", "SELEKT 1"], "SELEKT"),
        (&["sql", "DROP TABLE scores"], "DDL"),
        (&["sql", "SELECT * FROM scores"], "--scores"),
    ] {
        let output = steppe(arguments)?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(word), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?} keeps standard output for data");
    }
    Ok(())
}

#[test]
fn a_query_without_tables_runs() -> io::Result<()> {
    let output = steppe(&["sql", "--format", "csv", "SELECT 6 * 7 AS answer"])?;
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("answer\n42\n", Some(0)));
    Ok(())
}

#[test]
fn text_tables_keep_ids_as_text() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("people [1].tsv");
    std::fs::write(&file, "IID\tage\n007\t40\n010\t50\n")?;
    let table = format!("people={}", file.display());
    let query = "SELECT \"IID\", age + 1 AS next FROM people ORDER BY age DESC";
    let output = steppe(&["sql", "--table", &table, "--format", "csv", query])?;
    assert_eq!(text(&output.stdout), "IID,next\n010,51\n007,41\n", "{}", text(&output.stderr));
    Ok(())
}
