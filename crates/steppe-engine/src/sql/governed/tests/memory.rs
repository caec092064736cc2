//! What statements take of memory is counted, and what there is too little for is refused.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use datafusion::error::DataFusionError;

use super::scene::{POLICY, Scene};
use crate::{EngineError, sql::limited_runtime};

const BY_SITE_AND_BAND: &str = "SELECT p.site, s.percentile_band >= 50, count(*), avg(p.t2d) \
    FROM scores s JOIN phenotypes p USING (sample_key) \
    WHERE s.score = 'PGS1' AND s.run = 'first' GROUP BY 1, 2";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_without_memory_ends_with_an_error() {
    let mut scene = Scene::new(300, |_| true, POLICY).await;
    // What ada was told is more than the statement's own groups are.
    for age in 1..60 {
        let sql = format!("SELECT site, count(*) FROM phenotypes WHERE age < {age} GROUP BY site");
        // Some are refused, which is remembered, too.
        let _ = scene.ask_with(("ada", "analyst"), &sql, Vec::new()).await;
    }
    let expected = scene.ask_with(("ada", "analyst"), BY_SITE_AND_BAND, Vec::new()).await.expect("groups");
    let (mut refused_by, mut is_answered) = (BTreeSet::new(), false);
    let mut bytes = 4096;
    while !is_answered {
        let runtime = limited_runtime(bytes).expect("a runtime");
        let (folder, records) = (scene.folder.path(), Arc::clone(&scene.records));
        scene.catalog =
            Scene::open_within(folder, POLICY, &records, Arc::clone(&runtime)).await.expect("a catalog");
        match scene.ask_with(("ada", "analyst"), BY_SITE_AND_BAND, Vec::new()).await {
            Ok(told) => {
                assert_eq!(told.rows(), expected.rows());
                is_answered = true;
            }
            Err(EngineError::DataFusion(error)) => {
                let DataFusionError::ResourcesExhausted(text) = error.find_root() else {
                    panic!("{bytes}: {error}")
                };
                let by = text.split(" for ").nth(1).and_then(|text| text.split(['[', '#', ' ']).next());
                refused_by.extend(by.map(str::to_owned));
            }
            Err(other) => panic!("{bytes}: {other}"),
        }
        // Tasks of a statement end a moment after it.
        for _ in 0..500 {
            if runtime.memory_pool.reserved() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        assert_eq!(runtime.memory_pool.reserved(), 0, "{bytes}: all is given back");
        bytes += bytes / 16;
        assert!(bytes < 1 << 30, "it never had enough");
    }
    for consumer in ["standings", "ReleaseExec"] {
        assert!(refused_by.contains(consumer), "{refused_by:?}");
    }
}
