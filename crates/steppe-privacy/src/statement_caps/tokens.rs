//! The lexical rules of PostgreSQL (section 4.1 of its manual), as far as counting needs them.

use super::StatementFault;

/// A term, by what it does to the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// `;`
    Semicolon,
    /// A name, keyword, number, string, or one character of an operator: operators are not put together, so that no
    /// dialect counts more of them.
    Other,
}

/// Terms of a text with their lines, until a fault.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    has_failed: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, has_failed: false }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The next character, counted and checked.
    fn take(&mut self) -> Result<Option<char>, StatementFault> {
        let Some(character) = self.peek() else { return Ok(None) };
        if is_forbidden(character) {
            return Err(StatementFault::Control { character, line: self.line });
        }
        self.at += character.len_utf8();
        self.line += usize::from(character == '\n');
        Ok(Some(character))
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> Result<(), StatementFault> {
        while self.peek().is_some_and(&belongs) {
            self.take()?;
        }
        Ok(())
    }

    fn take_bytes(&mut self, count: usize) -> Result<(), StatementFault> {
        let end = self.at + count;
        while self.at < end && self.take()?.is_some() {}
        Ok(())
    }

    /// White space and comments.
    fn skip(&mut self) -> Result<(), StatementFault> {
        loop {
            self.take_while(char::is_whitespace)?;
            if self.rest().starts_with("--") {
                self.take_while(|character| character != '\n' && character != '\r')?;
            } else if self.rest().starts_with("/*") {
                self.skip_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), StatementFault> {
        let (line, mut depth) = (self.line, 0usize);
        loop {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.take_bytes(2)?;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.take_bytes(2)?;
            } else if self.take()?.is_none() {
                return Err(StatementFault::Unfinished { what: "comment", line });
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// A string or quoted name from its quote; two quotes are one within it.
    fn quoted(&mut self, quote: char, has_escapes: bool, what: &'static str) -> Result<(), StatementFault> {
        let line = self.line;
        self.take()?;
        loop {
            match self.take()? {
                None => return Err(StatementFault::Unfinished { what, line }),
                Some('\\') if has_escapes => drop(self.take()?),
                Some(character) if character == quote && self.peek() == Some(quote) => drop(self.take()?),
                Some(character) if character == quote => return Ok(()),
                Some(_) => {}
            }
        }
    }

    /// A string between dollars, if one begins here: `$$…$$`, `$tag$…$tag$`. `$1` is a parameter.
    fn dollar_quoted(&mut self) -> Result<bool, StatementFault> {
        let rest = self.rest();
        let Some(length) = rest[1..].find('$') else { return Ok(false) };
        let tag = &rest[1..=length];
        if tag.starts_with(|character: char| character.is_ascii_digit()) || !tag.chars().all(is_of_word) {
            return Ok(false);
        }
        let delimiter = &rest[..length + 2];
        let line = self.line;
        let Some(inside) = rest[delimiter.len()..].find(delimiter) else {
            return Err(StatementFault::Unfinished { what: "dollar-quoted string", line });
        };
        self.take_bytes(2 * delimiter.len() + inside)?;
        Ok(true)
    }

    /// A name, keyword, number or parameter; a string where the word is its prefix (`E'…'`, `b'…'`, `U&'…'`).
    fn word(&mut self) -> Result<(), StatementFault> {
        let start = self.at;
        self.take_while(|character| is_of_word(character) || character == '$')?;
        let word = &self.text[start..self.at];
        if self.peek() == Some('\'') && word.chars().count() == 1 && word.is_ascii() {
            let has_escapes = word.eq_ignore_ascii_case("e");
            return self.quoted('\'', has_escapes, "string");
        }
        Ok(())
    }

    fn token(&mut self) -> Result<Option<(Token, usize)>, StatementFault> {
        self.skip()?;
        let line = self.line;
        let Some(character) = self.peek() else { return Ok(None) };
        let token = match character {
            '\'' => self.quoted('\'', false, "string").map(|()| Token::Other)?,
            '"' => self.quoted('"', false, "quoted name").map(|()| Token::Other)?,
            '`' => self.quoted('`', false, "quoted name").map(|()| Token::Other)?,
            '$' if self.dollar_quoted()? => Token::Other,
            character if character == '$' || is_of_word(character) => self.word().map(|()| Token::Other)?,
            character => {
                self.take()?;
                match character {
                    '(' | '[' | '{' => Token::Open,
                    ')' | ']' | '}' => Token::Close,
                    ';' => Token::Semicolon,
                    _ => Token::Other,
                }
            }
        };
        Ok(Some((token, line)))
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<(Token, usize), StatementFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let token = self.token();
        self.has_failed = token.is_err();
        token.transpose()
    }
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Control characters but for tab and line ends, and those that turn the direction of a text around.
fn is_forbidden(character: char) -> bool {
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (character.is_control() && !matches!(character, '\t' | '\n' | '\r'))
}
