//! A line of the log, and its one spelling.

use serde::{Deserialize, Serialize};

use super::{AuditFault, head::Head};
use crate::ServerError;

/// Separates these hashes from all others.
const CONTEXT: &str = "steppe 2026 audit log entry";
/// Longest text of a field in bytes.
const LONGEST_FIELD: usize = 4096;
/// Longest line in bytes, newline included: four fields in which every byte is escaped, and the rest.
pub(super) const LONGEST_LINE: usize = 4 * 6 * LONGEST_FIELD + 1024;

/// How a decision went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Allowed.
    Allow,
    /// Denied.
    Deny,
    /// Nothing was decided; something happened.
    Note,
}

/// What is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When, in Unix milliseconds.
    pub time: u64,
    /// Who asked: a token's subject, a member's role, or `-`.
    pub actor: String,
    /// What for.
    pub action: String,
    /// On what.
    pub object: String,
    /// How it went.
    pub decision: Outcome,
    /// Why.
    pub reason: String,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number, from 1.
    pub seq: u64,
    /// When, in Unix milliseconds.
    pub time: u64,
    /// Who asked.
    pub actor: String,
    /// What for.
    pub action: String,
    /// On what.
    pub object: String,
    /// How it went.
    pub decision: Outcome,
    /// Why.
    pub reason: String,
    /// The hash of the line before, in hexadecimal; zeros in the first.
    pub previous: String,
    /// BLAKE3 of everything above, in hexadecimal.
    pub hash: String,
}

impl Entry {
    pub(super) fn after(head: &Head, record: Record) -> Result<Self, ServerError> {
        let fields = [
            ("actor", &record.actor),
            ("action", &record.action),
            ("object", &record.object),
            ("reason", &record.reason),
        ];
        for (field, text) in fields {
            if text.len() > LONGEST_FIELD {
                return Err(ServerError::AuditRecord { field, limit: LONGEST_FIELD });
            }
        }
        let mut entry = Self {
            seq: head.seq + 1,
            time: record.time,
            actor: record.actor,
            action: record.action,
            object: record.object,
            decision: record.decision,
            reason: record.reason,
            previous: head.hash.clone(),
            hash: String::new(),
        };
        entry.hash = entry.computed_hash();
        Ok(entry)
    }

    /// Of numbers and of texts with their lengths, so that no two entries hash the same bytes.
    fn computed_hash(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(&self.seq.to_le_bytes()).update(&self.time.to_le_bytes());
        let decision = [match self.decision {
            Outcome::Allow => 1,
            Outcome::Deny => 2,
            Outcome::Note => 3,
        }];
        hasher.update(&decision);
        for text in [&self.actor, &self.action, &self.object, &self.reason, &self.previous] {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The line, newline included.
    pub(super) fn line(&self) -> Result<Vec<u8>, AuditFault> {
        let mut line = serde_json::to_vec(self).map_err(|_| AuditFault::Malformed)?;
        line.push(b'\n');
        Ok(line)
    }

    /// Reads a line that is spelled as we spell it and has the hash of its content.
    pub(super) fn read(line: &[u8]) -> Result<Self, AuditFault> {
        if line.last() != Some(&b'\n') {
            return Err(if line.len() >= LONGEST_LINE { AuditFault::Malformed } else { AuditFault::Torn });
        }
        let entry: Self = serde_json::from_slice(line).map_err(|_| AuditFault::Malformed)?;
        if entry.line()? != line {
            return Err(AuditFault::Malformed);
        }
        if entry.computed_hash() != entry.hash { Err(AuditFault::Edited) } else { Ok(entry) }
    }

    /// Whether this line can come after `head`.
    pub(super) fn follows(&self, head: &Head) -> Result<(), AuditFault> {
        if self.seq != head.seq + 1 {
            return Err(AuditFault::OutOfOrder { expected: head.seq + 1, found: self.seq });
        }
        if self.previous == head.hash { Ok(()) } else { Err(AuditFault::OtherPast) }
    }
}
