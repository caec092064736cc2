use super::*;

/// Statements that touch files, settings or data, each in a spelling that some parser takes.
const REFUSED: [&str; 62] = [
    "CREATE TABLE t AS SELECT 1",
    "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/etc/passwd'",
    "CREATE VIEW v AS SELECT 1",
    "CREATE OR REPLACE VIEW scores AS SELECT 1",
    "CREATE TEMPORARY TABLE t (a int)",
    "CREATE MATERIALIZED VIEW v AS SELECT 1",
    "CREATE FUNCTION f() RETURNS int LANGUAGE SQL AS 'SELECT 1'",
    "CREATE SCHEMA s",
    "CREATE DATABASE d",
    "CREATE ROLE r",
    "CREATE EXTENSION dblink",
    "CREATE INDEX i ON scores (run)",
    "DROP TABLE scores",
    "DROP VIEW scores",
    "ALTER TABLE scores RENAME TO s",
    "ALTER ROLE ada SUPERUSER",
    "TRUNCATE scores",
    "COPY scores TO '/tmp/out.csv'",
    "COPY (SELECT 1) TO '/tmp/out.parquet'",
    "COPY scores FROM '/etc/passwd'",
    "COPY scores FROM STDIN",
    "COPY scores TO STDOUT",
    "COPY (SELECT 1) TO PROGRAM 'sh'",
    "INSERT INTO scores VALUES (1)",
    "INSERT INTO scores SELECT * FROM scores",
    "UPDATE scores SET sum = 1",
    "DELETE FROM scores",
    "MERGE INTO scores USING runs ON true WHEN MATCHED THEN DELETE",
    "WITH x AS (INSERT INTO scores VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (DELETE FROM scores RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE scores SET sum = 1 RETURNING *) SELECT * FROM x",
    "SELECT * INTO t FROM scores",
    "SELECT 1 UNION ALL SELECT * INTO t FROM scores",
    "SELECT * FROM scores FOR UPDATE",
    "TABLE scores",
    "PREPARE p AS COPY scores TO '/tmp/out.csv'",
    "PREPARE p AS SELECT 1",
    "PREPARE p AS INSERT INTO scores VALUES (1)",
    "EXECUTE p",
    "DECLARE c CURSOR FOR SELECT 1",
    "FETCH ALL FROM c",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN (ANALYZE) SELECT 1",
    "EXPLAIN (ANALYZE true, VERBOSE) SELECT 1",
    "EXPLAIN ANALYZE COPY scores TO '/tmp/out.csv'",
    "EXPLAIN COPY scores TO '/tmp/out.csv'",
    "EXPLAIN INSERT INTO scores VALUES (1)",
    "EXPLAIN CREATE TABLE t AS SELECT 1",
    "EXPLAIN DELETE FROM scores",
    "DESCRIBE scores",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "GRANT ALL ON scores TO ada",
    "REVOKE ALL ON scores FROM eva",
    "CALL p()",
    "VACUUM",
    "ANALYZE scores",
    "LISTEN x",
    "NOTIFY x",
    "LOCK TABLE scores",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM \"/var/lib/steppe/jobs.sqlite\"",
];

#[test]
fn what_does_more_than_read_is_refused_before_it_is_planned() {
    for text in REFUSED {
        assert!(SqlCommand::parse(text).is_err(), "{text}");
        let beside = format!("SELECT 1; {text}; SELECT 2");
        assert!(SqlCommand::parse(&beside).is_err(), "{beside}");
        assert!(SqlCommand::parse_query(text).is_err(), "{text}");
    }
}

#[test]
fn settings_and_files_can_not_be_read() {
    for text in [
        "SELECT * FROM information_schema.df_settings",
        "SELECT (SELECT max(value) FROM information_schema.df_settings)",
        "WITH x AS (SELECT * FROM \"df_settings\") SELECT * FROM x",
        "SELECT * FROM 's3://bucket/x.parquet'",
        "SELECT * FROM \"s3://bucket/x.parquet\" JOIN scores ON true",
        "SELECT * FROM \"file:///etc/passwd\"",
    ] {
        assert!(SqlCommand::parse(text).is_err(), "{text}");
    }
}

#[test]
fn what_reads_is_read() -> Result<(), EngineError> {
    for (text, relations) in [
        ("SELECT 1", vec![]),
        ("VALUES (1), (2)", vec![]),
        ("select a from t where b in (select c from u)", vec!["t", "u"]),
        ("WITH x AS (SELECT 1 AS n) SELECT n FROM x", vec!["x"]),
        ("SELECT * FROM t UNION SELECT * FROM u ORDER BY 1 LIMIT 3", vec!["t", "u"]),
        ("EXPLAIN SELECT * FROM t", vec!["t"]),
        ("EXPLAIN VERBOSE SELECT * FROM t", vec!["t"]),
        ("SHOW TABLES", vec![]),
        ("SHOW COLUMNS FROM t", vec![]),
        ("SELECT rank() OVER (PARTITION BY a ORDER BY b) FROM t", vec!["t"]),
        ("SELECT * FROM t, LATERAL (SELECT * FROM u) AS v", vec!["t", "u"]),
    ] {
        let statement = SqlCommand::parse_query(text)?;
        let found: Vec<&str> = statement.relations().iter().map(String::as_str).collect();
        if !text.starts_with("SHOW") {
            assert_eq!(found, relations, "{text}");
        }
    }
    Ok(())
}

#[test]
fn texts_that_mean_the_same_have_one_spelling() -> Result<(), EngineError> {
    let spelled = |text: &str| Ok::<_, EngineError>(SqlCommand::parse_query(text)?.to_string());
    let one = spelled("SELECT a FROM t WHERE b = 'x'")?;
    for other in ["select  a\nfrom t -- comment\nwhere b='x'", "SELECT /* c */ a FROM t WHERE b = 'x';"] {
        assert_eq!(spelled(other)?, one);
    }
    assert_ne!(spelled("SELECT a FROM t WHERE b = 'y'")?, one);
    Ok(())
}

#[test]
fn housekeeping_of_drivers_is_understood() -> Result<(), EngineError> {
    use SessionCommand::{Begin, Commit, Deallocate, Discard, Reset, Rollback, Savepoint, Set, Show};
    let set = |name: &str, value: &str| Set { name: name.to_owned(), value: Some(value.to_owned()) };
    for (text, command) in [
        ("BEGIN", Begin),
        ("START TRANSACTION READ ONLY", Begin),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", Begin),
        ("COMMIT", Commit),
        ("END", Commit),
        ("ROLLBACK", Rollback),
        ("ABORT", Rollback),
        ("SAVEPOINT s", Savepoint("SAVEPOINT")),
        ("RELEASE s", Savepoint("RELEASE")),
        ("ROLLBACK TO SAVEPOINT s", Savepoint("ROLLBACK")),
        ("SET extra_float_digits = 3", set("extra_float_digits", "3")),
        ("SET application_name TO 'a b'", set("application_name", "a b")),
        ("SET SESSION search_path TO public, pg_catalog", set("search_path", "public, pg_catalog")),
        ("SET DateStyle='ISO'", set("datestyle", "ISO")),
        ("SET TIME ZONE 'UTC'", set("timezone", "UTC")),
        ("SET NAMES 'UTF8'", set("client_encoding", "UTF8")),
        ("SET statement_timeout TO DEFAULT", Set { name: "statement_timeout".to_owned(), value: None }),
        ("SHOW server_version", Show("server_version".to_owned())),
        ("SHOW TRANSACTION ISOLATION LEVEL", Show("transaction_isolation".to_owned())),
        ("RESET ALL", Reset(None)),
        ("RESET search_path", Reset(Some("search_path".to_owned()))),
        ("DISCARD ALL", Discard),
        ("DEALLOCATE ALL", Deallocate(None)),
        ("DEALLOCATE p", Deallocate(Some("p".to_owned()))),
    ] {
        assert_eq!(SqlCommand::parse(text)?, [SqlCommand::Session(command)], "{text}");
        assert!(SqlCommand::parse_query(text).is_err(), "{text} is no query");
    }
    Ok(())
}

#[test]
fn an_error_repeats_no_value() {
    for text in
        ["INSERT INTO scores VALUES ('secret')", "SELECT 'secret' INTO t", "PREPARE secret AS SELECT 1"]
    {
        let error = SqlCommand::parse(text).expect_err(text).to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
