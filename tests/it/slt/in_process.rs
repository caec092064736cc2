//! The governed catalog itself, without a protocol.

use std::{path::Path, sync::Arc};

use arrow::array::RecordBatch;
use futures::TryStreamExt;
use steppe_engine::{
    EngineError,
    sql::governed::{
        CohortSource, ExportRecord, GovernedCatalog, GovernedSession, GovernedSources, PhenotypeSource,
        ReleaseAudit, ReleaseRecord, Remembered,
    },
};
use steppe_privacy::policy::Policy;
use steppe_store::Location;
use tokio::runtime::Runtime;

use super::way_in::{Rows, WayIn, texts};

/// Sessions of a catalog over the study.
pub(super) struct InProcess {
    runtime: Runtime,
    catalog: Arc<GovernedCatalog>,
}

/// Decisions are not looked at here.
struct Unheard;

impl ReleaseAudit for Unheard {
    fn record(&self, _: &ReleaseRecord) -> Result<(), EngineError> {
        Ok(())
    }

    fn export(&self, _: &ExportRecord) -> Result<(), EngineError> {
        Ok(())
    }
}

impl InProcess {
    /// Opens the study under the policy of the records.
    pub(super) fn open(study: &Path) -> Self {
        let place = |name: &str| Location::local(study.join(name));
        let cohort = CohortSource {
            name: "bio".to_owned(),
            location: place("cohort"),
            results: ["first", "second", "ancestry", "calibrated", "evaluated"].map(place).to_vec(),
            phenotypes: vec![PhenotypeSource {
                name: "phenotypes".to_owned(),
                file: place("phenotypes.csv"),
                key: "iid".to_owned(),
            }],
            on_demand: None,
        };
        let sources = GovernedSources {
            cohorts: vec![cohort],
            secret: [5; 32],
            remembered: Remembered::new(None),
            audit: Arc::new(Unheard),
            threads: 2,
            runtime: Arc::default(),
            kept: 64 << 20,
        };
        let policy = std::fs::read_to_string(super::folder().join("policy.toml")).expect("the policy");
        let policy = Policy::parse(&policy).expect("a policy");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let catalog = runtime.block_on(GovernedCatalog::open(sources, policy)).expect("a catalog");
        Self { runtime, catalog: Arc::new(catalog) }
    }

    async fn answer(
        catalog: Arc<GovernedCatalog>,
        role: String,
        user: String,
        sql: String,
    ) -> Result<Rows, EngineError> {
        let session = GovernedSession::new(catalog, &user, [role].into(), None)?;
        let plan = session.context()?.state().create_logical_plan(&sql).await?;
        let answer = session.run(plan).await?;
        let batches: Vec<RecordBatch> = answer.rows.try_collect().await?;
        Ok(batches.iter().flat_map(texts).collect())
    }
}

impl WayIn for InProcess {
    fn name(&self) -> &'static str {
        "in the process"
    }

    fn ask(&self, role: &str, user: &str, sql: &str) -> Result<Rows, String> {
        // On a thread of the runtime: the records' own executor and the session's do not go into each other.
        let answer = Self::answer(Arc::clone(&self.catalog), role.into(), user.into(), sql.into());
        let answer = self.runtime.block_on(self.runtime.spawn(answer)).map_err(|error| error.to_string())?;
        answer.map_err(|error| error.to_string())
    }
}
