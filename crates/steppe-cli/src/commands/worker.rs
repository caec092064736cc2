use clap::Args;
use steppe_server::{
    operations::telemetry::Service,
    settings::{Sources, WorkerSettings},
    worker::{WorkerConfig, keep_alive, run_executor_process},
};
use tokio::process::Command;

use super::Session;
use crate::{exit::Outcome, logging, options::WorkerOptions};

/// Run a worker: it does a coordinator's tasks.
///
/// The work is done in a child process, which is started again when it dies. SIGTERM lets running tasks finish, for up to
/// 30 seconds.
#[derive(Debug, Args)]
pub(crate) struct WorkerCommand {
    #[command(flatten)]
    options: WorkerOptions,
    /// Be the child process.
    #[arg(long, hide = true)]
    executor: bool,
}

impl WorkerCommand {
    /// Runs it until it is told to stop.
    pub(crate) fn run(&self, session: Session) -> anyhow::Result<Outcome> {
        let loaded = WorkerSettings::load(&Sources::of_process(self.options.0.clone()))?;
        let _telemetry = logging::start_server(
            Service::Worker,
            &loaded.settings.id,
            &loaded.settings.log,
            &loaded.settings.trace,
        )?;
        let config = WorkerConfig::of(&loaded.settings, session.level)?;
        let runtime = tokio::runtime::Runtime::new()?;
        if self.executor {
            runtime.block_on(run_executor_process(&config))?;
            runtime.shutdown_background();
            return Ok(Outcome::Done);
        }
        for note in &loaded.notes {
            tracing::warn!("{note}");
        }
        tracing::debug!("settings:\n{}", loaded.show());
        // What is wrong with the certificates shows here, once.
        config.security()?;
        let program = std::env::current_exe()?;
        runtime.block_on(keep_alive(|| {
            let mut command = Command::new(&program);
            command.args(std::env::args_os().skip(1)).arg("--executor");
            command
        }))?;
        runtime.shutdown_background();
        Ok(Outcome::Done)
    }
}
