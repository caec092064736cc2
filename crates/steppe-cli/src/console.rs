use std::{
    io::{self, IsTerminal, Write},
    process,
};

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

/// Standard output for writers that keep no error's kind: when whoever reads has had enough (`steppe sql … | head`),
/// the process ends as if it were done.
#[derive(Debug, Default)]
pub(crate) struct DataOutput;

fn end_when_closed<T>(done: io::Result<T>) -> io::Result<T> {
    if let Err(error) = &done
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        process::exit(0);
    }
    done
}

impl Write for DataOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        end_when_closed(io::stdout().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        end_when_closed(io::stdout().lock().flush())
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
