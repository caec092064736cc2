//! `steppe assoc` and `steppe fit ridge` as commands: statuses, results that are found again, and what is left when they
//! are stopped.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use steppe_tests::{Run, data_folder, steppe};

use crate::{
    interrupted::{MOMENTS, Moments, duration},
    sets::Imported,
};

/// regenie's example: 500 samples, 1,000 variants.
struct Example {
    imported: Imported,
    data: std::path::PathBuf,
}

impl Example {
    fn new() -> Option<Self> {
        let data = data_folder("regenie_example")?;
        Some(Self { imported: Imported::of(&data.join("example"), "GRCh38"), data })
    }

    fn call(&self, command: &[&str], pheno: &str, out: &str) -> Command {
        steppe(command)
            .arg("--cohort")
            .arg(self.imported.cohort())
            .arg("--pheno")
            .arg(self.data.join(pheno))
            .arg("--covar")
            .arg(self.data.join("covariates.txt"))
            .arg("--out")
            .arg(self.imported.path(out))
            .into_command()
    }

    fn ridge(&self, out: &str) -> Command {
        let mut command = self.call(&["fit", "ridge"], "phenotype.txt", out);
        command.args(["--block-size", "20", "--folds", "4"]);
        command
    }

    /// What lies beside the results and is none.
    fn hidden(&self) -> usize {
        let entries = std::fs::read_dir(self.imported.folder.path()).expect("a folder").flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().contains(".steppe-")).count()
    }
}

fn run(mut command: Command) -> Run {
    Run::of(&command.output().expect("the command"))
}

/// Files of a result but `run.json`, which has times.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a result").flatten();
    let named = entries.map(|entry| {
        let bytes = std::fs::read(entry.path()).expect("a file");
        (entry.file_name().to_string_lossy().into_owned(), bytes)
    });
    named.filter(|(name, _)| name != "run.json").collect()
}

#[test]
fn an_association_is_written_found_again_and_not_replaced() {
    let Some(example) = Example::new() else { return };
    let first = run(example.call(&["assoc"], "phenotype.txt", "gwas")).expect_status(0);
    assert!(first.stdout.contains("Y1") && first.stdout.contains("1,000"), "{}", first.stdout);
    let out = example.imported.path("gwas");
    let whole = files(&out);
    assert_eq!(whole.keys().collect::<Vec<_>>(), ["assoc.Y1.glm.linear", "assoc.Y2.glm.linear"]);
    let again = run(example.call(&["assoc"], "phenotype.txt", "gwas")).expect_status(0);
    assert!(again.stderr.contains("there already"), "{}", again.stderr);
    let other = run(example.call(&["assoc", "--maf", "0.05"], "phenotype.txt", "gwas")).expect_status(2);
    assert!(other.stderr.contains("--overwrite"), "{}", other.stderr);
    assert_eq!(files(&out), whole);
    // 0 and 1 are no cases and controls unless it is said.
    let unsaid = run(example.call(&["assoc"], "phenotype_bin.txt", "cases")).expect_status(2);
    assert!(unsaid.stderr.contains("all values are 0 or 1"), "{}", unsaid.stderr);
    run(example.call(&["assoc", "--coding", "01"], "phenotype_bin.txt", "cases")).expect_status(0);
    assert!(example.imported.path("cases/assoc.Y2.glm.logistic.hybrid").exists());
    let unknown = run(example.call(&["assoc", "--trait", "Y11"], "phenotype.txt", "no")).expect_status(2);
    assert!(unknown.stderr.contains("did you mean Y1"), "{}", unknown.stderr);
    assert!(!example.imported.path("no").exists() && example.hidden() == 0);
}

#[test]
fn a_ridge_that_is_killed_anywhere_ends_alike() {
    let Some(example) = Example::new() else { return };
    let mut moments = Moments::of(duration(example.ridge("whole")), MOMENTS);
    let whole = files(&example.imported.path("whole"));
    let same = |out: &str| {
        let mut found = files(&example.imported.path(out));
        // The list has the folder's own name.
        let list = found.remove("pred.list").expect("a list");
        assert!(String::from_utf8_lossy(&list).contains(&format!("/{out}/Y2_2.loco")));
        found.into_iter().all(|(name, bytes)| whole[&name] == bytes)
    };
    assert_eq!(whole.len(), 9, "{:?}", whole.keys());
    let (mut fits, mut resumed) = (0, 0);
    while moments.is_due() {
        fits += 1;
        let out = format!("killed-{fits}");
        moments.kill(example.ridge(&out));
        let rest = run(example.ridge(&out)).expect_status(0);
        resumed += u32::from(rest.stderr.contains("going on from the checkpoint"));
        assert!(same(&out), "{out}");
        assert_eq!(example.hidden(), 0, "the rerun cleans up after the killed one");
    }
    assert!(resumed > 2, "{resumed} of {fits} fits went on from a checkpoint");
    moments.finish();
}

#[test]
fn ctrl_c_is_130_and_leaves_no_result() {
    let Some(example) = Example::new() else { return };
    let takes = duration(example.ridge("whole"));
    let mut interrupted = 0;
    for moment in 4..12 {
        let out = format!("stopped-{moment}");
        let mut command = example.ridge(&out);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the command");
        std::thread::sleep((takes * moment / 16).max(Duration::from_millis(1)));
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
        // It may be over.
        let _ = kill_process(id, Signal::INT);
        let status = child.wait().expect("a child").code();
        assert!(status != Some(1) && status != Some(2), "{status:?}");
        if status == Some(130) {
            interrupted += 1;
            assert!(!example.imported.path(&out).exists());
        }
    }
    assert!(interrupted > 0, "no interruption came in time");
}

#[test]
fn what_can_not_be_fitted_is_refused_with_a_remedy() {
    let Some(example) = Example::new() else { return };
    for (options, message) in [
        (&["--block-size", "0"][..], "the block size is out of range"),
        (&["--folds", "501"], "501 folds of"),
        (&["--l1", "0.5", "1.5"], "a share of variance of level 1 is out of range"),
        (&["--family", "cox:Y1,Y2"], "times to an event are fitted by the lasso alone"),
        (&["--trait", "Z"], "no column of this name"),
    ] {
        let mut command = example.call(&["fit", "ridge"], "phenotype.txt", "no");
        command.args(options);
        let refused = run(command).expect_status(2);
        assert!(refused.stderr.contains(message), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("help: ") || refused.stderr.contains("did you mean"),
            "{}",
            refused.stderr
        );
        assert!(!example.imported.path("no").exists() && example.hidden() == 0);
    }
}
