//! What a certificate's holder is in the cluster.

use rustls::pki_types::CertificateDer;
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

use crate::ServerError;

/// What the alternative names of this cluster's members begin with.
const PREFIX: &str = "steppe://";

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClusterRole {
    /// Plans jobs and serves people.
    Coordinator,
    /// Runs tasks.
    Worker,
    /// A person's machine; no member.
    Client,
}

impl ClusterRole {
    pub(super) const ALL: [Self; 3] = [Self::Coordinator, Self::Worker, Self::Client];

    /// The URI among the alternative names.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Coordinator => "steppe://cluster/coordinator",
            Self::Worker => "steppe://cluster/worker",
            Self::Client => "steppe://cluster/client",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Worker => "worker",
            Self::Client => "client",
        }
    }

    pub(super) fn file_stem(self) -> &'static str {
        match self {
            Self::Coordinator => "server",
            Self::Worker => "worker",
            Self::Client => "client",
        }
    }
}

/// The role in a peer's certificate, `None` where it names none. Only for a certificate that TLS has already verified.
///
/// # Errors
/// A certificate that can not be read, that names several roles, or one that this version does not know.
pub fn cluster_role(certificate: &CertificateDer<'_>) -> Result<Option<ClusterRole>, ServerError> {
    let unreadable = ServerError::PeerCertificate { problem: "can not be read" };
    let Ok((rest, certificate)) = parse_x509_certificate(certificate) else { return Err(unreadable) };
    let Ok(names) = certificate.subject_alternative_name() else { return Err(unreadable) };
    if !rest.is_empty() {
        return Err(unreadable);
    }
    let mut found = None;
    for name in names.iter().flat_map(|names| &names.value.general_names) {
        let GeneralName::URI(uri) = name else { continue };
        if !uri.starts_with(PREFIX) {
            continue;
        }
        let role = ClusterRole::ALL.into_iter().find(|role| role.uri() == *uri);
        let role = role.ok_or(ServerError::PeerCertificate { problem: "names an unknown role" })?;
        if found.replace(role).is_some() {
            return Err(ServerError::PeerCertificate { problem: "names several roles" });
        }
    }
    Ok(found)
}
