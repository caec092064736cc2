//! TLS from PEM files, and the rule where there may be none. Nothing here depends on a process-wide provider.

use std::{
    fs::File,
    io::Read,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rustls::{
    ClientConfig, InconsistentKeys, RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
};
use x509_parser::{parse_x509_certificate, time::ASN1Time};

use super::{certificates::ClusterRole, members::OnlyRole};
use crate::ServerError;

/// gRPC speaks HTTP/2 only.
const ALPN: &[u8] = b"h2";

/// A certificate with its chain, and its private key.
#[derive(Debug, Clone)]
pub struct IdentityFiles {
    /// PEM: the certificate first, then those up to the authority.
    pub certificate: PathBuf,
    /// PEM: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
    /// Whether a key that others can read is taken.
    pub allow_exposed_key: bool,
}

/// Whether a server asks who its clients are. The file is the PEM of the authorities that it believes.
#[derive(Debug, Clone)]
pub enum ClientCertificates {
    /// Nobody without a certificate.
    Required(PathBuf),
    /// Nobody without a certificate that names this role.
    Role(PathBuf, ClusterRole),
    /// Whoever shows one must show a good one.
    Optional(PathBuf),
    /// It does not ask.
    NotAsked,
}

/// A server's side.
///
/// # Errors
/// A file that can not be read or holds nothing of use; a key of another certificate, or one that others can read; a
/// certificate outside its time.
pub fn server_config(
    identity: &IdentityFiles,
    clients: &ClientCertificates,
    now: SystemTime,
) -> Result<ServerConfig, ServerError> {
    let provider = provider();
    let verifier = client_verifier(clients, now, &provider)?;
    let own = identity_of(identity, now, &provider)?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable(&identity.certificate))?;
    let resolver = Arc::new(SingleCertAndKey::from(own));
    let mut config = builder.with_client_cert_verifier(verifier).with_cert_resolver(resolver);
    config.alpn_protocols = vec![ALPN.to_vec()];
    // A resumed session would skip the check of the client's certificate, which may have expired since.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// A client's side: whom it believes, and who it is where servers ask.
///
/// # Errors
/// As [`server_config`].
pub fn client_config(
    authority: &Path,
    identity: Option<&IdentityFiles>,
    now: SystemTime,
) -> Result<ClientConfig, ServerError> {
    let provider = provider();
    let roots = authorities(authority, now)?;
    let own = identity.map(|identity| identity_of(identity, now, &provider)).transpose()?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable(authority))?
        .with_root_certificates(roots);
    let mut config = match own {
        Some(own) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

/// Where a server may listen without TLS: on loopback, and only if told.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListenPolicy {
    /// The flag that allows plaintext on loopback.
    pub allow_plaintext: bool,
}

impl ListenPolicy {
    /// Refuses a plaintext listener that the policy does not allow.
    ///
    /// # Errors
    /// Plaintext without the flag, or where others could reach it.
    pub fn check_plaintext(self, address: SocketAddr) -> Result<(), ServerError> {
        let refused = |problem| Err(ServerError::PlaintextRefused { address, problem });
        if !address.ip().to_canonical().is_loopback() {
            return refused("plaintext is only for loopback addresses");
        }
        if !self.allow_plaintext {
            return refused("plaintext on loopback needs its explicit flag");
        }
        Ok(())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn unusable<E: ToString>(path: &Path) -> impl Fn(E) -> ServerError {
    move |error| ServerError::TlsUnusable { path: path.to_owned(), problem: error.to_string() }
}

fn client_verifier(
    clients: &ClientCertificates,
    now: SystemTime,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, ServerError> {
    let (path, required, role) = match clients {
        ClientCertificates::NotAsked => return Ok(WebPkiClientVerifier::no_client_auth()),
        ClientCertificates::Required(path) => (path, true, None),
        ClientCertificates::Role(path, role) => (path, true, Some(*role)),
        ClientCertificates::Optional(path) => (path, false, None),
    };
    let roots = Arc::new(authorities(path, now)?);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
    let builder = if required { builder } else { builder.allow_unauthenticated() };
    let signed = builder.build().map_err(unusable(path))?;
    Ok(match role {
        Some(role) => Arc::new(OnlyRole { signed, role }),
        None => signed,
    })
}

fn authorities(path: &Path, now: SystemTime) -> Result<RootCertStore, ServerError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, now)? {
        roots.add(certificate).map_err(unusable(path))?;
    }
    Ok(roots)
}

fn identity_of(
    files: &IdentityFiles,
    now: SystemTime,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, ServerError> {
    let chain = certificates(&files.certificate, now)?;
    let key = private_key(files)?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            ServerError::TlsKeyMismatch { key: files.key.clone(), certificate: files.certificate.clone() }
        }
        other => unusable(&files.key)(other),
    })
}

/// The certificates of a file, none of them outside its time.
fn certificates(path: &Path, now: SystemTime) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    let content = std::fs::read(path).map_err(ServerError::file(path, "read the certificate"))?;
    let found = CertificateDer::pem_slice_iter(&content).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(unusable(path))?;
    if found.is_empty() {
        return Err(ServerError::TlsNoCertificate { path: path.to_owned() });
    }
    for certificate in &found {
        check_time(path, certificate, now)?;
    }
    Ok(found)
}

fn check_time(path: &Path, certificate: &CertificateDer<'_>, now: SystemTime) -> Result<(), ServerError> {
    let (_, certificate) =
        parse_x509_certificate(certificate).map_err(|_| unusable(path)("the certificate can not be read"))?;
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = ASN1Time::from_timestamp(i64::try_from(seconds).unwrap_or(i64::MAX));
    let now = now.map_err(|_| unusable(path)("the clock is beyond the calendar"))?;
    let validity = certificate.validity();
    if now < validity.not_before {
        return Err(ServerError::TlsNotYetValid {
            path: path.to_owned(),
            begins: validity.not_before.to_string(),
        });
    }
    if now > validity.not_after {
        return Err(ServerError::TlsExpired { path: path.to_owned(), ended: validity.not_after.to_string() });
    }
    Ok(())
}

fn private_key(files: &IdentityFiles) -> Result<PrivateKeyDer<'static>, ServerError> {
    let path = &files.key;
    let mut file = File::open(path).map_err(ServerError::file(path, "read the key"))?;
    // Of the open file, so that nobody swaps it between the look and the read.
    let metadata = file.metadata().map_err(ServerError::file(path, "read the key"))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 && !files.allow_exposed_key {
        return Err(ServerError::TlsKeyExposed { path: path.clone(), mode });
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(ServerError::file(path, "read the key"))?;
    match PrivateKeyDer::pem_slice_iter(&content).next() {
        None => Err(ServerError::TlsNoKey { path: path.clone() }),
        Some(Ok(key)) => Ok(key),
        Some(Err(_)) => Err(unusable(path)("the key's PEM can not be read")),
    }
}
