//! Scores that statements ask for, computed by `steppe score` in a process of its own: what it takes is not taken from
//! whoever answers statements, it ends for nobody's sake, and with a coordinator it is the client that submits the job.

use std::{ffi::OsString, io, path::PathBuf, process::Stdio, sync::Arc};

use futures::future::BoxFuture;
use steppe_engine::{
    EngineError,
    sql::{ScoreRunner, ScoreTask},
};
use tokio::process::Command;

use crate::{options::RemoteOptions, remote};

/// Runs `steppe score`.
#[derive(Debug)]
pub(crate) struct ScoreProcess {
    program: PathBuf,
    /// Which coordinator, as this command was told.
    remote: Vec<OsString>,
    is_elsewhere: bool,
    /// How much it may take.
    resources: Vec<String>,
}

impl ScoreProcess {
    /// Processes that compute on the coordinator that the options name, or else here.
    pub(crate) fn shared(
        options: &RemoteOptions,
        memory: u64,
        threads: Option<usize>,
    ) -> anyhow::Result<Arc<dyn ScoreRunner>> {
        let mut resources = vec!["--memory".to_owned(), memory.to_string()];
        resources
            .extend(threads.into_iter().flat_map(|threads| ["--threads".to_owned(), threads.to_string()]));
        let given = [
            ("--coordinator", options.coordinator.as_ref().map(OsString::from)),
            ("--profile", options.profile.as_ref().map(OsString::from)),
            ("--token-file", options.token_file.as_ref().map(OsString::from)),
            ("--ca", options.ca.as_ref().map(OsString::from)),
        ];
        let named = given.into_iter().filter_map(|(flag, value)| Some([flag.into(), value?]));
        Ok(Arc::new(Self {
            program: std::env::current_exe()?,
            remote: named.flatten().collect(),
            is_elsewhere: remote::is_named(options),
            resources,
        }))
    }

    fn command(&self, task: ScoreTask) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--quiet").args(&self.remote).arg("score");
        command.arg("--cohort").arg(task.cohort.to_string()).arg("--score").arg(task.file);
        command.arg("--out").arg(task.out).args(&self.resources);
        // Its standard input is the lock, so that it is held for as long as the process lives, whoever started it.
        command.stdin(Stdio::from(task.lock)).stdout(Stdio::null()).stderr(Stdio::piped());
        // Errors stand alone on its standard error.
        command.env_remove("STEPPE_LOG");
        command
    }
}

impl ScoreRunner for ScoreProcess {
    fn run(&self, task: ScoreTask) -> BoxFuture<'static, Result<(), EngineError>> {
        let mut command = self.command(task);
        Box::pin(async move {
            let failed = |error: io::Error| EngineError::write("steppe score")(error);
            let child = command.spawn().map_err(failed)?;
            // It has the lock now; this copy would outlive it.
            drop(command);
            let output = child.wait_with_output().await.map_err(failed)?;
            match output.status.code() {
                Some(0) => Ok(()),
                code => Err(refusal(code, &String::from_utf8_lossy(&output.stderr))),
            }
        })
    }

    fn is_elsewhere(&self) -> bool {
        self.is_elsewhere
    }
}

/// What a process that failed has said: an error, its causes, and what to do.
fn refusal(code: Option<i32>, text: &str) -> EngineError {
    let Some(code) = code else {
        let remedy = "it may have taken more memory than there is: ask for a higher limit on its memory";
        return EngineError::refused("steppe score was killed", remedy);
    };
    let said = text.rfind("error: ").map_or(text, |at| &text[at + "error: ".len()..]);
    let (mut problem, mut remedy) = (Vec::new(), None);
    for line in said.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("help: ") {
            Some(help) => remedy = Some(help.to_owned()),
            None => problem.push(line),
        }
    }
    if problem.is_empty() {
        problem.push("steppe score says nothing");
    }
    EngineError::refused(
        problem.join(", "),
        remedy.unwrap_or_else(|| {
            format!("steppe score ended with status {code}: run it by hand to look closer")
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_as_the_process_said_it() {
        let text = "a log line\nerror: x.txt: genome build: the file is in GRCh37\n  cause: no\n  help: use another\n";
        let error = refusal(Some(2), text).to_string();
        assert_eq!(error, "x.txt: genome build: the file is in GRCh37, cause: no; use another");
        assert!(
            refusal(Some(1), "").to_string().starts_with("steppe score says nothing; steppe score ended")
        );
        assert!(refusal(None, "").to_string().starts_with("steppe score was killed; "));
    }
}
