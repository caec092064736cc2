//! The same answers by the Postgres wire and by Flight SQL, and what clients ask beside them.

use arrow::array::AsArray;
use futures::TryStreamExt;
use steppe_tests::{Gateway, GatewayOptions};

use crate::flight_client::{FlightClient, texts};

const QUESTIONS: [&str; 8] = [
    "SELECT count(*) FROM people",
    "SELECT population, count(*) AS n, avg(score) AS mean FROM people GROUP BY population ORDER BY population",
    "SELECT iid, score FROM people WHERE affected = 1 AND score > 9 ORDER BY iid",
    "WITH x AS (SELECT ntile(10) OVER (ORDER BY score, iid) AS decile, affected FROM people) \
     SELECT decile, sum(affected) FROM x GROUP BY decile ORDER BY decile",
    "SELECT a.iid FROM people a JOIN people b ON a.iid = b.iid WHERE a.score > 9.9 ORDER BY 1 LIMIT 3",
    "SELECT NULL AS nothing, true AS yes, 1.5 AS number, 'ä; ''quoted''' AS text, date '2026-11-22' AS day",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT 'x' || iid || 'y' FROM people ORDER BY iid LIMIT 2",
];

#[tokio::test(flavor = "multi_thread")]
async fn three_protocols_give_one_answer() {
    let gateway = Gateway::start(&GatewayOptions::default());
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    for sql in QUESTIONS {
        let simple = postgres.simple(sql).expect(sql).rows;
        let extended = postgres.extended(sql, &[]).expect(sql).rows;
        assert!(!simple.is_empty(), "{sql}");
        assert_eq!(simple, extended, "{sql}");
        let batches = flight.query(sql).await.expect(sql);
        let by_flight = texts(&batches);
        // Numbers and truth have spellings of their own in each protocol.
        let alike = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => {
                let numbers = one.parse::<f64>().ok().zip(other.parse::<f64>().ok());
                numbers.map_or_else(
                    || one == other || (one == "t" && other == "true") || (one == "f" && other == "false"),
                    |(one, other)| (one - other).abs() <= 1e-12 * one.abs(),
                )
            }
            (one, other) => one == other,
        };
        assert_eq!(simple.len(), by_flight.len(), "{sql}");
        for (one, other) in simple.iter().flatten().zip(by_flight.iter().flatten()) {
            assert!(alike(one, other), "{sql}: {one:?} {other:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_bound() {
    let gateway = Gateway::start(&GatewayOptions::default());
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    let sql = "SELECT count(*) FROM people WHERE population = $1 AND score >= $2";
    let by_value = postgres.simple("SELECT count(*) FROM people WHERE population = 'KAZ' AND score >= 5.5");
    let rows = by_value.expect("a count").rows;
    assert_eq!(postgres.extended(sql, &["KAZ", "5.5"]).expect("a count").rows, rows);
    let nothing = postgres.extended(sql, &["KAZ' OR '1' = '1", "0"]).expect("a count").rows;
    assert_eq!(nothing, [[Some("0".to_owned())]], "a value is no SQL");
    assert!(postgres.extended(sql, &["KAZ"]).is_err(), "one value for two parameters");
    assert_eq!(
        postgres.extended("SELECT $1::int + 1", &["41"]).expect("a sum").rows,
        [[Some("42".to_owned())]]
    );

    let mut flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    let mut prepared = flight.sql.prepare(sql.to_owned(), None).await.expect("a statement");
    assert_eq!(prepared.parameter_schema().expect("a schema").fields().len(), 2);
    let values = arrow::array::RecordBatch::try_from_iter([
        ("a", std::sync::Arc::new(arrow::array::StringArray::from(vec!["KAZ"])) as _),
        ("b", std::sync::Arc::new(arrow::array::Float64Array::from(vec![5.5])) as _),
    ]);
    prepared.set_parameters(values.expect("a batch")).expect("parameters");
    let info = prepared.execute().await.expect("a ticket");
    let batches = flight.fetch(info).await.expect("rows");
    assert_eq!(texts(&batches)[0][0].as_deref(), rows[0][0].as_deref());
    prepared.close().await.expect("it is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_ask_what_there_is() {
    use arrow_flight::sql::{CommandGetDbSchemas, CommandGetTables, CommandGetXdbcTypeInfo, SqlInfo};
    let gateway = Gateway::start(&GatewayOptions::default());
    let mut flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    let info = flight.sql.get_catalogs().await.expect("catalogs");
    assert_eq!(texts(&flight.fetch(info).await.expect("rows")), [[Some("steppe".to_owned())]]);
    let info = flight.sql.get_db_schemas(CommandGetDbSchemas::default()).await.expect("schemas");
    assert_eq!(texts(&flight.fetch(info).await.expect("rows"))[0][1].as_deref(), Some("public"));
    let tables = CommandGetTables { include_schema: true, ..CommandGetTables::default() };
    let info = flight.sql.get_tables(tables).await.expect("tables");
    let batches: Vec<_> = flight.fetch(info).await.expect("rows");
    assert!(batches[0].column(2).as_string::<i32>().iter().any(|name| name == Some("people")));
    assert!(batches[0].column_by_name("table_schema").is_some());
    let info = flight.sql.get_table_types().await.expect("types of tables");
    assert_eq!(texts(&flight.fetch(info).await.expect("rows")), [[Some("TABLE".to_owned())]]);
    let info = flight.sql.get_sql_info(vec![SqlInfo::FlightSqlServerReadOnly]).await.expect("facts");
    assert_eq!(flight.fetch(info).await.expect("rows")[0].num_rows(), 1);
    let info = flight.sql.get_xdbc_type_info(CommandGetXdbcTypeInfo::default()).await.expect("types");
    assert!(flight.fetch(info).await.expect("rows")[0].num_rows() > 5);

    let mut postgres = gateway.connect("ada").expect("ada is let in");
    let mut ask = |sql: &str| postgres.simple(sql).map(|answer| answer.rows);
    let text = |text: &str| vec![vec![Some(text.to_owned())]];
    assert_eq!(ask("SELECT current_user"), Ok(text("ada")));
    assert_eq!(ask("SELECT current_database()"), Ok(text("steppe")));
    assert_eq!(ask("SHOW server_version"), Ok(text("16.6")));
    assert_eq!(ask("SELECT relname FROM pg_catalog.pg_class WHERE relname = 'people'"), Ok(text("people")));
    assert!(
        ask("SHOW TABLES").is_ok_and(|rows| rows.iter().flatten().flatten().any(|name| name == "people"))
    );
    assert!(ask("SHOW COLUMNS FROM people").is_ok_and(|rows| rows.len() == 4));
    assert!(ask("EXPLAIN SELECT * FROM people").is_ok_and(|rows| !rows.is_empty()));
}

#[test]
fn drivers_keep_house() {
    let gateway = Gateway::start(&GatewayOptions::default());
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    for text in [
        "BEGIN",
        "SET extra_float_digits = 3",
        "SET application_name = 'test'",
        "SET DateStyle = 'ISO, MDY'",
        "SET TIME ZONE 'UTC'",
        "SET search_path TO public",
        "SAVEPOINT s",
        "SELECT 1",
        "ROLLBACK TO s",
        "COMMIT",
        "DISCARD ALL",
        "SET statement_timeout = '5s'; SELECT 1; RESET ALL; SELECT 2",
        "",
        ";",
    ] {
        postgres.simple(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        postgres
            .extended(text, &[])
            .map_or_else(|error| assert!(text.contains("; "), "{text}: {error:?}"), |_| ());
    }
    let answer = postgres.simple("BEGIN; SELECT 1; SHOW timezone; COMMIT").expect("four answers");
    assert_eq!(answer.tags, ["BEGIN", "SELECT 1", "SHOW 1", "COMMIT"]);
    let error = postgres.simple("SELECT 1; SELEC 2; SELECT 3").expect_err("no SQL");
    assert_eq!(error.code, "42601");
    for (sql, code) in [
        ("SELECT * FROM nowhere", "42P01"),
        ("SELECT nothing FROM people", "42703"),
        ("SELECT nothing(1)", "42883"),
        ("SELECT 1 / 0", "22012"),
        ("SELECT 'a'::int", "22P02"),
        ("INSERT INTO people VALUES (1)", "25006"),
        ("SET role = 'postgres'", "42501"),
    ] {
        let error = postgres.simple(sql).expect_err(sql);
        assert_eq!(error.code, code, "{sql}: {error:?}");
        let error = postgres.extended(sql, &[]).expect_err(sql);
        assert_eq!(error.code, code, "{sql}: {error:?}");
    }
    assert!(postgres.simple("SELECT 1").is_ok(), "the connection goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_has_every_statement_and_no_value() {
    let gateway = Gateway::start(&GatewayOptions::default());
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    postgres.simple("SELECT iid FROM people WHERE iid = 'P0007-secret'").expect("no rows");
    assert!(postgres.simple("DELETE FROM people WHERE iid = 'P0008-secret'").is_err());
    let flight = FlightClient::connect(&gateway, &gateway.token("eva")).await;
    flight.query("SELECT iid FROM people WHERE iid <> 'P0009-secret'").await.expect("rows");
    assert!(gateway.connect("nobody").is_ok() && flight.query("SELECT secret").await.is_err());
    let done = |gateway: &Gateway| {
        gateway
            .audit()
            .iter()
            .filter(|line| line["reason"].as_str().is_some_and(|why| why.starts_with("done")))
            .count()
    };
    assert!(
        steppe_tests::wait_until(std::time::Duration::from_secs(5), || done(&gateway) == 2),
        "{:?}",
        gateway.audit()
    );
    let lines = gateway.audit();
    let is = |line: &serde_json::Value, actor: &str, action: &str, decision: &str| {
        line["actor"] == actor && line["action"] == action && line["decision"] == decision
    };
    let count =
        |actor, action, decision| lines.iter().filter(|line| is(line, actor, action, decision)).count();
    assert_eq!(count("ada", "sql_connect", "allow"), 1);
    assert_eq!(count("ada", "sql_statement", "allow"), 1);
    assert_eq!(count("ada", "sql_statement", "deny"), 1);
    assert_eq!(count("eva", "sql_statement", "allow"), 1);
    assert_eq!(count("eva", "sql_statement", "deny"), 1);
    assert!(lines.iter().any(|line| line["reason"] == "done, rows: 1000"), "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|line| line["object"].as_str().is_some_and(|object| object.ends_with(" tables:people")))
    );
    let text = std::fs::read_to_string(gateway.path("audit.jsonl")).expect("the log");
    assert!(!text.contains("secret"), "{text}");
    for pair in lines.windows(2) {
        assert_eq!(pair[0]["hash"], pair[1]["previous"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_is_streamed_at_flat_memory() {
    let gateway = Gateway::start(&GatewayOptions::default().flag("--memory=512MiB"));
    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    let serving = gateway.serving().expect("a process");
    let sql =
        "SELECT value, value * 2 AS twice, 'a text of some length' AS t FROM generate_series(1, 10000000)";
    let mut rows = flight.stream(sql).await.expect("a stream");
    let (mut count, mut most) = (0, 0);
    while let Some(batch) = rows.try_next().await.expect("rows") {
        count += batch.num_rows();
        let status = std::fs::read_to_string(format!("/proc/{}/status", serving.pid)).unwrap_or_default();
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
        most = most.max(resident.unwrap_or(0u64) >> 10);
    }
    assert_eq!(count, 10_000_000);
    assert!(most < 400, "{most} MiB");
    assert_eq!(gateway.serving(), Some(serving), "it was not killed");
}
