//! Files that come with jobs: kept in the coordinator's store under the hash of their content.

use bytes::Bytes;
use steppe_store::Location;

use crate::{ServerError, coordinator::blocking};

/// The largest input file.
const LARGEST: usize = 1 << 30;
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

    /// Reads a file and checks it. Blocks.
    pub(crate) fn read(&self, blake3: &str) -> Result<Bytes, ServerError> {
        let object = self.object(check_hash(blake3)?);
        let content = object.read()?;
        let found = blake3::hash(&content).to_hex();
        if found.as_str() == blake3 {
            return Ok(content);
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

/// A file that is being uploaded.
#[derive(Debug)]
pub(super) struct Upload {
    expected: String,
    content: Vec<u8>,
}

impl Upload {
    pub(super) fn begin(blake3: &str) -> Result<Self, ServerError> {
        Ok(Self { expected: check_hash(blake3)?.to_owned(), content: Vec::new() })
    }

    pub(super) fn expected(&self) -> &str {
        &self.expected
    }

    pub(super) fn add(&mut self, content: &[u8]) -> Result<(), ServerError> {
        if self.content.len() + content.len() > LARGEST {
            return Err(ServerError::Request {
                field: "content",
                problem: format!("it is larger than {} MiB", LARGEST >> 20),
                remedy: "compress the file, or split it",
            });
        }
        self.content.extend_from_slice(content);
        Ok(())
    }

    pub(super) fn end(self) -> Result<Bytes, ServerError> {
        let found = blake3::hash(&self.content).to_hex();
        if found.as_str() != self.expected {
            return Err(ServerError::Request {
                field: "content",
                problem: "what has arrived has another BLAKE3 than was announced".to_owned(),
                remedy: "send it again",
            });
        }
        Ok(self.content.into())
    }
}
