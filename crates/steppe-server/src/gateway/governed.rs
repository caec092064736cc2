//! What is served under a policy: the catalog and its policy, which may change, what users were told, and the record of
//! every decision.

mod audit_table;
mod decisions;
mod job_table;
mod policy_file;
mod state;

use std::{collections::BTreeSet, sync::Arc};

use steppe_engine::sql::{
    SqlService,
    governed::{
        CohortSource, GovernedCatalog, GovernedService, GovernedSources, PhenotypeSource, Remembered,
        RoleTable,
    },
    limited_runtime,
};
use steppe_privacy::policy::Role;
use steppe_store::Location;
use tokio_util::sync::CancellationToken;

use super::{
    config::{CohortData, GovernedData},
    door::Door,
};
use crate::{ServerError, audit::AuditLog, operations::Metrics};
use decisions::Decisions;
use policy_file::PolicyFile;
use state::State;

/// An opened catalog with what keeps it up to date.
pub(super) struct Governed {
    /// What opens sessions.
    pub(super) service: Arc<dyn SqlService>,
    catalog: Arc<GovernedCatalog>,
    policy: PolicyFile,
    state: State,
}

impl Governed {
    /// Opens everything; `memory` bytes are for all statements that run together, `kept` for what is kept between them.
    ///
    /// # Errors
    /// A policy that is none, data that can not be opened, a state that is not this gateway's alone.
    pub(super) async fn open(
        data: GovernedData,
        [memory, kept]: [usize; 2],
        (audit, metrics): (&AuditLog, &Metrics),
        door: &Arc<Door>,
    ) -> Result<Self, ServerError> {
        let (policy, in_force) = PolicyFile::open(&data.policy, door).await?;
        let state = State::open(&data.state)?;
        let mut cohorts = Vec::with_capacity(data.cohorts.len());
        for cohort in data.cohorts {
            cohorts.push(source(cohort).await?);
        }
        let sources = GovernedSources {
            cohorts,
            secret: *state.secret(),
            remembered: Remembered::new(Some(&Location::local(&data.state))),
            audit: Arc::new(Decisions::new(audit.clone(), metrics.clone())),
            threads: 0,
            runtime: limited_runtime(memory)?,
            kept,
        };
        let mut catalog = GovernedCatalog::open(sources, in_force).await?.with_role_table(RoleTable {
            name: "audit_log",
            roles: BTreeSet::from([Role::Steward]),
            table: audit_table::table(audit.path())?,
        });
        if let Some(url) = &data.job_log {
            catalog = catalog.with_role_table(RoleTable {
                name: "job_log",
                roles: BTreeSet::from([Role::Steward, Role::Operator]),
                table: job_table::table(url.expose()).await?,
            });
        }
        let catalog = Arc::new(catalog);
        Ok(Self { service: Arc::new(GovernedService::new(Arc::clone(&catalog))), catalog, policy, state })
    }

    /// Follows the policy's file until `stop` is raised. What comes back is held for as long as anything is served.
    pub(super) fn keep_up(self, stop: &CancellationToken) -> State {
        tokio::spawn(self.policy.follow(self.catalog, stop.clone()));
        self.state
    }
}

/// A cohort as the engine opens it.
async fn source(data: CohortData) -> Result<CohortSource, ServerError> {
    let mut phenotypes = Vec::with_capacity(data.tables.len());
    for (name, file) in &data.tables {
        phenotypes.push(PhenotypeSource::find(name, file, data.sample_column.as_deref()).await?);
    }
    Ok(CohortSource {
        name: data.name,
        location: data.cohort,
        results: data.results,
        phenotypes,
        on_demand: data.on_demand,
    })
}
