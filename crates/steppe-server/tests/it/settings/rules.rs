use steppe_server::settings::{Member, SettingsError, TokenKeys};

use super::Given;

fn without(mut given: Given, variable: &str) -> Given {
    given.variables.retain(|(name, _)| name != variable);
    given
}

#[test]
fn certificates_are_three_or_none() {
    for member in Member::ALL {
        assert!(Given::certificates().effective(member).is_ok());
        let refusal = without(Given::certificates(), "STEPPE_TLS_KEY").refusal(member);
        assert!(
            refusal.starts_with("tls.authority and tls.certificate are set without tls.key; set"),
            "{refusal}"
        );
        let one = Given::plaintext().variable("STEPPE_TLS_KEY", "/k");
        let refusal = one.refusal(member);
        assert!(
            refusal.starts_with("tls.key is set without tls.authority and tls.certificate; set"),
            "{refusal}"
        );
        let refusal = Given::required().refusal(member);
        assert!(refusal.contains("tls.plaintext_on_loopback to run on this machine alone"), "{refusal}");
        let both = Given::certificates().flag("tls.plaintext_on_loopback", "true");
        let refusal = both.refusal(member);
        assert!(refusal.contains("is set beside certificates; remove it, or them"), "{refusal}");
    }
}

#[test]
fn plaintext_stays_on_this_machine() {
    let exposed = [
        (Member::Coordinator, "coordinator.listen", "0.0.0.0:9000"),
        (Member::Coordinator, "coordinator.cluster_listen", "10.0.0.1:9000"),
        (Member::Coordinator, "coordinator.operations_listen", "[::]:9000"),
        (Member::Coordinator, "coordinator.cluster_host", "coordinator.example.org"),
        (Member::Worker, "worker.host", "worker.example.org"),
        (Member::Worker, "worker.host", "192.168.1.2"),
        (Member::Worker, "worker.operations_listen", "0.0.0.0:9000"),
        (Member::Worker, "worker.coordinator", "coordinator.example.org:9000"),
    ];
    for (member, name, value) in exposed {
        let refusal = Given::plaintext().flag(name, value).refusal(member);
        assert!(refusal.contains(&format!("\"{value}\" is not on loopback")), "{refusal}");
        assert!(refusal.starts_with("flag --"), "{refusal}");
        let certified =
            Given::certificates().flag(name, value).flag("coordinator.cluster_host", "c.example.org");
        assert!(certified.effective(member).is_ok(), "{name}");
    }
    for (member, name, value) in [
        (Member::Coordinator, "coordinator.listen", "[::ffff:127.0.0.1]:9000"),
        (Member::Coordinator, "coordinator.cluster_listen", "127.3.0.1:9000"),
        (Member::Worker, "worker.host", "::1"),
    ] {
        let given = Given::plaintext().flag(name, value);
        assert!(given.effective(member).is_ok(), "{name} {value}");
    }
}

#[test]
fn one_source_of_token_keys() {
    let none = without(Given::certificates(), "STEPPE_TOKEN_KEY");
    assert!(none.refusal(Member::Coordinator).contains("nothing says whose tokens are good"));
    assert!(none.worker().is_ok(), "a worker has no tokens");
    let bare = Given::plaintext().coordinator().expect("settings");
    assert_eq!(bare.settings.tokens.keys, None);

    let jwks = none.clone().flag("token.jwks", "/jwks.json").coordinator().expect("settings");
    assert_eq!(jwks.settings.tokens.keys, Some(TokenKeys::Jwks("/jwks.json".into())));
    let url = none.flag("token.jwks_url", "https://id.example.org/jwks").coordinator().expect("settings");
    assert!(matches!(url.settings.tokens.keys, Some(TokenKeys::JwksUrl(_))));

    for base in [Given::certificates(), Given::plaintext().variable("STEPPE_TOKEN_KEY", "/k")] {
        let two = base.flag("token.jwks_url", "https://id.example.org/jwks");
        let refusal = two.refusal(Member::Coordinator);
        assert!(refusal.starts_with("token.key and token.jwks_url are all set"), "{refusal}");
        let refusal = two.flag("token.jwks", "/j").refusal(Member::Coordinator);
        assert!(refusal.starts_with("token.key and token.jwks and token.jwks_url"), "{refusal}");
    }
}

#[test]
fn keys_are_not_fetched_over_http() {
    let base = without(Given::certificates(), "STEPPE_TOKEN_KEY");
    let refusal = base.clone().flag("token.jwks_url", "http://id.example.org/").refusal(Member::Coordinator);
    assert!(
        refusal.starts_with(
            "flag --token-jwks-url: \"http://id.example.org/\" is http to another machine; give an https://"
        ),
        "{refusal}"
    );
    assert!(base.flag("token.jwks_url", "http://127.0.0.1:8/jwks").coordinator().is_ok());
}

#[test]
fn every_listener_has_its_port() {
    let pairs = [
        (Member::Coordinator, "coordinator.cluster_listen", "127.0.0.1:7070", "coordinator.listen"),
        (Member::Coordinator, "coordinator.operations_listen", "[::1]:7071", "coordinator.cluster_listen"),
        (Member::Worker, "worker.operations_listen", "127.0.0.1:7080", "worker.task_port"),
    ];
    for (member, name, value, other) in pairs {
        let refusal = Given::plaintext().flag(name, value).refusal(member);
        assert!(refusal.starts_with(&format!("{other} and {name} have the same port 70")), "{refusal}");
        assert!(refusal.ends_with("give each its own"), "{refusal}");
    }
    let any = Given::plaintext()
        .flag("coordinator.listen", "127.0.0.1:0")
        .flag("coordinator.cluster_listen", "127.0.0.1:0")
        .flag("coordinator.operations_listen", "127.0.0.1:0");
    assert!(any.coordinator().is_ok());
}

#[test]
fn others_can_connect_to_what_they_are_told() {
    let listening = Given::certificates().flag("coordinator.cluster_listen", "0.0.0.0:7071");
    let refusal = listening.refusal(Member::Coordinator);
    assert!(
        refusal.starts_with(
            "default of coordinator.cluster_host: \"0.0.0.0\" is no address that others can connect to; set coordinator.cluster_host"
        ),
        "{refusal}"
    );
    assert!(listening.flag("coordinator.cluster_host", "10.0.0.1").coordinator().is_ok());
    for (name, value) in [("worker.host", "0.0.0.0"), ("worker.host", "::"), ("worker.coordinator", "[::]:1")]
    {
        let error = Given::certificates().flag(name, value).worker().expect_err(name);
        assert!(matches!(error, SettingsError::Unreachable { .. }), "{error}");
    }
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let refusal = Given::default().refusal(Member::Coordinator);
    for name in [
        "coordinator.store (--store, STEPPE_COORDINATOR_STORE)",
        "coordinator.job_log (--job-log, STEPPE_COORDINATOR_JOB_LOG)",
        "coordinator.audit_log (--audit-log, STEPPE_COORDINATOR_AUDIT_LOG)",
    ] {
        assert!(refusal.contains(name), "{refusal}");
    }
    let refusal = Given::default().refusal(Member::Worker);
    assert!(
        refusal.starts_with(
            "steppe worker needs worker.coordinator (--coordinator, STEPPE_WORKER_COORDINATOR);"
        )
    );
}

#[test]
fn a_gateway_has_a_policy_or_says_that_it_has_none() {
    let none = without(Given::certificates(), "STEPPE_GATEWAY_POLICY");
    assert!(none.refusal(Member::Gateway).starts_with("nothing says who may see what"));
    let open = none.flag("gateway.insecure_ungoverned", "true");
    assert!(open.effective(Member::Gateway).is_ok());
    let both = Given::certificates().flag("gateway.insecure_ungoverned", "true");
    assert!(both.refusal(Member::Gateway).contains("is set beside gateway.policy"));
    for (variable, name) in
        [("STEPPE_GATEWAY_STATE", "gateway.state"), ("STEPPE_GATEWAY_COHORT", "gateway.cohort")]
    {
        let refusal = without(Given::certificates(), variable).refusal(Member::Gateway);
        assert_eq!(refusal, format!("gateway.policy is set without {name}; set it"));
    }
    for name in ["gateway.flight", "gateway.postgres", "gateway.operations_listen"] {
        let exposed = open.clone().flag(name, "0.0.0.0:9000");
        let refusal = exposed.refusal(Member::Gateway);
        assert!(refusal.contains("is not on loopback, and gateway.insecure_ungoverned is set"), "{refusal}");
        assert!(Given::certificates().flag(name, "0.0.0.0:9000").effective(Member::Gateway).is_ok());
        let plaintext = Given::plaintext().variable("STEPPE_TOKEN_KEY", "/k").flag(name, "0.0.0.0:9000");
        assert!(plaintext.refusal(Member::Gateway).contains("tls.plaintext_on_loopback is set"));
    }
}

#[test]
fn a_gateway_computes_scores_with_all_that_it_takes() {
    let given = || Given::certificates().flag("gateway.cohort", "/cohort");
    let all = given().flag("gateway.computed", "/computed").flag("gateway.scoring_files", "/pgs");
    assert!(all.effective(Member::Gateway).is_ok());
    let half = given().flag("gateway.computed", "/computed").refusal(Member::Gateway);
    assert_eq!(half, "scores can not be computed without gateway.scoring_files; set it");
}

#[test]
fn a_gateway_always_asks_for_tokens() {
    assert!(Given::plaintext().coordinator().is_ok());
    assert!(Given::plaintext().refusal(Member::Gateway).contains("nothing says whose tokens are good"));
    let small = Given::certificates().flag("gateway.memory", "64MiB").refusal(Member::Gateway);
    assert!(small.contains("is less than 256 MiB"), "{small}");
}

#[test]
fn a_file_of_cohorts_is_for_a_policy_and_takes_the_place_of_one_cohort() {
    let mut given = Given::plaintext()
        .variable("STEPPE_TOKEN_KEY", "/token.pem")
        .variable("STEPPE_GATEWAY_COHORTS", "/cohorts.toml");
    let refused = |given: &Given| given.gateway().expect_err("settings that do not go together").to_string();
    assert!(refused(&given).contains("gateway.cohorts is set beside gateway.cohort"), "{}", refused(&given));
    given.variables.retain(|(name, _)| *name != "STEPPE_GATEWAY_COHORT");
    let loaded = given.gateway().expect("a policy on several cohorts");
    assert_eq!(loaded.settings.data.cohorts.as_deref(), Some(std::path::Path::new("/cohorts.toml")));
    given.variables.retain(|(name, _)| *name != "STEPPE_GATEWAY_POLICY");
    let ungoverned = given.variable("STEPPE_GATEWAY_INSECURE_UNGOVERNED", "true");
    assert!(refused(&ungoverned).contains("is set without gateway.policy"));
}
