use super::databases::{Database, run};
use super::samples::{coordinator, id, new_job};
use sqlx::{Connection, Executor};
use steppe_server::ServerError;
use steppe_server::jobs::{JobLog, Submitted};
use tokio::task::JoinSet;

pub(super) async fn a_newer_log_is_refused(database: Database) {
    let (log, _) = coordinator(&database).await;
    log.submit(new_job(1, 1)).await.expect("submitted");
    log.close().await;
    let mut connection = database.connect().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 SELECT 9000, 'from the future', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    connection.execute(newer).await.expect("inserted");
    let refused = JobLog::open(database.url()).await;
    let Err(ServerError::JobLogNewer { found, known, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((found, known), (9000, 1));

    connection.execute("DELETE FROM _sqlx_migrations WHERE version = 9000").await.expect("deleted");
    let log = database.open().await;
    assert!(log.get(&id(1)).await.is_ok(), "refusing it changed nothing");
    connection.close().await.expect("closed");
}

pub(super) async fn other_tables_are_refused(database: Database) {
    database.open().await.close().await;
    let mut connection = database.connect().await;
    connection.execute("DELETE FROM _sqlx_migrations").await.expect("deleted");
    connection.close().await.expect("closed");
    let refused = JobLog::open(database.url()).await;
    assert!(matches!(refused, Err(ServerError::JobLogTables { .. })), "{refused:?}");
}

pub(super) async fn many_open_a_new_log(database: Database) {
    let mut openings = JoinSet::new();
    for number in 0..8 {
        let url = database.url().to_owned();
        openings.spawn(async move {
            let log = JobLog::open(&url).await.expect("the log opens");
            log.submit(new_job(number, 1)).await.expect("submitted")
        });
    }
    let answers = openings.join_all().await;
    assert!(answers.iter().all(|answer| matches!(answer, Submitted::Created(_))));
    assert_eq!(database.open().await.unfinished().await.expect("unfinished").len(), 8);
}

/// The message of the refusal of `url`, which must not show a password.
async fn refusal(url: &str) -> ServerError {
    let error = JobLog::open(url).await.expect_err("refused");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    assert!(!text.contains("secret"), "{text}");
    error
}

#[test]
fn unusable_urls_are_refused() {
    run(Database::sqlite(), async |_| {
        for url in [
            "jobs.sqlite",
            "mysql://user:secret@host/jobs",
            "sqlite::memory:",
            "sqlite://",
            "sqlite:///",
            "sqlite://relative.sqlite",
            "sqlite:///tmp/jobs.sqlite?mode=memory",
            "postgres://user:secret@host:port/jobs",
        ] {
            let error = refusal(url).await;
            assert!(matches!(error, ServerError::JobLogUrl { .. }), "{url}: {error:?}");
        }
    });
}

#[test]
fn unreadable_files_are_refused() {
    run(Database::sqlite(), async |_| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let shown = folder.path().display();
        let garbage = folder.path().join("jobs.sqlite");
        std::fs::write(&garbage, "not a database, but long enough for a header ".repeat(100))
            .expect("written");
        for url in [
            format!("sqlite://{shown}/jobs.sqlite"),
            format!("sqlite://{shown}/absent/jobs.sqlite"),
            format!("sqlite://{shown}"),
        ] {
            let error = refusal(&url).await;
            let ServerError::JobLogOpen { location, .. } = &error else { panic!("{url}: {error:?}") };
            assert_eq!(*location, url);
        }
        let text = std::fs::read_to_string(garbage).expect("readable");
        assert!(text.starts_with("not a database"), "it was left alone");
    });
}

#[test]
fn an_absent_server_is_reported() {
    run(Database::sqlite(), async |_| {
        let url = "postgres://user:secret@localhost/jobs?host=/nowhere/at/all&password=secret";
        let error = refusal(url).await;
        let ServerError::JobLogOpen { location, .. } = &error else { panic!("{error:?}") };
        assert_eq!(location, "postgres://localhost/jobs");
    });
}
