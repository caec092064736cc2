//! What passes, and what does not and why.

use std::{fs, os::unix::fs::symlink};

use LocationRefusal as R;
use steppe_server::{
    ServerError,
    policy::locations::{AllowedLocations, LocationRefusal},
};

fn allowed(entries: &[&str]) -> AllowedLocations {
    let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
    AllowedLocations::parse(&entries).expect("a list")
}

fn list() -> AllowedLocations {
    allowed(&[
        "s3://bucket/cohorts",
        "s3://whole-bucket",
        "gs://genomes/a/b/",
        "az://container/prefix",
        "https://store.example:9000/data",
        "https://plain.example/data",
        "http://127.0.0.1:9000/data",
    ])
}

fn refusal(list: &AllowedLocations, location: &str) -> R {
    let error = list.check(location).map(|url| url.to_string()).expect_err(location);
    // Refused locations can hold passwords.
    let secret = "s3cr3t";
    assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    match error {
        ServerError::LocationRefused { refusal, .. } => refusal,
        other => panic!("{other}"),
    }
}

#[test]
fn locations_at_and_below_a_prefix_pass() {
    let list = list();
    for location in [
        "s3://bucket/cohorts",
        "s3://bucket/cohorts/",
        "s3://bucket/cohorts/hapmap2",
        "s3://bucket/cohorts/hapmap2/",
        "s3://bucket/cohorts/a.b/..c/d..",
        "s3://bucket/cohorts/.hidden",
        "s3://bucket/cohorts/a%20b",
        "s3://bucket/cohorts/M%C3%BCnchen",
        "s3://bucket/cohorts/München",
        "s3://bucket/%63ohorts/x",
        "s3://bucket/cohorts/50%2525",
        "s3://whole-bucket",
        "s3://whole-bucket/",
        "s3://whole-bucket/anything/at/all",
        "gs://genomes/a/b/c",
        "gs://genomes/a/b",
        "az://container/prefix/x",
        "https://store.example:9000/data/x",
        "https://plain.example/data/x",
        "https://plain.example:443/data/x",
        "http://127.0.0.1:9000/data/x",
    ] {
        let url = list.check(location).unwrap_or_else(|error| panic!("{location}: {error}"));
        assert_eq!(location.split_once(':').expect("a scheme").0, url.scheme());
    }
}

#[test]
fn everything_else_is_refused() {
    let list = list();
    let table: &[(&str, R)] = &[
        ("", R::Malformed),
        ("s3", R::Malformed),
        ("s3:", R::Malformed),
        ("s3:/bucket/cohorts", R::Malformed),
        ("s3:bucket/cohorts", R::Malformed),
        ("/data/cohorts", R::Malformed),
        ("cohorts", R::Malformed),
        ("s3://", R::Host),
        ("s3:///bucket/cohorts", R::Host),
        ("s3:////bucket/cohorts", R::Dots),
        ("://bucket/cohorts", R::Scheme),
        ("S3://bucket/cohorts", R::Scheme),
        ("s3a://bucket/cohorts", R::Scheme),
        ("file:///etc/passwd", R::Scheme),
        ("file:/etc/passwd", R::Malformed),
        ("FILE:///etc/passwd", R::Scheme),
        ("ftp://bucket/cohorts", R::Scheme),
        ("gopher://bucket/cohorts", R::Scheme),
        ("data:text/plain,x", R::Malformed),
        ("s3://BUCKET/cohorts", R::Host),
        ("s3://bucket/Cohorts/x", R::NotAllowed),
        ("s3://bucket", R::NotAllowed),
        ("s3://bucket/", R::NotAllowed),
        ("s3://bucket/cohortsx", R::NotAllowed),
        ("s3://bucket/cohorts-evil/x", R::NotAllowed),
        ("s3://bucket/cohort", R::NotAllowed),
        ("s3://bucket.evil.example/cohorts", R::NotAllowed),
        ("s3://bucket./cohorts", R::NotAllowed),
        ("gs://bucket/cohorts", R::NotAllowed),
        ("gs://genomes/a/bc", R::NotAllowed),
        ("gs://genomes/a", R::NotAllowed),
        ("s3://bucket/cohorts/../x", R::Dots),
        ("s3://bucket/cohorts/..", R::Dots),
        ("s3://bucket/cohorts/../cohorts/x", R::Dots),
        ("s3://bucket/x/../cohorts/x", R::Dots),
        ("s3://bucket/cohorts/./x", R::Dots),
        ("s3://bucket/cohorts/.../x", R::Dots),
        ("s3://bucket/cohorts//x", R::Dots),
        ("s3://bucket//cohorts/x", R::Dots),
        ("s3://bucket/cohorts/x//", R::Dots),
        ("s3://bucket/cohorts/%2e%2e/x", R::Dots),
        ("s3://bucket/cohorts/%2E%2E/x", R::Dots),
        ("s3://bucket/cohorts/.%2e/x", R::Dots),
        ("s3://bucket/cohorts/%2e./x", R::Dots),
        ("s3://bucket/cohorts/%2e/x", R::Dots),
        ("s3://bucket/cohorts/%252e%252e/x", R::Dots),
        ("s3://bucket/cohorts/%25252e%25252e/x", R::Dots),
        ("s3://bucket/cohorts/%25%32%65%25%32%65/x", R::Dots),
        ("s3://bucket/cohorts/..%20/x", R::Dots),
        ("s3://bucket/cohorts/%2525252525252e", R::Encoding),
        ("s3://bucket/cohorts/..%2fx", R::Encoding),
        ("s3://bucket/cohorts%2f..%2fx", R::Encoding),
        ("s3://bucket/cohorts/a%252fb", R::Encoding),
        ("s3://bucket/cohorts/%c0%ae%c0%ae/x", R::Encoding),
        ("s3://bucket/cohorts/%ff", R::Encoding),
        ("s3://bucket/cohorts\\..\\x", R::Character),
        ("s3:\\\\bucket\\cohorts", R::Character),
        ("s3://bucket/cohorts/..%5cx", R::Character),
        ("s3://bucket/cohorts/..%255cx", R::Character),
        ("s3://bucket/cohorts/x\0", R::Character),
        ("s3://bucket/cohorts/x%00", R::Character),
        ("s3://bucket/cohorts/x%2500", R::Character),
        ("s3://bucket/cohorts/x\ny", R::Character),
        ("s3://bucket/cohorts/.\t./x", R::Character),
        (" s3://bucket/cohorts", R::Character),
        ("s3://bucket/cohorts/x ", R::Character),
        ("s3://bucket/cohorts/%0d%0a", R::Character),
        ("s3://bucket/cohorts/\u{202e}x", R::Character),
        ("s3://bucket/cohorts/x?versionId=s3cr3t", R::Query),
        ("s3://bucket/cohorts/x#s3cr3t", R::Query),
        ("s3://bucket/cohorts?", R::Query),
        ("s3://user:s3cr3t@bucket/cohorts", R::UserInfo),
        ("s3://s3cr3t@bucket/cohorts", R::UserInfo),
        ("s3://@bucket/cohorts", R::UserInfo),
        ("https://plain.example@evil.example/data/x", R::UserInfo),
        ("s3://bucket:80/cohorts", R::NotAllowed),
        ("s3://bucket:/cohorts", R::Host),
        ("s3://b%75cket/cohorts", R::Host),
        ("s3://bücket/cohorts", R::Host),
        ("https://store.example/data/x", R::NotAllowed),
        ("https://store.example:9001/data/x", R::NotAllowed),
        ("https://store.example:09000/data/x", R::Host),
        ("https://store.example:99999/data/x", R::Host),
        ("http://store.example:9000/data/x", R::NotAllowed),
        ("https://plain.example.evil.example/data/x", R::NotAllowed),
        ("https://evil.example/plain.example/data", R::NotAllowed),
    ];
    assert!(table.len() >= 60);
    for (location, reason) in table {
        assert_eq!(refusal(&list, location), *reason, "{location:?}");
    }
    assert_eq!(refusal(&list, &format!("s3://bucket/cohorts/{}", "x".repeat(2048))), R::TooLong);
}

#[test]
fn metadata_services_are_refused_in_every_spelling() {
    let list = list();
    for host in [
        "169.254.169.254",
        "169.254.169.254.",
        "169.254.170.2",
        "2852039166",
        "0xa9fea9fe",
        "0xA9FEA9FE",
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "025177524776",
        "169.254.43518",
        "169.0xfea9fe",
        "0xa9.254.0251.254",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[fd00:ec2::254]",
        "[FD00:EC2::254]",
        "[fe80::1]",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "metadata.google.internal",
        "metadata.google.internal.",
        "Metadata.Google.Internal",
        "metadata",
        "instance-data",
        "instance-data.ec2.internal",
    ] {
        for (scheme, port) in [("http", ""), ("https", ""), ("http", ":80"), ("http", ":8080"), ("s3", "")] {
            let location = format!("{scheme}://{host}{port}/latest/meta-data");
            assert_eq!(refusal(&list, &location), R::Metadata, "{location}");
            // Nor can an operator allow them by mistake.
            let error = AllowedLocations::parse(&[location]).expect_err("refused");
            assert!(matches!(error, ServerError::AllowedLocation { number: 1, refusal: R::Metadata }));
        }
    }
    for other in ["http://１６９.254.169.254/", "http://169。254。169。254/", "http://[fe80::1%25eth0]/x"]
    {
        assert_eq!(refusal(&list, other), R::Host, "{other}");
    }
}

#[test]
fn lists_that_make_no_sense_are_refused_by_number() {
    for (entry, reason) in [
        ("file:///", R::WholeMachine),
        ("/data", R::Malformed),
        ("file://host/data", R::Host),
        ("file://localhost/data", R::Host),
        ("ftp://x/y", R::Scheme),
        ("s3://", R::Host),
        ("s3://*/x", R::Host),
        ("s3://bucket/../x", R::Dots),
        ("s3://user@bucket/x", R::UserInfo),
        ("https://x/y?z", R::Query),
    ] {
        let error = AllowedLocations::parse(&["s3://good".to_owned(), entry.to_owned()]).expect_err(entry);
        let ServerError::AllowedLocation { number, refusal } = error else { panic!("{error}") };
        assert_eq!((number, refusal), (2, reason), "{entry}");
    }
    let nothing = allowed(&[]);
    assert_eq!(refusal(&nothing, "s3://bucket/x"), R::Scheme);
}

#[test]
fn links_do_not_lead_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("a path");
    for name in ["data/cohorts/inner", "data/cohorts-other", "secret"] {
        fs::create_dir_all(root.join(name)).expect("a folder");
    }
    let link = |target: &str, name: &str| symlink(target, root.join(name)).expect("a link");
    link("/etc", "data/cohorts/etc");
    link("../../secret", "data/cohorts/relative");
    link("../../../secret/new", "data/cohorts/inner/dangling");
    link("inner", "data/cohorts/fine");
    link("loop", "data/cohorts/loop");
    link("data", "alias");
    fs::write(root.join("data/cohorts/file"), "x").expect("a file");
    let root = root.display();
    let list = allowed(&[&format!("file://{root}/data/cohorts")]);
    for name in ["", "/", "/inner", "/inner/new/deep", "/new", "/fine", "/fine/new", "/file", "/file/below"] {
        let url = list.check(&format!("file://{root}/data/cohorts{name}")).expect(name);
        assert_eq!(url.path(), format!("{root}/data/cohorts{name}"));
    }
    for (name, reason) in [
        ("data/cohorts/etc/passwd", R::Link),
        ("data/cohorts/etc", R::Link),
        ("data/cohorts/relative", R::Link),
        ("data/cohorts/relative/new", R::Link),
        ("data/cohorts/inner/dangling", R::Unreadable),
        ("data/cohorts/fine/dangling", R::Unreadable),
        ("data/cohorts/loop", R::Unreadable),
        ("data/cohorts/loop/x", R::Unreadable),
        ("data/cohorts-other", R::NotAllowed),
        ("secret", R::NotAllowed),
        ("alias/cohorts", R::NotAllowed),
        ("data/cohorts/../../secret", R::Dots),
    ] {
        assert_eq!(refusal(&list, &format!("file://{root}/{name}")), reason, "{name}");
    }
    assert_eq!(refusal(&list, "file:///etc/passwd"), R::NotAllowed);
    assert_eq!(refusal(&list, &format!("file://localhost{root}/data/cohorts")), R::Host);
    // A list that names the link means what it leads to.
    let list = allowed(&[&format!("file://{root}/alias/cohorts")]);
    list.check(&format!("file://{root}/alias/cohorts/inner")).expect("below");
    assert_eq!(refusal(&list, &format!("file://{root}/alias/cohorts/etc/passwd")), R::Link);
}
