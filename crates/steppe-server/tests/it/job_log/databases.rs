//! A new, empty database for each test: a SQLite file, or a database of a PostgreSQL server that runs while the tests
//! do.

use sqlx::{AnyConnection, Connection, Executor};
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use steppe_server::jobs::JobLog;

/// An empty database.
pub(super) struct Database {
    url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/jobs.sqlite", folder.path().display());
        Self { url, _folder: Some(folder) }
    }

    /// `None`, after a line that says so, where PostgreSQL is not installed; under `CI=true` that is a failure.
    pub(super) fn postgres() -> Option<Self> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let Some(server) = SERVER.get_or_init(Server::start) else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "PostgreSQL is not installed, and CI=true");
            eprintln!("skipped: PostgreSQL is not installed");
            return None;
        };
        let name = format!("jobs_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        runtime().block_on(async {
            let mut connection = server.connect().await.expect("the server was ready");
            let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
            connection.execute(sqlx::raw_sql(create)).await.expect("a new database");
        });
        Some(Self { url: server.url(&name), _folder: None })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn open(&self) -> JobLog {
        JobLog::open(&self.url).await.expect("the log opens")
    }

    /// A connection beside the log, to put things into it that the log would not.
    pub(super) async fn connect(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&self.url).await.expect("a connection")
    }
}

/// Runs a test to its end.
pub(super) fn run<F: Future<Output = ()>>(database: Database, test: impl FnOnce(Database) -> F) {
    runtime().block_on(test(database));
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime")
}

/// A PostgreSQL server on a Unix socket in a folder of its own.
struct Server {
    folder: String,
    /// Its standard input is the server's life: the shell stops the server when the tests' process is gone.
    _shell: Child,
}

/// Prints the folder, runs the server in it, and cleans up when the standard input ends.
const SCRIPT: &str = r#"
    set -e
    folder=$(mktemp -d /tmp/steppe-postgres-XXXXXX)
    trap 'rm -rf "$folder"' EXIT
    cd "$folder"
    "$1/initdb" -D data -U steppe -A trust -E UTF8 --locale=C --no-sync >initdb.log 2>&1 || { cat initdb.log >&2; exit 1; }
    "$1/postgres" -D data -k "$folder" -c listen_addresses= -c fsync=off -c max_connections=300 \
        >server.log 2>&1 </dev/null &
    echo "$folder"
    cat >/dev/null
    kill -INT $!
    wait $! || true
"#;

impl Server {
    fn start() -> Option<Self> {
        let programs = programs()?;
        let mut command = shell();
        command.arg("-c").arg(SCRIPT).arg("sh").arg(programs);
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell starts");
        let mut folder = String::new();
        let output = shell.stdout.take().expect("the shell's output");
        BufReader::new(output).read_line(&mut folder).expect("the shell's first line");
        let server = Self { folder: folder.trim_end().to_owned(), _shell: shell };
        assert!(!server.folder.is_empty(), "PostgreSQL can not make a database");
        sqlx::any::install_default_drivers();
        runtime().block_on(server.wait());
        Some(server)
    }

    async fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.connect().await {
            assert!(Instant::now() < deadline, "PostgreSQL did not become ready: {error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        AnyConnection::connect(&self.url("postgres")).await
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://steppe@localhost/{database}?host={}", self.folder)
    }
}

/// The folder with `initdb` and `postgres`: the newest that Debian's packages have, or one on the search path.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    installed.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = installed.into_iter().rev().map(|(_, folder)| folder).chain(std::env::split_paths(&path));
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// A shell, as another user when the tests run as root: the server refuses to be root.
fn shell() -> Command {
    use std::os::unix::fs::MetadataExt;
    let is_root = Path::new("/proc/self").metadata().is_ok_and(|own| own.uid() == 0);
    if !is_root {
        return Command::new("sh");
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh"]);
    command
}
