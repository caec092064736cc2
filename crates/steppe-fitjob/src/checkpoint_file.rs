//! Checkpoints on disk: whole or not there, bound to the job, never trusted unread.

use steppe_engine::{
    EngineError,
    output::{seal_compact, sibling, unseal},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use steppe_fit::lasso::Checkpoint;
use steppe_store::{Location, StoreError};

use super::Stage;

/// Characters of a job's identity in names.
const SHORT: usize = 16;

/// The folder of a job's checkpoints, beside the place of its result.
#[derive(Debug)]
pub(super) struct CheckpointFolder {
    folder: Location,
    job: String,
}

/// What a checkpoint file holds.
#[derive(Serialize, Deserialize)]
struct Content<C> {
    job: String,
    stage: String,
    checkpoint: C,
}

/// What was found of an earlier run.
pub(super) enum Found {
    Nothing,
    Checkpoint(Box<Checkpoint>),
    /// Something that can not be used, and why.
    Unusable(String),
}

fn file_name(stage: Stage) -> String {
    format!("checkpoint.{}.json", stage.as_str())
}

impl CheckpointFolder {
    /// The folder of a job; it is not made yet. It is in `place`, by default beside a local result, or in the system's
    /// temporary folder.
    pub(super) fn of(out: &Location, job: &str, place: Option<&Location>) -> Self {
        let short = job.get(..SHORT).unwrap_or(job);
        let folder = match (place, out.local_path()) {
            (Some(place), _) => place.child(&format!("fit-{short}")),
            (None, Some(path)) => Location::local(sibling(path, &format!("fit-{short}"))),
            (None, None) => Location::local(std::env::temp_dir().join(format!("steppe-fit-{short}"))),
        };
        Self { folder, job: job.to_owned() }
    }

    /// The job's identity.
    pub(super) fn job(&self) -> &str {
        &self.job
    }

    /// A file of the folder, if it is there.
    pub(super) fn read_file(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        let file = self.folder.child(name);
        if file.exists()? { file.read().map(Some) } else { Ok(None) }
    }

    /// Puts a file in the place of the last one of its name; after a crash either is there.
    pub(super) fn write_file(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.folder.child(name).put(bytes.into())
    }

    /// What an earlier run left of a stage.
    pub(super) fn read(&self, stage: Stage) -> Found {
        let name = file_name(stage);
        let file = self.folder.child(&name);
        let bytes = match self.read_file(&name) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Found::Nothing,
            Err(error) => return Found::Unusable(error.to_string()),
        };
        match unseal::<Content<Checkpoint>>(&bytes) {
            Ok(content) if content.job == self.job && content.stage == stage.as_str() => {
                Found::Checkpoint(Box::new(content.checkpoint))
            }
            Ok(_) => Found::Unusable(format!("{file}: it is of another fit")),
            Err(why) => Found::Unusable(format!("{file}: {why}")),
        }
    }

    /// Puts a stage's checkpoint in the place of its last one; after a crash either is there.
    pub(super) fn write(&self, stage: Stage, checkpoint: &Checkpoint) -> Result<(), EngineError> {
        let content = Content { job: self.job.clone(), stage: stage.as_str().to_owned(), checkpoint };
        let bytes = seal_compact(&content)
            .map_err(|error| EngineError::write(self.folder.to_string())(std::io::Error::other(error)))?;
        Ok(self.write_file(&file_name(stage), bytes)?)
    }

    /// Removes the folder, when its result is there.
    pub(super) fn remove(&self) -> Result<(), EngineError> {
        Ok(self.folder.delete_all()?)
    }
}
