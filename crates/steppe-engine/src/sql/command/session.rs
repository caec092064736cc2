use datafusion::sql::sqlparser::ast::{
    DiscardObject, Expr, Ident, ObjectName, Reset, ResetStatement, Set, Statement, Value,
};

use crate::EngineError;

/// Housekeeping of drivers. There are no transactions and no settings behind it: a protocol keeps what it must to answer
/// as its clients expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCommand {
    /// `BEGIN`.
    Begin,
    /// `COMMIT`.
    Commit,
    /// `ROLLBACK`.
    Rollback,
    /// `SAVEPOINT`, `RELEASE`, `ROLLBACK TO`: the word to answer with.
    Savepoint(&'static str),
    /// `SET name = value`, the name in lower case; without a value it is the default's.
    Set {
        /// Which one.
        name: String,
        /// To what.
        value: Option<String>,
    },
    /// `RESET name`; without a name all.
    Reset(Option<String>),
    /// `SHOW name`, the name in lower case.
    Show(String),
    /// `DISCARD ALL` and its like.
    Discard,
    /// `DEALLOCATE name`; without a name all.
    Deallocate(Option<String>),
}

impl SessionCommand {
    /// The housekeeping that a statement is, if it is any.
    ///
    /// # Errors
    /// A value of a setting that is an expression.
    pub(super) fn of(statement: &Statement) -> Result<Option<Self>, EngineError> {
        Ok(Some(match statement {
            // READ WRITE is asked for by drivers that nobody asked: what writes is refused when it comes.
            Statement::StartTransaction { statements, exception: None, .. } if statements.is_empty() => {
                Self::Begin
            }
            Statement::Commit { modifier: None, .. } => Self::Commit,
            Statement::Rollback { savepoint: None, .. } => Self::Rollback,
            Statement::Rollback { savepoint: Some(_), .. } => Self::Savepoint("ROLLBACK"),
            Statement::Savepoint { .. } => Self::Savepoint("SAVEPOINT"),
            Statement::ReleaseSavepoint { .. } => Self::Savepoint("RELEASE"),
            Statement::Set(set) => return Self::of_set(set),
            Statement::Reset(ResetStatement { reset: Reset::ALL }) => Self::Reset(None),
            Statement::Reset(ResetStatement { reset: Reset::ConfigurationParameter(name) }) => {
                Self::Reset(Some(setting(name)))
            }
            Statement::ShowVariable { variable } => Self::Show(shown(variable)),
            Statement::Discard { object_type: DiscardObject::ALL | DiscardObject::PLANS } => Self::Discard,
            Statement::Deallocate { name, .. } => {
                let all = name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all");
                Self::Deallocate((!all).then(|| name.value.clone()))
            }
            _ => return Ok(None),
        }))
    }

    fn of_set(set: &Set) -> Result<Option<Self>, EngineError> {
        let setting = |name: String, value| Ok(Some(Self::Set { name, value }));
        match set {
            Set::SingleAssignment { hivevar: false, variable, values, .. } => {
                setting(self::setting(variable), text_of(values)?)
            }
            Set::SetTimeZone { value, .. } => {
                setting("timezone".to_owned(), text_of(std::slice::from_ref(value))?)
            }
            Set::SetNames { charset_name, .. } => {
                setting("client_encoding".to_owned(), Some(charset_name.value.clone()))
            }
            Set::SetTransaction { snapshot: None, .. } => setting("transaction".to_owned(), None),
            _ => Ok(None),
        }
    }
}

/// The name of a setting; those of this engine have dots, and no client may set them.
fn setting(name: &ObjectName) -> String {
    name.to_string().replace('"', "").to_ascii_lowercase()
}

/// `SHOW TRANSACTION ISOLATION LEVEL` is the setting `transaction_isolation`.
fn shown(words: &[Ident]) -> String {
    let name = words.iter().map(|word| word.value.to_ascii_lowercase()).collect::<Vec<_>>().join(" ");
    match name.as_str() {
        "transaction isolation level" => "transaction_isolation".to_owned(),
        "time zone" => "timezone".to_owned(),
        _ => name.replace(' ', "."),
    }
}

/// The value of a setting: words and numbers, joined by commas as PostgreSQL joins them.
fn text_of(values: &[Expr]) -> Result<Option<String>, EngineError> {
    let mut texts = Vec::with_capacity(values.len());
    for value in values {
        texts.push(match value {
            Expr::Identifier(word) if word.value.eq_ignore_ascii_case("default") => return Ok(None),
            Expr::Identifier(word) => word.value.clone(),
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
                Value::Number(number, _) => number.clone(),
                Value::Boolean(value) => value.to_string(),
                _ => return Err(no_value()),
            },
            Expr::UnaryOp { .. } => value.to_string(),
            _ => return Err(no_value()),
        });
    }
    Ok(Some(texts.join(", ")))
}

fn no_value() -> EngineError {
    EngineError::refused("the value of a setting is no word, text or number", "write it in quotes")
}
