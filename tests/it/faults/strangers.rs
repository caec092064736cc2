//! Whoever has no right is refused: bad tokens on every call, and the cluster's ports without a cluster certificate.

mod calls;
mod tokens;

use std::{fs, path::Path};

use steppe_tests::{Case, Cluster, ClusterOptions, Counts, Lane, Tally, turn};
use tokio::runtime::Runtime;
use tonic::Code;

use super::ensure;
use calls::{Caller, Credentials, reach};
use tokens::{Claims, Signer};

/// The name in every member's certificate.
const MEMBER: &str = "member.steppe.internal";

/// A cluster that trusts a key which the test has.
struct Guarded {
    cluster: Cluster,
    signer: Signer,
    runtime: Runtime,
    _place: tempfile::TempDir,
}

impl Guarded {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("cluster");
        fs::create_dir_all(&folder).expect("a folder");
        let signer = Signer::new();
        fs::write(folder.join("token.pub"), signer.public_pem()).expect("written");
        fs::write(folder.join("token"), signer.es256(&Claims::good())).expect("written");
        let options = ClusterOptions { workers: 1, slots: 1, environment: Vec::new() };
        let cluster = Cluster::start(&folder, options).expect("a cluster");
        Self { cluster, signer, runtime: Runtime::new().expect("threads"), _place: place }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.cluster.folder().join("certs").join(name)).expect("a certificate")
    }
}

#[test]
fn bad_tokens_are_refused_on_every_call() {
    let Some(_turn) = turn(Lane::Busy) else { return };
    let guarded = Guarded::new();
    let methods = calls::methods(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto"));
    assert!(methods.len() >= 13, "calls are missing: {methods:?}");
    let forged = tokens::forged(&guarded.signer);
    let all = methods.len() * forged.len();
    let mut tally = Tally::begin("bad tokens", Counts { smoke: all, ci: all, release: all });
    let port = guarded.cluster.port("api_port").expect("a port");
    let caller =
        guarded.runtime.block_on(Caller::connect(port, &guarded.read("ca.crt"))).expect("a connection");
    let good = format!("Bearer {}", guarded.signer.es256(&Claims::good()));
    for method in &methods {
        let answer = guarded.runtime.block_on(caller.call(method, Some(&good)));
        assert_ne!(answer, Code::Unauthenticated, "{method}: a good token is refused");
        assert_ne!(answer, Code::Unimplemented, "{method}: nobody serves it");
        for (name, authorization) in &forged {
            let answer = guarded.runtime.block_on(caller.call(method, authorization.as_deref()));
            tally.add(if answer == Code::Unauthenticated {
                Ok(Case::Passed)
            } else {
                Err(format!("{method}, token {name}: {answer:?}"))
            });
        }
    }
    let audit =
        fs::read_to_string(guarded.cluster.folder().join("state/audit.jsonl")).expect("the audit log");
    let denied = audit.lines().filter(|line| line.contains("\"deny\"")).count();
    assert!(denied >= all, "{denied} refusals are in the audit log, of {all}");
    assert!(!audit.contains("eyJ"), "a token is in the audit log");
    tally.finish();
}

#[test]
fn the_clusters_ports_need_a_certificate_of_the_cluster() {
    let Some(_turn) = turn(Lane::Busy) else { return };
    let guarded = Guarded::new();
    let ports = ["cluster_port", "worker_ports"].map(|name| guarded.cluster.port(name).expect("a port"));
    let stranger = tempfile::tempdir().expect("a folder");
    steppe_tests::steppe(["certs", "init", "--out"]).arg(stranger.path()).ok();
    let foreign =
        |name: &str| fs::read(stranger.path().join(name)).expect("a certificate of another authority");
    let pair = |name: &str| [guarded.read(&format!("{name}.crt")), guarded.read(&format!("{name}.key"))];
    let cases: [(&str, Credentials); 4] = [
        ("plaintext", Credentials::Plaintext),
        ("no certificate", Credentials::None),
        ("a client's certificate", Credentials::Pair(pair("client"))),
        ("another authority's worker", Credentials::Pair([foreign("worker.crt"), foreign("worker.key")])),
    ];
    let all = cases.len() * ports.len();
    let mut tally =
        Tally::begin("cluster ports without its certificate", Counts { smoke: all, ci: all, release: all });
    for port in ports {
        // The other end of the channel: a worker for the scheduler's port, the coordinator for a worker's.
        let member = Credentials::Pair(pair(if port == ports[0] { "worker" } else { "server" }));
        let reached = guarded.runtime.block_on(reach(port, &guarded.read("ca.crt"), MEMBER, &member));
        assert!(reached, "port {port}: a member is refused");
        for (name, credentials) in &cases {
            let reached = guarded.runtime.block_on(reach(port, &guarded.read("ca.crt"), MEMBER, credentials));
            let case = || {
                ensure!(!reached, "port {port}: {name} reaches the service");
                Ok(Case::Passed)
            };
            tally.add(case());
        }
    }
    tally.finish();
}
