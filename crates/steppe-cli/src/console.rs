use std::io::{self, IsTerminal, Write};

/// Standard error as people see it: notes, progress and errors, never data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    quiet: bool,
    terminal: bool,
}

impl Console {
    /// The console of this process.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, terminal: io::stderr().is_terminal() }
    }

    /// Whether a person watches standard error.
    pub(crate) fn is_terminal(self) -> bool {
        self.terminal
    }

    /// Whether progress is drawn.
    pub(crate) fn shows_progress(self) -> bool {
        self.terminal && !self.quiet
    }

    /// A line for people; nothing under `--quiet`.
    pub(crate) fn note(self, line: &str) {
        if !self.quiet {
            self.error(line);
        }
    }

    /// A line that is shown even under `--quiet`.
    pub(crate) fn error(self, line: &str) {
        // Nobody can be told that standard error is closed.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

/// Writes data to standard output, with a line end.
///
/// # Errors
/// When standard output is closed or its disk is full.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.trim_end_matches('\n').as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}
