//! Whoever has no certificate of the cluster gets nowhere.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use steppe_cluster::{ClusterSecurity, Scheduler, SchedulerAddress};

use super::{
    certificates,
    workers::{HOST, cluster},
};

#[test]
fn a_worker_without_certificates_does_not_register() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = cluster();
    let _plain = cluster.start("plain", folder.path(), None);
    let other_authority = certificates::new();
    let _stranger = cluster.start("stranger", folder.path(), Some(other_authority.path()));
    // A member that starts after them is there soon, and they are not.
    let _member = cluster.worker("member", folder.path());
    std::thread::sleep(Duration::from_secs(3));
    assert!(cluster.known("member"));
    assert!(!cluster.known("plain") && !cluster.known("stranger"));
}

#[test]
fn plain_bytes_get_no_answer_from_the_scheduler() {
    let cluster = cluster();
    let mut stream = TcpStream::connect((HOST, cluster.port)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    // The preface of HTTP/2, and an empty SETTINGS frame: a plain gRPC server answers with its own.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").expect("sent");
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    // At most a TLS alert (record type 21): no frame of HTTP/2.
    assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
}

#[test]
fn without_certificates_only_loopback_is_served() {
    let cluster = cluster();
    let address = SchedulerAddress { host: "0.0.0.0".to_owned(), port: 0, public: None };
    let started = cluster.runtime.block_on(Scheduler::start(&address, &ClusterSecurity::PlaintextOnLoopback));
    assert!(started.expect_err("an open port").to_string().contains("only loopback"));
}
