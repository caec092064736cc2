//! A gateway on ports of its own, over a table of made-up people, with an issuer of tokens.

use std::{
    borrow::Cow,
    fmt::Write,
    fs,
    io::{self, Read},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    PostgresClient, PostgresError, Process, TokenClaims, TokenIssuer, governed::write_cohort,
    ports::free_port, steppe_binary, wait_until,
};

/// People in the table.
const PEOPLE: usize = 1000;

/// How a gateway is started.
#[derive(Debug, Clone, Default)]
pub struct GatewayOptions {
    /// Further flags.
    pub flags: Vec<String>,
    /// Whether it has certificates, made for localhost.
    pub tls: bool,
    /// The policy under which it serves a cohort; without one it serves a table to everybody.
    pub policy: Option<Cow<'static, str>>,
    /// Environment, in place of this process's own `STEPPE_` variables.
    pub environment: Vec<(String, String)>,
    /// Whether the flags name what it serves and under which policy; otherwise that is made.
    pub is_given: bool,
    /// The port of its metrics; without one it is a free one.
    pub operations: Option<u16>,
}

impl GatewayOptions {
    /// With one more flag.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }
}

/// A gateway that runs until it is dropped.
pub struct Gateway {
    folder: tempfile::TempDir,
    child: Child,
    /// Its keys.
    pub issuer: TokenIssuer,
    /// The port of Flight SQL.
    pub flight: u16,
    /// The port of the Postgres wire.
    pub postgres: u16,
    /// The port of its metrics.
    pub operations: u16,
}

impl Gateway {
    /// Starts one and waits until it serves.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(options: &GatewayOptions) -> Self {
        let gateway = Self::spawn(options);
        let ready = wait_until(Duration::from_secs(60), || gateway.is_ready());
        assert!(ready, "the gateway does not come up: {}", gateway.log());
        gateway
    }

    /// Starts one and does not wait.
    ///
    /// # Panics
    /// When there is no folder or program.
    pub fn spawn(options: &GatewayOptions) -> Self {
        let (folder, issuer) = match tempfile::tempdir() {
            Ok(folder) => (folder, TokenIssuer::new()),
            Err(error) => unreachable!("no folder: {error}"),
        };
        let (flight, postgres) = (free_port(), free_port());
        let operations = options.operations.unwrap_or_else(free_port);
        let spawned = prepare(folder.path(), &issuer, options).and_then(|mut command| {
            for (flag, port) in
                [("flight", flight), ("postgres", postgres), ("operations-listen", operations)]
            {
                command.args([format!("--{flag}"), format!("127.0.0.1:{port}")]);
            }
            let log = fs::File::create(folder.path().join("log"))?;
            command.args(&options.flags).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()
        });
        match spawned {
            Ok(child) => Self { folder, child, issuer, flight, postgres, operations },
            Err(error) => unreachable!("can not start a gateway: {error}"),
        }
    }

    /// What it has written.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// A file of its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The lines of its audit log.
    pub fn audit(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.path("audit.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// A good token of somebody.
    pub fn token(&self, subject: &str) -> String {
        self.token_as(subject, "analyst")
    }

    /// A good token of somebody with another role.
    pub fn token_as(&self, subject: &str, role: &str) -> String {
        self.issuer.token(&TokenClaims::of(subject, role))
    }

    /// Connects somebody by the Postgres wire.
    ///
    /// # Errors
    /// What the server says.
    pub fn connect(&self, subject: &str) -> Result<PostgresClient, PostgresError> {
        self.connect_as(subject, "analyst")
    }

    /// The same with another role.
    ///
    /// # Errors
    /// What the server says.
    pub fn connect_as(&self, subject: &str, role: &str) -> Result<PostgresClient, PostgresError> {
        PostgresClient::connect(self.postgres, subject, Some(&self.token_as(subject, role)))
    }

    /// The process that serves.
    pub fn serving(&self) -> Option<Process> {
        let parent = Process::of(i32::try_from(self.child.id()).ok()?)?;
        parent.children().into_iter().find(|child| child.has_argument("--serve"))
    }

    /// Waits for its end.
    pub fn ended(&mut self, patience: Duration) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < patience {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status.code().unwrap_or(-1)),
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        None
    }

    /// Whether it says that it serves.
    pub fn is_ready(&self) -> bool {
        use std::io::Write;
        let ask = || -> io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.operations))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            let mut answer = Vec::new();
            // With certificates it speaks HTTPS: that it answers at all is enough.
            let read = stream.read_to_end(&mut answer);
            if read.is_err() && answer.is_empty() {
                read.map(drop)?;
            }
            Ok(String::from_utf8_lossy(&answer).into_owned())
        };
        ask().is_ok_and(|answer| answer.contains(" 200 ") || !answer.starts_with("HTTP"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // It may have ended by itself, as some tests want.
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        if self.ended(Duration::from_secs(20)).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn prepare(folder: &Path, issuer: &TokenIssuer, options: &GatewayOptions) -> io::Result<Command> {
    fs::write(folder.join("jwks.json"), issuer.jwks().to_string())?;
    let mut command = Command::new(steppe_binary());
    command.arg("gateway").arg("--token-jwks").arg(folder.join("jwks.json"));
    command.arg("--audit-log").arg(folder.join("audit.jsonl"));
    let place = |flag: &str, name: &str| format!("--{flag}={}", folder.join(name).display());
    let people = format!("--table=people={}", folder.join("people.csv").display());
    if options.is_given {
        command.arg(place("state", "state"));
    } else if let Some(policy) = &options.policy {
        write_cohort(folder)?;
        fs::write(folder.join("policy.toml"), policy.as_bytes())?;
        command.args([place("policy", "policy.toml"), place("state", "state")]);
        command.args([place("cohort", "bio"), place("scores", "scores"), people]);
    } else {
        write_people(&folder.join("people.csv"))?;
        command.args(["--insecure-ungoverned", &people]);
    }
    if options.tls {
        let certificates = folder.join("certs");
        let made =
            Command::new(steppe_binary()).args(["certs", "init", "--out"]).arg(&certificates).output()?;
        if !made.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned()));
        }
        command.arg("--tls-authority").arg(certificates.join("ca.crt"));
        command.arg("--tls-certificate").arg(certificates.join("server.crt"));
        command.arg("--tls-key").arg(certificates.join("server.key"));
    } else {
        command.arg("--tls-plaintext-on-loopback");
    }
    let names: Vec<String> =
        std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("STEPPE_")).collect();
    for name in names {
        command.env_remove(name);
    }
    command.envs(options.environment.iter().cloned());
    Ok(command)
}

/// A table of made-up people.
fn write_people(file: &Path) -> io::Result<()> {
    let mut people = "iid,population,score,affected\n".to_owned();
    for person in 0..PEOPLE {
        let population = ["KAZ", "EUR", "EAS"][person % 3];
        let score = f64::from(u32::try_from(person * 7919 % 1000).unwrap_or(0)) / 100.0;
        let affected = u8::from(person * 31 % 11 == 0);
        writeln!(people, "P{person:04},{population},{score},{affected}").map_err(io::Error::other)?;
    }
    fs::write(file, people)
}
