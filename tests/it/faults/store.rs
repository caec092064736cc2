//! A store that fails: unseen while it fails seldom, and a job that says so, in time, when it fails for good.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use steppe_tests::{
    Counts, FaultProxy, FaultRates, FaultReport, Lane, Run, Score, Setup, StoreCluster, Tier, digests_in,
    fault_seed, small_fileset, steppe, turn, wait_until,
};

/// The share of requests that may fail unseen.
const SELDOM: f64 = 0.10;
/// Within this a job over a store that is gone has failed.
const GIVEN_UP: Duration = Duration::from_secs(150);
/// What a job takes that meets faults only now and then, and more.
const LIMIT: Duration = Duration::from_secs(120);

struct Scene {
    cluster: StoreCluster,
    file: PathBuf,
    oracle: [String; 2],
}

impl Scene {
    fn set(seed: u64, tile_delay: u32) -> Self {
        let environment = vec![("STEPPE_TEST_TILE_DELAY_MS".to_owned(), tile_delay.to_string())];
        let setup = Setup { workers: 2, slots: 1, proxy: Some(seed), environment, ..Setup::default() };
        let cluster = StoreCluster::start(setup);
        let (prefix, file) = small_fileset(&cluster.dir().join("files"), 60, 880, 11);
        cluster.import(&prefix, "c");
        let (local, result) = (cluster.dir().join("local"), cluster.dir().join("local-result"));
        steppe(["import", "-q", "--build", "GRCh38", "--bfile"]).arg(&prefix).arg("--out").arg(&local).ok();
        let call =
            steppe(["score", "-q", "--assume-build", "--cohort"]).arg(&local).arg("--score").arg(&file);
        call.arg("--out").arg(&result).ok();
        let oracle = digests_in(&result).expect("a result");
        Self { cluster, file, oracle }
    }

    fn proxy(&self) -> &FaultProxy {
        self.cluster.proxy()
    }

    fn score(&self, out: &str) -> Score {
        Score { cohort: "c".to_owned(), file: self.file.clone(), out: out.to_owned() }
    }

    #[track_caller]
    fn is_right(&self, run: &Run, out: &str) {
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert_eq!(self.cluster.digests(out).as_ref(), Some(&self.oracle), "the same bits");
    }

    fn sums(&self) -> usize {
        let jobs = self.cluster.objects(".steppe/jobs");
        jobs.iter().filter(|path| path.extension().is_some_and(|extension| extension == "sums")).count()
    }
}

/// The faults, one at a time and all together.
fn kinds(share: f64) -> [(&'static str, FaultRates); 7] {
    let none = FaultRates::default();
    [
        ("all of them", FaultRates::mixed(share)),
        ("500", FaultRates { status_500: share, ..none }),
        ("503", FaultRates { status_503: share, ..none }),
        ("429", FaultRates { status_429: share, ..none }),
        ("resets", FaultRates { reset: share, ..none }),
        ("short bodies", FaultRates { short_body: share, ..none }),
        ("lost replies", FaultRates { lost_reply: share, ..none }),
    ]
}

#[test]
fn a_store_that_fails_seldom_is_not_noticed() {
    let Some(_turn) = turn(Lane::Store) else { return };
    let seed = fault_seed();
    let mut report = FaultReport::begin("store: 10 % of requests fail");
    let scene = Scene::set(seed, 0);
    let cases = Tier::of_environment().cases(Counts { smoke: 7, ci: 14, release: 105 });
    let mut problems = Vec::new();
    let (mut faults, mut conditional) = (0, 0);
    // A job has few conditional puts: until a reply to one was lost, there are more cases.
    for case in 0..4 * cases {
        if report.fired >= cases && conditional > 0 {
            break;
        }
        let kinds = kinds(SELDOM);
        let (name, rates) = kinds[case % kinds.len()];
        let out = format!("results/{case}");
        scene.proxy().take_counts();
        scene.proxy().set(rates);
        let began = Instant::now();
        let run = scene.cluster.score(&scene.score(&out), LIMIT);
        scene.proxy().set(FaultRates::default());
        let counts = scene.proxy().take_counts();
        if counts.faults() == 0 {
            report.missed();
            continue;
        }
        faults += counts.faults();
        conditional += counts.lost_conditional;
        report.pass();
        if run.status != 0 || scene.cluster.digests(&out).as_ref() != Some(&scene.oracle) {
            report.passed -= 1;
            problems.push(format!("{name}, {counts:?}, {:.1?}: {}", began.elapsed(), run.stderr));
        }
    }
    report.note(format!("{faults} faults, {conditional} lost replies to put-if-absent"));
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(report.fired >= cases && conditional > 0, "the faults happened");
}

#[test]
fn an_import_to_a_store_that_fails_seldom() {
    let Some(_turn) = turn(Lane::Store) else { return };
    let seed = fault_seed();
    let mut report = FaultReport::begin("store: 10 % of requests fail, import");
    let scene = Scene::set(seed, 0);
    let prefix = scene.cluster.dir().join("files/small");
    let cases = Tier::of_environment().cases(Counts { smoke: 2, ci: 7, release: 70 });
    let mut problems = Vec::new();
    for case in 0..2 * cases {
        if report.fired >= cases {
            break;
        }
        let kinds = kinds(SELDOM);
        let (name, rates) = kinds[case % kinds.len()];
        let cohort = format!("imported/{case}");
        scene.proxy().take_counts();
        scene.proxy().set(rates);
        let call = scene.cluster.steppe(["import", "--build", "GRCh38", "--bfile"]).arg(&prefix);
        let run = call.args(["--out", &format!("s3://steppe/{cohort}")]).run();
        scene.proxy().set(FaultRates::default());
        let counts = scene.proxy().take_counts();
        if counts.faults() == 0 {
            report.missed();
            continue;
        }
        report.pass();
        let out = format!("results-of-imported/{case}");
        let whole = run.status == 0 && {
            let scored = scene.cluster.score(&Score { cohort, ..scene.score(&out) }, LIMIT);
            scored.status == 0 && scene.cluster.digests(&out).as_ref() == Some(&scene.oracle)
        };
        if !whole {
            report.passed -= 1;
            problems.push(format!("{name}, {counts:?}: {}", run.stderr));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(report.fired >= cases, "the faults happened");
}

#[test]
fn a_store_that_is_gone_fails_the_job_in_time() {
    let Some(_turn) = turn(Lane::Waiting) else { return };
    let seed = fault_seed();
    let mut report = FaultReport::begin("store: gone");
    let first = (seed % 3) as usize;
    let scene = Scene::set(seed, 300);
    let cases = Tier::of_environment().cases(Counts { smoke: 1, ci: 1, release: 12 });
    let mut problems = Vec::new();
    let none = FaultRates::default();
    let kinds = [
        ("503", FaultRates { status_503: 1.0, ..none }),
        ("resets", FaultRates { reset: 1.0, ..none }),
        ("silence", FaultRates { silence: 1.0, ..none }),
    ];
    for case in 0..cases {
        let (name, rates) = kinds[(first + case) % kinds.len()];
        let out = format!("results/{case}");
        let before = scene.sums();
        let job = std::thread::scope(|scope| {
            let job = scope.spawn(|| scene.cluster.score(&scene.score(&out), 6 * GIVEN_UP));
            assert!(wait_until(LIMIT, || scene.sums() > before), "some of the job is done");
            scene.proxy().take_counts();
            scene.proxy().set(rates);
            let began = Instant::now();
            let run = job.join().expect("a thread");
            (run, began.elapsed())
        });
        let (run, took) = job;
        let counts = scene.proxy().take_counts();
        scene.proxy().set(none);
        assert!(counts.faults() > 0 && scene.cluster.digests(&out).is_none(), "the store was gone");
        report.pass();
        report.note(format!(
            "{name}: failed after {:.0} s, {} requests",
            took.as_secs_f64(),
            counts.requests
        ));
        let said = run.stderr.contains("(unavailable)");
        if run.status == 0 || run.status == -1 || !said || took > GIVEN_UP {
            report.passed -= 1;
            problems.push(format!("{name}: status {} after {took:.0?}: {}", run.status, run.stderr));
        }
        let committed = scene.sums();
        let again = scene.cluster.score(&scene.score(&out), LIMIT);
        scene.is_right(&again, &out);
        report.note(format!("went on from {} partial sums", committed - before));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}
