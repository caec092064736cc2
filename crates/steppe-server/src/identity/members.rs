//! A member's files, and the channels of the cluster made of them: a coordinator lets workers call, a worker
//! coordinators, and both nobody else, whatever the authority has signed besides.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use steppe_cluster::{ClusterCertificates, ClusterSecurity};

use super::{
    certificates::{ClusterRole, MEMBER_NAME, cluster_role},
    tls::{ClientCertificates, IdentityFiles, server_config},
};
use crate::{ServerError, settings::TlsSettings};

/// The authority's certificate, and a member's own certificate and key.
#[derive(Debug, Clone)]
pub struct MemberFiles {
    /// PEM of the authority.
    pub authority: PathBuf,
    /// The member's own.
    pub identity: IdentityFiles,
}

impl MemberFiles {
    /// The files that settings name; `None` in plaintext.
    pub fn of(settings: &TlsSettings) -> Option<Self> {
        match settings {
            TlsSettings::Certificates(files) => Some(Self {
                authority: files.authority.clone(),
                identity: IdentityFiles {
                    certificate: files.certificate.clone(),
                    key: files.key.clone(),
                    allow_exposed_key: files.allow_exposed_key,
                },
            }),
            TlsSettings::PlaintextOnLoopback => None,
        }
    }

    /// A coordinator's channels to workers.
    ///
    /// # Errors
    /// Files that can not be used.
    pub fn coordinator_security(&self, now: SystemTime) -> Result<ClusterSecurity, ServerError> {
        self.security(ClusterRole::Worker, now)
    }

    /// A worker's channels to its coordinator.
    ///
    /// # Errors
    /// Files that can not be used.
    pub fn worker_security(&self, now: SystemTime) -> Result<ClusterSecurity, ServerError> {
        self.security(ClusterRole::Coordinator, now)
    }

    fn security(&self, callers: ClusterRole, now: SystemTime) -> Result<ClusterSecurity, ServerError> {
        let callers = ClientCertificates::Role(self.authority.clone(), callers);
        let server = server_config(&self.identity, &callers, now)?;
        let read = |path: &Path| std::fs::read(path).map_err(ServerError::file(path, "read the file"));
        let certificates = ClusterCertificates::new(
            Arc::new(server),
            &read(&self.authority)?,
            &read(&self.identity.certificate)?,
            &read(&self.identity.key)?,
            MEMBER_NAME,
        );
        Ok(ClusterSecurity::Mutual(Arc::new(certificates)))
    }
}

/// Accepts certificates that another verifier accepts and that name one role.
#[derive(Debug)]
pub(super) struct OnlyRole {
    pub(super) signed: Arc<dyn ClientCertVerifier>,
    pub(super) role: ClusterRole,
}

impl ClientCertVerifier for OnlyRole {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.signed.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.signed.verify_client_cert(end_entity, intermediates, now)?;
        match cluster_role(end_entity) {
            Ok(Some(role)) if role == self.role => Ok(verified),
            Ok(_) => {
                let wrong = ServerError::PeerCertificate { problem: "names another role" };
                Err(Error::Other(OtherError(Arc::new(wrong))))
            }
            Err(error) => Err(Error::Other(OtherError(Arc::new(error)))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}
