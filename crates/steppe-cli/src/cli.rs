use clap::{ArgAction, Args, Parser, Subcommand};

use crate::{
    commands,
    options::{RemoteOptions, Simd},
};

/// Polygenic scores for whole cohorts, exact to the last bit.
///
/// Convert PLINK files once with `steppe import`, score everyone on any number of PGS Catalog files in one pass with
/// `steppe score`, and look at the result with `steppe sql`. `steppe demo` shows all of it on made-up people.
#[derive(Debug, Parser)]
#[command(name = "steppe", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Start here:  steppe demo        Help on a command:  steppe COMMAND --help")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalOptions {
    /// Instruction set of the genotype kernels; results are the same bits on all.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "STEPPE_SIMD",
        default_value = "auto",
        hide_default_value = true,
        hide_env_values = true,
        long_help = "Instruction set of the genotype kernels: auto (the fastest that this CPU has), scalar, avx2, \
                     avx512, amx or neon. Results are the same bits on all of them; a level that this CPU lacks is an error"
    )]
    pub(crate) simd: Simd,
    /// Say more on standard error; twice for debugging. STEPPE_LOG sets it finely.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say nothing on standard error but errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Convert PLINK 1 files to a cohort store.
    Import(commands::import::ImportCommand),
    /// Show what is inside a cohort.
    Describe(commands::describe::DescribeCommand),
    /// Read a whole cohort again and check every hash.
    Verify(commands::verify::VerifyCommand),
    /// Match scoring files to a cohort, without scoring.
    Match(commands::match_scores::MatchCommand),
    /// Score everyone in a cohort on any number of scoring files.
    Score(commands::score::ScoreCommand),
    /// Train scores on a cohort's own phenotypes.
    Fit(commands::fit::FitCommand),
    /// Test every variant of a cohort for association with traits.
    Assoc(Box<commands::assoc::AssocCommand>),
    /// Find the principal components of a reference cohort.
    Pca(Box<commands::pca::PcaCommand>),
    /// Say whom people of a cohort descend from, compared to a reference.
    Ancestry(Box<commands::ancestry::AncestryCommand>),
    /// Make scores mean something in a population: adjusted scores and calibrated risks.
    Calibrate(Box<commands::calibrate::CalibrateCommand>),
    /// Say how well scores predict traits, by population and genetic distance.
    Evaluate(Box<commands::evaluate::EvaluateCommand>),
    /// Say why one person has the score that she has.
    Explain(Box<commands::explain::ExplainCommand>),
    /// Say how many genotypes a released score gives away, by attacking it.
    Leakage(Box<commands::leakage::LeakageCommand>),
    /// Look at cohorts and results with SQL.
    Sql(commands::sql::SqlCommand),
    /// Make a cohort of three populations, import it, score it, and calibrate a score for one of them, with a report.
    Demo(commands::demo::DemoCommand),
    /// Write a made-up cohort as PLINK files.
    Simulate(commands::simulate::SimulateCommand),
    /// Look after the jobs of a coordinator.
    Jobs(commands::jobs::JobsCommand),
    /// Run a development cluster on this machine.
    Cluster(commands::cluster::ClusterCommand),
    /// Run a coordinator.
    Coordinator(Box<commands::coordinator::CoordinatorCommand>),
    /// Run a worker.
    Worker(Box<commands::worker::WorkerCommand>),
    /// Serve cohorts and results by SQL, to other programs.
    Gateway(Box<commands::gateway::GatewayCommand>),
    /// Make certificates for a cluster.
    Certs(commands::certs::CertsCommand),
    /// Run jobs on SLURM.
    Slurm(commands::slurm::SlurmCommand),
    /// Serve a folder as S3, for development.
    #[command(hide = true)]
    DevS3(commands::dev_s3::DevS3Command),
}
