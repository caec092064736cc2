//! What a statement may be before a parser sees it.
//!
//! SQL parsers and planners are recursive, and some kilobytes of nested SQL end a process that trusts them. Here a text
//! is read once from left to right, in memory that does not depend on it, by the lexical rules of PostgreSQL: strings
//! (`'…'`, `E'…'`, `$tag$…$tag$`), quoted names, comments (`--`, nested `/* */`). What ends inside one of them is refused:
//! two readers may not agree where it ends.

mod tokens;

use std::fmt;

use tokens::{Token, Tokens};

/// The most that a statement may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementCaps {
    /// Bytes of UTF-8.
    pub bytes: usize,
    /// Names, keywords, numbers, strings and operators.
    pub terms: usize,
    /// Brackets within brackets.
    pub nesting: usize,
}

impl Default for StatementCaps {
    fn default() -> Self {
        Self { bytes: 256 * 1024, terms: 2_000, nesting: 64 }
    }
}

/// What was counted in a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatementSize {
    /// Names, keywords, numbers, strings and operators.
    pub terms: usize,
    /// The deepest brackets within brackets.
    pub nesting: usize,
}

/// Why a statement is not parsed. Lines count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementFault {
    /// It is too long.
    Bytes {
        /// Its bytes.
        found: usize,
        /// Bytes that are allowed.
        most: usize,
    },
    /// It has too many terms.
    Terms {
        /// Terms that are allowed.
        most: usize,
    },
    /// Its brackets are nested too deeply.
    Nesting {
        /// The depth that is allowed.
        most: usize,
        /// Where it is exceeded.
        line: usize,
    },
    /// A character that does not belong into a text: it would show something else than what is run.
    Control {
        /// The character.
        character: char,
        /// Where.
        line: usize,
    },
    /// A string, quoted name or comment does not end.
    Unfinished {
        /// Which.
        what: &'static str,
        /// Where it begins.
        line: usize,
    },
    /// There is something after a semicolon.
    SecondStatement {
        /// Where it begins.
        line: usize,
    },
}

impl fmt::Display for StatementFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { found, most } => {
                write!(f, "the statement has {found} bytes, at most {most} are read; shorten it")
            }
            Self::Terms { most } => {
                write!(
                    f,
                    "the statement has more than {most} terms; shorten it, or join a table in place of a list"
                )
            }
            Self::Nesting { most, line } => {
                write!(
                    f,
                    "line {line}: brackets are nested more than {most} deep; use common table expressions"
                )
            }
            Self::Control { character, line } => {
                let code = u32::from(*character);
                write!(f, "line {line}: the control character U+{code:04X} is not allowed; remove it")
            }
            Self::Unfinished { what, line } => {
                write!(f, "line {line}: a {what} begins that does not end; close it")
            }
            Self::SecondStatement { line } => {
                write!(f, "line {line}: a second statement begins; send one at a time")
            }
        }
    }
}

impl std::error::Error for StatementFault {}

impl StatementCaps {
    /// Counts a statement's terms, and refuses it where it exceeds a cap.
    ///
    /// # Errors
    /// The first fault: the length, then whatever comes first in the text.
    pub fn check(&self, statement: &str) -> Result<StatementSize, StatementFault> {
        self.count(statement, true)
    }

    /// The same for a text of any number of statements: the caps are for all of them together.
    ///
    /// # Errors
    /// As [`Self::check`], but that there is a second statement.
    pub fn check_script(&self, script: &str) -> Result<StatementSize, StatementFault> {
        self.count(script, false)
    }

    fn count(&self, statement: &str, is_one: bool) -> Result<StatementSize, StatementFault> {
        if statement.len() > self.bytes {
            return Err(StatementFault::Bytes { found: statement.len(), most: self.bytes });
        }
        let (mut size, mut depth, mut has_ended) = (StatementSize::default(), 0usize, false);
        for token in Tokens::new(statement) {
            let (token, line) = token?;
            if token == Token::Semicolon {
                has_ended = is_one;
                // Between statements it is counted: a thousand empty ones are not nothing.
                size.terms += usize::from(!is_one);
                continue;
            }
            if has_ended {
                return Err(StatementFault::SecondStatement { line });
            }
            size.terms += 1;
            if size.terms > self.terms {
                return Err(StatementFault::Terms { most: self.terms });
            }
            match token {
                Token::Open => depth += 1,
                Token::Close => depth = depth.saturating_sub(1),
                Token::Semicolon | Token::Other => {}
            }
            size.nesting = size.nesting.max(depth);
            if depth > self.nesting {
                return Err(StatementFault::Nesting { most: self.nesting, line });
            }
        }
        Ok(size)
    }
}
