//! Tables that are queries: what table functions give back.

use std::sync::Arc;

use datafusion::{
    catalog::{TableFunctionArgs, TableProvider},
    datasource::ViewTable,
    error::Result,
    execution::SessionState,
};

use crate::EngineError;

/// The session that a table function is called in.
pub(super) fn state_of<'s>(args: &TableFunctionArgs<'_, 's>) -> Result<&'s SessionState> {
    let state = args.session().as_any().downcast_ref::<SessionState>();
    Ok(state.ok_or(EngineError::Internal("a session without state"))?)
}

/// A view of a query.
pub(super) fn planned(state: &SessionState, sql: &str) -> Result<Arc<dyn TableProvider>> {
    // The session's tables are in memory: nothing is waited for.
    let plan = futures::executor::block_on(state.create_logical_plan(sql))?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}
