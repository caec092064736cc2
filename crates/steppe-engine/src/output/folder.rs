use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use steppe_store::Location;

use super::{
    OutputRecord,
    sealed::{seal, unseal},
};
use crate::EngineError;

/// The file that makes a result visible.
pub const RUN_FILE: &str = "run.json";

/// The content of a result's `run.json`.
pub trait ResultRecord: Serialize + DeserializeOwned {
    /// The identity of the job that made it.
    fn job(&self) -> &str;

    /// The files of the result, `run.json` left out.
    fn outputs(&self) -> &[OutputRecord];
}

/// A result that is being written: files go to a staging folder beside the result, which becomes the result in
/// one step when it is whole.
///
/// On a local disk that step is a rename onto a name that does not exist; on an object store it is the
/// put-if-absent of `run.json`, after every file that it names.
#[derive(Debug)]
pub struct ResultFolder {
    out: Location,
    staging: PathBuf,
    overwrite: bool,
    committed: bool,
}

/// What already lies where the result shall go.
#[derive(Debug)]
pub enum Existing<R> {
    /// Nothing.
    Absent,
    /// A result of the same inputs and parameters.
    Same(Box<R>),
}

/// Looks at the place of a result before any work.
///
/// # Errors
/// Something else is there and `overwrite` is not set.
pub fn existing<R: ResultRecord>(
    out: &Location,
    job: &str,
    overwrite: bool,
) -> Result<Existing<R>, EngineError> {
    let run = out.child(RUN_FILE);
    if run.exists()? {
        let record = unseal::<R>(&run.read()?).ok();
        return match record {
            Some(record) if record.job() == job && is_whole(out, record.outputs())? => {
                Ok(Existing::Same(Box::new(record)))
            }
            _ if overwrite => Ok(Existing::Absent),
            _ => Err(occupied(
                format!("{out}: there is a result of other inputs or parameters"),
                "choose another --out, or replace it with --overwrite",
            )),
        };
    }
    if let Some(path) = out.local_path()
        && path.exists()
        && !is_empty_folder(path)
    {
        return Err(occupied(
            format!("{out}: it exists and is not a result of steppe"),
            "choose another --out, or remove it yourself",
        ));
    }
    Ok(Existing::Absent)
}

fn occupied(problem: String, remedy: &str) -> EngineError {
    EngineError::Occupied { problem, remedy: remedy.to_owned() }
}

fn is_empty_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// Whether every file of a result is there with the size that its record gives.
fn is_whole(out: &Location, outputs: &[OutputRecord]) -> Result<bool, EngineError> {
    for file in outputs {
        match out.local_path() {
            Some(folder) => {
                if !fs::metadata(folder.join(&file.name)).is_ok_and(|metadata| metadata.len() == file.bytes) {
                    return Ok(false);
                }
            }
            None => {
                if out.child(&file.name).size()? != Some(file.bytes) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

impl ResultFolder {
    /// Makes the staging folder; what an interrupted job of the same identity left there is removed.
    /// Results that go to an object store are staged below `scratch`.
    ///
    /// # Errors
    /// The folder can not be made.
    pub fn stage(
        out: &Location,
        job: &str,
        overwrite: bool,
        scratch: Option<&Path>,
    ) -> Result<Self, EngineError> {
        let short = job.get(..16).unwrap_or(job);
        let staging = match (out.local_path(), scratch) {
            (Some(path), _) => sibling(path, &format!("partial-{short}")),
            (None, Some(scratch)) => scratch.join(format!("result-{short}")),
            (None, None) => std::env::temp_dir().join(format!("steppe-{}-{short}", std::process::id())),
        };
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(EngineError::write(staging.display().to_string()))?;
        }
        fs::create_dir_all(&staging).map_err(EngineError::write(staging.display().to_string()))?;
        Ok(Self { out: out.clone(), staging, overwrite, committed: false })
    }

    /// Where files are written meanwhile.
    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// Makes the result visible: everything or nothing.
    ///
    /// # Errors
    /// [`EngineError::Occupied`] where another result has come meanwhile; a file can not be written.
    pub fn commit<R: ResultRecord>(mut self, record: &R) -> Result<(), EngineError> {
        let json =
            seal(record).map_err(|error| EngineError::write(RUN_FILE)(std::io::Error::other(error)))?;
        match self.out.local_path().map(Path::to_owned) {
            Some(path) => self.commit_local(&path, &json)?,
            None => self.commit_remote(record.outputs(), json)?,
        }
        self.committed = true;
        Ok(())
    }

    fn commit_local(&self, path: &Path, json: &[u8]) -> Result<(), EngineError> {
        let fail = |path: &Path| EngineError::write(path.display().to_string());
        let run = self.staging.join(RUN_FILE);
        fs::write(&run, json).map_err(fail(&run))?;
        let old = sibling(path, "old");
        if self.overwrite && path.join(RUN_FILE).exists() {
            if old.exists() {
                fs::remove_dir_all(&old).map_err(fail(&old))?;
            }
            fs::rename(path, &old).map_err(fail(path))?;
        }
        fs::rename(&self.staging, path).map_err(|error| {
            if path.exists() {
                occupied(
                    format!("{}: another job put its result there meanwhile", path.display()),
                    "choose another --out, or run the same command again to see whether it is the same result",
                )
            } else {
                fail(path)(error)
            }
        })?;
        if old.exists() {
            fs::remove_dir_all(&old).map_err(fail(&old))?;
        }
        Ok(())
    }

    fn commit_remote(&self, outputs: &[OutputRecord], json: Vec<u8>) -> Result<(), EngineError> {
        let run = self.out.child(RUN_FILE);
        if self.overwrite && run.exists()? {
            run.delete()?;
        }
        for output in outputs {
            self.out.child(&output.name).put_file(&self.staging.join(&output.name))?;
        }
        let json = Bytes::from(json);
        // What is there may be our own: the answer to the first request was lost, and the next one found it.
        if run.put_if_absent(json.clone())? || run.read()? == json {
            return Ok(());
        }
        Err(occupied(
            format!("{}: another job put its result there meanwhile", self.out),
            "choose another --out, or run the same command again to see whether it is the same result",
        ))
    }
}

impl Drop for ResultFolder {
    /// A job that failed leaves nothing behind; one that was killed leaves the staging folder, which the next run
    /// of the same job removes.
    fn drop(&mut self) {
        if self.staging.exists() && (!self.committed || self.out.local_path().is_none()) {
            let _ = fs::remove_dir_all(&self.staging);
        }
    }
}

/// `.NAME.steppe-SUFFIX` beside `path`.
pub fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.steppe-{suffix}"))
}
