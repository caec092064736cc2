use steppe_server::settings::{Key, Member, registry};

use super::{Given, chain, file};

const SECRET: &str = "hunter2hunter2";

fn secret_keys() -> Vec<&'static Key> {
    registry::keys(None).filter(|key| key.secret).collect()
}

/// Values with the secret in them: good ones and bad ones.
fn values() -> [String; 6] {
    [
        format!("postgres://me:{SECRET}@host/db"),
        format!("postgresql://host/db?password={SECRET}"),
        format!("mysql://me:{SECRET}@host/db"),
        format!("sqlite:///{SECRET}.sqlite"),
        SECRET.to_owned(),
        format!("{SECRET}://"),
    ]
}

/// All that anybody could see of it.
fn everything(given: &Given) -> String {
    let mut seen = format!("{:?} {:?}", given.sources(), given.flags);
    match given.coordinator() {
        Ok(loaded) => seen.push_str(&format!("{loaded:?} {:#?} {}", loaded.settings, loaded.show())),
        Err(error) => seen.push_str(&format!("{error:?} {}", chain(&error))),
    }
    match given.worker() {
        Ok(loaded) => seen.push_str(&format!("{loaded:?} {}", loaded.show())),
        Err(error) => seen.push_str(&format!("{error:?} {}", chain(&error))),
    }
    seen
}

#[test]
fn secrets_are_never_shown() {
    assert!(!secret_keys().is_empty());
    for key in secret_keys() {
        for value in values() {
            let base = Given::plaintext();
            let by_variable = base.clone().variable(&key.variable(), &value);
            let by_flag = base.clone().flag(key.name, &value);
            let (section, rest) = key.name.split_once('.').expect("a section");
            for line in [
                format!("{rest} = '{value}'"),
                format!("{rest} = ['{value}']"),
                format!("{rest} = {{ a = '{value}' }}"),
                // Faults of syntax on the secret's line.
                format!("{rest} = '{value}"),
                format!("{rest} = {value}"),
                format!("{rest} = '{value}' x"),
                format!("{rest} = '{value}'\n{rest} = '{value}'"),
                format!("{rest} = '{value}'\n{rest}.x = '{value}'"),
                format!("{rest} = \"{value}\\q\""),
            ] {
                let (_folder, path) = file(&format!("[{section}]\n{line}\n"));
                let mut by_file = base.clone();
                by_file.variables.retain(|(name, _)| *name != *key.variable());
                by_file.flags = by_file.flags.with_config(path);
                let seen = everything(&by_file);
                assert!(!seen.contains(SECRET), "{line}: {seen}");
            }
            for given in [by_variable, by_flag] {
                let seen = everything(&given);
                assert!(!seen.contains(SECRET), "{seen}");
            }
        }
    }
}

#[test]
fn the_secret_itself_reaches_who_needs_it() {
    let url = format!("postgres://me:{SECRET}@host/db");
    let loaded = Given::plaintext().flag("coordinator.job_log", &url).coordinator().expect("settings");
    assert_eq!(loaded.settings.job_log.expose(), url);
    assert!(loaded.show().contains("coordinator.job_log = *** (flag)\n"), "{}", loaded.show());
}

#[test]
fn credentials_in_the_wrong_place_are_not_shown_either() {
    for (member, name, value) in [
        (Member::Coordinator, "coordinator.store", format!("s3://key:{SECRET}@bucket/x")),
        (Member::Coordinator, "coordinator.allow", format!("https://host/x?sig={SECRET}")),
        (Member::Coordinator, "token.jwks_url", format!("https://me:{SECRET}@host/")),
        (Member::Coordinator, "trace.endpoint", format!("http://me:{SECRET}@host/")),
        (Member::Worker, "worker.coordinator", format!("me:{SECRET}@host:7071")),
        (Member::Worker, "worker.host", format!("http://me:{SECRET}@host")),
    ] {
        let given = Given::plaintext().flag(name, &value);
        given.effective(member).expect_err(name);
        let seen = everything(&given);
        assert!(!seen.contains(SECRET), "{seen}");
    }
}

#[test]
fn the_listing_has_every_setting_once() {
    for member in Member::ALL {
        let effective = Given::certificates().effective(member).expect("settings");
        let listed: Vec<_> = effective.iter().map(|setting| setting.key).collect();
        let known: Vec<_> = registry::keys(Some(member)).map(|key| key.name).collect();
        assert_eq!(listed, known);
    }
    let shown = Given::plaintext()
        .flag("worker.scratch", "/a\nworker.id = forged")
        .worker()
        .expect("settings")
        .show();
    assert!(shown.contains("worker.scratch = /a\\nworker.id = forged (flag)\n"), "{shown}");
    assert!(shown.contains("trace.endpoint = none (default)\n"), "{shown}");
    assert!(shown.contains("worker.coordinator = localhost:7071 (environment)\n"), "{shown}");
}
