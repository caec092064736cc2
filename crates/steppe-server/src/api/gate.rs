//! Who may pass. Every decision is in the audit log before it is acted on.

use std::{collections::BTreeSet, time::Duration};

use http::HeaderMap;
use tonic::Code;

use crate::{
    ServerError,
    audit::{AuditLog, Outcome, Record},
    coordinator::now,
    identity::{
        roles::{Action, Decision, Principal, Role, authorise},
        token::{TokenVerifier, bearer},
    },
    operations::{ApiMethod, Metrics},
};

/// Decides on calls.
#[derive(Debug)]
pub(crate) struct Gate {
    /// `None`: everybody on this machine is an administrator. Only without TLS on loopback.
    tokens: Option<TokenVerifier>,
    audit: AuditLog,
    metrics: Metrics,
}

impl Gate {
    pub(crate) fn new(tokens: Option<TokenVerifier>, audit: AuditLog, metrics: Metrics) -> Self {
        Self { tokens, audit, metrics }
    }

    /// Counts a call.
    pub(super) fn called(&self, method: ApiMethod, code: Code, took: Duration) {
        self.metrics.api_request(method, code, took);
    }

    /// Who calls.
    pub(super) async fn authenticate(
        &self,
        headers: &HeaderMap,
        method: &str,
    ) -> Result<Principal, ServerError> {
        let Some(tokens) = &self.tokens else {
            let roles = BTreeSet::from([Role::Admin]);
            let named = roles.iter().map(|role| role.name().to_owned()).collect();
            return Ok(Principal { subject: "loopback".to_owned(), roles, named, cohorts: None });
        };
        let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
        let known = match bearer(authorization) {
            Ok(token) => tokens.verify(token).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &known {
            self.record("-", method, "-", Outcome::Deny, &error.to_string()).await?;
        }
        known
    }

    /// Lets somebody do something, or not. `owner` is whose job it is; see [`authorise`].
    pub(super) async fn admit(
        &self,
        principal: &Principal,
        action: Action,
        object: &str,
        owner: Option<&str>,
    ) -> Result<(), ServerError> {
        match authorise(principal, action, owner) {
            Decision::Allow => {
                self.record(&principal.subject, action.name(), object, Outcome::Allow, "").await
            }
            Decision::Deny(denial) => Err(self.deny(principal, action, object, denial.into()).await?),
        }
    }

    /// Records a refusal that another rule than the roles made, and gives it back.
    pub(super) async fn deny(
        &self,
        principal: &Principal,
        action: Action,
        object: &str,
        error: ServerError,
    ) -> Result<ServerError, ServerError> {
        self.record(&principal.subject, action.name(), object, Outcome::Deny, &error.to_string()).await?;
        Ok(error)
    }

    async fn record(
        &self,
        actor: &str,
        action: &str,
        object: &str,
        decision: Outcome,
        reason: &str,
    ) -> Result<(), ServerError> {
        let text = str::to_owned;
        let record = Record {
            time: now(),
            actor: text(actor),
            action: text(action),
            object: text(object),
            decision,
            reason: text(reason),
        };
        self.audit.append(record).await?;
        self.metrics.audit_record(decision);
        Ok(())
    }
}
