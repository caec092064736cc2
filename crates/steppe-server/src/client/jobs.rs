use std::path::Path;

use futures::stream;
use tonic::Status;
use tonic_types::StatusExt;

use super::Connection;
use crate::{
    ServerError,
    wire::job::{InputFile, UploadRequest, input_file::Source},
};

/// Bytes of a part of an upload.
const PART: usize = 1 << 20;
/// Files up to this size go inside the submission.
const INLINE: usize = 64 << 10;
/// A submission holds so many bytes of files at most.
const INLINE_IN_ALL: usize = 2 << 20;

/// Brings input files to a coordinator: small ones inside the submission, others before it.
#[derive(Debug, Default)]
pub struct Uploaded {
    inline: usize,
    /// Files that were sent.
    pub sent: usize,
    /// Files that were there already.
    pub known: usize,
}

impl Uploaded {
    /// A file as a submission names it.
    ///
    /// # Errors
    /// A file that can not be read or sent.
    pub async fn file(&mut self, connection: &Connection, path: &Path) -> Result<InputFile, ServerError> {
        let reading = path.to_owned();
        let content = crate::coordinator::blocking(move || {
            std::fs::read(&reading).map_err(ServerError::file(&reading, "read the input"))
        })
        .await?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if content.len() <= INLINE && self.inline + content.len() <= INLINE_IN_ALL {
            self.inline += content.len();
            return Ok(InputFile { name, source: Some(Source::Content(content)) });
        }
        let blake3 = blake3::hash(&content).to_hex().to_string();
        let first = UploadRequest { blake3: blake3.clone(), content: Vec::new() };
        let parts: Vec<UploadRequest> = std::iter::once(first)
            .chain(
                content
                    .chunks(PART)
                    .map(|part| UploadRequest { blake3: String::new(), content: part.to_vec() }),
            )
            .collect();
        let stored = connection.jobs().upload(stream::iter(parts)).await.map_err(answer)?.into_inner();
        if stored.existed {
            self.known += 1;
        } else {
            self.sent += 1;
        }
        Ok(InputFile { name, source: Some(Source::Blake3(blake3)) })
    }
}

/// A coordinator's refusal as one of our errors.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub fn answer(status: Status) -> ServerError {
    let details = status.get_error_details();
    let kind = match details.error_info() {
        Some(info) => info.reason.clone(),
        None => format!("{:?}", status.code()),
    };
    ServerError::Answer { kind, message: status.message().to_owned() }
}
