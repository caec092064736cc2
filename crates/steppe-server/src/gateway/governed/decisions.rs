use steppe_engine::{
    EngineError,
    sql::governed::{ExportRecord, ReleaseAudit, ReleaseRecord},
};

use crate::{
    audit::{AuditLog, Outcome, Record},
    chain,
    coordinator::now,
    gateway::door::cut,
    operations::Metrics,
};

/// What a decision on the groups of a statement is in the audit log.
const RELEASE: &str = "sql_release";
/// What a steward's decision on an export is there.
const EXPORT: &str = "sql_export";

/// Writes decisions on groups into the audit log, before their answers leave.
pub(super) struct Decisions {
    audit: AuditLog,
    metrics: Metrics,
}

impl Decisions {
    pub(super) fn new(audit: AuditLog, metrics: Metrics) -> Self {
        Self { audit, metrics }
    }

    fn write(&self, entry: Record) -> Result<(), EngineError> {
        let decision = entry.decision;
        self.audit.append_blocking(entry).map_err(|error| {
            tracing::error!(error = %chain(&error), "a decision is not in the audit log, so it is not acted on");
            EngineError::Internal("a decision that is not in the audit log")
        })?;
        self.metrics.audit_record(decision);
        Ok(())
    }
}

impl ReleaseAudit for Decisions {
    fn record(&self, record: &ReleaseRecord) -> Result<(), EngineError> {
        let tables: Vec<&str> = record.tables.iter().map(String::as_str).collect();
        let decision = if record.refusal.is_some() { Outcome::Deny } else { Outcome::Allow };
        let refusal = record.refusal.map_or(String::new(), |refusal| format!(", refused: {refusal}"));
        self.write(Record {
            time: now(),
            actor: record.subject.clone(),
            action: RELEASE.to_owned(),
            object: cut(&format!("cohort:{} tables:{}", record.cohort, tables.join(","))),
            decision,
            reason: format!(
                "policy: {}, groups: {}, left out: {}{refusal}",
                record.revision, record.groups, record.suppressed
            ),
        })
    }

    fn export(&self, record: &ExportRecord) -> Result<(), EngineError> {
        let what = if record.is_approved { "approves" } else { "refuses" };
        let refusal = record.refusal.as_ref().map_or(String::new(), |why| format!(", not taken: {why}"));
        self.write(Record {
            time: now(),
            actor: record.subject.clone(),
            action: EXPORT.to_owned(),
            object: cut(&format!("cohort:{} export:{}", record.cohort, record.number)),
            decision: if record.refusal.is_some() { Outcome::Deny } else { Outcome::Allow },
            reason: format!("{what}{refusal}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::audit::verify;

    #[test]
    fn a_decision_is_a_line_without_values() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let audit = AuditLog::open(&path, 1).expect("a log");
        let decisions = Decisions::new(audit, Metrics::new());
        let record = |refusal| ReleaseRecord {
            subject: "ada".to_owned(),
            cohort: "bio".to_owned(),
            revision: 7,
            tables: BTreeSet::from(["people".to_owned(), "scores".to_owned()]),
            groups: 5,
            suppressed: 2,
            refusal,
        };
        decisions.record(&record(None)).expect("a line");
        decisions.record(&record(Some("few"))).expect("a line");
        let text = std::fs::read_to_string(&path).expect("the log");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["object"], "cohort:bio tables:people,scores");
        assert_eq!(lines[0]["reason"], "policy: 7, groups: 5, left out: 2");
        assert_eq!((&lines[0]["decision"], &lines[1]["decision"]), (&"allow".into(), &"deny".into()));
        assert!(lines[1]["reason"].as_str().is_some_and(|reason| reason.ends_with(", refused: few")));
        assert_eq!(verify(&path).expect("a report").broken, None);
    }
}
