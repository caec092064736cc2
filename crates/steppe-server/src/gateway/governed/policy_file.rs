use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use steppe_engine::{EngineError, sql::governed::GovernedCatalog};
use steppe_privacy::policy::Policy;
use tokio_util::sync::CancellationToken;

use crate::{ServerError, audit::Outcome, chain, gateway::door::Door};

/// Between two looks at the file.
const LOOK: Duration = Duration::from_secs(10);
/// What taking a policy is in the audit log.
const ACTION: &str = "policy_load";

/// The file of the policy. Its content is compared, not its time: a file that is written in place has whatever time.
pub(in crate::gateway) struct PolicyFile {
    path: PathBuf,
    door: Arc<Door>,
    /// Of the content that was last looked at, good or not; `None` could not be read.
    last: Option<blake3::Hash>,
}

impl PolicyFile {
    /// Reads the policy that is in force at first.
    ///
    /// # Errors
    /// A file that can not be read, or is no policy.
    pub(super) async fn open(path: &Path, door: &Arc<Door>) -> Result<(Self, Policy), ServerError> {
        let text = read(path)?;
        let policy = Policy::parse(&text).map_err(|error| {
            EngineError::refused(format!("{}: {error}", path.display()), "correct the policy")
        })?;
        let last = Some(blake3::hash(text.as_bytes()));
        let file = Self { path: path.to_owned(), door: Arc::clone(door), last };
        file.record(&text, Outcome::Allow, &format!("revision: {}", policy.revision())).await?;
        Ok((file, policy))
    }

    /// Puts what the file says in force whenever it changes, until `stop` is raised.
    pub(in crate::gateway) async fn follow(mut self, catalog: Arc<GovernedCatalog>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            if let Err(error) = self.look(&catalog).await {
                tracing::error!(error = %chain(&error), "the policy's file is not taken; the policy in force stays");
            }
        }
    }

    async fn look(&mut self, catalog: &GovernedCatalog) -> Result<(), ServerError> {
        let text = match read(&self.path) {
            Ok(text) => text,
            // It is said once that the file is gone.
            Err(error) => return if self.last.take().is_some() { Err(error) } else { Ok(()) },
        };
        let digest = blake3::hash(text.as_bytes());
        if self.last == Some(digest) {
            return Ok(());
        }
        self.last = Some(digest);
        if catalog.policy().digest() == digest.as_bytes() {
            return Ok(());
        }
        if let Err(error) = catalog.reload(&text) {
            self.record(&text, Outcome::Deny, &error.to_string()).await?;
            return Err(error.into());
        }
        let revision = catalog.policy().revision();
        tracing::info!(revision, "another policy is in force");
        self.record(&text, Outcome::Allow, &format!("revision: {revision}")).await
    }

    async fn record(&self, text: &str, decision: Outcome, reason: &str) -> Result<(), ServerError> {
        let object = format!("policy:{}", blake3::hash(text.as_bytes()).to_hex());
        self.door.record("-", ACTION, &object, decision, reason).await
    }
}

fn read(path: &Path) -> Result<String, ServerError> {
    std::fs::read_to_string(path).map_err(ServerError::file(path, "read the policy"))
}
