//! What statements take of memory is counted, and what there is too little for is refused.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use datafusion::error::DataFusionError;

use super::scene::{POLICY, Scene};
use crate::{EngineError, sql::limited_runtime};

/// Parts of a governed statement that ask for memory.
const CONSUMERS: [&str; 2] = ["ReleaseExec", "standings"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_without_memory_ends_with_an_error() {
    let mut scene = Scene::new(300, |_| true, POLICY).await;
    let sql = "SELECT p.site, s.percentile_band >= 50, count(*), avg(p.t2d) FROM scores s JOIN phenotypes p USING (sample_key) \
               WHERE s.score = 'PGS1' AND s.run = 'first' GROUP BY 1, 2";
    let (mut refused_by, mut answered) = (BTreeSet::new(), 0);
    let mut bytes = 4096;
    while answered < 2 {
        let runtime = limited_runtime(bytes).expect("a runtime");
        let (folder, records) = (scene.folder.path(), Arc::clone(&scene.records));
        scene.catalog =
            Scene::open_within(folder, POLICY, &records, Arc::clone(&runtime)).await.expect("a catalog");
        match scene.ask_with((&bytes.to_string(), "analyst"), sql, Vec::new()).await {
            Ok(told) => {
                assert_eq!(told.rows().len(), 6);
                answered += 1;
            }
            Err(EngineError::DataFusion(error)) => {
                let DataFusionError::ResourcesExhausted(text) = error.find_root() else {
                    panic!("{bytes}: {error}")
                };
                let by = CONSUMERS.iter().filter(|consumer| text.contains(&format!("for {consumer}")));
                refused_by.extend(by);
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
        bytes += bytes / 8;
        assert!(bytes < 1 << 30, "it never had enough");
    }
    assert_eq!(refused_by, CONSUMERS.iter().collect(), "each asks for what it takes");
}
