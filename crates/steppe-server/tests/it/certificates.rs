//! The development authority: what it writes, and what it leaves alone.

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use steppe_server::{
    ServerError,
    identity::certificates::{CertificateRequest, ClusterRole, DevelopmentCa, cluster_role},
};

const FILES: [&str; 8] =
    ["ca.crt", "ca.key", "client.crt", "client.key", "server.crt", "server.key", "worker.crt", "worker.key"];

pub(crate) fn request() -> CertificateRequest {
    CertificateRequest {
        names: vec!["localhost".to_owned(), "steppe.example".to_owned()],
        addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
        validity: Duration::from_secs(3600),
        replace: false,
    }
}

fn create(folder: &Path, request: &CertificateRequest) -> Result<DevelopmentCa, ServerError> {
    DevelopmentCa::create(folder, request, SystemTime::now())
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| {
            let content = fs::read(entry.path()).unwrap_or_default();
            (entry.file_name().into_string().expect("a name"), content)
        })
        .collect()
}

#[test]
fn it_writes_eight_files_and_nobody_else_reads_the_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    create(folder.path(), &request()).expect("certificates");
    assert!(contents(folder.path()).keys().eq(FILES.iter()));
    for name in FILES {
        let mode = fs::metadata(folder.path().join(name)).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode == 0o600, name.ends_with(".key"), "{name}: {mode:o}");
    }
}

#[test]
fn members_certificates_say_what_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = create(folder.path(), &request()).expect("certificates");
    for role in [ClusterRole::Coordinator, ClusterRole::Worker, ClusterRole::Client] {
        let certificate = CertificateDer::from_pem_file(ca.certificate(role)).expect("a certificate");
        assert_eq!(cluster_role(&certificate).expect("readable"), Some(role));
    }
    let authority = CertificateDer::from_pem_file(ca.authority()).expect("a certificate");
    assert_eq!(cluster_role(&authority).expect("readable"), None);
}

#[test]
fn certificates_with_several_or_unknown_roles_are_refused() {
    let made = |uris: &[&str]| {
        let mut params = CertificateParams::default();
        for uri in uris {
            params.subject_alt_names.push(SanType::URI((*uri).try_into().expect("a URI")));
        }
        let certificate = params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate");
        cluster_role(certificate.der()).map_err(|error| error.to_string())
    };
    assert_eq!(made(&["https://cluster/worker"]), Ok(None));
    assert_eq!(made(&["spiffe://x/y", "steppe://cluster/worker"]), Ok(Some(ClusterRole::Worker)));
    let several = made(&["steppe://cluster/worker", "steppe://cluster/coordinator"]);
    assert!(several.expect_err("refused").contains("several roles"));
    for odd in ["steppe://cluster/Worker", "steppe://cluster/worker/", "steppe://other/worker"] {
        assert!(made(&[odd]).expect_err("refused").contains("unknown role"), "{odd}");
    }
    assert!(cluster_role(&CertificateDer::from(vec![1, 2, 3])).is_err());
}

#[test]
fn it_replaces_only_if_told() {
    let folder = tempfile::tempdir().expect("a folder");
    create(folder.path(), &request()).expect("certificates");
    let before = contents(folder.path());
    let refused = create(folder.path(), &request()).expect_err("refused");
    assert!(matches!(refused, ServerError::CertificateExists { .. }), "{refused}");
    assert_eq!(contents(folder.path()), before);

    create(folder.path(), &CertificateRequest { replace: true, ..request() }).expect("certificates");
    let after = contents(folder.path());
    assert!(after.keys().eq(before.keys()));
    assert!(after.iter().all(|(name, content)| before[name] != *content));
}

#[test]
fn one_file_in_the_way_and_none_is_written() {
    for name in FILES {
        let folder = tempfile::tempdir().expect("a folder");
        // Not even a link that leads nowhere is written through.
        std::os::unix::fs::symlink("/nowhere/at/all", folder.path().join(name)).expect("a link");
        assert!(create(folder.path(), &request()).is_err());
        assert!(contents(folder.path()).keys().eq([name]));
    }
}

#[test]
fn a_failed_replacement_brings_everything_back() {
    for name in FILES {
        let folder = tempfile::tempdir().expect("a folder");
        create(folder.path(), &request()).expect("certificates");
        // A folder can not be replaced by a file.
        fs::remove_file(folder.path().join(name)).expect("removed");
        fs::create_dir(folder.path().join(name)).expect("a folder");
        let before = contents(folder.path());
        assert!(create(folder.path(), &CertificateRequest { replace: true, ..request() }).is_err());
        assert_eq!(contents(folder.path()), before, "{name}");
    }
}

#[test]
fn names_and_times_that_can_not_be_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |request: CertificateRequest| {
        assert!(matches!(create(folder.path(), &request), Err(ServerError::CertificateMaking { .. })));
    };
    for name in ["", "a b", "exa mple.org", "10.0.0.1", "müller.example", "https://x"] {
        refused(CertificateRequest { names: vec![name.to_owned()], ..request() });
    }
    refused(CertificateRequest { validity: Duration::ZERO, ..request() });
    refused(CertificateRequest { validity: Duration::MAX, ..request() });
    refused(CertificateRequest { validity: Duration::from_secs(1 << 40), ..request() });
    assert!(contents(folder.path()).is_empty());
}
