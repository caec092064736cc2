use std::path::PathBuf;

use super::{
    error::SettingsError,
    resolved::Resolved,
    values::{path, switch},
};

/// How a member's connections are protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSettings {
    /// By certificates, on both sides of the cluster's channels.
    Certificates(CertificateFiles),
    /// Not at all, and every listener is on loopback.
    PlaintextOnLoopback,
}

/// The files of a member's TLS, all PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate of the cluster's authority.
    pub authority: PathBuf,
    /// The member's certificate, and those up to the authority.
    pub certificate: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
    /// Whether a key that others can read is taken.
    pub allow_exposed_key: bool,
}

const FILES: [&str; 3] = ["tls.authority", "tls.certificate", "tls.key"];

impl TlsSettings {
    pub(super) fn read(values: &Resolved) -> Result<Self, SettingsError> {
        let [authority, certificate, key] = FILES.map(|name| values.optional(name, path));
        let files = (authority?, certificate?, key?);
        let allow_exposed_key = values.get("tls.allow_exposed_key", switch)?;
        let plaintext = values.get("tls.plaintext_on_loopback", switch)?;
        match (files, plaintext) {
            ((Some(authority), Some(certificate), Some(key)), false) => {
                Ok(Self::Certificates(CertificateFiles { authority, certificate, key, allow_exposed_key }))
            }
            ((Some(_), Some(_), Some(_)), true) => Err(SettingsError::PlaintextBesideCertificates),
            ((None, None, None), true) => Ok(Self::PlaintextOnLoopback),
            ((None, None, None), false) => Err(SettingsError::CertificatesMissing),
            _ => {
                let (set, missing) = FILES.into_iter().partition(|name| values.entry(name).is_some());
                Err(SettingsError::CertificatesIncomplete { set, missing })
            }
        }
    }

    /// Whether connections are not protected.
    pub fn is_plaintext(&self) -> bool {
        matches!(self, Self::PlaintextOnLoopback)
    }
}
