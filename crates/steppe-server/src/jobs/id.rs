use crate::ServerError;
use std::fmt;
use std::str::FromStr;

/// The identity of a job: the hash of its inputs, parameters and kernel version, as 64 lowercase hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(String);

impl JobId {
    /// The 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = ServerError;

    /// # Errors
    /// [`ServerError::JobInvalid`] for anything but 64 lowercase hex digits.
    fn from_str(text: &str) -> Result<Self, ServerError> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(hex) {
            return Ok(Self(text.to_owned()));
        }
        Err(ServerError::JobInvalid {
            field: "id",
            problem: format!("has {} bytes that are not 64 lowercase hex digits", text.len()),
        })
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
