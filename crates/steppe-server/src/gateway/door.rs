//! Who may come in. Refusals are in the audit log before anybody hears of them.

use steppe_engine::sql::{SqlProtocol, SqlUser};

use crate::{
    ServerError,
    audit::{AuditLog, Outcome, Record},
    coordinator::now,
    identity::token::TokenVerifier,
    operations::Metrics,
};

/// Longest text that a record of ours has; the log takes a little more.
const LONGEST_TEXT: usize = 4000;

/// Lets people in, and keeps the record of what they do.
#[derive(Debug)]
pub(super) struct Door {
    tokens: TokenVerifier,
    audit: AuditLog,
    metrics: Metrics,
}

impl Door {
    pub(super) fn new(tokens: TokenVerifier, audit: AuditLog, metrics: Metrics) -> Self {
        Self { tokens, audit, metrics }
    }

    /// Who shows this token. `action` is what they are about to do.
    pub(super) async fn admit(
        &self,
        token: Result<&str, ServerError>,
        protocol: SqlProtocol,
        action: &str,
    ) -> Result<SqlUser, ServerError> {
        let known = match token {
            Ok(token) => self.tokens.verify(token).await,
            Err(error) => Err(error),
        };
        match known {
            Ok(principal) => Ok(SqlUser {
                subject: principal.subject,
                roles: principal.named,
                cohorts: principal.cohorts,
                protocol,
            }),
            Err(error) => {
                self.record("-", action, protocol.name(), Outcome::Deny, &error.to_string()).await?;
                Err(error)
            }
        }
    }

    /// Who shows this token under this name: the name must be that of the token.
    pub(super) async fn admit_as(
        &self,
        name: &str,
        token: Result<&str, ServerError>,
        protocol: SqlProtocol,
        action: &str,
    ) -> Result<SqlUser, ServerError> {
        let user = self.admit(token, protocol, action).await?;
        if user.subject == name {
            return Ok(user);
        }
        let error = ServerError::UserName;
        self.record(&user.subject, action, protocol.name(), Outcome::Deny, &error.to_string()).await?;
        Err(error)
    }

    /// Writes a record; what it is about waits for it.
    pub(super) async fn record(
        &self,
        actor: &str,
        action: &str,
        object: &str,
        decision: Outcome,
        reason: &str,
    ) -> Result<(), ServerError> {
        let record = Record {
            time: now(),
            actor: actor.to_owned(),
            action: cut(action),
            object: cut(object),
            decision,
            reason: cut(reason),
        };
        self.audit.append(record).await?;
        self.metrics.audit_record(decision);
        Ok(())
    }
}

/// As much of a text as a record has.
pub(super) fn cut(text: &str) -> String {
    let end =
        text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|&end| end <= LONGEST_TEXT).last();
    let shown = &text[..end.unwrap_or(0)];
    if shown.len() < text.len() { format!("{shown}…") } else { shown.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = cut(&"ä".repeat(LONGEST_TEXT));
        assert!(long.len() <= LONGEST_TEXT + '…'.len_utf8() && long.ends_with("ä…"));
    }
}
