//! Sessions in which a policy decides what is seen.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use datafusion::{
    arrow::array::{ArrayRef, RecordBatch, StringArray, UInt32Array, UInt64Array},
    catalog::{
        CatalogProvider, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
        SchemaProvider, TableProvider,
    },
    error::DataFusionError,
    execution::{SessionStateBuilder, runtime_env::RuntimeEnv},
    prelude::SessionContext,
};
use steppe_privacy::{
    noise::Noise,
    policy::{Access, CohortRules, ColumnClass, Policy, Precision, Protection},
};

use super::{
    catalog::{About, CatalogTable, CohortCatalog, CohortSource},
    columns::{Wanted, columns},
    exports::{self, Desk, Visitor},
    few::{has_no_few, seen_scores},
    guard::{Guard, ReleaseAudit},
    on_demand::{self, Opened},
    person_table::{PersonTable, PolicyTable, ScoreRows, SeenScores},
    questions,
    release::{ReleaseQueryPlanner, ReleaseRule},
    remembered::Remembered,
    role_table::RoleTable,
    room::Room,
    visible::{Visibility, VisibleRule},
};
use crate::{
    EngineError,
    sql::{add_pg_catalog, bound_functions, functions, name_user, session},
};

/// Everything that governed sessions are made of.
pub struct GovernedSources {
    /// Cohorts; the tables of the first can be named without it.
    pub cohorts: Vec<CohortSource>,
    /// Key of pseudonyms and masks. With another one all pseudonyms are others.
    pub secret: [u8; 32],
    /// What users were told and spent, and what left.
    pub remembered: Remembered,
    /// Where decisions are written down.
    pub audit: Arc<dyn ReleaseAudit>,
    /// Threads that a query may use; 0 takes one per core.
    pub threads: usize,
    /// Memory and files of all sessions.
    pub runtime: Arc<RuntimeEnv>,
    /// Bytes of what is kept between statements so that it need not be read or calculated again.
    pub kept: usize,
}

/// Opened cohorts, and the policy on them.
pub struct GovernedCatalog {
    pub(super) reader: SessionContext,
    pub(super) sources: Vec<CohortSource>,
    pub(super) opened: RwLock<Arc<Opened>>,
    /// Held while tables are opened again.
    pub(super) reopening: tokio::sync::Mutex<()>,
    pub(super) room: Arc<Room>,
    secret: [u8; 32],
    remembered: Arc<Remembered>,
    audit: Arc<dyn ReleaseAudit>,
    policy: Arc<RwLock<Arc<Policy>>>,
    role_tables: Vec<RoleTable>,
    visibilities: Mutex<Vec<(usize, VisibleRule, Arc<Visibility>)>>,
}

impl fmt::Debug for GovernedCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GovernedCatalog").field("cohorts", &self.sources.len()).finish_non_exhaustive()
    }
}

/// What somebody sees of a cohort's classes of columns.
type Classes = [(ColumnClass, Access); 3];

impl GovernedCatalog {
    /// Opens cohorts under a policy.
    ///
    /// # Errors
    /// Sources that can not be opened.
    pub async fn open(sources: GovernedSources, policy: Policy) -> Result<Self, EngineError> {
        let reader = SessionContext::new_with_config_rt(session::config(sources.threads), sources.runtime);
        functions::register(&reader);
        bound_functions(&reader)?;
        let room = Room::new(sources.kept);
        let mut cohorts = Vec::with_capacity(sources.cohorts.len());
        for cohort in &sources.cohorts {
            let opened = CohortCatalog::open(cohort, &reader, &sources.secret, &room).await?;
            cohorts.push(Arc::new(opened));
        }
        Ok(Self {
            reader,
            sources: sources.cohorts,
            opened: RwLock::new(Arc::new(Opened { generation: 0, cohorts })),
            reopening: tokio::sync::Mutex::default(),
            secret: sources.secret,
            remembered: Arc::new(sources.remembered.within(&room)),
            room,
            audit: sources.audit,
            policy: Arc::new(RwLock::new(Arc::new(policy))),
            role_tables: Vec::new(),
            visibilities: Mutex::default(),
        })
    }

    /// With one more table for some roles, in sessions that are not for some cohorts alone. It takes the place of a
    /// cohort's table of the same name.
    #[must_use]
    pub fn with_role_table(mut self, table: RoleTable) -> Self {
        self.role_tables.push(table);
        self
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another policy in force, for every statement that is planned from now on.
    ///
    /// # Errors
    /// A text that is no policy, or without a higher revision; that in force stays.
    pub fn reload(&self, text: &str) -> Result<(), EngineError> {
        let mut policy = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        *policy = Arc::new(policy.reload(text)?);
        Ok(())
    }

    pub(super) fn remembered(&self) -> &Arc<Remembered> {
        &self.remembered
    }

    /// The tables of somebody, as `policy` has them, in a context whose every plan goes through its rules.
    ///
    /// # Errors
    /// Somebody who sees nothing; a policy that the tables do not fit.
    pub(super) fn context(
        &self,
        (policy, opened): (&Policy, &Opened),
        subject: &str,
        roles: &BTreeSet<String>,
        only: Option<&BTreeSet<String>>,
    ) -> Result<SessionContext, EngineError> {
        let held = policy.roles_by_name(subject, roles);
        let catalog = MemoryCatalogProvider::new();
        let mut seen: Vec<(&CohortCatalog, &CohortRules)> = Vec::new();
        for (at, cohort) in opened.cohorts.iter().enumerate() {
            let is_allowed = only.is_none_or(|only| only.contains(&cohort.name));
            let Some(rules) = policy.cohort(&cohort.name).filter(|_| is_allowed) else { continue };
            let classes = ColumnClass::ALL.map(|class| (class, policy.access(&held, &cohort.name, class)));
            if classes.iter().all(|(_, access)| access.precision == Precision::Nothing) {
                continue;
            }
            let asked = Asked { subject, revision: policy.revision(), rules, classes: &classes };
            let schema: Arc<dyn SchemaProvider> = Arc::new(self.schema((at, cohort), &asked)?);
            if seen.is_empty() {
                catalog.register_schema(session::SCHEMA, Arc::clone(&schema))?;
            }
            catalog.register_schema(&cohort.name, schema)?;
            seen.push((cohort, rules));
        }
        let is_shown = |table: &&RoleTable| only.is_none() && table.is_for(&held);
        let of_roles: Vec<&RoleTable> = self.role_tables.iter().filter(is_shown).collect();
        if seen.is_empty() {
            if of_roles.is_empty() {
                return Err(EngineError::refused(
                    format!("the policy shows {subject} nothing of any cohort"),
                    "ask whoever keeps the policy for a role",
                ));
            }
            catalog.register_schema(session::SCHEMA, Arc::new(MemorySchemaProvider::new()))?;
        }
        let context = self.new_context(catalog)?;
        for table in of_roles {
            table.register(&context)?;
        }
        context.register_table("cohorts", context.read_batch(cohorts_table(&seen)?)?.into_view())?;
        if let Some((first, _)) = seen.first() {
            on_demand::register_functions(&context, first);
        }
        questions::register(&context)?;
        let theirs = opened
            .cohorts
            .iter()
            .map(|cohort| cohort.name.clone())
            .filter(|name| policy.cohort(name).is_some() && only.is_none_or(|only| only.contains(name)));
        let visitor =
            Visitor { subject: subject.to_owned(), roles: roles.clone(), cohorts: theirs.collect() };
        exports::register(&context, self.desk(), visitor)?;
        // PostgreSQL's catalogue is made from the tables of this very session.
        add_pg_catalog(&context, session::CATALOG)?;
        name_user(&context, subject);
        Ok(context)
    }

    fn desk(&self) -> Desk {
        Desk {
            policy: Arc::clone(&self.policy),
            remembered: Arc::clone(&self.remembered),
            audit: Arc::clone(&self.audit),
        }
    }

    fn new_context(&self, catalog: MemoryCatalogProvider) -> Result<SessionContext, EngineError> {
        let catalogs = MemoryCatalogProviderList::new();
        datafusion::catalog::CatalogProviderList::register_catalog(
            &catalogs,
            session::CATALOG.to_owned(),
            Arc::new(catalog),
        );
        let base = self.reader.state();
        // EXPLAIN must not show what a physical plan knows: files, their sizes and statistics.
        let config = base.config().clone().set_bool("datafusion.explain.logical_plan_only", true);
        let state = SessionStateBuilder::new_from_existing(base)
            .with_config(config.with_create_default_catalog_and_schema(false))
            .with_catalog_list(Arc::new(catalogs))
            .with_analyzer_rule(Arc::new(ReleaseRule))
            .with_query_planner(Arc::new(ReleaseQueryPlanner))
            .build();
        Ok(SessionContext::new_with_state(state))
    }

    /// Whose rows a class's access shows; the same for all sessions with the same conditions.
    fn visibility(
        &self,
        (cohort, of): (usize, &CohortCatalog),
        access: &Access,
    ) -> Result<Arc<Visibility>, EngineError> {
        let rule = VisibleRule { consent: access.consent.clone(), rows: access.rows.clone() };
        let mut known = self.visibilities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., there)) = known.iter().find(|(of, there, _)| *of == cohort && *there == rule) {
            return Ok(Arc::clone(there));
        }
        let CohortCatalog { people, files, .. } = of;
        let new = Visibility::new(rule.clone(), Arc::clone(people), files, self.reader.clone())?;
        let new = Arc::new(new);
        known.push((cohort, rule, Arc::clone(&new)));
        Ok(new)
    }

    fn schema(
        &self,
        (at, cohort): (usize, &CohortCatalog),
        asked: &Asked<'_>,
    ) -> Result<MemorySchemaProvider, EngineError> {
        let seen = asked.classes.iter().filter(|(_, access)| access.precision != Precision::Nothing);
        let visibilities = seen
            .map(|(_, access)| self.visibility((at, cohort), access))
            .collect::<Result<_, EngineError>>()?;
        let guard = Arc::new(Guard {
            subject: asked.subject.to_owned(),
            cohort: cohort.name.clone(),
            rules: asked.rules.clone(),
            revision: asked.revision,
            visibilities,
            remembered: Arc::clone(&self.remembered),
            noise: Noise::new(self.secret),
            audit: Arc::clone(&self.audit),
        });
        let schema = MemorySchemaProvider::new();
        for table in &cohort.tables {
            if let Some(shown) = self.shown((at, cohort), table, asked, &guard)? {
                schema.register_table(table.name.clone(), shown)?;
            }
        }
        Ok(schema)
    }

    /// A table as it is shown; `None` is not.
    fn shown(
        &self,
        (at, cohort): (usize, &CohortCatalog),
        table: &CatalogTable,
        asked: &Asked<'_>,
        guard: &Arc<Guard>,
    ) -> Result<Option<Arc<dyn TableProvider>>, EngineError> {
        let (class, key, has_standings) = match &table.about {
            About::Nobody => return Ok(Some(Arc::clone(&table.table))),
            About::Counts => {
                let rows = self.reader.read_table(Arc::clone(&table.table))?;
                return Ok(Some(rows.filter(has_no_few(asked.rules.minimum_cell))?.into_view()));
            }
            About::Persons { class, key, has_standings } => (*class, key, *has_standings),
        };
        let Some((_, access)) = asked.classes.iter().find(|(of, _)| *of == class) else { return Ok(None) };
        if access.precision == Precision::Nothing {
            return Ok(None);
        }
        let stored = table.table.schema();
        let column = |name: &str| {
            stored.index_of(name).map_err(|_| EngineError::Internal("a table without a column that it had"))
        };
        let standings = cohort.standings.as_ref().filter(|_| has_standings);
        let shown = columns(Wanted {
            stored: &stored,
            key: column(key)?,
            class,
            precision: access.precision,
            masks: &access.masks,
            grid: asked.rules.percentile_grid,
            standings: standings.map(|standings| standings.have_populations()),
        });
        let scores = match standings {
            Some(standings) => Some(ScoreRows {
                run: column("run")?,
                score: column("score")?,
                value: column("sum")?,
                standings: Arc::clone(standings),
            }),
            None => None,
        };
        let of_scores = seen_scores(cohort, access, asked.rules).filter(|_| class == ColumnClass::Scores);
        let seen_scores = match of_scores {
            Some(names) => Some(SeenScores { score: column("score")?, names: Arc::new(names) }),
            None => None,
        };
        let persons = PersonTable {
            stored: Arc::clone(&table.table),
            key: column(key)?,
            columns: shown,
            scores,
            seen_scores,
            visibility: self.visibility((at, cohort), access)?,
            people: Arc::clone(&cohort.people),
            mask_key: self.secret,
        };
        Ok(Some(Arc::new(PolicyTable::new(Arc::new(persons), Arc::clone(guard), access))))
    }
}

/// The cohorts that somebody may ask of.
fn cohorts_table(seen: &[(&CohortCatalog, &CohortRules)]) -> Result<RecordBatch, DataFusionError> {
    let names: StringArray = seen.iter().map(|(cohort, _)| Some(cohort.name.as_str())).collect();
    let minimum: UInt64Array = seen.iter().map(|(_, rules)| Some(rules.minimum_cell)).collect();
    let grid: UInt32Array = seen.iter().map(|(_, rules)| Some(rules.percentile_grid)).collect();
    let protection = |rules: &CohortRules| match rules.protection {
        Protection::Ledger => "ledger",
        Protection::DifferentialPrivacy { .. } => "differential-privacy",
    };
    let protection: StringArray = seen.iter().map(|(_, rules)| Some(protection(rules))).collect();
    Ok(RecordBatch::try_from_iter([
        ("cohort", Arc::new(names) as ArrayRef),
        ("minimum_cell", Arc::new(minimum)),
        ("percentile_grid", Arc::new(grid)),
        ("protection", Arc::new(protection)),
    ])?)
}

/// Who asks, and what the policy says of a cohort.
struct Asked<'a> {
    subject: &'a str,
    revision: u64,
    rules: &'a CohortRules,
    classes: &'a Classes,
}
