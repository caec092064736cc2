use steppe_server::settings::{Kind, Member, registry};

use super::{Given, file};

/// Values that no setting of the kind has.
fn wrong(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Address => &["localhost:80", "127.0.0.1", "7070", "127.0.0.1:65536", "::1:80"],
        Kind::HostPort => &["host", "host:0", "http://host:80", "::1:80", "a b:80"],
        Kind::Host => &["host:80", "http://host", "a b"],
        Kind::Port => &["0", "65536", "-1", "x"],
        Kind::Locations => &["/folder", "s3://key:secret@bucket/x", "s3://", "https://host/?sig=x"],
        Kind::Location => &["s3://key:secret@bucket/x", "s3://", "https://host/?sig=x"],
        Kind::Places => &["s3://key:secret@bucket/x", "s3://", "https://host/?sig=x"],
        Kind::Tables => &["people", "=a.tsv", "People=a.tsv", "p=s3://key:secret@bucket/a.csv"],
        Kind::JobLog => &["mysql://host/db", "/jobs.sqlite", "sqlite:jobs"],
        Kind::Path => &["a\0b"],
        Kind::Count => &["0", "-1", "1.5", "many"],
        Kind::Size => &["0", "1K", "2XB", "-2G", "1e400G"],
        Kind::SizeOrNone => &["1", "1K", "2XB", "-2G"],
        Kind::Identifier => &["a/b", "..", "a b", "-a"],
        Kind::Switch => &["yes", "1", "True"],
        Kind::Choice(_) => &["xml", "TEXT"],
        Kind::KeysUrl => {
            &["id.example.org", "http://id.example.org/", "ftp://localhost/", "https://u:p@host/"]
        }
        Kind::Endpoint => &["localhost:4317", "grpc://localhost:4317", "http://u:p@host/"],
        Kind::Text => &[],
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_place_and_what_is_right() {
    for member in Member::ALL {
        for key in registry::keys(Some(member)) {
            for value in wrong(key.kind).iter().chain(&["", " "]) {
                let base = Given::certificates();
                if key.kind.is_list() && value.trim().is_empty() {
                    assert!(base.variable(&key.variable(), value).effective(member).is_ok());
                    continue;
                }
                let by_flag = base.clone().flag(key.name, value).refusal(member);
                assert!(by_flag.starts_with(&format!("flag --{}: ", key.flag(member))), "{by_flag}");
                let by_variable = base.variable(&key.variable(), value).refusal(member);
                assert!(by_variable.starts_with(&format!("variable {}: ", key.variable())), "{by_variable}");
                for refusal in [by_flag, by_variable] {
                    assert!(refusal.ends_with(&format!("; give {}", key.kind.expected())), "{refusal}");
                    let shown = format!("{:?} ", value.trim());
                    let masked = key.secret || value.contains('@') || value.contains('?');
                    assert_eq!(refusal.contains(&shown), !masked, "{refusal}");
                }
            }
        }
    }
}

#[test]
fn the_file_has_types() {
    let wrong = [
        ("worker", "slots = \"4\"", "\"4\" is no number without quotes"),
        ("worker", "slots = 4.5", "4.5 is no number without quotes"),
        ("worker", "slots = 0", "\"0\" is less than 1"),
        ("worker", "task_port = true", "true is no number without quotes"),
        ("worker", "cache_memory = 1.5", "1.5 is no text in quotes"),
        ("worker", "cache_disk = 7", "\"7\" is less than 16 MiB and not 0"),
        ("worker", "id = 7", "7 is no text in quotes"),
        ("worker", "host = [\"a\"]", "an array is no text in quotes"),
        ("worker", "host = { a = 1 }", "a table is no value"),
        ("worker.host", "a = 1", "a table is no value"),
        ("tls", "plaintext_on_loopback = \"true\"", "\"true\" is neither of them without quotes"),
        ("tls", "plaintext_on_loopback = 1", "1 is neither of them without quotes"),
        ("log", "format = \"xml\"", "\"xml\" is neither"),
    ];
    for (section, line, problem) in wrong {
        let (_folder, path) = file(&format!("[{section}]\n{line}\n"));
        // A variable would go before what the file says of tls.
        let mut given = if section == "tls" { Given::required() } else { Given::plaintext() };
        given.flags = given.flags.with_config(&path);
        let refusal = given.refusal(Member::Worker);
        let key = section.split('.').next().expect("a section");
        assert!(refusal.starts_with(&format!("{}: {key}.", path.display())), "{refusal}");
        assert!(refusal.contains(&format!(": {problem}; give ")), "{refusal}");
    }
    for line in ["allow = \"/a\"", "allow = [1]", "allow = [[\"/a\"]]", "allow = [{ a = 1 }]"] {
        let (_folder, path) = file(&format!("[coordinator]\n{line}\n"));
        let mut given = Given::plaintext();
        given.flags = given.flags.with_config(&path);
        let refusal = given.refusal(Member::Coordinator);
        assert!(refusal.contains(" is no array"), "{refusal}");
    }
}

#[test]
fn spaces_around_a_value_do_not_count() {
    let given = Given::plaintext().variable("STEPPE_WORKER_SLOTS", " 3\n").flag("worker.cache_disk", " 0 ");
    let settings = given.worker().expect("settings").settings;
    assert_eq!((settings.slots.get(), settings.cache_disk), (3, None));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let mut given = Given::plaintext();
    given.variables.push(("STEPPE_WORKER_ID".into(), std::ffi::OsString::from_vec(vec![0xff, 0xfe])));
    let refusal = given.refusal(Member::Worker);
    assert!(refusal.starts_with("variable STEPPE_WORKER_ID: the value is no UTF-8; give"), "{refusal}");
}
