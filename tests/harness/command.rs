use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A finished call of the command.
#[derive(Debug)]
pub struct Run {
    /// The exit status; -1 when a signal ended it.
    pub status: i32,
    /// What it printed as data.
    pub stdout: String,
    /// Everything else that it printed.
    pub stderr: String,
}

impl Run {
    /// What a finished process left.
    pub fn of(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails the test unless the exit status is `status`.
    #[track_caller]
    pub fn expect_status(self, status: i32) -> Self {
        assert_eq!(self.status, status, "\nstdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// The binary that `cargo test --workspace` has built beside this test, or the one that STEPPE_BINARY names.
///
/// # Panics
/// When it is not there.
pub fn steppe_binary() -> PathBuf {
    if let Some(named) = std::env::var_os("STEPPE_BINARY") {
        return named.into();
    }
    let here = std::env::current_exe().unwrap_or_default();
    let folder = here.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let binary = folder.join(format!("steppe{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.exists(),
        "{} is not there: run `cargo test --workspace`, which builds it",
        binary.display()
    );
    binary
}

/// A call of the command with these arguments, not yet started.
pub fn steppe<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Call {
    let mut command = Command::new(steppe_binary());
    command.args(arguments).env_remove("STEPPE_SIMD").env_remove("STEPPE_LOG");
    Call { command }
}

/// A call that can still be changed.
#[derive(Debug)]
pub struct Call {
    command: Command,
}

impl Call {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<std::ffi::OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The process to start, for tests that kill it.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it can not be started.
    pub fn run(mut self) -> Run {
        match self.command.output() {
            Ok(output) => Run::of(&output),
            Err(error) => unreachable!("can not start {:?}: {error}", self.command),
        }
    }

    /// Runs it and fails the test unless it succeeds.
    #[track_caller]
    pub fn ok(self) -> Run {
        self.run().expect_status(0)
    }
}
