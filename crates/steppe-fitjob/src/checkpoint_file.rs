//! Checkpoints on disk: whole or not there, bound to the job, never trusted unread.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};
use steppe_engine::{
    EngineError,
    output::{seal_compact, sibling, unseal},
};

use serde::{Deserialize, Serialize};
use steppe_fit::lasso::Checkpoint;
use steppe_store::Location;

use super::Stage;

/// Characters of a job's identity in names.
const SHORT: usize = 16;

/// The folder of a job's checkpoints, beside the place of its result.
#[derive(Debug)]
pub(super) struct CheckpointFolder {
    folder: PathBuf,
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
    /// The folder of a job; it is not made yet.
    pub(super) fn of(out: &Location, job: &str, scratch: Option<&Path>) -> Self {
        let short = job.get(..SHORT).unwrap_or(job);
        let folder = match (out.local_path(), scratch) {
            (Some(path), _) => sibling(path, &format!("fit-{short}")),
            (None, Some(scratch)) => scratch.join(format!("fit-{short}")),
            (None, None) => std::env::temp_dir().join(format!("steppe-fit-{short}")),
        };
        Self { folder, job: job.to_owned() }
    }

    /// The job's identity.
    pub(super) fn job(&self) -> &str {
        &self.job
    }

    /// A file of the folder, if it is there.
    pub(super) fn read_file(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a file in the place of the last one of its name; after a crash either is there.
    pub(super) fn write_file(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let partial = self.folder.join(format!("{name}.{}.partial", std::process::id()));
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, self.folder.join(name))?;
        File::open(&self.folder)?.sync_all()
    }

    /// What an earlier run left of a stage.
    pub(super) fn read(&self, stage: Stage) -> Found {
        let name = file_name(stage);
        let path = self.folder.join(&name);
        let bytes = match self.read_file(&name) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Found::Nothing,
            Err(error) => return Found::Unusable(format!("{}: {error}", path.display())),
        };
        match unseal::<Content<Checkpoint>>(&bytes) {
            Ok(content) if content.job == self.job && content.stage == stage.as_str() => {
                Found::Checkpoint(Box::new(content.checkpoint))
            }
            Ok(_) => Found::Unusable(format!("{}: it is of another fit", path.display())),
            Err(why) => Found::Unusable(format!("{}: {why}", path.display())),
        }
    }

    /// Puts a stage's checkpoint in the place of its last one; after a crash either is there.
    pub(super) fn write(&self, stage: Stage, checkpoint: &Checkpoint) -> io::Result<()> {
        let content = Content { job: self.job.clone(), stage: stage.as_str().to_owned(), checkpoint };
        let bytes = seal_compact(&content).map_err(io::Error::other)?;
        self.write_file(&file_name(stage), &bytes)
    }

    /// Removes the folder, when its result is there.
    pub(super) fn remove(&self) -> Result<(), EngineError> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(EngineError::write(self.folder.display().to_string())(error))
            }
            _ => Ok(()),
        }
    }
}
