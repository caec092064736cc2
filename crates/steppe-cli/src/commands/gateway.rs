use clap::Args;
use steppe_server::{
    gateway::{GatewayConfig, bind, inherited, keep_alive, run_gateway},
    operations::telemetry::Service,
    settings::{GatewaySettings, Sources},
};
use tokio::{process::Command, runtime::Builder};

use crate::{
    exit::Outcome,
    interrupt::until_told_to_stop,
    logging,
    options::{GatewayOptions, RemoteOptions},
    score_process::ScoreProcess,
};

/// Stack of a thread that talks to clients. Only what is used takes memory.
const STACK: usize = 16 << 20;

/// Run a gateway: it answers SQL over Arrow Flight SQL and the Postgres wire.
///
/// Statements run in a child process with a limit on its memory, which is started again when it dies; connections wait
/// meanwhile. SIGTERM lets running statements finish, for up to 5 seconds.
#[derive(Debug, Args)]
pub(crate) struct GatewayCommand {
    #[command(flatten)]
    options: GatewayOptions,
    /// Be the child process.
    #[arg(long, hide = true)]
    serve: bool,
}

impl GatewayCommand {
    /// Runs it until it is told to stop.
    pub(crate) fn run(&self, remote: &RemoteOptions) -> anyhow::Result<Outcome> {
        let loaded = GatewaySettings::load(&Sources::of_process(self.options.0.clone()))?;
        let _telemetry = logging::start_server(
            Service::Gateway,
            &loaded.settings.flight.to_string(),
            &loaded.settings.log,
            &loaded.settings.trace,
        )?;
        let memory = loaded.settings.data.score_memory.bytes();
        let config = GatewayConfig::of(&loaded.settings, ScoreProcess::shared(remote, memory, None)?)?;
        // Statements pass through these threads, and a statement may be nested.
        let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build()?;
        if self.serve {
            let listeners = inherited()?;
            runtime.block_on(async {
                run_gateway(config, listeners, until_told_to_stop()?).await.map_err(anyhow::Error::from)
            })?;
            runtime.shutdown_background();
            return Ok(Outcome::Done);
        }
        for note in &loaded.notes {
            tracing::warn!("{note}");
        }
        tracing::debug!("settings:\n{}", loaded.show());
        // What is wrong with the certificates shows here, once.
        config.tls()?;
        let listeners = bind(loaded.settings.flight, loaded.settings.postgres)?;
        let program = std::env::current_exe()?;
        runtime.block_on(keep_alive(&listeners, config.limits.memory, || {
            let mut command = Command::new(&program);
            command.args(std::env::args_os().skip(1)).arg("--serve");
            command
        }))?;
        runtime.shutdown_background();
        Ok(Outcome::Done)
    }
}
