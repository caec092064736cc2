//! A cluster's authority and its members' certificates, made for the tests.

use std::{path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use steppe_cluster::{ClusterCertificates, ClusterSecurity};
use tempfile::TempDir;

/// The name in every member's certificate.
const SERVER_NAME: &str = "member.steppe.internal";

/// A folder with an authority and two members.
pub(crate) fn new() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("written");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    write("ca.crt", authority.self_signed(&authority_key).expect("an authority").pem());
    let issuer = Issuer::new(authority, authority_key);
    for name in ["coordinator", "worker"] {
        let mut member = CertificateParams::new(vec![SERVER_NAME.to_owned()]).expect("parameters");
        member.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key");
        write(&format!("{name}.crt"), member.signed_by(&key, &issuer).expect("a certificate").pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    folder
}

/// A member's security.
pub(crate) fn of(folder: &Path, name: &str) -> ClusterSecurity {
    let read = |file: &str| std::fs::read(folder.join(file)).expect("a file");
    let (authority, certificate, key) =
        (read("ca.crt"), read(&format!("{name}.crt")), read(&format!("{name}.key")));
    let server = Arc::new(server(&authority, &certificate, &key));
    ClusterSecurity::Mutual(Arc::new(ClusterCertificates::new(
        server,
        &authority,
        &certificate,
        &key,
        SERVER_NAME,
    )))
}

/// Demands a certificate of the authority.
fn server(authority: &[u8], certificate: &[u8], key: &[u8]) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authority) {
        roots.add(authority.expect("a certificate")).expect("an authority");
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .expect("a verifier");
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>().expect("a chain");
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key).expect("a key"))
        .expect("a configuration");
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}
