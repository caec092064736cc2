//! Tables about no person of a cohort, for some roles: records of who asked for what, and of jobs.

use std::{collections::BTreeSet, sync::Arc};

use datafusion::{catalog::TableProvider, prelude::SessionContext};
use steppe_privacy::policy::Role;

use crate::EngineError;

/// A table for holders of some roles.
#[derive(Debug, Clone)]
pub struct RoleTable {
    /// Its name.
    pub name: &'static str,
    /// The roles, each of which suffices.
    pub roles: BTreeSet<Role>,
    /// The table. It has no rows of persons: nothing of it is counted or suppressed.
    pub table: Arc<dyn TableProvider>,
}

impl RoleTable {
    pub(super) fn is_for(&self, roles: &BTreeSet<Role>) -> bool {
        !self.roles.is_disjoint(roles)
    }

    /// Adds it to a session, in the place of a table of the same name.
    pub(super) fn register(&self, context: &SessionContext) -> Result<(), EngineError> {
        context.deregister_table(self.name)?;
        context.register_table(self.name, Arc::clone(&self.table))?;
        Ok(())
    }
}
