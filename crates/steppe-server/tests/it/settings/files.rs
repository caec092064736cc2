use proptest::prelude::*;
use steppe_server::settings::{Member, SettingsError, registry};

use super::{Given, file};

fn refusal_of(text: &str, member: Member) -> (String, std::path::PathBuf) {
    let (_folder, path) = file(text);
    let mut given = Given::plaintext();
    given.flags = given.flags.with_config(&path);
    (given.refusal(member), path)
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("absent.toml");
    let mut given = Given::plaintext().variable("STEPPE_CONFIG", &path.display().to_string());
    let refusal = given.refusal(Member::Worker);
    let begin =
        format!("{}: can not read the settings file that variable STEPPE_CONFIG names", path.display());
    assert!(refusal.starts_with(&begin), "{refusal}");
    given.flags = given.flags.with_config(folder.path());
    let error = given.worker().expect_err("a folder");
    assert!(
        matches!(error, SettingsError::File { .. }) && error.to_string().contains("flag --config"),
        "{error}"
    );
    let refusal = Given::plaintext().variable("STEPPE_CONFIG", "").refusal(Member::Worker);
    assert_eq!(refusal, "variable STEPPE_CONFIG: \"\" is empty; give a path");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest() {
    for (text, key, nearest) in [
        ("[worker]\nslot = 4\n", "worker.slot", "worker.slots"),
        ("[coordinator]\njobs-at-once = 4\n", "coordinator.jobs-at-once", "coordinator.jobs_at_once"),
        ("[coordinator]\nlisen = 'x'\n", "coordinator.lisen", "coordinator.listen"),
        ("[wroker]\nslots = 4\n", "wroker.slots", "worker.slots"),
        ("slots = 4\n", "slots", "worker.slots"),
        ("[tls]\nplaintext_on_lopback = true\n", "tls.plaintext_on_lopback", "tls.plaintext_on_loopback"),
        ("[token]\njwksurl = ''\n", "token.jwksurl", "token.jwks_url"),
        ("[[wroker]]\nslots = 4\n", "wroker", "worker.slots"),
        ("\"worker.slots\" = 4\n", "worker.slots", "worker.slots"),
        ("[worker]\nSlots = 4\n", "worker.Slots", "worker.slots"),
    ] {
        let (refusal, path) = refusal_of(text, Member::Coordinator);
        let begin = format!("{}: there is no setting {key}, the nearest one is ", path.display());
        assert!(refusal.starts_with(&begin), "{refusal}");
        if key != "wroker" {
            assert_eq!(refusal, format!("{begin}{nearest}; correct or remove it"));
        }
    }
    let (refusal, path) = refusal_of("worker = 4\n", Member::Worker);
    let expected = "worker is a section and has no value; write [worker] and its settings below";
    assert_eq!(refusal, format!("{}: {expected}", path.display()));
    let (refusal, _) = refusal_of("[[worker]]\nslots = 4\n", Member::Worker);
    assert!(refusal.contains("worker is a section"), "{refusal}");
}

#[test]
fn one_file_serves_both_commands() {
    let text = "[worker]\nslots = 3\n[coordinator]\njobs_at_once = 5\n[token]\nissuer = 'me'\n";
    let (_folder, path) = file(text);
    let mut given = Given::plaintext();
    given.flags = given.flags.with_config(path);
    assert_eq!(given.worker().expect("settings").settings.slots.get(), 3);
    let coordinator = given.coordinator().expect("settings").settings;
    assert_eq!((coordinator.jobs_at_once.get(), coordinator.tokens.issuer.as_str()), (5, "me"));
}

#[test]
fn an_empty_file_says_nothing() {
    for text in ["", "# nothing\n", "[worker]\n"] {
        let (_folder, path) = file(text);
        let mut given = Given::plaintext();
        given.flags = given.flags.with_config(path);
        let effective = given.effective(Member::Worker).expect("settings");
        assert!(effective.iter().all(|setting| setting.origin != "file"));
    }
}

#[test]
fn faults_of_syntax_are_named_by_place() {
    for (text, end) in [
        ("[worker\n", " at line 1, column 8; correct the TOML"),
        ("[worker]\nslots = \n", " at line 2, column 9; correct the TOML"),
        ("[worker]\nslots = 4\nslots = 5\n", " at line 3, column 1; correct the TOML"),
        ("[worker]\nslots = 99999999999999999999\n", "a number in it is too large; correct the TOML"),
    ] {
        let (refusal, path) = refusal_of(text, Member::Worker);
        assert!(refusal.starts_with(&format!("{}: ", path.display())) && refusal.ends_with(end), "{refusal}");
    }
    let (_folder, path) = file("");
    std::fs::write(&path, b"\xff\xfe").expect("a file");
    let mut given = Given::plaintext();
    given.flags = given.flags.with_config(&path);
    assert!(matches!(given.worker(), Err(SettingsError::File { .. })));
}

/// Lines that are nearly right, so that the readers behind the parser are reached.
fn line() -> impl Strategy<Value = String> {
    let names: Vec<String> = registry::keys(None).map(|key| key.name.to_owned()).collect();
    let name = prop_oneof![
        8 => proptest::sample::select(names),
        1 => "[a-z.\"\\[\\]]{0,12}",
    ];
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:?}")),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<String>().prop_map(|text| format!("{text:?}")),
        "[0-9.]{0,9}[kMGT]?i?B?".prop_map(|text| format!("'{text}'")),
        "[a-z0-9:/@?#%.\\[\\]]{0,16}".prop_map(|text| format!("'{text}'")),
        "[a-z]{1,9}://[a-z0-9:/@?#%.]{0,16}".prop_map(|text| format!("'{text}'")),
        Just("[]".to_owned()),
        Just("['s3://a', 1, [{}]]".to_owned()),
        Just("{ a = 1 }".to_owned()),
        Just("1979-05-27T07:32:00Z".to_owned()),
    ];
    (name, value).prop_map(|(name, value)| format!("{name} = {value}"))
}

fn load(text: &str) {
    let (_folder, path) = file(text);
    for mut given in [Given::plaintext(), Given::certificates()] {
        given.flags = given.flags.with_config(&path);
        for member in Member::ALL {
            if let Err(error) = given.effective(member) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

proptest! {
    #[test]
    fn no_lines_make_it_panic(lines in proptest::collection::vec(line(), 0..4)) {
        load(&lines.join("\n"));
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        load(&text);
    }
}

#[test]
fn deep_tables_are_refused() {
    for text in [
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[worker]\nid = {}", "[".repeat(100_000)),
        format!("[worker]\nid = {}1{}", "{ a = ".repeat(100_000), "}".repeat(100_000)),
        format!("[worker]\nid = {}1{}", "[".repeat(70), "]".repeat(70)),
    ] {
        assert!(!refusal_of(&text, Member::Worker).0.is_empty());
    }
}
