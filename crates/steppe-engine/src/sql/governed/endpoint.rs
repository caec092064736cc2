//! The catalog and its sessions as what gateways know.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::scalar::ScalarValue;

use super::{service::GovernedCatalog, session::GovernedSession};
use crate::{
    EngineError,
    sql::{
        Answer, Awaited, Prepared, ReadStatement, SqlService, SqlSession, SqlTable, SqlUser,
        context_session::{bound, prepared},
        session::tables,
    },
};

/// Sessions under the policy of a catalog.
#[derive(Debug, Clone)]
pub struct GovernedService(Arc<GovernedCatalog>);

impl GovernedService {
    /// Sessions of a catalog, whose policy may change while they last.
    pub fn new(catalog: Arc<GovernedCatalog>) -> Self {
        Self(catalog)
    }
}

#[async_trait]
impl SqlService for GovernedService {
    async fn session(&self, who: SqlUser) -> Result<Arc<dyn SqlSession>, EngineError> {
        let SqlUser { subject, roles, cohorts, .. } = who;
        Ok(Arc::new(GovernedSession::new(Arc::clone(&self.0), &subject, roles, cohorts)?))
    }
}

#[async_trait]
impl SqlSession for GovernedSession {
    async fn prepare(&self, statement: &ReadStatement) -> Result<Prepared, EngineError> {
        let mut prepared = prepared(&self.context()?, statement).await?;
        self.check(&prepared.plan)?;
        prepared.computes = !GovernedSession::absent(&prepared.plan)?.is_empty();
        Ok(prepared)
    }

    async fn awaits(
        &self,
        prepared: &Prepared,
        parameters: Vec<ScalarValue>,
    ) -> Result<Awaited, EngineError> {
        self.brought(&bound(prepared, parameters)?)
    }

    async fn execute(
        &self,
        prepared: &Prepared,
        parameters: Vec<ScalarValue>,
    ) -> Result<Answer, EngineError> {
        self.run(bound(prepared, parameters)?).await
    }

    async fn tables(&self) -> Result<Vec<SqlTable>, EngineError> {
        tables(&self.context()?).await
    }
}
