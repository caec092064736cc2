use std::sync::Arc;

use async_trait::async_trait;
use datafusion::{
    execution::{
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::{GreedyMemoryPool, TrackConsumersPool},
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
    },
    prelude::SessionContext,
};

use super::{
    ContextSession, SqlService, SqlSession, SqlSources, SqlUser, add_pg_catalog, bound_functions, name_user,
    session,
};
use crate::EngineError;

/// Consumers of memory that a message about too much of it names.
const NAMED_CONSUMERS: std::num::NonZeroUsize = std::num::NonZeroUsize::MIN;

/// Everything to everybody: no policy, no suppression, no row filter; every role reads every row of every table. For
/// demonstrations and tests on made-up people, never for others.
pub struct UngovernedService {
    base: SessionContext,
}

impl UngovernedService {
    /// Opens the tables once; sessions share them. `memory` bytes are for the operators of all statements together, and
    /// nothing is written to disk: what does not fit ends with an error.
    ///
    /// # Errors
    /// Sources that can not be opened.
    pub async fn open(sources: &SqlSources, memory: usize) -> Result<Self, EngineError> {
        let base = session::open(sources, limited_runtime(memory)?).await?;
        bound_functions(&base)?;
        add_pg_catalog(&base, session::CATALOG)?;
        Ok(Self { base })
    }
}

/// A runtime whose operators keep at most so many bytes, and write no files.
///
/// # Errors
/// A runtime that can not be made, which no input leads to.
pub fn limited_runtime(memory: usize) -> Result<Arc<RuntimeEnv>, EngineError> {
    let pool = TrackConsumersPool::new(GreedyMemoryPool::new(memory), NAMED_CONSUMERS);
    let no_files = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    let runtime =
        RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).with_disk_manager_builder(no_files);
    Ok(runtime.build_arc()?)
}

#[async_trait]
impl SqlService for UngovernedService {
    async fn session(&self, who: SqlUser) -> Result<Arc<dyn SqlSession>, EngineError> {
        let context = SessionContext::new_with_state(self.base.state());
        name_user(&context, &who.subject);
        Ok(Arc::new(ContextSession::new(context)))
    }
}
