//! The tables and functions of PostgreSQL's catalogue, which psql's backslash commands and every BI tool ask. They are
//! made from the tables that the session itself knows, so they show nobody more than the session does.

mod functions;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::DataType,
    logical_expr::{ColumnarValue, Volatility, create_udf},
    prelude::SessionContext,
    scalar::ScalarValue,
};
use datafusion_pg_catalog::{
    pg_catalog::{
        PgCatalogSchemaProvider, PgCatalogStaticTables,
        context::{PgCatalogContextProvider, Role},
    },
    setup_pg_catalog,
};

use crate::EngineError;

/// Adds the schema `pg_catalog` to a catalog of the session, with the functions of PostgreSQL that clients call. Call
/// [`name_user`] on each session of it.
///
/// # Errors
/// A session without such a catalog.
pub fn add_pg_catalog(context: &SessionContext, catalog: &str) -> Result<(), EngineError> {
    setup_pg_catalog(context, catalog, OneUser).map_err(|error| EngineError::from(*error))?;
    // That made tables of constants, megabytes in each session. Those of all sessions take their place.
    let (list, constants) = (Arc::clone(context.state().catalog_list()), constants()?);
    let shared = PgCatalogSchemaProvider::try_new(list, constants, OneUser)?;
    if let Some(catalog) = context.catalog(catalog) {
        catalog.register_schema("pg_catalog", Arc::new(shared))?;
    }
    functions::add(context);
    Ok(())
}

/// The tables of the catalogue that are the same everywhere.
fn constants() -> Result<Arc<PgCatalogStaticTables>, EngineError> {
    static CONSTANTS: OnceLock<Arc<PgCatalogStaticTables>> = OnceLock::new();
    if let Some(there) = CONSTANTS.get() {
        return Ok(Arc::clone(there));
    }
    let new = Arc::new(PgCatalogStaticTables::try_new()?);
    Ok(Arc::clone(CONSTANTS.get_or_init(|| new)))
}

/// Says who the session's user is to whoever asks by `session_user` or `current_user`.
pub fn name_user(context: &SessionContext, subject: &str) {
    for name in ["session_user", "current_user", "current_role"] {
        let who = ScalarValue::Utf8(Some(subject.to_owned()));
        context.register_udf(create_udf(
            name,
            Vec::new(),
            DataType::Utf8,
            Volatility::Stable,
            Arc::new(move |_| Ok(ColumnarValue::Scalar(who.clone()))),
        ));
    }
}

/// The roles of the catalogue: there are none to see, whoever there is.
#[derive(Debug, Clone)]
struct OneUser;

#[async_trait]
impl PgCatalogContextProvider for OneUser {
    async fn roles(&self) -> Vec<String> {
        Vec::new()
    }

    async fn role(&self, _: &str) -> Option<Role> {
        None
    }
}
