//! Checkpoints on disk: whole or not there, bound to the job, never trusted unread.

use std::io;

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use steppe_engine::{
    EngineError,
    output::{seal_compact, sibling, unseal},
};
use steppe_fit::{StorageError, lasso::Checkpoint};
use steppe_store::{Location, StoreError};

use super::{Stage, StepObserver};

/// Characters of a job's identity in names.
const SHORT: usize = 16;

/// Bytes of a hash.
const HASH: usize = 32;

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

/// What a part's file holds, behind its hash. CBOR, since JSON does not give every bit of a float back.
#[derive(Serialize, Deserialize)]
struct Part<C> {
    job: String,
    name: String,
    content: C,
}

/// Tells once that a job goes on from what an earlier run kept, and of every part that can not be used.
#[derive(Debug, Default)]
pub(super) struct Resuming {
    told: bool,
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

    /// A file of the folder, if it is there.
    fn read_file(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        let file = self.folder.child(name);
        if file.exists()? { file.read().map(Some) } else { Ok(None) }
    }

    /// Puts a file in the place of the last one of its name; after a crash either is there.
    fn write_file(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.folder.child(name).put(bytes.into())
    }

    /// What an earlier run of the same job kept under a name, or why what lies there can not be used.
    pub(super) fn read_part<C: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<Result<C, &'static str>>, StoreError> {
        let Some(bytes) = self.read_file(name)? else { return Ok(None) };
        let content = match bytes.split_at_checked(HASH) {
            Some((hash, content)) if blake3::hash(content).as_bytes() == hash => content,
            _ => return Ok(Some(Err("its hash is not that of its content"))),
        };
        Ok(Some(match ciborium::from_reader::<Part<C>, _>(content) {
            Ok(part) if part.job == self.job && part.name == name => Ok(part.content),
            Ok(_) => Err("it is of another fit"),
            Err(_) => Err("its content is not of this version"),
        }))
    }

    /// Keeps a part under a name.
    pub(super) fn write_part<C: Serialize>(&self, name: &str, content: C) -> Result<(), StorageError> {
        let part = Part { job: self.job.clone(), name: name.to_owned(), content };
        let mut bytes = vec![0; HASH];
        ciborium::into_writer(&part, &mut bytes).map_err(io::Error::other)?;
        let hash = blake3::hash(&bytes[HASH..]);
        bytes[..HASH].copy_from_slice(hash.as_bytes());
        Ok(self.write_file(name, bytes)?)
    }

    /// What an earlier run left of a stage.
    pub(super) fn read(&self, stage: Stage) -> Result<Found, StoreError> {
        let name = file_name(stage);
        let file = self.folder.child(&name);
        let Some(bytes) = self.read_file(&name)? else { return Ok(Found::Nothing) };
        Ok(match unseal::<Content<Checkpoint>>(&bytes) {
            Ok(content) if content.job == self.job && content.stage == stage.as_str() => {
                Found::Checkpoint(Box::new(content.checkpoint))
            }
            Ok(_) => Found::Unusable(format!("{file}: it is of another fit")),
            Err(why) => Found::Unusable(format!("{file}: {why}")),
        })
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

impl Resuming {
    /// What was found under a name, if it can be used.
    pub(super) fn take<C>(
        &mut self,
        name: &str,
        found: Option<Result<C, &'static str>>,
        observer: &mut dyn StepObserver,
    ) -> Option<C> {
        match found? {
            Err(why) => {
                observer.notice(&format!("a checkpoint is ignored: {name}: {why}"));
                None
            }
            Ok(content) => {
                if !std::mem::replace(&mut self.told, true) {
                    observer.notice("going on from the checkpoint of an earlier run");
                }
                Some(content)
            }
        }
    }
}
