use steppe_server::settings::{Fallback, Key, Kind, Member, registry};

use super::{Given, file, key_of};

/// Three values of a kind, as texts and as TOML, and each as the settings' Debug shows it.
fn samples(key: &Key) -> [(&'static str, &'static str, &'static str); 3] {
    match key.kind {
        Kind::Size if key.name == "gateway.memory" => [
            ("257MiB", "269484032", "Size(269484032)"),
            ("512M", "'512M'", "Size(536870912)"),
            ("400MB", "'400MB'", "Size(400000000)"),
        ],
        Kind::Choice(&["optional", "required"]) => [
            ("required", "'required'", "client_certificates: true"),
            ("optional", "'optional'", "client_certificates: false"),
            ("required", "'required'", "client_certificates: true"),
        ],
        Kind::Places => [
            ("file:///a", "['file:///a']", "/a"),
            ("s3://b/p,gs://c", "[]", "gs://c"),
            ("az://d", "[]", "az://d"),
        ],
        Kind::Tables => [
            ("one=file:///a.csv", "['one=file:///a.csv']", "one"),
            ("two=file:///b.csv", "[]", "two"),
            ("three=file:///c.csv", "[]", "three"),
        ],
        Kind::Address => [
            ("127.0.0.1:11", "'127.0.0.1:11'", "127.0.0.1:11"),
            ("127.0.0.1:12", "'127.0.0.1:12'", "127.0.0.1:12"),
            ("[::1]:13", "'[::1]:13'", "[::1]:13"),
        ],
        Kind::HostPort => [
            ("localhost:11", "'localhost:11'", "port: 11"),
            ("127.0.0.1:12", "'127.0.0.1:12'", "port: 12"),
            ("[::1]:13", "'[::1]:13'", "port: 13"),
        ],
        Kind::Host => [
            ("localhost", "'localhost'", "localhost"),
            ("127.0.0.2", "'127.0.0.2'", "127.0.0.2"),
            ("127.0.0.3", "'127.0.0.3'", "127.0.0.3"),
        ],
        Kind::Port => [("11", "11", ": 11"), ("12", "12", ": 12"), ("13", "13", ": 13")],
        Kind::Count => [("11", "11", ": 11"), ("12", "12", ": 12"), ("13", "13", ": 13")],
        Kind::Size | Kind::SizeOrNone => [
            ("17MiB", "17825792", "Size(17825792)"),
            ("18M", "'18M'", "Size(18874368)"),
            ("20MB", "'20MB'", "Size(20000000)"),
        ],
        Kind::Switch => [("true", "true", ""), ("false", "false", ""), ("true", "true", "")],
        Kind::Choice(_) => {
            [("json", "'json'", "Json"), ("text", "'text'", "Text"), ("json", "'json'", "Json")]
        }
        Kind::Locations => [
            ("file:///a", "['file:///a']", r#"["file:///a"]"#),
            ("s3://b/p,gs://c", "[]", r#"["s3://b/p", "gs://c"]"#),
            ("az://d", "[]", r#"["az://d"]"#),
        ],
        Kind::JobLog => [
            ("sqlite:///a", "'sqlite:///a'", ""),
            ("sqlite:///b", "'sqlite:///b'", ""),
            ("sqlite:///c", "'sqlite:///c'", ""),
        ],
        Kind::KeysUrl | Kind::Endpoint => [
            ("http://localhost/aa", "'http://localhost/aa'", "/aa"),
            ("https://localhost/bb", "'https://localhost/bb'", "/bb"),
            ("http://127.0.0.1/cc", "'http://127.0.0.1/cc'", "/cc"),
        ],
        Kind::Path | Kind::Location | Kind::Identifier | Kind::Text => {
            [("one", "'one'", "\"one\""), ("two", "'two'", "\"two\""), ("three", "'three'", "\"three\"")]
        }
    }
}

/// Whose tokens are good: one of these is set, in a gateway always.
const TOKEN_KEYS: [&str; 3] = ["token.key", "token.jwks", "token.jwks_url"];

/// Settings in which this one may have any value: it is no matter of certificates, or there are some.
fn base(member: Member, name: &str, kind: Kind) -> Given {
    let mut given = if name.starts_with("tls.") && kind == Kind::Path || name == "tls.allow_exposed_key" {
        Given::certificates()
    } else {
        Given::plaintext()
    };
    // A gateway serves nobody without a token.
    if member == Member::Gateway && !TOKEN_KEYS.contains(&name) {
        given = given.variable("STEPPE_TOKEN_KEY", "/token.pem");
    }
    // Of what computing scores takes there is all or nothing.
    given = match name {
        "gateway.scoring_files" => given.variable("STEPPE_GATEWAY_COMPUTED", "/computed"),
        "gateway.computed" => given.variable("STEPPE_GATEWAY_SCORING_FILES", "/pgs"),
        _ => given,
    };
    // What a policy needs beside it may be absent where there is none.
    if ["gateway.state", "gateway.cohort"].contains(&name) {
        given.variables.retain(|(name, _)| *name != "STEPPE_GATEWAY_POLICY");
        given = given.variable("STEPPE_GATEWAY_INSECURE_UNGOVERNED", "true");
    }
    let variable = key_of(name).variable();
    given.variables.retain(|(name, _)| *name != *variable);
    given
}

/// The origin of a setting, and the value in the listing and in the typed settings.
fn seen(given: &Given, member: Member, name: &str) -> (&'static str, String, String) {
    let (effective, debug) = match member {
        Member::Coordinator => {
            given.coordinator().map(|loaded| (loaded.effective, format!("{:?}", loaded.settings)))
        }
        Member::Worker => given.worker().map(|loaded| (loaded.effective, format!("{:?}", loaded.settings))),
        Member::Gateway => given.gateway().map(|loaded| (loaded.effective, format!("{:?}", loaded.settings))),
    }
    .unwrap_or_else(|error| panic!("{name}: {error}"));
    let setting = effective.into_iter().find(|setting| setting.key == name).expect("in the listing");
    (setting.origin, setting.value, debug)
}

#[test]
fn flag_over_variable_over_file_over_default() {
    for member in Member::ALL {
        for key in registry::keys(Some(member)) {
            // These decide on what others may be; they have tests of their own.
            let deciding = [
                "tls.plaintext_on_loopback",
                "gateway.insecure_ungoverned",
                "gateway.policy",
                "gateway.cohorts",
            ];
            if deciding.contains(&key.name) {
                continue;
            }
            let [in_file, in_variable, in_flag] = samples(key);
            let (section, rest) = key.name.split_once('.').expect("a section");
            let (_folder, path) = file(&format!("[{section}]\n{rest} = {}\n", in_file.1));
            let check = |given: &Given, origin: &str, (text, _, debug): (&str, &str, &str)| {
                let (from, shown, all) = seen(given, member, key.name);
                assert_eq!(from, origin, "{}", key.name);
                let text = text.replace(',', ", ");
                let as_written = shown == text || shown == "***" && key.secret || shown == in_file.1;
                assert!(as_written, "{}: {shown}", key.name);
                // A number that may be left out is in `Some`.
                let is_there = all.contains(debug) || all.contains(&debug.replacen(": ", ": Some(", 1));
                assert!(is_there, "{}: {debug} is not in {all}", key.name);
            };
            let mut given = base(member, key.name, key.kind);
            let is_needed = key.name.starts_with("tls.") && key.kind == Kind::Path
                || member == Member::Gateway && TOKEN_KEYS.contains(&key.name)
                || ["gateway.scoring_files", "gateway.computed"].contains(&key.name);
            if key.fallback != Fallback::Required && !is_needed {
                assert_eq!(seen(&given, member, key.name).0, "default");
            }
            given.flags = given.flags.with_config(path);
            check(&given, "file", in_file);
            let given = given.variable(&key.variable(), in_variable.0);
            check(&given, "environment", in_variable);
            check(&given.flag(key.name, in_flag.0), "flag", in_flag);
        }
    }
}

#[test]
fn a_switch_goes_by_the_same_order() {
    let (_folder, path) = file("[tls]\nplaintext_on_loopback = true\n");
    let mut given = Given::required();
    assert!(given.refusal(Member::Worker).contains("there are no certificates"));
    given.flags = given.flags.with_config(path);
    assert!(given.worker().expect("settings").settings.tls.is_plaintext());
    let given = given.variable("STEPPE_TLS_PLAINTEXT_ON_LOOPBACK", "false");
    assert!(given.refusal(Member::Worker).contains("there are no certificates"));
    let given = given.flag("tls.plaintext_on_loopback", "true");
    assert!(given.worker().expect("settings").settings.tls.is_plaintext());
}

#[test]
fn the_flag_names_the_file_rather_than_the_variable() {
    let ((_one, by_variable), (_other, by_flag)) =
        (file("[worker]\nslots = 2\n"), file("[worker]\nslots = 3\n"));
    let mut given = Given::plaintext().variable("STEPPE_CONFIG", &by_variable.display().to_string());
    assert_eq!(given.worker().expect("settings").settings.slots.get(), 2);
    given.flags = given.flags.with_config(by_flag);
    assert_eq!(given.worker().expect("settings").settings.slots.get(), 3);
}

#[test]
fn defaults_that_are_computed() {
    let worker = Given::plaintext().flag("worker.id", "w7").worker().expect("settings").settings;
    assert_eq!(worker.scratch, std::env::temp_dir().join("steppe-worker-w7"));
    assert_eq!(Some(worker.slots), std::thread::available_parallelism().ok());
    let given = Given::plaintext()
        .flag("coordinator.cluster_listen", "[::1]:9")
        .flag("coordinator.listen", "127.0.0.1:8");
    let coordinator = given.coordinator().expect("settings").settings;
    assert_eq!(coordinator.cluster_host.to_string(), "[::1]");
    assert_eq!(coordinator.scratch, std::env::temp_dir().join("steppe-coordinator-8"));
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    if let Ok(name) = name {
        assert_eq!(Given::plaintext().worker().expect("settings").settings.id, name.trim());
    }
}

#[test]
fn a_list_replaces_the_list_below_it() {
    let (_folder, path) = file("[coordinator]\nallow = ['s3://a', 's3://b', 's3://c']\n");
    let mut given = Given::plaintext();
    given.flags = given.flags.with_config(path).with(key_of("coordinator.allow"), ["s3://x,y", "s3://z"]);
    assert_eq!(given.coordinator().expect("settings").settings.allow, ["s3://x,y", "s3://z"]);
    given.flags = Default::default();
    let given = given.variable("STEPPE_COORDINATOR_ALLOW", " s3://x , s3://y ");
    assert_eq!(given.coordinator().expect("settings").settings.allow, ["s3://x", "s3://y"]);
    let given = given.variable("STEPPE_COORDINATOR_ALLOW", "");
    assert!(given.coordinator().expect("settings").settings.allow.is_empty());
}
