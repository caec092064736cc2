use clap::Args;
use steppe_server::{
    coordinator::{CoordinatorConfig, run_coordinator},
    operations::telemetry::Service,
    settings::{CoordinatorSettings, Sources},
};

use crate::{exit::Outcome, interrupt::until_told_to_stop, logging, options::CoordinatorOptions};

/// Run a coordinator: it takes jobs, plans them over its workers, and forgets none.
///
/// Its state is outside the process: the job log in SQLite or PostgreSQL, partial sums and inputs in the store. Killed at
/// any moment and started again it goes on with what is missing. SIGTERM hands running jobs back and stops.
#[derive(Debug, Args)]
pub(crate) struct CoordinatorCommand {
    #[command(flatten)]
    options: CoordinatorOptions,
}

impl CoordinatorCommand {
    /// Runs it until it is told to stop.
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        let loaded = CoordinatorSettings::load(&Sources::of_process(self.options.0.clone()))?;
        let _telemetry = logging::start_server(
            Service::Coordinator,
            &loaded.settings.listen.to_string(),
            &loaded.settings.log,
            &loaded.settings.trace,
        )?;
        for note in &loaded.notes {
            tracing::warn!("{note}");
        }
        tracing::debug!("settings:\n{}", loaded.show());
        let config = CoordinatorConfig::of(&loaded.settings)?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            run_coordinator(config, until_told_to_stop()?, |_| {}).await?;
            Ok::<_, anyhow::Error>(())
        })?;
        runtime.shutdown_background();
        Ok(Outcome::Done)
    }
}
