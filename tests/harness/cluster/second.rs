use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::Cluster;
use crate::{Call, ports::free_port, steppe, steppe_binary};

/// How long it may take to serve: longer than a coordinator waits for a job log that another one has locked.
const PATIENCE: Duration = Duration::from_secs(60);

/// Another coordinator on the store of a cluster, with workers of its own, as another host would have them. It is
/// killed when it is dropped.
#[derive(Debug)]
pub struct Second {
    folder: PathBuf,
    url: String,
    cluster: PathBuf,
    environment: BTreeMap<String, String>,
    children: Vec<Child>,
}

impl Second {
    /// Starts it in a folder; with the first one's job log, or with its own.
    ///
    /// # Errors
    /// What keeps it from serving.
    pub fn start(cluster: &Cluster, folder: &Path, shared_log: bool) -> Result<Self, String> {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let profile = fs::read(cluster.folder().join("profile.json")).map_err(|error| error.to_string())?;
        let profile: Value = serde_json::from_slice(&profile).map_err(|error| error.to_string())?;
        let variables = profile["environment"].as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let environment = variables.map(|(name, value)| (name.clone(), text(value))).collect();
        let first =
            fs::read_to_string(cluster.folder().join("steppe.toml")).map_err(|error| error.to_string())?;
        fs::write(folder.join("steppe.toml"), settings(&first, folder, &ports, shared_log))
            .map_err(|error| error.to_string())?;
        let mut second = Self {
            folder: folder.to_owned(),
            url: format!("https://127.0.0.1:{}", ports[0]),
            cluster: cluster.folder().to_owned(),
            environment,
            children: Vec::new(),
        };
        second.spawn("coordinator", cluster, &["coordinator"])?;
        second.worker(cluster)?;
        second.wait()?;
        Ok(second)
    }

    fn worker(&mut self, cluster: &Cluster) -> Result<(), String> {
        let (tasks, operations) = (free_port().to_string(), format!("127.0.0.1:{}", free_port()));
        let scratch = self.folder.join("worker").display().to_string();
        let certs = cluster.folder().join("certs");
        let (certificate, key) =
            (certs.join("worker.crt").display().to_string(), certs.join("worker.key").display().to_string());
        let arguments = [
            "worker",
            "--id",
            "second-1",
            "--task-port",
            &tasks,
            "--operations-listen",
            &operations,
            "--scratch",
            &scratch,
            "--tls-certificate",
            &certificate,
            "--tls-key",
            &key,
        ];
        self.spawn("worker", cluster, &arguments)
    }

    fn spawn(&mut self, name: &str, cluster: &Cluster, arguments: &[&str]) -> Result<(), String> {
        let log =
            fs::File::create(self.folder.join(format!("{name}.log"))).map_err(|error| error.to_string())?;
        let mut command = Command::new(steppe_binary());
        command
            .args(arguments)
            .arg("--config")
            .arg(self.folder.join("steppe.toml"))
            .envs(&self.environment)
            .envs(cluster.options.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.children.push(command.spawn().map_err(|error| format!("{name}: {error}"))?);
        Ok(())
    }

    fn wait(&mut self) -> Result<(), String> {
        let began = Instant::now();
        while self.call(["jobs", "list"]).run().status != 0 {
            if began.elapsed() > PATIENCE {
                return Err(format!("the second coordinator does not serve: {}", self.log("coordinator")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// A call of this coordinator.
    pub fn call<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Call {
        let mut call = steppe(["--coordinator", &self.url, "--ca"]).arg(self.cluster.join("certs/ca.crt"));
        call = call.arg("--token-file").arg(self.cluster.join("token"));
        for (name, value) in &self.environment {
            call = call.env(name, value);
        }
        call.args(arguments)
    }

    /// The log of its `coordinator` or `worker`.
    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(format!("{name}.log"))).unwrap_or_default()
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        // The executor ends with its worker.
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The first one's settings, with other ports and folders.
fn settings(first: &str, folder: &Path, ports: &[u16], shared_log: bool) -> String {
    let path = |name: &str| format!("{:?}", folder.join(name).display().to_string());
    let address = |port: u16| format!("\"127.0.0.1:{port}\"");
    let changed = |key: &str| match key {
        "listen" => Some(address(ports[0])),
        "cluster_listen" | "coordinator" => Some(address(ports[1])),
        "operations_listen" => Some(address(ports[2])),
        "audit_log" => Some(path("audit.jsonl")),
        "scratch" => Some(path("scratch")),
        "job_log" if !shared_log => Some(format!("\"sqlite://{}\"", folder.join("jobs.sqlite").display())),
        _ => None,
    };
    let line = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        changed(key).map_or_else(|| line.to_owned(), |value| format!("{key} = {value}")) + "\n"
    };
    first.lines().map(line).collect()
}
