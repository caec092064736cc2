use std::{
    net::IpAddr,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::{Args, Subcommand};
use steppe_server::identity::certificates::{CertificateRequest, DevelopmentCa};

use crate::{console::print, exit::Outcome, private_file::write_token_of};

/// Make certificates for a cluster.
#[derive(Debug, Args)]
pub(crate) struct CertsCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an authority of your own, and certificates for a coordinator, workers and clients.
    ///
    /// For development and for clusters without another authority. The folder gets ca, server, worker and client, each
    /// as .crt and .key; keep ca.key away from the cluster. Who holds a worker's certificate can take tasks, and sees
    /// genotypes; who holds the server's can give them.
    Init {
        /// The folder.
        #[arg(long, value_name = "DIR", default_value = "certs")]
        out: PathBuf,
        /// DNS names that people reach the coordinator by.
        #[arg(long = "name", value_name = "NAME", default_values_t = ["localhost".to_owned()])]
        names: Vec<String>,
        /// Addresses that people reach the coordinator by.
        #[arg(long = "address", value_name = "ADDRESS", default_values_t = [IpAddr::from([127, 0, 0, 1])])]
        addresses: Vec<IpAddr>,
        /// How long everything is valid.
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u64).range(1..=3650))]
        days: u64,
        /// Replace files that are there.
        #[arg(long)]
        overwrite: bool,
    },
    /// Make a bearer token for somebody, for development and for gateways without an identity provider.
    ///
    /// The folder gets SUBJECT.token, and for the first one token.key, which signs, and token.pub, which a gateway checks
    /// tokens with (--token-key). Whoever has token.key can be anybody. The token names no role: a gateway's policy gives
    /// roles to subjects.
    Token {
        /// Who holds it.
        #[arg(long, value_name = "NAME", value_parser = subject)]
        subject: String,
        /// The folder.
        #[arg(long, value_name = "DIR", default_value = "certs")]
        out: PathBuf,
        /// How long it is valid.
        #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=365))]
        days: u64,
    },
}

/// A name that is safe in the name of a file.
fn subject(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_@".contains(c);
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("give letters, digits, dots, dashes, underscores and @, a letter or digit first".to_owned())
    }
}

impl CertsCommand {
    /// Makes them.
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        let validity = |days: &u64| Duration::from_secs(days * 24 * 3600);
        match &self.action {
            Action::Init { out, names, addresses, days, overwrite } => {
                let request = CertificateRequest {
                    names: names.clone(),
                    addresses: addresses.clone(),
                    validity: validity(days),
                    replace: *overwrite,
                };
                let authority = DevelopmentCa::create(out, &request, SystemTime::now())?;
                print(&authority.authority().display().to_string())?;
            }
            Action::Token { subject, out, days } => {
                print(&write_token_of(out, subject, validity(days))?.display().to_string())?;
            }
        }
        Ok(Outcome::Done)
    }
}
