//! What somebody who may only read can say: queries, and the housekeeping that drivers send beside them.
//!
//! The list is one of what is allowed. Whatever else the parser understands (and a newer parser may understand more) is
//! refused before anything is planned.

mod catalogue;
mod dialect;
mod read;
mod session;

use self::dialect::Plannable;

pub use read::ReadStatement;
pub use session::SessionCommand;

use crate::EngineError;

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlCommand {
    /// It has rows.
    Read(Box<ReadStatement>),
    /// It has none, and changes nothing but what a protocol keeps of its session.
    Session(SessionCommand),
}

impl SqlCommand {
    /// Reads a text of any number of statements, all of which must be allowed.
    ///
    /// The time and stack that this takes grow with the text: cap it first.
    ///
    /// # Errors
    /// Text that is no SQL; a statement that does more than read.
    pub fn parse(text: &str) -> Result<Vec<Self>, EngineError> {
        dialect::statements(text)?.into_iter().map(Self::of).collect()
    }

    /// Reads a text of exactly one query.
    ///
    /// # Errors
    /// As [`Self::parse`], and none or several statements, or housekeeping.
    pub fn parse_query(text: &str) -> Result<ReadStatement, EngineError> {
        let mut commands = Self::parse(text)?;
        match (commands.pop(), commands.is_empty()) {
            (Some(Self::Read(statement)), true) => Ok(*statement),
            (Some(Self::Session(_)), true) => Err(EngineError::ReadOnly { found: first_word(text) }),
            (Some(_), false) => {
                Err(EngineError::refused("there are several statements", "send one at a time"))
            }
            (None, _) => Err(EngineError::refused("there is no statement", "send one, such as SHOW TABLES")),
        }
    }

    fn of(plannable: Plannable) -> Result<Self, EngineError> {
        if let Some(command) = SessionCommand::of(&plannable.statement)? {
            return Ok(Self::Session(command));
        }
        ReadStatement::of(plannable).map(|statement| Self::Read(Box::new(statement)))
    }
}

/// The first word of a statement, for messages: never more of it, which may hold values.
fn first_word(text: &str) -> String {
    let word: String =
        text.trim_start().chars().take_while(|c| c.is_ascii_alphabetic() || *c == '_').take(24).collect();
    if word.is_empty() { "this".to_owned() } else { word.to_ascii_uppercase() }
}

#[cfg(test)]
mod tests;
