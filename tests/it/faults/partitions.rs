//! A worker that is cut from the store or from the coordinator for some seconds, one way or both.

use std::{
    path::PathBuf,
    process::Child,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use steppe_tests::{
    Counts, FaultProxy, FaultReport, Lane, Network, Peer, Score, Setup, StoreCluster, Tier, Way, digests_in,
    fault_seed, small_fileset, steppe, turn, wait_until,
};

const FAR: &str = "worker-far";
/// Within this a worker that does not answer is given up: 20 s, and what it takes to look.
const DETECTED: Duration = Duration::from_secs(23);
const LIMIT: Duration = Duration::from_secs(240);

struct Scene {
    // Dropped in this order: processes, then the network that they are in.
    far: Far,
    cluster: StoreCluster,
    store: FaultProxy,
    network: Network,
    file: PathBuf,
    oracle: [String; 2],
}

/// The far worker; killed when dropped.
struct Far(Child);

impl Drop for Far {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Scene {
    fn set(network: Network, seed: u64) -> Self {
        let environment = vec![("STEPPE_TEST_TILE_DELAY_MS".to_owned(), "400".to_owned())];
        let coordinator = Some(network.coordinator());
        let setup = Setup { workers: 1, slots: 1, environment, coordinator, ..Setup::default() };
        let cluster = StoreCluster::start(setup);
        let store = FaultProxy::start(network.store().into(), cluster.s3_address(), seed).expect("a proxy");
        let far = Far(cluster.worker_in(&network.namespace(), FAR, network.worker(), store.address()));
        let (prefix, file) = small_fileset(&cluster.dir().join("files"), 60, 880, 22);
        cluster.import(&prefix, "c");
        let (local, result) = (cluster.dir().join("local"), cluster.dir().join("local-result"));
        steppe(["import", "-q", "--build", "GRCh38", "--bfile"]).arg(&prefix).arg("--out").arg(&local).ok();
        let call =
            steppe(["score", "-q", "--assume-build", "--cohort"]).arg(&local).arg("--score").arg(&file);
        call.arg("--out").arg(&result).ok();
        let oracle = digests_in(&result).expect("a result");
        let scene = Self { far, cluster, store, network, file, oracle };
        scene.wait_for_far();
        scene
    }

    #[track_caller]
    fn wait_for_far(&self) {
        let there = wait_until(Duration::from_secs(90), || self.knows_far());
        let log = self.cluster.log(FAR);
        assert!(there, "the far worker does not come back (pid {}): {log}", self.far.0.id());
    }

    fn knows_far(&self) -> bool {
        self.cluster.workers().iter().any(|name| name == FAR)
    }
}

#[test]
fn a_worker_that_is_cut_off_changes_nothing() {
    let network = match Network::make() {
        Ok(network) => network,
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "network namespaces need root: {error}");
            steppe_tests::skip(&format!("network namespaces need root: {error}"));
            return;
        }
    };
    let Some(_turn) = turn(Lane::Waiting) else { return };
    let seed = fault_seed();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut report = FaultReport::begin("partition of a worker");
    let scene = Scene::set(network, seed);
    let cases = Tier::of_environment().cases(Counts { smoke: 2, ci: 6, release: 60 });
    let kinds = [
        (Peer::Coordinator, Way::Both),
        (Peer::Store, Way::Both),
        (Peer::Coordinator, Way::Out),
        (Peer::Store, Way::In),
        (Peer::Coordinator, Way::In),
        (Peer::Store, Way::Out),
    ];
    let mut problems = Vec::new();
    for case in 0..2 * cases {
        if report.fired >= cases {
            break;
        }
        let (from, way) = kinds[report.fired % kinds.len()];
        let short = matches!(Tier::of_environment(), Tier::Smoke | Tier::Ci) && report.fired > 0;
        // The first is long enough for the worker to be given up.
        let seconds = if short { random.random_range(5..=9) } else { random.random_range(24..=30) };
        let name = format!("{from:?} {way:?} {seconds} s");
        match one(&scene, &format!("results/{case}"), from, way, Duration::from_secs(seconds)) {
            Ok(Some(took)) => {
                report.pass();
                report.note(format!("{name}: {took}"));
            }
            Ok(None) => report.missed(),
            Err(problem) => {
                report.pass();
                report.passed -= 1;
                problems.push(format!("{name}: {problem}"));
            }
        }
        scene.wait_for_far();
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(report.fired >= cases, "the far worker was at work");
}

/// Cuts the far worker off while it works on a job. `None` when it did not.
fn one(scene: &Scene, out: &str, from: Peer, way: Way, length: Duration) -> Result<Option<String>, String> {
    scene.store.take_counts();
    let score = Score { cohort: "c".to_owned(), file: scene.file.clone(), out: out.to_owned() };
    std::thread::scope(|scope| {
        let job = scope.spawn(|| {
            let began = Instant::now();
            (scene.cluster.score(&score, LIMIT), began.elapsed())
        });
        let at_work = wait_until(LIMIT, || scene.store.counts().requests >= 6 || job.is_finished())
            && !job.is_finished();
        scene.network.cut(from, way).expect("a cut");
        let cut = Instant::now();
        let mut given_up = None;
        while cut.elapsed() < length {
            if given_up.is_none() && length > DETECTED && !scene.knows_far() {
                given_up = Some(cut.elapsed());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        scene.network.heal().expect("healed");
        let (run, took) = job.join().expect("a thread");
        if run.status != 0 || scene.cluster.digests(out).as_ref() != Some(&scene.oracle) {
            return Err(format!("status {} after {took:.0?}: {}", run.status, run.stderr));
        }
        let due = from == Peer::Coordinator && way != Way::In && length > DETECTED;
        if due && given_up.is_none_or(|after| after > DETECTED) {
            return Err(format!("the worker was given up after {given_up:?}"));
        }
        let seen =
            given_up.map_or(String::new(), |after| format!(", given up after {:.1} s", after.as_secs_f64()));
        Ok(at_work.then(|| format!("job took {:.1} s{seen}", took.as_secs_f64())))
    })
}
