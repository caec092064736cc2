use steppe_server::settings::{Key, Member, registry};

use super::Given;

fn notes(given: &Given) -> Vec<String> {
    let notes = given.coordinator().expect("settings").notes;
    assert_eq!(notes, given.worker().expect("settings").notes);
    notes
}

#[test]
fn a_typing_error_in_a_variable_is_noted() {
    for (name, nearest) in [
        ("STEPPE_COORDINATOR_LISEN", "STEPPE_COORDINATOR_LISTEN"),
        ("STEPPE_WORKER_SLOT", "STEPPE_WORKER_SLOTS"),
        ("STEPPE_WORKER_TASKPORT", "STEPPE_WORKER_TASK_PORT"),
        ("STEPPE_TLS_CERTIFICATES", "STEPPE_TLS_CERTIFICATE"),
        ("STEPPE_TOKEN_JWKSURL", "STEPPE_TOKEN_JWKS_URL"),
        ("STEPPE_LOG_LEVL", "STEPPE_LOG_LEVEL"),
    ] {
        let notes = notes(&Given::plaintext().variable(name, "hunter2"));
        let [note] = notes.as_slice() else { panic!("{name}: {notes:?}") };
        assert!(note.starts_with(&format!("the variable {name} is no setting and has no effect")), "{note}");
        assert!(
            note.ends_with(&format!("the nearest one is {nearest}")) || name == "STEPPE_TLS_CERT",
            "{note}"
        );
        assert!(!note.contains("hunter2"));
    }
}

#[test]
fn variables_of_others_are_no_matter() {
    let mut given = Given::plaintext();
    for name in
        ["STEPPE_COORDINATOR", "STEPPE_TOKEN", "STEPPE_TOKEN_FILE", "STEPPE_LOG", "STEPPE_SIMD", "PATH"]
    {
        given = given.variable(name, "anything");
    }
    // Kubernetes makes these for services called steppe-coordinator and steppe-worker.
    for (name, value) in [
        ("STEPPE_COORDINATOR_SERVICE_HOST", "10.0.0.1"),
        ("STEPPE_COORDINATOR_SERVICE_PORT", "7070"),
        ("STEPPE_COORDINATOR_SERVICE_PORT_CLUSTER", "7071"),
        ("STEPPE_COORDINATOR_PORT", "tcp://10.0.0.1:7070"),
        ("STEPPE_COORDINATOR_PORT_7070_TCP", "tcp://10.0.0.1:7070"),
        ("STEPPE_COORDINATOR_PORT_7070_TCP_ADDR", "10.0.0.1"),
        ("STEPPE_WORKER_PORT_7080_TCP_PROTO", "tcp"),
    ] {
        given = given.variable(name, value);
    }
    assert!(notes(&given).is_empty(), "{:?}", notes(&given));
}

#[test]
fn no_setting_has_the_variable_of_another_or_of_a_client() {
    let mut variables: Vec<_> = registry::keys(None).map(Key::variable).collect();
    variables.extend(
        ["STEPPE_COORDINATOR", "STEPPE_TOKEN", "STEPPE_TOKEN_FILE", "STEPPE_CONFIG"].map(String::from),
    );
    let count = variables.len();
    variables.sort();
    variables.dedup();
    assert_eq!(variables.len(), count);
    for member in Member::ALL {
        let mut flags: Vec<_> = registry::keys(Some(member)).map(|key| key.flag(member)).collect();
        flags.push("config".to_owned());
        let count = flags.len();
        flags.sort();
        flags.dedup();
        assert_eq!(flags.len(), count);
    }
}
