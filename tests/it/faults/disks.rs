//! Disks that are full: an error that says so and names the place, and a job that goes on when there is room again.

use std::{path::PathBuf, time::Duration};

use steppe_tests::{
    Counts, FaultReport, Lane, Run, Score, Setup, SmallDisk, StoreCluster, Tier, digests_in, small_fileset,
    steppe, turn,
};

const LIMIT: Duration = Duration::from_secs(90);

struct Scene {
    cluster: StoreCluster,
    file: PathBuf,
    oracle: [String; 2],
}

impl Scene {
    fn set() -> Self {
        let disks = vec![("scratch", 16), ("workers/worker-1", 24), ("state", 16), ("out", 16)];
        let allow = vec![std::env::temp_dir().display().to_string()];
        let cluster = StoreCluster::start(Setup { workers: 1, slots: 2, disks, allow, ..Setup::default() });
        let (prefix, file) = small_fileset(&cluster.dir().join("files"), 600, 880, 11);
        cluster.import(&prefix, "c");
        let (local, result) = (cluster.dir().join("local"), cluster.dir().join("local-result"));
        steppe(["import", "-q", "--build", "GRCh38", "--bfile"]).arg(&prefix).arg("--out").arg(&local).ok();
        let call =
            steppe(["score", "-q", "--assume-build", "--cohort"]).arg(&local).arg("--score").arg(&file);
        call.arg("--out").arg(&result).ok();
        let oracle = digests_in(&result).expect("a result");
        Self { cluster, file, oracle }
    }

    fn run(&self, out: &str) -> Run {
        let score = Score { cohort: "c".to_owned(), file: self.file.clone(), out: out.to_owned() };
        self.cluster.score(&score, LIMIT)
    }

    fn digests(&self, out: &str) -> Option<[String; 2]> {
        match out.strip_prefix("file://") {
            Some(path) => digests_in(path.as_ref()),
            None => self.cluster.digests(out),
        }
    }
}

/// What a full disk does.
struct Case {
    /// The disk, below the cluster's folder.
    disk: &'static str,
    /// The result lies on it.
    local_result: bool,
    /// What names it, where that is not its path.
    called: &'static str,
}

const CASES: [Case; 4] = [
    Case { disk: "scratch", local_result: false, called: "" },
    Case { disk: "out", local_result: true, called: "" },
    // What tasks leave behind, and the cache.
    Case { disk: "workers/worker-1", local_result: false, called: "" },
    // The job log and the audit log.
    Case { disk: "state", local_result: false, called: "the job log" },
];

#[test]
fn a_full_disk_is_named_and_room_helps() {
    if !SmallDisk::can_be_had() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "small disks need root and loop devices");
        steppe_tests::skip("small disks need root and loop devices");
        return;
    }
    let Some(_turn) = turn(Lane::Store) else { return };
    let mut report = FaultReport::begin("disk full");
    let rounds = Tier::of_environment().cases(Counts { smoke: 1, ci: 1, release: 8 });
    let scene = Scene::set();
    let mut problems = Vec::new();
    for round in 0..rounds {
        for case in &CASES {
            let out = if case.local_result {
                format!("file://{}/out/r{round}", scene.cluster.dir().display())
            } else {
                format!("results/{}-{round}", case.disk.replace('/', "-"))
            };
            let before = problems.len();
            one(&scene, case, &out, &mut problems, &mut report);
            report.pass();
            report.passed -= usize::from(problems.len() > before);
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

fn one(scene: &Scene, case: &Case, out: &str, problems: &mut Vec<String>, report: &mut FaultReport) {
    let disk = scene.cluster.disk(case.disk);
    // In later rounds a little more fits: the disk is full later on the way.
    disk.fill(4096 * (report.cases as u64 / 4)).expect("a full disk");
    let run = scene.run(out);
    disk.free().expect("room again");
    let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    report.note(format!(
        "{}: status {}, {}",
        case.disk,
        run.status,
        said.chars().take(260).collect::<String>()
    ));
    let right = scene.digests(out).is_some_and(|digests| digests == scene.oracle);
    match run.status {
        // The little that was written found its place.
        0 if right => {}
        0 => problems.push(format!("{}: a wrong result", case.disk)),
        -1 => problems.push(format!("{}: the job neither ended nor failed", case.disk)),
        _ => {
            let path = scene.cluster.dir().join(case.disk).display().to_string();
            let called = !case.called.is_empty() && said.contains(case.called);
            let full = said.contains("No space left") || said.contains("can not write");
            let named = called || full && said.contains(&path);
            if !named {
                problems.push(format!("{}: not named: {said}", case.disk));
            }
            if said.contains("failed (") && !said.contains("failed (resource_exhausted)") {
                problems.push(format!("{}: another kind: {said}", case.disk));
            }
        }
    }
    if !scene.cluster.lives() {
        problems.push(format!("{}: the coordinator does not answer afterwards", case.disk));
        scene.cluster.up().expect_status(0);
    }
    let again = scene.run(out);
    if again.status != 0 || scene.digests(out).as_ref() != Some(&scene.oracle) {
        problems.push(format!("{}: room does not help: {}", case.disk, again.stderr));
    }
}
