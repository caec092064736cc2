use std::{io, path::PathBuf};

use datafusion::prelude::SessionContext;
use rustyline::{Config, Editor, error::ReadlineError, history::FileHistory};
use steppe_engine::{LocalEngine, sql};

use super::{Sink, run_query, statements};
use crate::{
    commands::Session,
    console::print,
    failure,
    render::{self, Align},
};

const HELP: &str = "\\d lists the tables, \\d NAME the columns of one, \\q leaves; a statement ends with ;";

/// What a line of the shell asks for, other than SQL.
#[derive(Debug, PartialEq, Eq)]
enum Shortcut<'a> {
    Tables,
    Columns(&'a str),
    Help,
    Quit,
    Unknown,
}

impl<'a> Shortcut<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let line = line.trim().trim_end_matches(';').trim_end();
        if matches!(line, "exit" | "quit") {
            return Some(Self::Quit);
        }
        let mut words = line.strip_prefix('\\')?.split_whitespace();
        Some(match (words.next(), words.next()) {
            (Some("d" | "dt"), None) => Self::Tables,
            (Some("d"), Some(table)) => Self::Columns(table),
            (Some("q"), None) => Self::Quit,
            (Some("?" | "h" | "help"), None) => Self::Help,
            _ => Self::Unknown,
        })
    }
}

/// Reads statements from a person and runs them, until they leave. A statement that fails does not end the shell.
pub(super) fn run(
    engine: &LocalEngine,
    context: &SessionContext,
    sink: &Sink,
    session: Session,
) -> anyhow::Result<()> {
    session.console.note(HELP);
    let config = Config::builder().auto_add_history(false).build();
    let mut editor: Editor<(), FileHistory> = Editor::with_config(config)?;
    let history = history_file();
    if let Some(history) = &history {
        // The first shell has no history yet.
        let _ = editor.load_history(history);
    }
    let mut pending = String::new();
    loop {
        let prompt = if statements::is_blank(&pending) { "steppe> " } else { "     -> " };
        match editor.readline(prompt) {
            Ok(line) => {
                if statements::is_blank(&pending)
                    && let Some(shortcut) = Shortcut::of(&line)
                {
                    editor.add_history_entry(line.trim())?;
                    if !run_shortcut(engine, context, &shortcut, session)? {
                        break;
                    }
                    continue;
                }
                pending.push_str(&line);
                pending.push('\n');
                let (ready, rest) = statements::split(&pending);
                let rest = rest.to_owned();
                for statement in ready {
                    editor.add_history_entry(format!("{statement};"))?;
                    run_statement(engine, context, &statement, sink, session)?;
                }
                pending = if statements::is_blank(&rest) { String::new() } else { rest };
            }
            Err(ReadlineError::Interrupted) => pending.clear(),
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(history) = &history {
        // A history that can not be kept is no reason to fail.
        let _ = editor.save_history(history);
    }
    Ok(())
}

/// Runs one statement; Ctrl-C stops it and not the shell.
fn run_statement(
    engine: &LocalEngine,
    context: &SessionContext,
    statement: &str,
    sink: &Sink,
    session: Session,
) -> io::Result<()> {
    let done = engine.wait(async {
        tokio::select! {
            done = run_query(context, statement, sink, session) => done,
            _ = tokio::signal::ctrl_c() => {
                session.console.note("stopped");
                Ok(())
            }
        }
    });
    if let Err(error) = done {
        failure::show(&error, &session.console);
    }
    Ok(())
}

/// Does what a shortcut asks for; `false` leaves the shell.
fn run_shortcut(
    engine: &LocalEngine,
    context: &SessionContext,
    shortcut: &Shortcut<'_>,
    session: Session,
) -> anyhow::Result<bool> {
    let tables = engine.wait(sql::tables(context))?;
    match shortcut {
        Shortcut::Quit => return Ok(false),
        Shortcut::Help => session.console.note(HELP),
        Shortcut::Unknown => session.console.note(&format!("unknown shortcut; {HELP}")),
        Shortcut::Tables => {
            let rows = tables.into_iter().map(|table| {
                let columns: Vec<String> = table.columns.into_iter().map(|(name, _)| name).collect();
                vec![table.name, columns.join(", ")]
            });
            print(&render::table([("table", Align::Left), ("columns", Align::Left)], rows))?;
        }
        Shortcut::Columns(name) => match tables.into_iter().find(|table| table.name == *name) {
            Some(table) => {
                let rows = table.columns.into_iter().map(|(name, kind)| vec![name, kind.to_string()]);
                print(&render::table([("column", Align::Left), ("type", Align::Left)], rows))?;
            }
            None => session.console.note(&format!("there is no table {name:?}; \\d lists them")),
        },
    }
    Ok(true)
}

/// Where the shell's history is kept: under the user's state folder.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local").join("state")))?;
    let folder = state.join("steppe");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("sql_history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcuts() {
        for (line, shortcut) in [
            ("\\d", Shortcut::Tables),
            (" \\d scores; ", Shortcut::Columns("scores")),
            ("\\q", Shortcut::Quit),
            ("quit;", Shortcut::Quit),
            ("\\?", Shortcut::Help),
            ("\\x", Shortcut::Unknown),
        ] {
            assert_eq!(Shortcut::of(line), Some(shortcut), "{line}");
        }
        assert_eq!(Shortcut::of("SELECT 1;"), None);
    }
}
