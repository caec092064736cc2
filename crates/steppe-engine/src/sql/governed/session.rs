//! One person's statements under the policy in force.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use datafusion::{
    common::tree_node::TreeNodeRecursion, datasource::source_as_provider, logical_expr::LogicalPlan,
    prelude::SessionContext,
};

use super::{
    leaving::Leaving,
    on_demand::{AbsentScore, absent_scores, with_scores},
    person_table::policy_table,
    release::check_statements,
    service::GovernedCatalog,
};
use crate::{
    EngineError,
    sql::{
        service::{Answer, Awaited, Notices},
        stoppable,
    },
};

/// Somebody's session. Its context changes with the policy, and so do the plans that it makes.
pub struct GovernedSession {
    catalog: Arc<GovernedCatalog>,
    subject: String,
    roles: BTreeSet<String>,
    cohorts: Option<BTreeSet<String>>,
    /// The context of a policy and of tables, by the policy's digest and the tables' generation.
    current: Mutex<Option<([u8; 32], u64, SessionContext)>>,
}

impl fmt::Debug for GovernedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GovernedSession").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl GovernedSession {
    /// A session of somebody whose token has these roles, and allows these cohorts or all.
    ///
    /// # Errors
    /// Somebody who sees nothing.
    pub fn new(
        catalog: Arc<GovernedCatalog>,
        subject: &str,
        roles: BTreeSet<String>,
        cohorts: Option<BTreeSet<String>>,
    ) -> Result<Self, EngineError> {
        let current = Mutex::default();
        let session = Self { catalog, subject: subject.to_owned(), roles, cohorts, current };
        session.context()?;
        Ok(session)
    }

    /// The context that statements are planned in, under the policy in force.
    ///
    /// # Errors
    /// Somebody who sees nothing any more.
    pub fn context(&self) -> Result<SessionContext, EngineError> {
        let (policy, opened) = (self.catalog.policy(), self.catalog.opened());
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((digest, generation, context)) = &*current
            && digest == policy.digest()
            && *generation == opened.generation
        {
            return Ok(context.clone());
        }
        let (subject, cohorts) = (&self.subject, self.cohorts.as_ref());
        let context = self.catalog.context((&policy, &opened), subject, &self.roles, cohorts)?;
        *current = Some((*policy.digest(), opened.generation, context.clone()));
        Ok(context)
    }

    /// Checks a plan of [`Self::context`] without running it, with or without values of its parameters.
    ///
    /// # Errors
    /// A plan that would be refused whatever the data are; one that was made under another policy.
    pub fn check(&self, plan: &LogicalPlan) -> Result<(), EngineError> {
        self.analysed(plan).map(drop)
    }

    fn analysed(&self, plan: &LogicalPlan) -> Result<(SessionContext, LogicalPlan), EngineError> {
        check_statements(plan)?;
        let revision = self.catalog.policy().revision();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && let Some(table) = policy_table(&source_as_provider(&scan.source)?)
                && table.guard().revision != revision
            {
                return Err(EngineError::refused(
                    "the policy has changed since the statement was prepared",
                    "prepare it again",
                )
                .into());
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        let context = self.context()?;
        let state = context.state();
        let analysed =
            state.analyzer().execute_and_check(plan.clone(), state.config().options(), |_, _| {})?;
        Ok((context, analysed))
    }

    /// Begins to run a plan whose parameters have values, for as long as the stopper of the answer is kept.
    ///
    /// # Errors
    /// As [`Self::check`], and whatever goes wrong before the first row.
    pub async fn run(&self, plan: LogicalPlan) -> Result<Answer, EngineError> {
        let (mut context, mut analysed) = self.analysed(&plan)?;
        let mut plan = plan;
        // What is refused whatever the rows are was refused before anything is computed.
        let absent = Self::absent(&plan)?;
        if !absent.is_empty() {
            self.bring(absent).await?;
            plan = with_scores(plan, &self.context()?).await?;
            (context, analysed) = self.analysed(&plan)?;
        }
        let leaving = match &plan {
            LogicalPlan::Explain(_) => Leaving::default(),
            _ => Leaving::of(&analysed)?,
        };
        let shown = plan.display_indent().to_string();
        let notices = Notices::default();
        let mut state = context.state();
        state.config_mut().set_extension(Arc::new(notices.clone()));
        let (rows, stopper) = stoppable::run(&state, &plan).await?;
        let rows = leaving.counted(rows, &self.subject, shown, self.catalog.remembered());
        Ok(Answer { rows, notices, stopper })
    }

    /// The scores that no run had when a plan was made, and that its rows are of. EXPLAIN reads none.
    pub(super) fn absent(plan: &LogicalPlan) -> Result<BTreeSet<AbsentScore>, EngineError> {
        match plan {
            LogicalPlan::Explain(_) => Ok(BTreeSet::new()),
            _ => Ok(absent_scores(plan)?),
        }
    }

    /// Waits for the scores that a plan lacks, once it is known that it would not be refused.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub(super) fn brought(&self, plan: &LogicalPlan) -> Result<Awaited, EngineError> {
        self.check(plan)?;
        Ok(self.bring(Self::absent(plan)?))
    }

    fn bring(&self, absent: BTreeSet<AbsentScore>) -> Awaited {
        let roles = self.catalog.policy().roles_by_name(&self.subject, &self.roles);
        let catalog = Arc::clone(&self.catalog);
        Box::pin(async move {
            for score in absent {
                catalog.bring(&score, &roles).await?;
            }
            Ok(())
        })
    }
}
