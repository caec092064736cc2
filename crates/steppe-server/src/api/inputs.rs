//! Files that come with jobs: kept in the coordinator's store under the hash of their content.

use std::path::Path;

use bytes::Bytes;
use steppe_store::Location;
use tempfile::NamedTempFile;
use tokio::{fs::File, io::AsyncWriteExt};

use crate::{ServerError, coordinator::blocking};

/// The largest input file.
const LARGEST: u64 = 1 << 30;
/// Hexadecimal digits of a BLAKE3.
const DIGITS: usize = 64;

/// The folder of input files.
#[derive(Debug, Clone)]
pub(crate) struct Inputs(Location);

impl Inputs {
    pub(crate) fn new(store: &Location) -> Self {
        Self(store.child("inputs"))
    }

    fn object(&self, blake3: &str) -> Location {
        self.0.child(blake3)
    }

    /// The size of a file, `None` where there is none of that hash.
    pub(crate) async fn size(&self, blake3: &str) -> Result<Option<u64>, ServerError> {
        let object = self.object(check_hash(blake3)?);
        blocking(move || Ok(object.size()?)).await
    }

    /// Stores a file; false when it was there.
    pub(crate) async fn put(&self, content: Bytes) -> Result<(String, bool), ServerError> {
        let inputs = self.clone();
        blocking(move || {
            let blake3 = blake3::hash(&content).to_hex().to_string();
            let object = inputs.object(&blake3);
            let new = object.put_if_absent(content.clone())?;
            // Damaged since it came, it would fail every job that names it.
            if !new && object.read()? != content {
                tracing::warn!(%object, "an input was damaged, and is written again");
                object.put(content)?;
            }
            Ok((blake3, new))
        })
        .await
    }

    /// Stores a file that has been uploaded; false when it was there.
    async fn put_file(&self, blake3: &str, file: NamedTempFile) -> Result<bool, ServerError> {
        let object = self.object(blake3);
        blocking(move || {
            let new = object.size()?.is_none();
            object.put_file(file.path())?;
            Ok(new)
        })
        .await
    }

    /// Copies a file to `to`, and checks it. Blocks.
    pub(crate) fn copy_to(&self, blake3: &str, to: &Path) -> Result<(), ServerError> {
        let object = self.object(check_hash(blake3)?);
        let found = object.copy_to(to)?.to_hex();
        if found.as_str() == blake3 {
            return Ok(());
        }
        Err(steppe_store::StoreError::corrupt(&object.to_string(), "its BLAKE3", blake3, found).into())
    }
}

/// A hash, in its one spelling.
pub(crate) fn check_hash(blake3: &str) -> Result<&str, ServerError> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if blake3.len() == DIGITS && blake3.bytes().all(digit) {
        return Ok(blake3);
    }
    Err(ServerError::Request {
        field: "blake3",
        problem: "it is not 64 lowercase hexadecimal digits".to_owned(),
        remedy: "give the BLAKE3 of the file's content",
    })
}

/// A file that is being uploaded: on disk, since it may be larger than what else a coordinator holds.
#[derive(Debug)]
pub(super) struct Upload {
    expected: String,
    named: NamedTempFile,
    content: File,
    hasher: blake3::Hasher,
    size: u64,
}

impl Upload {
    /// A file of a checked hash, which comes into a folder of this machine.
    pub(super) async fn begin(blake3: &str, scratch: &Path) -> Result<Self, ServerError> {
        let expected = check_hash(blake3)?.to_owned();
        let folder = scratch.to_owned();
        let (named, content) = blocking(move || {
            let made = NamedTempFile::with_prefix_in("upload-", &folder)
                .and_then(|named| Ok((named.reopen()?, named)));
            let (content, named) = made.map_err(ServerError::file(&folder, "write the input"))?;
            Ok((named, File::from_std(content)))
        })
        .await?;
        Ok(Self { expected, named, content, hasher: blake3::Hasher::new(), size: 0 })
    }

    pub(super) async fn add(&mut self, content: &[u8]) -> Result<(), ServerError> {
        self.size += content.len() as u64;
        if self.size > LARGEST {
            return Err(ServerError::Request {
                field: "content",
                problem: format!("it is larger than {} MiB", LARGEST >> 20),
                remedy: "compress the file, or split it",
            });
        }
        self.hasher.update(content);
        let path = self.named.path();
        self.content.write_all(content).await.map_err(ServerError::file(path, "write the input"))
    }

    /// Checks the whole file and stores it; its size, and false when it was there.
    pub(super) async fn end(mut self, inputs: &Inputs) -> Result<(u64, bool), ServerError> {
        let found = self.hasher.finalize().to_hex();
        if found.as_str() != self.expected {
            return Err(ServerError::Request {
                field: "content",
                problem: "what has arrived has another BLAKE3 than was announced".to_owned(),
                remedy: "send it again",
            });
        }
        let path = self.named.path();
        self.content.flush().await.map_err(ServerError::file(path, "write the input"))?;
        Ok((self.size, inputs.put_file(&self.expected, self.named).await?))
    }
}
