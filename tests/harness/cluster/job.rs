use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::{Call, Run};

/// What a job is to compute.
#[derive(Debug, Clone)]
pub struct Scoring {
    /// The cohort's URL.
    pub cohort: String,
    /// The scoring file.
    pub table: PathBuf,
    /// The result's name in the bucket.
    pub out: String,
}

impl Scoring {
    /// The command that submits and watches it.
    pub fn call(&self, call: Call) -> Command {
        let out = format!("s3://steppe/{}", self.out);
        let call = call.args(["score", "--cohort", &self.cohort, "--out", &out, "--score"]).arg(&self.table);
        call.into_command()
    }
}

/// A job with the process that has submitted and watches it.
#[derive(Debug)]
pub struct Submission {
    /// The job's id.
    pub id: String,
    client: Child,
    said: Option<JoinHandle<String>>,
}

impl Submission {
    /// Starts the process, and waits until it has told the job's id.
    ///
    /// # Errors
    /// What it said instead.
    pub fn start(mut command: Command) -> Result<Self, String> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut client = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let Some(stderr) = client.stderr.take() else { return Err("no standard error".to_owned()) };
        let (tell, told) = mpsc::channel();
        let said = std::thread::spawn(move || {
            let mut said = String::new();
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some(id) = line.strip_prefix("job ") {
                    // Whoever asked has its answer after the first one.
                    let _ = tell.send(id.split_whitespace().next().unwrap_or_default().to_owned());
                }
                said.push_str(&line);
                said.push('\n');
            }
            said
        });
        match told.recv_timeout(Duration::from_secs(60)) {
            Ok(id) => Ok(Self { id, client, said: Some(said) }),
            Err(_) => {
                let _ = client.kill();
                let _ = client.wait();
                Err(format!("no job was submitted: {}", said.join().unwrap_or_default()))
            }
        }
    }

    /// Whether the job's end was told.
    pub fn is_over(&mut self) -> bool {
        !matches!(self.client.try_wait(), Ok(None))
    }

    /// Waits for the end, and looks at things meanwhile.
    ///
    /// # Errors
    /// When it takes too long.
    pub fn wait(mut self, patience: Duration, mut look: impl FnMut()) -> Result<Run, String> {
        let began = Instant::now();
        while !self.is_over() {
            if began.elapsed() > patience {
                return Err(format!("job {} hangs: no end after {} s", self.id, patience.as_secs()));
            }
            look();
            std::thread::sleep(Duration::from_millis(5));
        }
        let status = self.client.wait().map_err(|error| error.to_string())?.code().unwrap_or(-1);
        let stderr = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        Ok(Run { status, stdout: String::new(), stderr })
    }
}

impl Drop for Submission {
    fn drop(&mut self) {
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

/// Runs a command that must end in time and says little.
pub(super) fn run_within(mut command: Command, patience: Duration) -> Result<Run, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let began = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if began.elapsed() > patience {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{command:?}: no end after {} s", patience.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(Run::of(&child.wait_with_output().map_err(|error| error.to_string())?))
}

/// A job as `steppe jobs show` has it.
#[derive(Debug, Clone)]
pub struct JobView(pub(super) String);

impl JobView {
    /// A fact: `state`, `tiles`, `failure`, ….
    pub fn fact(&self, name: &str) -> &str {
        let lines = self.0.lines().filter_map(|line| line.split_once(char::is_whitespace));
        lines.into_iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.trim())
    }

    /// How many tiles were done again.
    pub fn retries(&self) -> u32 {
        let again = self.fact("tiles").rsplit(", ").next().and_then(|text| text.strip_suffix(" again"));
        again.and_then(|number| number.replace(',', "").parse().ok()).unwrap_or(u32::MAX)
    }
}
