//! What is made of scores as soon as they are there, in the same folder: the engine knows scores, others know what they
//! mean.

use std::path::Path;

use serde_json::{Map, Value};

use super::{InputRecord, OutputRecord, RunRecord};
use crate::{EngineError, score::ScoreJob};

/// More files of a scoring job's result.
pub trait ScoreSequel {
    /// Looks at the prepared job, before any genotype is read. What it names enters the job's identity.
    ///
    /// # Errors
    /// Whatever can not be used; nothing has been written then.
    fn prepare(&mut self, job: &ScoreJob) -> Result<SequelPlan, EngineError>;

    /// Writes its files into the folder, where the scores lie already.
    ///
    /// # Errors
    /// A pass or a file that fails.
    fn write(
        &mut self,
        job: &ScoreJob,
        record: &RunRecord,
        folder: &Path,
    ) -> Result<SequelOutputs, EngineError>;
}

/// What a sequel takes beside the job's own inputs.
#[derive(Debug, Default)]
pub struct SequelPlan {
    /// Files.
    pub inputs: Vec<InputRecord>,
    /// Parameters.
    pub parameters: Map<String, Value>,
    /// What the user should know.
    pub notices: Vec<String>,
}

/// What a sequel wrote.
#[derive(Debug, Default)]
pub struct SequelOutputs {
    /// Files.
    pub outputs: Vec<OutputRecord>,
    /// What the user should know.
    pub notices: Vec<String>,
}

/// Scores and nothing else.
pub(super) struct NoSequel;

impl ScoreSequel for NoSequel {
    fn prepare(&mut self, _: &ScoreJob) -> Result<SequelPlan, EngineError> {
        Ok(SequelPlan::default())
    }

    fn write(&mut self, _: &ScoreJob, _: &RunRecord, _: &Path) -> Result<SequelOutputs, EngineError> {
        Ok(SequelOutputs::default())
    }
}
