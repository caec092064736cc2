//! A cluster's authority and its members' certificates, made for the tests.

use std::{path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
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
    let path = |file: String| folder.join(file);
    let read = ClusterCertificates::read(
        &path("ca.crt".to_owned()),
        &path(format!("{name}.crt")),
        &path(format!("{name}.key")),
        SERVER_NAME,
    );
    ClusterSecurity::Mutual(Arc::new(read.expect("certificates")))
}

#[test]
fn another_members_key_is_refused() {
    let folder = new();
    let path = |file: &str| folder.path().join(file);
    let read =
        |key: &str| ClusterCertificates::read(&path("ca.crt"), &path("worker.crt"), &path(key), SERVER_NAME);
    assert!(read("worker.key").is_ok());
    for key in ["coordinator.key", "nothing.key", "ca.crt"] {
        let error = read(key).map(|_| ()).expect_err(key);
        assert!(error.to_string().contains(key), "{error}");
    }
}
