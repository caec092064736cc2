//! What can be wrong with an audit log.

use std::fmt;

/// What is wrong with a line of an audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditFault {
    /// It is not spelled as this program spells lines.
    Malformed,
    /// It does not end: a crash, or an edit.
    Torn,
    /// Its hash is not that of its content.
    Edited,
    /// It has another number than the one that is due.
    OutOfOrder {
        /// The number that is due.
        expected: u64,
        /// The number in the line.
        found: u64,
    },
    /// It was written after another line than the one before it.
    OtherPast,
    /// The log ends before it, though the head says that it was written.
    Missing {
        /// The number in the head.
        head: u64,
    },
    /// It is another one than the head says.
    NotTheHead,
    /// There is no head beside the log, or none that can be read.
    NoHead,
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("is malformed"),
            Self::Torn => f.write_str("does not end"),
            Self::Edited => f.write_str("was edited"),
            Self::OutOfOrder { expected, found } => {
                write!(f, "has number {found} where {expected} is due: lines were removed or moved")
            }
            Self::OtherPast => f.write_str("does not belong after the line before it"),
            Self::Missing { head } => write!(f, "is missing: {head} lines had been written"),
            Self::NotTheHead => f.write_str("is not the one that the head file names"),
            Self::NoHead => f.write_str("can not be checked: the head file is not there or malformed"),
        }
    }
}
