use std::{
    net::IpAddr,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::{Args, Subcommand};
use steppe_server::identity::certificates::{CertificateRequest, DevelopmentCa};

use crate::{console::print, exit::Outcome};

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
}

impl CertsCommand {
    /// Makes them.
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        let Action::Init { out, names, addresses, days, overwrite } = &self.action;
        let request = CertificateRequest {
            names: names.clone(),
            addresses: addresses.clone(),
            validity: Duration::from_secs(days * 24 * 3600),
            replace: *overwrite,
        };
        let authority = DevelopmentCa::create(out, &request, SystemTime::now())?;
        print(&authority.authority().display().to_string())?;
        Ok(Outcome::Done)
    }
}
