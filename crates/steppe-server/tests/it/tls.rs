//! TLS from files: handshakes between both sides, and files that are refused before there is any.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rustls::pki_types::ServerName;
use steppe_server::{
    ServerError,
    identity::{
        certificates::{CertificateRequest, ClusterRole, DevelopmentCa, MEMBER_NAME, cluster_role},
        tls::{ClientCertificates, IdentityFiles, ListenPolicy, client_config, server_config},
    },
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::certificates::request;

fn authority(now: SystemTime) -> (TempDir, DevelopmentCa) {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = DevelopmentCa::create(folder.path(), &request(), now).expect("certificates");
    (folder, ca)
}

fn files(ca: &DevelopmentCa, role: ClusterRole) -> IdentityFiles {
    IdentityFiles { certificate: ca.certificate(role), key: ca.key(role), allow_exposed_key: false }
}

/// Shakes hands over a pipe and sends a byte each way; gives what the server learnt of its client.
async fn handshake(
    server: (&DevelopmentCa, ClientCertificates),
    client: (&DevelopmentCa, Option<ClusterRole>),
    name: &str,
) -> Result<Option<ClusterRole>, String> {
    let now = SystemTime::now();
    let server = server_config(&files(server.0, ClusterRole::Coordinator), &server.1, now).expect("a server");
    let identity = client.1.map(|role| files(client.0, role));
    let client = client_config(&client.0.authority(), identity.as_ref(), now).expect("a client");
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let accept = async {
        let mut stream = TlsAcceptor::from(Arc::new(server)).accept(ours).await?;
        let peer = stream.get_ref().1.peer_certificates().map(|chain| chain[0].clone());
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        stream.write_all(b"!").await?;
        stream.flush().await?;
        Ok::<_, std::io::Error>(peer)
    };
    let connect = async {
        let mut stream = TlsConnector::from(Arc::new(client)).connect(name, theirs).await?;
        // In TLS 1.3 a client learns only from the first byte whether it is welcome.
        stream.read_u8().await
    };
    let (peer, byte) = tokio::join!(accept, connect);
    byte.map_err(|error| error.to_string())?;
    let peer = peer.map_err(|error| error.to_string())?;
    Ok(peer.and_then(|peer| cluster_role(&peer).expect("readable")))
}

#[tokio::test]
async fn servers_know_their_clients() {
    let (_folder, ca) = authority(SystemTime::now());
    let required = || ClientCertificates::Required(ca.authority());
    let optional = || ClientCertificates::Optional(ca.authority());
    for name in ["localhost", "steppe.example", "127.0.0.1", MEMBER_NAME] {
        for role in [ClusterRole::Worker, ClusterRole::Client, ClusterRole::Coordinator] {
            assert_eq!(handshake((&ca, required()), (&ca, Some(role)), name).await, Ok(Some(role)));
            assert_eq!(handshake((&ca, optional()), (&ca, Some(role)), name).await, Ok(Some(role)));
        }
    }
    assert_eq!(handshake((&ca, optional()), (&ca, None), "localhost").await, Ok(None));
    let unasked = (&ca, ClientCertificates::NotAsked);
    assert_eq!(handshake(unasked, (&ca, Some(ClusterRole::Worker)), "localhost").await, Ok(None));
    assert!(handshake((&ca, required()), (&ca, None), "localhost").await.is_err());
    assert!(handshake((&ca, optional()), (&ca, None), "elsewhere.example").await.is_err());
}

#[tokio::test]
async fn strangers_of_another_authority_are_refused() {
    let ((_one, ca), (_two, other)) = (authority(SystemTime::now()), authority(SystemTime::now()));
    let required = ClientCertificates::Required(ca.authority());
    // The client does not believe this server.
    assert!(
        handshake((&ca, required.clone()), (&other, Some(ClusterRole::Worker)), "localhost").await.is_err()
    );
    // The client believes it, and has a certificate that this server does not believe.
    fs::copy(ca.authority(), other.authority()).expect("copied");
    for asks in [required, ClientCertificates::Optional(ca.authority())] {
        let shaken = handshake((&ca, asks), (&other, Some(ClusterRole::Worker)), "localhost").await;
        assert!(shaken.is_err(), "{shaken:?}");
    }
}

fn load(ca: &DevelopmentCa, identity: &IdentityFiles) -> Result<(), ServerError> {
    let clients = ClientCertificates::Required(ca.authority());
    let server = server_config(identity, &clients, SystemTime::now()).map(drop);
    let client = client_config(&ca.authority(), Some(identity), SystemTime::now()).map(drop);
    assert_eq!(server.is_ok(), client.is_ok());
    server
}

fn secret(path: &Path, content: &[u8]) {
    fs::write(path, content).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

#[test]
fn useless_files_are_refused_by_name() {
    let (folder, ca) = authority(SystemTime::now());
    let good = files(&ca, ClusterRole::Coordinator);
    load(&ca, &good).expect("a good pair");
    let odd = folder.path().join("odd.pem");
    let with_key = || IdentityFiles { key: odd.clone(), ..good.clone() };
    let with_certificate = || IdentityFiles { certificate: odd.clone(), ..good.clone() };
    let refused = |identity: &IdentityFiles| {
        let error = load(&ca, identity).expect_err("refused");
        assert!(error.to_string().contains("odd.pem"), "{error}");
        error
    };
    assert!(matches!(refused(&with_key()), ServerError::File { .. }));
    assert!(matches!(refused(&with_certificate()), ServerError::File { .. }));
    let certificate = fs::read(&good.certificate).expect("a certificate");
    for nothing in [b"".as_slice(), b"hello", &certificate, b"\0\xff\xfe"] {
        secret(&odd, nothing);
        assert!(matches!(refused(&with_key()), ServerError::TlsNoKey { .. }));
    }
    let key = fs::read(&good.key).expect("a key");
    for nothing in [b"".as_slice(), b"hello", &key] {
        secret(&odd, nothing);
        assert!(matches!(refused(&with_certificate()), ServerError::TlsNoCertificate { .. }));
    }
    for broken in [
        "-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        secret(&odd, broken.as_bytes());
        assert!(matches!(refused(&with_key()), ServerError::TlsUnusable { .. }));
        secret(&odd, broken.replace("PRIVATE KEY", "CERTIFICATE").as_bytes());
        assert!(matches!(refused(&with_certificate()), ServerError::TlsUnusable { .. }));
    }
}

#[test]
fn keys_of_others_and_keys_for_others_are_refused() {
    let (_folder, ca) = authority(SystemTime::now());
    let good = files(&ca, ClusterRole::Coordinator);
    let other = IdentityFiles { key: ca.key(ClusterRole::Worker), ..good.clone() };
    let error = load(&ca, &other).expect_err("refused");
    assert!(matches!(error, ServerError::TlsKeyMismatch { .. }), "{error}");
    for mode in [0o604, 0o640, 0o620, 0o601, 0o644, 0o666, 0o440] {
        fs::set_permissions(&good.key, fs::Permissions::from_mode(mode)).expect("a mode");
        let error = load(&ca, &good).expect_err("refused");
        assert!(matches!(error, ServerError::TlsKeyExposed { mode: found, .. } if found == mode), "{error}");
        load(&ca, &IdentityFiles { allow_exposed_key: true, ..good.clone() }).expect("told so");
    }
    fs::set_permissions(&good.key, fs::Permissions::from_mode(0o400)).expect("a mode");
    load(&ca, &good).expect("only its owner reads it");
}

#[test]
fn certificates_outside_their_time_are_refused() {
    let day = Duration::from_secs(86_400);
    let (_past, expired) = authority(SystemTime::now() - day);
    let (_future, early) = authority(SystemTime::now() + day);
    let (_present, ca) = authority(SystemTime::now());
    let load_all = |of: &DevelopmentCa, believed: &DevelopmentCa| {
        let clients = ClientCertificates::Required(believed.authority());
        server_config(&files(of, ClusterRole::Coordinator), &clients, SystemTime::now()).map(drop)
    };
    load_all(&ca, &ca).expect("in time");
    for (of, believed, file) in [(&expired, &ca, "server.crt"), (&ca, &expired, "ca.crt")] {
        let error = load_all(of, believed).expect_err("refused");
        assert!(matches!(error, ServerError::TlsExpired { .. }), "{error}");
        assert!(error.to_string().contains(file), "{error}");
    }
    for (of, believed) in [(&early, &ca), (&ca, &early)] {
        let error = load_all(of, believed).expect_err("refused");
        assert!(matches!(error, ServerError::TlsNotYetValid { .. }), "{error}");
    }
}

#[test]
fn certificates_end_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = SystemTime::now();
    let request = CertificateRequest { validity: Duration::from_secs(100), ..request() };
    let ca = DevelopmentCa::create(folder.path(), &request, now).expect("certificates");
    let at = |seconds| client_config(&ca.authority(), None, now + Duration::from_secs(seconds));
    assert!(at(0).is_ok() && at(99).is_ok());
    assert!(at(102).is_err());
}

#[test]
fn plaintext_is_for_loopback_and_only_if_told() {
    let check = |address: &str, allow_plaintext| {
        ListenPolicy { allow_plaintext }.check_plaintext(address.parse().expect("an address")).is_ok()
    };
    for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(check(address, true), "{address}");
        assert!(!check(address, false), "{address}");
    }
    for address in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1", "128.0.0.1:1", "[fe80::1]:1"]
    {
        assert!(!check(address, true), "{address}");
    }
}
