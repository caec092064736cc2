//! Flipped bits and cut files, in everything that a job reads: found and named, and never a wrong number.

mod damage;
mod scene;

use std::{fs, time::Duration};

use damage::Damaged;
use rand::Rng;
use scene::{Scene, Verdict};
use steppe_tests::{Counts, FaultReport, Lane, Tier, digests_in, fault_seed, turn, wait_until};

/// How many cases of each kind of file, for the tiers.
struct Cases {
    tiles: usize,
    tables: usize,
    manifest: usize,
    operand: usize,
    partials: usize,
    inputs: usize,
    results: usize,
}

fn cases() -> Cases {
    let of = |ci, release| Tier::of_environment().cases(Counts { smoke: 2, ci, release });
    Cases {
        tiles: of(60, 3_000),
        tables: of(40, 2_000),
        manifest: of(20, 1_000),
        operand: of(15, 750),
        partials: of(25, 1_250),
        inputs: of(20, 1_000),
        results: of(20, 1_000),
    }
}

#[test]
fn damage_is_found_and_named() {
    let Some(_turn) = turn(Lane::Store) else { return };
    let counts = cases();
    let mut scene = Scene::set(fault_seed());
    cohort_files(&mut scene, "genotypes", "corruption: tile", counts.tiles);
    cohort_files(&mut scene, "samples.parquet", "corruption: samples", counts.tables / 2);
    cohort_files(&mut scene, "variants.parquet", "corruption: variants", counts.tables / 2);
    cohort_files(&mut scene, "manifest", "corruption: manifest", counts.manifest);
    operands(&mut scene, counts.operand);
    partials(&mut scene, counts.partials);
    inputs(&mut scene, counts.inputs);
    results(&mut scene, counts.results);
    scene.fresh_cohort(true);
    let run = scene.run("after");
    assert_eq!(scene.judge(&run, "after", ""), Verdict::Right, "all was put back: {}", run.stderr);
}

/// Files of the cohort, between jobs: each job reads all of them.
fn cohort_files(scene: &mut Scene, below: &str, fault: &str, cases: usize) {
    let mut report = FaultReport::begin(fault);
    let mut tally = Tally::default();
    for _ in 0..cases {
        // Workers keep tiles: only those that they never read are read from the store for certain.
        if below == "genotypes" {
            scene.fresh_cohort(false);
        }
        let mut files = scene.cluster.objects(&format!("{}/{below}", scene.cohort));
        if files.is_empty() {
            files.push(scene.cluster.object(&format!("{}/{below}", scene.cohort)));
        }
        let path = files[scene.random.random_range(0..files.len())].clone();
        let out = scene.out();
        let damaged = Damaged::somewhere(&path, &mut scene.random);
        let run = scene.run(&out);
        let verdict = scene.judge(&run, &out, below);
        tally.add(&verdict, &damaged, &run.stderr);
        report.pass();
    }
    tally.tell(&mut report);
    tally.is_strict(fault);
}

/// The operand, between the coordinator that writes it and the workers that read it: they are frozen meanwhile.
fn operands(scene: &mut Scene, cases: usize) {
    let mut report = FaultReport::begin("corruption: operand");
    let mut tally = Tally::default();
    while report.fired < cases && report.cases < 2 * cases {
        let out = scene.out();
        let before = scene.operands();
        scene.freeze_executors(true);
        let job = scene.cluster.score_in_background(&scene.score(&out));
        let mut new = None;
        let there = wait_until(Duration::from_secs(20), || {
            new = scene.operands().into_iter().find(|operand| !before.contains(operand));
            new.is_some()
        });
        let damaged = new.as_ref().map(|path| Damaged::somewhere(path, &mut scene.random));
        scene.freeze_executors(false);
        let run = scene.finish(job);
        let Some(damaged) = damaged.filter(|_| there) else {
            report.missed();
            continue;
        };
        let verdict = scene.judge(&run, &out, ".operand");
        tally.add(&verdict, &damaged, &run.stderr);
        report.pass();
    }
    tally.tell(&mut report);
    assert_eq!(report.fired, cases, "the operand was seen");
    tally.is_strict("operand");
}

/// Partial sums of a job that failed: its next attempt reads them instead of summing again.
fn partials(scene: &mut Scene, cases: usize) {
    let mut report = FaultReport::begin("corruption: partial sums");
    let mut tally = Tally::default();
    let (mut out, mut sums) = (String::new(), Vec::<std::path::PathBuf>::new());
    for case in 0..cases {
        // Sums that were found to be corrupt may be gone: they are made again.
        sums.retain(|path| path.exists());
        // A new job now and then: one that failed goes on from its sums each time.
        if case % 5 == 0 || sums.is_empty() {
            (out, sums) = scene.fail_half_way();
        }
        let path = &sums[scene.random.random_range(0..sums.len())];
        let damaged = Damaged::somewhere(path, &mut scene.random);
        let run = scene.run(&out);
        let verdict = scene.judge(&run, &out, ".sums");
        tally.add(&verdict, &damaged, &run.stderr);
        drop(damaged);
        report.pass();
        if case % 5 == 4 || case + 1 == cases {
            let run = scene.run(&out);
            assert_eq!(scene.judge(&run, &out, ""), Verdict::Right, "it goes on: {}", run.stderr);
        }
    }
    tally.tell(&mut report);
    tally.is_strict("partial sums");
}

/// A scoring file that is in the store already when another job names it.
fn inputs(scene: &mut Scene, cases: usize) {
    scene.fresh_cohort(true);
    let mut report = FaultReport::begin("corruption: input in the store");
    let mut tally = Tally::default();
    let files = scene.cluster.objects(".steppe/inputs");
    assert_eq!(files.len(), 1, "one scoring file: {files:?}");
    for _ in 0..cases {
        let out = scene.out();
        let damaged = Damaged::somewhere(&files[0], &mut scene.random);
        let run = scene.run(&out);
        let verdict = scene.judge(&run, &out, "inputs/");
        tally.add(&verdict, &damaged, &run.stderr);
        report.pass();
    }
    tally.tell(&mut report);
}

/// A result, read back through the coordinator.
fn results(scene: &mut Scene, cases: usize) {
    scene.fresh_cohort(true);
    let mut report = FaultReport::begin("corruption: result");
    let mut tally = Tally::default();
    let out = scene.out();
    let run = scene.run(&out);
    assert_eq!(scene.judge(&run, &out, ""), Verdict::Right, "{}", run.stderr);
    let id = scene.newest_job();
    let files = scene.cluster.objects(&out);
    let sound: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).expect("a file")).collect();
    for case in 0..cases {
        let path = &files[case % files.len()];
        let damaged = Damaged::somewhere(path, &mut scene.random);
        let folder = scene.cluster.dir().join(format!("down-{case}"));
        let run = scene.cluster.steppe(["jobs", "results", &id, "--out"]).arg(&folder).run();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let arrived = run.stderr.contains(&format!("{name}: it arrived with BLAKE3"));
        let verdict = if arrived {
            Verdict::DataLoss
        } else if run.status == 0 {
            let same = files.iter().zip(&sound).all(|(path, sound)| {
                let name = path.file_name().expect("a name");
                fs::read(folder.join(name)).expect("a file") == *sound
            });
            if same { Verdict::Right } else { Verdict::Wrong(format!("{name} came down changed")) }
        } else {
            scene.judge(&run, "no-result-there", &name)
        };
        tally.add(&verdict, &damaged, &run.stderr);
        report.pass();
        assert!(digests_in(&folder).is_none() || run.status == 0, "a refused download leaves nothing");
    }
    tally.tell(&mut report);
}

/// How the cases of a kind ended.
#[derive(Debug, Default)]
struct Tally {
    data_loss: usize,
    refused: Vec<String>,
    right: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, verdict: &Verdict, damaged: &Damaged, said: &str) {
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        match verdict {
            Verdict::DataLoss => self.data_loss += 1,
            Verdict::Refused => {
                self.refused.push(format!("{damaged}: {}", last.chars().take(300).collect::<String>()));
            }
            Verdict::Right => self.right += 1,
            Verdict::Wrong(what) => self.wrong.push(format!("{damaged}: {what}")),
        }
    }

    /// Every byte is covered by a hash, so nothing goes unseen; and what is wrong is said, but for the odd cut file that
    /// something beneath refuses first.
    fn is_strict(&self, what: &str) {
        assert_eq!(self.right, 0, "{what}: every byte is covered by a hash");
        assert!(self.data_loss > self.refused.len(), "{what}: not named as data loss: {:#?}", self.refused);
    }

    /// Puts it into the report; a wrong number fails the test.
    fn tell(&self, report: &mut FaultReport) {
        report.note(format!(
            "data loss named {}, refused otherwise {}, right {}, wrong {}",
            self.data_loss,
            self.refused.len(),
            self.right,
            self.wrong.len()
        ));
        for refused in self.refused.iter().take(5) {
            report.note(refused.clone());
        }
        report.passed = report.passed.saturating_sub(self.wrong.len());
        assert!(self.wrong.is_empty(), "a wrong result: {:#?}", self.wrong);
    }
}
