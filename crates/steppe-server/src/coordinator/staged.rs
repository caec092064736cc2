//! Input files of a job, put where the job reads them.

use std::path::{Path, PathBuf};

use super::{Core, submission::refuse};
use crate::{
    ServerError,
    jobs::JobId,
    wire::job::{InputFile, input_file},
};

/// The folder of a job's input files on this machine: one folder for each use, so that names do not clash.
pub(super) struct Staged<'a> {
    core: &'a Core,
    folder: PathBuf,
}

impl<'a> Staged<'a> {
    /// The folder of a job; it is not made yet.
    pub(super) fn new(core: &'a Core, id: &JobId) -> Self {
        Self { core, folder: core.job_scratch(id).join("inputs") }
    }

    /// Brings a file here, under its own name.
    pub(super) fn file(&self, used_as: &str, file: &InputFile) -> Result<PathBuf, ServerError> {
        let Some(input_file::Source::Blake3(blake3)) = &file.source else {
            return Err(refuse("source", "it is not in the store", "submit the job again"));
        };
        let folder = self.folder.join(used_as);
        std::fs::create_dir_all(&folder).map_err(ServerError::file(&folder, "make the folder"))?;
        let path = folder.join(&file.name);
        self.core.inputs.copy_to(blake3, &path)?;
        Ok(path)
    }

    /// Brings a file here, if there is one.
    pub(super) fn optional(
        &self,
        used_as: &str,
        file: Option<&InputFile>,
    ) -> Result<Option<PathBuf>, ServerError> {
        file.map(|file| self.file(used_as, file)).transpose()
    }

    /// A message with files by the names that they came with: the folders mean nothing to who reads it.
    pub(super) fn without_folders(&self, message: &str) -> String {
        without_folders(&self.folder, message)
    }
}

fn without_folders(folder: &Path, message: &str) -> String {
    let start = format!("{}/", folder.display());
    let mut parts = message.split(start.as_str());
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // Of the rest of the path the first folder says what the file is used as; it may be the whole rest.
        let named = part.split_once('/').filter(|(used_as, _)| !used_as.contains([' ', ':']));
        text += named.map_or(part, |(_, name)| name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_names_that_they_came_with() {
        let folder = Path::new("/var/steppe/0123/inputs");
        let message =
            "/var/steppe/0123/inputs/scores/a.txt: line 3; see /var/steppe/0123/inputs/keep/b c.txt";
        assert_eq!(without_folders(folder, message), "a.txt: line 3; see b c.txt");
        assert_eq!(without_folders(folder, "no file"), "no file");
        let message = "/var/steppe/0123/inputs/ancestry: the result of 'pca'; give the folder/URL of another";
        assert_eq!(
            without_folders(folder, message),
            "ancestry: the result of 'pca'; give the folder/URL of another"
        );
    }
}
