use crate::ServerError;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection};
use std::time::Duration;
use url::Url;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long to wait for a server, and for a connection of the pool.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Two processes that open the same new SQLite file disturb each other; the loser tries again this often.
const OPEN_ATTEMPTS: u32 = 20;
const OPEN_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// Begins a transaction that will write. SQLite must take its write lock now: a reader that turns writer later may
    /// be refused without a wait.
    pub(super) fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }

    /// Settings of a connection. FULL makes a commit outlive a power cut. The timeouts of PostgreSQL let a new
    /// coordinator get at the lock that an old, stopped one still holds.
    fn settings(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"
            }
            Self::Postgres => "SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '30s'",
        }
    }

    fn max_connections(self) -> u32 {
        match self {
            Self::Sqlite => 4,
            Self::Postgres => 8,
        }
    }
}

/// Where the log is: `url` checked, and a form of it that can be shown.
pub(super) struct Address {
    pub(super) backend: Backend,
    pub(super) location: String,
    options: AnyConnectOptions,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, ServerError> {
        let refused = |problem: &str| ServerError::JobLogUrl { problem: problem.to_owned() };
        let mut url = Url::parse(url).map_err(|error| refused(&format!("is not one: {error}")))?;
        let mut shown = url.clone();
        shown.set_query(None);
        let backend = match url.scheme() {
            "sqlite" => Backend::Sqlite,
            "postgres" | "postgresql" => Backend::Postgres,
            _ => return Err(refused("is neither of SQLite nor of PostgreSQL")),
        };
        match backend {
            Backend::Sqlite => {
                let file = url.path().len() > 1 && url.path().starts_with('/');
                if !file || url.has_host() && url.host_str() != Some("") || url.query().is_some() {
                    return Err(refused("does not name a file by an absolute path alone"));
                }
                url.set_query(Some("mode=rwc"));
            }
            // A URL without a host has no user to remove, so these can not fail in a way that shows one.
            Backend::Postgres => {
                let removed = shown.set_username("").and_then(|()| shown.set_password(None));
                if removed.is_err() && (!url.username().is_empty() || url.password().is_some()) {
                    return Err(refused("has a user or a password without a host"));
                }
            }
        }
        let options = AnyConnectOptions::from_url(&url).map_err(|error| refused(&error.to_string()))?;
        Ok(Self { backend, location: shown.into(), options })
    }

    /// Makes the tables or brings them up to date, and gives a pool of connections.
    pub(super) async fn open(&self) -> Result<AnyPool, ServerError> {
        sqlx::any::install_default_drivers();
        let mut attempt = 1;
        loop {
            match self.try_to_open().await {
                Err(error) if attempt < OPEN_ATTEMPTS && self.is_passing(&error) => {
                    attempt += 1;
                    tokio::time::sleep(OPEN_PAUSE).await;
                }
                opened => return opened,
            }
        }
    }

    async fn try_to_open(&self) -> Result<AnyPool, ServerError> {
        self.check().await?;
        let settings = self.backend.settings();
        let pool = AnyPoolOptions::new()
            .max_connections(self.backend.max_connections())
            .acquire_timeout(CONNECT_TIMEOUT)
            .after_connect(move |connection, _| {
                Box::pin(async move { sqlx::raw_sql(settings).execute(connection).await.map(|_| ()) })
            })
            // A full disk ends SQLite's transaction behind the back of sqlx, which would then refuse every next one.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_with(self.options.clone())
            .await
            .map_err(|source| self.can_not_open(source))?;
        if let Err(error) = MIGRATIONS.run(&pool).await {
            // A migration that failed has kept its lock on the server.
            pool.close().await;
            return Err(self.can_not_migrate(error));
        }
        Ok(pool)
    }

    /// Connects once beside the pool, which would hide for what reason it gets no connection, and makes SQLite's file a
    /// database with a write-ahead log.
    async fn check(&self) -> Result<(), ServerError> {
        let open = |source| self.can_not_open(source);
        let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, AnyConnection::connect_with(&self.options));
        let mut connection = connecting.await.map_err(late).and_then(|connected| connected).map_err(open)?;
        sqlx::raw_sql(self.backend.settings()).execute(&mut connection).await.map_err(open)?;
        if self.backend == Backend::Sqlite {
            let journal = sqlx::raw_sql("PRAGMA journal_mode = WAL");
            journal.execute(&mut connection).await.map_err(open)?;
        }
        connection.close().await.map_err(open)
    }

    fn can_not_open(&self, source: sqlx::Error) -> ServerError {
        ServerError::JobLogOpen { location: self.location.clone(), source }
    }

    fn can_not_migrate(&self, error: MigrateError) -> ServerError {
        let location = self.location.clone();
        let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
        match error {
            MigrateError::VersionMissing(found) if found > known => {
                ServerError::JobLogNewer { location, found, known }
            }
            MigrateError::Execute(source) => ServerError::JobLogOpen { location, source },
            source => ServerError::JobLogTables { location, source },
        }
    }

    /// Whether another process's opening of the same SQLite file can be the cause.
    fn is_passing(&self, error: &ServerError) -> bool {
        let source = match error {
            ServerError::JobLogOpen { source, .. } => source,
            ServerError::JobLogTables { source: MigrateError::ExecuteMigration(source, _), .. } => source,
            _ => return false,
        };
        // SQLITE_ERROR is what "table already exists" comes as. The low byte is the code without its details.
        let codes = ["1", "5", "6"];
        let code = source.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let primary = code.and_then(|code| code.parse::<u32>().ok()).map(|code| (code & 0xff).to_string());
        self.backend == Backend::Sqlite && primary.is_some_and(|code| codes.contains(&code.as_str()))
    }
}
