//! People who want more than they may have, each with a count.

use std::time::Duration;

use arrow_flight::{
    Action, Criteria, Empty, FlightData, FlightDescriptor, HandshakeRequest, Ticket,
    flight_service_client::FlightServiceClient,
};
use futures::stream;
use steppe_tests::{Gateway, GatewayOptions, PostgresClient, TokenClaims, TokenIssuer};
use tonic::{Code, Request, Response, Status, Streaming, transport::Channel};

use crate::flight_client::{FlightClient, channel};

/// Tokens that are no good for this gateway; `None` is no header at all.
fn bad_tokens(gateway: &Gateway) -> Vec<(&'static str, Option<String>)> {
    let claims = || TokenClaims::of("ada", "analyst");
    let good = gateway.token("ada");
    let (head, signature) = good.rsplit_once('.').expect("a token");
    let mut other = head.to_owned();
    other.replace_range(head.len() - 2.., "AA");
    vec![
        ("none", None),
        ("empty", Some(String::new())),
        ("garbage", Some("garbage".to_owned())),
        ("another issuer's key", Some(TokenIssuer::new().token(&claims()))),
        ("expired", Some(gateway.issuer.token(&TokenClaims { lifetime: -3600, ..claims() }))),
        (
            "for somebody else",
            Some(gateway.issuer.token(&TokenClaims { audience: "other".to_owned(), ..claims() })),
        ),
        (
            "of somebody else",
            Some(gateway.issuer.token(&TokenClaims { issuer: "other".to_owned(), ..claims() })),
        ),
        ("of nobody", Some(gateway.issuer.token(&TokenClaims { subject: String::new(), ..claims() }))),
        ("without a signature", Some(format!("{head}."))),
        ("with another body", Some(format!("{other}.{signature}"))),
        // {"alg":"none"}
        ("unsigned", Some(format!("eyJhbGciOiJub25lIn0.{}.", head.split('.').nth(1).unwrap_or_default()))),
        ("too long", Some("a".repeat(20_000))),
    ]
}

/// A stream fails in its head or where its first message should be.
async fn first<T>(answer: Result<Response<Streaming<T>>, Status>) -> Result<(), Status> {
    answer?.into_inner().message().await.map(drop)
}

/// Calls every method of Flight once.
async fn all_methods(channel: Channel, header: Option<String>) -> Vec<(&'static str, Result<(), Status>)> {
    fn with<T>(body: T, header: Option<&String>) -> Request<T> {
        let mut request = Request::new(body);
        if let Some(value) = header.and_then(|header| header.parse().ok()) {
            request.metadata_mut().insert("authorization", value);
        }
        request
    }
    let mut client = FlightServiceClient::new(channel);
    let header = header.as_ref();
    let descriptor = || FlightDescriptor::new_cmd(b"x".to_vec());
    let one = |data: FlightData| stream::iter([data]);
    vec![
        (
            "Handshake",
            first(client.handshake(with(stream::iter([HandshakeRequest::default()]), header)).await).await,
        ),
        ("ListFlights", first(client.list_flights(with(Criteria::default(), header)).await).await),
        ("GetFlightInfo", client.get_flight_info(with(descriptor(), header)).await.map(drop)),
        ("PollFlightInfo", client.poll_flight_info(with(descriptor(), header)).await.map(drop)),
        ("GetSchema", client.get_schema(with(descriptor(), header)).await.map(drop)),
        ("DoGet", first(client.do_get(with(Ticket::new(b"x".to_vec()), header)).await).await),
        ("DoPut", first(client.do_put(with(one(FlightData::default()), header)).await).await),
        ("DoExchange", first(client.do_exchange(with(one(FlightData::default()), header)).await).await),
        (
            "DoAction",
            first(client.do_action(with(Action::new("CreatePreparedStatement", "x"), header)).await).await,
        ),
        ("ListActions", first(client.list_actions(with(Empty {}, header)).await).await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_with_a_bad_token() {
    let gateway = Gateway::start(&GatewayOptions::default());
    let (mut calls, mut let_in) = (0, 0);
    for (what, token) in bad_tokens(&gateway) {
        let header = token.as_ref().map(|token| format!("Bearer {token}"));
        for (method, answer) in all_methods(channel(&gateway).await, header).await {
            calls += 1;
            let refused = answer.as_ref().is_err_and(|status| status.code() == Code::Unauthenticated);
            assert!(refused, "{method} with a token that is {what}: {answer:?}");
            let_in += usize::from(!refused);
        }
        let entered = PostgresClient::connect(gateway.postgres, "ada", token.as_deref().or(Some("")));
        calls += 1;
        let error = entered.expect_err(what);
        let broken = what == "too long";
        assert!(error.severity == "FATAL" || broken, "{what}: {error:?}");
        assert!(["28P01", "28000"].contains(&error.code.as_str()) || broken, "{what}: {error:?}");
    }
    println!("{calls} calls with bad tokens, {let_in} let in");
    assert_eq!((calls, let_in), (12 * 11, 0));
    // With a good one, what is not there is not there.
    let good = Some(format!("Bearer {}", gateway.token("ada")));
    for (method, answer) in all_methods(channel(&gateway).await, good).await {
        let code = answer.as_ref().err().map(Status::code);
        assert!(code != Some(Code::Unauthenticated), "{method}: {answer:?}");
        let fine = ["Handshake", "ListActions"].contains(&method);
        assert_eq!(fine, answer.is_ok(), "{method}: {answer:?}");
    }
    // Of a password that is too long for the wire's library nothing is read, so there is no line of it.
    assert!(gateway.audit().iter().filter(|line| line["decision"] == "deny").count() >= 12 * 11 - 1);
}

#[test]
fn there_is_no_superuser() {
    let gateway = Gateway::start(&GatewayOptions::default());
    for user in ["postgres", "root", "admin", "steppe", "", "ada"] {
        let asked = PostgresClient::connect(gateway.postgres, user, None).expect_err("no password");
        assert!(asked.message.contains("a password is asked for"), "{asked:?}");
        for password in ["", "postgres", user] {
            let error =
                PostgresClient::connect(gateway.postgres, user, Some(password)).expect_err("no token");
            assert_eq!(
                (error.severity.as_str(), error.code.as_str()),
                ("FATAL", "28P01"),
                "{user} {password}"
            );
        }
    }
    // A good token under another name is no good.
    let error = PostgresClient::connect(gateway.postgres, "postgres", Some(&gateway.token("ada")))
        .expect_err("a name");
    assert_eq!(error.code, "28000");
    assert!(PostgresClient::connect(gateway.postgres, "postgres", Some(&gateway.token("postgres"))).is_ok());
}

#[test]
fn what_comes_before_a_password_is_not_done() {
    use std::{
        io::{Read, Write},
        net::TcpStream,
    };
    let gateway = Gateway::start(&GatewayOptions::default());
    let query = |sql: &str| {
        let length = u32::try_from(sql.len() + 5).expect("short").to_be_bytes();
        [&b"Q"[..], &length, sql.as_bytes(), &[0]].concat()
    };
    let startup = {
        let body = b"\0\x03\0\0user\0ada\0\0";
        [&u32::try_from(body.len() + 4).expect("short").to_be_bytes()[..], body].concat()
    };
    let wrong_password = b"p\0\0\0\x0awrong\0".to_vec();
    for messages in [
        vec![query("SELECT 1")],
        vec![startup.clone(), query("SELECT 1")],
        vec![startup.clone(), wrong_password, query("SELECT 1"), query("SELECT 2")],
        vec![startup.clone(), b"S\0\0\0\x04".to_vec(), query("SELECT 1")],
        vec![startup.clone(), startup.clone(), query("SELECT 1")],
        // A message of a gigabyte is announced.
        vec![startup, b"Q\x3f\xff\xff\xf0SELECT".to_vec()],
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", gateway.postgres)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
        for message in messages {
            // It may have been cut off already.
            let _ = stream.write_all(&message);
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let has = |text: &[u8]| answer.windows(text.len()).any(|window| window == text);
        assert!(
            !has(b"SELECT 1\0") && !has(b"?column?") && !has(b"T\0\0\0"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
    assert!(gateway.audit().iter().all(|line| line["action"] != "sql_statement"));
}

/// Statements that touch files, settings or data.
fn forbidden() -> Vec<String> {
    let file = "/tmp/steppe-gateway-attack";
    let sources = ["people", "(SELECT * FROM people)"];
    let mut all: Vec<String> = Vec::new();
    for source in sources {
        for target in [
            format!("'{file}.csv'"),
            format!("'{file}.parquet' STORED AS PARQUET"),
            "STDOUT".to_owned(),
            "PROGRAM 'cat'".to_owned(),
        ] {
            all.push(format!("COPY {source} TO {target}"));
            all.push(format!("PREPARE p AS COPY {source} TO {target}"));
            all.push(format!("EXPLAIN ANALYZE COPY {source} TO {target}"));
            all.push(format!("EXPLAIN COPY {source} TO {target}"));
        }
    }
    for kind in ["CSV", "PARQUET", "JSON", "ARROW"] {
        all.push(format!("CREATE EXTERNAL TABLE t STORED AS {kind} LOCATION '{file}'"));
        all.push(format!(
            "CREATE EXTERNAL TABLE IF NOT EXISTS people STORED AS {kind} LOCATION '/etc/passwd'"
        ));
    }
    for name in [
        "/etc/passwd",
        "people.csv",
        "file:///etc/passwd",
        "s3://bucket/x.parquet",
        "https://example.org/x.csv",
        "../people.csv",
        "/proc/self/environ",
    ] {
        all.push(format!("SELECT * FROM '{name}'"));
        all.push(format!("SELECT * FROM \"{name}\""));
        all.push(format!("WITH x AS (SELECT * FROM '{name}') SELECT * FROM x"));
    }
    for setting in [
        "datafusion.execution.batch_size",
        "datafusion.catalog.location",
        "datafusion.execution.target_partitions",
        "role",
        "session_authorization",
        "data_directory",
        "shared_preload_libraries",
    ] {
        all.push(format!("SET {setting} = '1'"));
        all.push(format!("SET LOCAL {setting} TO '1'"));
        all.push(format!("SHOW {setting}"));
        all.push(format!("RESET {setting}"));
    }
    for text in [
        "SHOW ALL",
        "SELECT * FROM information_schema.df_settings",
        "SELECT set_config('role', 'postgres', false)",
        "SELECT current_setting('data_directory')",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('/')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "SELECT input_file_name() FROM people",
        "INSERT INTO people VALUES ('x', 'y', 1, 1)",
        "INSERT INTO people SELECT * FROM people",
        "UPDATE people SET score = 0",
        "DELETE FROM people",
        "TRUNCATE people",
        "MERGE INTO people USING people b ON true WHEN MATCHED THEN DELETE",
        "WITH x AS (INSERT INTO people VALUES ('x', 'y', 1, 1) RETURNING *) SELECT * FROM x",
        "WITH x AS (DELETE FROM people RETURNING *) SELECT * FROM x",
        "SELECT * INTO copied FROM people",
        "CREATE TABLE copied AS SELECT * FROM people",
        "CREATE VIEW copied AS SELECT * FROM people",
        "CREATE TEMP TABLE copied (a int)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE SQL AS 'SELECT 1'",
        "CREATE SCHEMA other",
        "CREATE DATABASE other",
        "CREATE ROLE other SUPERUSER",
        "CREATE EXTENSION dblink",
        "ALTER TABLE people RENAME TO other",
        "ALTER SYSTEM SET wal_level = 'logical'",
        "DROP TABLE people",
        "DROP VIEW people",
        "DROP SCHEMA public CASCADE",
        "GRANT ALL ON people TO ada",
        "SET SESSION AUTHORIZATION 'postgres'",
        "SET ROLE postgres",
        "EXPLAIN ANALYZE SELECT * FROM people",
        "EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM people",
        "EXPLAIN ANALYZE DELETE FROM people",
        "EXPLAIN ANALYZE INSERT INTO people VALUES ('x', 'y', 1, 1)",
        "PREPARE p AS SELECT * FROM people",
        "PREPARE p AS DELETE FROM people",
        "EXECUTE p",
        "DO $$ BEGIN END $$",
        "CALL p()",
        "VACUUM",
        "CHECKPOINT",
        "LOAD 'library'",
        "LISTEN x",
        "LOCK TABLE people",
        "SELECT * FROM people FOR UPDATE",
    ] {
        all.push(text.to_owned());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_touches_files_or_settings() {
    let gateway = Gateway::start(&GatewayOptions::default());
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    let (statements, mut tried, mut accepted) = (forbidden(), 0, Vec::new());
    assert!(statements.len() >= 120, "{}", statements.len());
    for sql in &statements {
        for (path, taken) in [
            ("simple", postgres.simple(sql).is_ok()),
            ("simple, between others", postgres.simple(&format!("SELECT 1; {sql}; SELECT 2")).is_ok()),
            ("extended", postgres.extended(sql, &[]).is_ok()),
            ("flight", flight.query(sql).await.is_ok()),
            ("flight, prepared", flight.prepared(sql).await.is_ok()),
        ] {
            tried += 1;
            if taken {
                accepted.push((path, sql.clone()));
            }
        }
    }
    println!("{} statements on {tried} ways, {} accepted", statements.len(), accepted.len());
    assert!(accepted.is_empty(), "{accepted:?}");
    let written = std::fs::read_dir("/tmp").expect("a folder").flatten();
    assert!(
        !written
            .into_iter()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("steppe-gateway-attack"))
    );
    let people = postgres.simple("SELECT count(*), sum(affected) FROM people").expect("a count").rows;
    assert_eq!(people, [[Some("1000".to_owned()), Some("91".to_owned())]]);
}

#[test]
fn certificates_that_can_not_be_used_end_it_before_it_listens() {
    use std::{fs, os::unix::fs::PermissionsExt};
    let certificates = tempfile::tempdir().expect("a folder");
    steppe_tests::steppe(["certs", "init", "--out"]).arg(certificates.path()).ok();
    let path = |name: &str| certificates.path().join(name).display().to_string();
    fs::write(certificates.path().join("garbage"), "garbage").expect("a file");
    let exposed = certificates.path().join("exposed.key");
    fs::copy(certificates.path().join("server.key"), &exposed).expect("a file");
    fs::set_permissions(&exposed, fs::Permissions::from_mode(0o644)).expect("a file");
    let [authority, certificate, key] = [path("ca.crt"), path("server.crt"), path("server.key")];
    for (authority, certificate, key) in [
        (path("nothing"), certificate.clone(), key.clone()),
        (authority.clone(), path("nothing"), key.clone()),
        (authority.clone(), certificate.clone(), path("nothing")),
        (authority.clone(), certificate.clone(), path("garbage")),
        (authority.clone(), path("garbage"), key.clone()),
        (path("garbage"), certificate.clone(), key.clone()),
        (authority.clone(), certificate.clone(), path("worker.key")),
        (authority.clone(), certificate.clone(), path("exposed.key")),
        (authority, key, certificate),
    ] {
        let mut options = GatewayOptions::default();
        for (flag, file) in [("authority", &authority), ("certificate", &certificate), ("key", &key)] {
            options = options.flag(&format!("--tls-{flag}={file}"));
        }
        let mut gateway = Gateway::spawn(&options.flag("--tls-plaintext-on-loopback=false"));
        let status = gateway.ended(Duration::from_secs(20));
        assert_eq!(status, Some(2), "{authority} {certificate} {key}: {}", gateway.log());
        assert!(std::net::TcpStream::connect(("127.0.0.1", gateway.postgres)).is_err());
        assert!(std::net::TcpStream::connect(("127.0.0.1", gateway.flight)).is_err());
    }
}
