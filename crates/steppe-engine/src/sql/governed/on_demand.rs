//! `score('PGS000018')` under a policy.
//!
//! A score that a run has is those rows of `scores`. For another one a statement is planned, checked and explained with a
//! stand-in for `scores`: the same columns under the same rules, which can not be read. When the statement runs, the run is
//! found or made, the cohort's tables are opened anew with it, and the stand-in gives place to their `scores`. So rows of a
//! computed score go the one way that all rows of scores go: consent and site, precision, few variants, groups, ledger,
//! exports.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, PoisonError},
};

use datafusion::{
    catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider},
    common::tree_node::{Transformed, TreeNodeRecursion},
    datasource::{provider_as_source, source_as_provider},
    error::Result as PlanResult,
    logical_expr::{LogicalPlan, TableScanBuilder},
    prelude::{SessionConfig, SessionContext},
};
use steppe_privacy::policy::Role;

use super::{catalog::CohortCatalog, person_table::policy_table, scores_wide, service::GovernedCatalog};
use crate::{
    EngineError,
    sql::{
        on_demand::{check_name, of_score, score_name},
        planned::{planned, state_of},
        session::{CATALOG, SCHEMA},
    },
};

/// Whoever has one of these roles may have scores computed.
const MAY_COMPUTE: [Role; 3] = [Role::JobRunner, Role::Steward, Role::Researcher];

/// A score that no run had when a statement was planned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AbsentScore {
    pub(super) cohort: String,
    pub(super) score: String,
}

/// The cohorts' tables. They are opened again when a score was computed.
pub(super) struct Opened {
    pub(super) generation: u64,
    pub(super) cohorts: Vec<Arc<CohortCatalog>>,
}

impl GovernedCatalog {
    /// The tables as they are now.
    pub(super) fn opened(&self) -> Arc<Opened> {
        Arc::clone(&self.opened.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sees to it that a score is among the tables: its run is found, or made if one of the roles may have that done.
    ///
    /// # Errors
    /// A score that can not be computed, or not for these roles.
    pub(super) async fn bring(
        &self,
        absent: &AbsentScore,
        roles: &BTreeSet<Role>,
    ) -> Result<(), EngineError> {
        let at = self.sources.iter().position(|source| source.name == absent.cohort);
        let at = at.ok_or(EngineError::Internal("a score of no cohort"))?;
        Arc::clone(&self.opened().cohorts[at]).run_of(&absent.score, roles).await?;
        let _alone = self.reopening.lock().await;
        let opened = self.opened();
        if opened.cohorts[at].has(&absent.score) {
            return Ok(());
        }
        let mut cohorts = opened.cohorts.clone();
        let reopened = cohorts[at].reopened(&self.sources[at], &self.reader, &self.room).await?;
        if !reopened.has(&absent.score) {
            return Err(EngineError::refused(
                format!("the scoring file of {:?} has other scores, which runs have already", absent.score),
                "give each score a file of its own",
            ));
        }
        cohorts[at] = Arc::new(reopened);
        let generation = opened.generation + 1;
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(Opened { generation, cohorts });
        Ok(())
    }
}

/// `scores_wide` and `score` over the tables that can be named without their cohort, if scores are among them.
pub(super) fn register_functions(context: &SessionContext, cohort: &CohortCatalog) {
    let schema = context.catalog(CATALOG).and_then(|catalog| catalog.schema(SCHEMA));
    let scores = schema.and_then(|schema| {
        // The tables are in memory: nothing is waited for.
        futures::executor::block_on(schema.table("scores")).ok().flatten()
    });
    if let Some(scores) = scores {
        let columns: Vec<String> =
            scores.schema().fields().iter().map(|field| field.name().clone()).collect();
        scores_wide::register(context, cohort.scores.clone(), &columns);
        let score = Score { present: cohort.scores.clone(), scores, computes: cohort.on_demand.is_some() };
        context.register_udtf("score", Arc::new(score));
    }
}

struct Score {
    /// The scores of each run.
    present: BTreeMap<String, Vec<String>>,
    /// The session's table of them.
    scores: Arc<dyn TableProvider>,
    computes: bool,
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Score").field("computes", &self.computes).finish_non_exhaustive()
    }
}

impl TableFunctionImpl for Score {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> PlanResult<Arc<dyn TableProvider>> {
        let score = score_name(&args)?;
        if self.present.values().flatten().any(|there| there == score) {
            return planned(state_of(&args)?, &of_score(score));
        }
        let Some(table) = policy_table(&self.scores).filter(|_| self.computes) else {
            return Err(EngineError::refused(
                format!("no run has score {score:?}, and scores are not computed here"),
                "ask whoever runs the gateway to compute it",
            )
            .into());
        };
        check_name(score)?;
        // Planned as the same text over a context in which `scores` is the stand-in: the plan is the one of the score
        // that is there, and so is the name under which an export is approved.
        let config = SessionConfig::new().with_default_catalog_and_schema(CATALOG, SCHEMA);
        let context = SessionContext::new_with_config(config);
        context.register_table("scores", Arc::new(table.standing_in(score)))?;
        planned(&context.state(), &of_score(score))
    }
}

/// The scores that a plan names and no run had when it was made.
pub(super) fn absent_scores(plan: &LogicalPlan) -> PlanResult<BTreeSet<AbsentScore>> {
    let mut found = BTreeSet::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Some(table) = policy_table(&source_as_provider(&scan.source)?)
        {
            found.extend(table.absent());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// The same plan with the tables of a context in place of stand-ins.
pub(super) async fn with_scores(plan: LogicalPlan, context: &SessionContext) -> PlanResult<LogicalPlan> {
    let scores = context.table_provider("scores").await?;
    let replaced = plan.transform_down_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = &node else { return Ok(Transformed::no(node)) };
        let is_absent =
            policy_table(&source_as_provider(&scan.source)?).is_some_and(|table| table.absent().is_some());
        if !is_absent {
            return Ok(Transformed::no(node));
        }
        if scan.source.schema() != scores.schema() {
            return Err(EngineError::refused(
                "the columns of scores have changed since the statement was prepared",
                "send it again",
            )
            .into());
        }
        let scan = TableScanBuilder::new(scan.table_name.clone(), provider_as_source(Arc::clone(&scores)))
            .with_projection(scan.projection.clone())
            .with_filters(scan.filters.clone())
            .with_fetch(scan.fetch)
            .build()?;
        Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
    })?;
    Ok(replaced.data)
}

impl CohortCatalog {
    /// Whether a run has a score.
    fn has(&self, score: &str) -> bool {
        self.scores.values().flatten().any(|there| there == score)
    }

    /// Finds or makes the run of a score. Only some roles may have it made.
    async fn run_of(&self, score: &str, roles: &BTreeSet<Role>) -> Result<(), EngineError> {
        let Some(on_demand) = &self.on_demand else {
            return Err(EngineError::Internal("a score of a cohort without scoring files"));
        };
        if MAY_COMPUTE.iter().any(|role| roles.contains(role)) {
            return on_demand.computed(score).await.map(drop);
        }
        match on_demand.found(score).await? {
            Some(_) => Ok(()),
            None => Err(EngineError::refused(
                format!("no run has score {score:?}, and your role may not have it computed"),
                format!(
                    "ask a job runner, steward or researcher to run: SELECT count(*) FROM score('{score}')"
                ),
            )),
        }
    }
}
