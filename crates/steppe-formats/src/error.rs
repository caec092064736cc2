use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Why a file can not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The operating system could not open, read or write it.
    #[error("{}: {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done, such as `can not open`.
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Its content is not what the format says.
    #[error("{0}")]
    Malformed(Box<Malformed>),
}

/// What is wrong in a file: where, what was found, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The file.
    pub path: PathBuf,
    /// The 1-based line, where the file has lines.
    pub line: Option<u64>,
    /// The column or header key.
    pub field: Option<String>,
    /// The value as it stands, cut to a readable length.
    pub value: Option<String>,
    /// What is wrong with it.
    pub problem: String,
    /// What the user can do.
    pub remedy: String,
}

/// Longest piece of a bad value that a message shows, in characters.
const SHOWN_CHARACTERS: usize = 60;

impl Malformed {
    /// A problem with a file as a whole.
    pub fn new(path: &Path, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            field: None,
            value: None,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// Says on which 1-based line.
    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// Says in which column or header key.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Shows the bad value, cut to a readable length, control characters escaped.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        let mut shown: String = value.chars().take(SHOWN_CHARACTERS).flat_map(char::escape_debug).collect();
        if value.chars().nth(SHOWN_CHARACTERS).is_some() {
            shown.push('…');
        }
        self.value = Some(shown);
        self
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.problem)?;
        if let Some(value) = &self.value {
            write!(f, " (found \"{value}\")")?;
        }
        write!(f, "; {}", self.remedy)
    }
}

impl From<Malformed> for FormatError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(Box::new(malformed))
    }
}

impl FormatError {
    /// An operating-system error on `path` while doing `action`.
    pub fn io(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), action, source }
    }
}
