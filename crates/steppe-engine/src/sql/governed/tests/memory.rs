//! What a statement takes beside its operators is asked of the memory pool that they ask, and given back.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use datafusion::{
    error::{DataFusionError, Result},
    execution::{
        memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, UnboundedMemoryPool},
        runtime_env::RuntimeEnvBuilder,
    },
};

use super::scene::{POLICY, Scene};
use crate::EngineError;

const BY_SITE_AND_BAND: &str = "SELECT p.site, s.percentile_band >= 50, count(*) \
    FROM scores s JOIN phenotypes p USING (sample_key) \
    WHERE s.score = 'PGS1' AND s.run = 'first' GROUP BY 1, 2";

/// Gives to everybody but one consumer, and remembers the most that each had.
#[derive(Debug, Default)]
struct Pool {
    inner: UnboundedMemoryPool,
    denied: Option<&'static str>,
    most: Mutex<BTreeMap<String, usize>>,
}

impl Pool {
    fn note(&self, reservation: &MemoryReservation, additional: usize) {
        let mut most = self.most.lock().expect("a lock");
        let most = most.entry(reservation.consumer().name().to_owned()).or_default();
        *most = (*most).max(reservation.size() + additional);
    }

    fn most(&self, consumer: &str) -> usize {
        self.most.lock().expect("a lock").get(consumer).copied().unwrap_or(0)
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pool of a test")
    }
}

impl MemoryPool for Pool {
    fn name(&self) -> &str {
        "a pool of a test"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.inner.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.inner.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.note(reservation, additional);
        self.inner.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.inner.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let name = reservation.consumer().name();
        if self.denied == Some(name) {
            return Err(DataFusionError::ResourcesExhausted(format!("nothing for {name}")));
        }
        self.note(reservation, additional);
        self.inner.try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.inner.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.inner.memory_limit()
    }
}

/// Puts the scene's catalog into a pool.
async fn within(scene: &mut Scene, denied: Option<&'static str>) -> Arc<Pool> {
    let pool = Arc::new(Pool { denied, ..Pool::default() });
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::clone(&pool) as _).build_arc();
    let (folder, records) = (scene.folder.path(), Arc::clone(&scene.records));
    let opened = Scene::open_within(folder, POLICY, &records, runtime.expect("a runtime")).await;
    scene.catalog = opened.expect("a catalog");
    pool
}

/// Asks, and sees that everything is given back; tasks of a statement end a moment after it.
async fn ask(scene: &Scene, pool: &Pool, sql: &str) -> Result<Vec<String>, EngineError> {
    let told = scene.ask_with(("ada", "analyst"), sql, Vec::new()).await.map(|told| told.rows());
    for _ in 0..500 {
        if pool.reserved() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert_eq!(pool.reserved(), 0, "{sql}");
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_statement_takes_is_asked_for_and_given_back() {
    let mut scene = Scene::new(600, |_| true, POLICY).await;
    for consumer in ["standings", "ReleaseExec"] {
        let pool = within(&mut scene, Some(consumer)).await;
        let refused = ask(&scene, &pool, BY_SITE_AND_BAND).await.expect_err(consumer);
        let EngineError::DataFusion(error) = refused else { panic!("{consumer}: {refused}") };
        let DataFusionError::ResourcesExhausted(text) = error.find_root() else { panic!("{error}") };
        assert_eq!(text, &format!("nothing for {consumer}"));
    }
    let pool = within(&mut scene, None).await;
    let groups = ask(&scene, &pool, BY_SITE_AND_BAND).await.expect("groups");
    assert!(groups.len() > 3, "{groups:?}");
    // Working on 600 people's values of a score; the groups with their sets of people.
    let standings = pool.most("standings");
    assert!((600 * 8..600 * 1000).contains(&standings), "{standings}");
    let new = pool.most("ReleaseExec");
    assert!(new > 1000, "{new}");
    // What a user was told before is held while it is decided on.
    for age in 20..80 {
        let sql = format!("SELECT site, count(*) FROM phenotypes WHERE age < {age} GROUP BY site");
        // Some are refused, which is remembered, too.
        let _ = ask(&scene, &pool, &sql).await;
    }
    let ledgers = std::fs::read_dir(scene.folder.path().join("remembered")).expect("a folder");
    let written: u64 = ledgers.map(|file| file.expect("a file").metadata().expect("a size").len()).sum();
    let later = within(&mut scene, None).await;
    ask(&scene, &later, BY_SITE_AND_BAND).await.expect("groups");
    let grown = later.most("ReleaseExec");
    assert!(grown > 2 * new && grown as u64 > written / 2, "{grown} bytes, {new} before; {written} written");
}
