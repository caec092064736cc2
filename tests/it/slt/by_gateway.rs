//! A gateway over the study, by the Postgres wire and by Flight SQL.

use std::path::Path;

use steppe_tests::{Gateway, GatewayOptions, PostgresClient};
use tokio::runtime::Runtime;

use super::way_in::{Rows, WayIn, cell, texts};
use crate::flight_client::FlightClient;

/// PostgreSQL's numbers of types that it writes in its own way.
const BOOLEAN: u32 = 16;
const TIMESTAMP: u32 = 1114;

/// The Postgres wire.
pub(super) struct ByPostgres(Gateway);

/// Flight SQL.
pub(super) struct ByFlight {
    gateway: Gateway,
    runtime: Runtime,
}

/// Starts a gateway over the study under the policy of the records.
fn gateway(study: &Path) -> Gateway {
    let mut options = GatewayOptions { is_given: true, ..GatewayOptions::default() };
    let policy = super::folder().join("policy.toml");
    options = options.flag(&format!("--policy={}", policy.display())).flag("--cohort-name=bio");
    options = options.flag(&format!("--cohort={}", study.join("cohort").display()));
    for result in ["first", "second", "ancestry", "calibrated", "evaluated"] {
        options = options.flag(&format!("--scores={}", study.join(result).display()));
    }
    let phenotypes = study.join("phenotypes.csv");
    Gateway::start(&options.flag(&format!("--table=phenotypes={}", phenotypes.display())))
}

impl ByPostgres {
    pub(super) fn start(study: &Path) -> Self {
        Self(gateway(study))
    }
}

impl WayIn for ByPostgres {
    fn name(&self) -> &'static str {
        "by the Postgres wire"
    }

    fn ask(&self, role: &str, user: &str, sql: &str) -> Result<Rows, String> {
        let Self(gateway) = self;
        let token = gateway.token_as(user, role);
        let answer = PostgresClient::connect(gateway.postgres, user, Some(&token))
            .and_then(|mut client| client.simple(sql))
            .map_err(|error| format!("{}: {}; {}", error.code, error.message, error.hint))?;
        let types = answer.types;
        let of_row = |row: Vec<Option<String>>| {
            row.into_iter()
                .zip(&types)
                .map(|(text, kind)| cell(text.map(|text| plain(*kind, text))))
                .collect()
        };
        Ok(answer.rows.into_iter().map(of_row).collect())
    }
}

/// A value as it is written everywhere else.
fn plain(kind: u32, text: String) -> String {
    match (kind, text.as_str()) {
        (BOOLEAN, "t") => "true".to_owned(),
        (BOOLEAN, "f") => "false".to_owned(),
        (TIMESTAMP, _) => text.replacen(' ', "T", 1),
        _ => text,
    }
}

impl ByFlight {
    pub(super) fn start(study: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        Self { gateway: gateway(study), runtime }
    }
}

impl WayIn for ByFlight {
    fn name(&self) -> &'static str {
        "by Flight SQL"
    }

    fn ask(&self, role: &str, user: &str, sql: &str) -> Result<Rows, String> {
        let token = self.gateway.token_as(user, role);
        let batches = self
            .runtime
            .block_on(async { FlightClient::connect(&self.gateway, &token).await.query(sql).await });
        Ok(batches.map_err(|error| error.to_string())?.iter().flat_map(texts).collect())
    }
}
