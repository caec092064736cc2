use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::{FormatError, Malformed};

/// A file that appears under its name only when it is whole; dropped before that, it leaves nothing.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    partial: PathBuf,
    /// `None` once it is finished.
    file: Option<BufWriter<File>>,
}

impl Output {
    pub(crate) fn create(path: &Path) -> Result<Self, FormatError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        let file =
            File::create(&partial).map_err(|error| FormatError::io(&partial, "can not create", error))?;
        Ok(Self { path: path.to_owned(), partial, file: Some(BufWriter::with_capacity(1 << 20, file)) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Passes the file to `write`; its error names the file.
    pub(crate) fn write(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FormatError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        write(file).map_err(|error| FormatError::io(&self.path, "can not write", error))
    }

    /// Writes out what is buffered and gives the file its name.
    pub(crate) fn finish(mut self) -> Result<(), FormatError> {
        self.write(|file| file.flush())?;
        fs::rename(&self.partial, &self.path)
            .map_err(|error| FormatError::io(&self.path, "can not create", error))?;
        self.file = None;
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // There is nobody to tell, and the leftover does no harm: the next writer replaces it.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Refuses a text that would not be read back as one field.
pub(crate) fn check_field(path: &Path, field: &str, value: &str) -> Result<(), FormatError> {
    if !value.is_empty() && value.bytes().all(|byte| byte > b' ') {
        return Ok(());
    }
    let remedy = "give it without blanks and control characters";
    Err(Malformed::new(path, "the text can not be one column", remedy).field(field).value(value).into())
}
