use clap::Args;

/// What is asked of SLURM.
#[derive(Debug, Args)]
#[command(next_help_heading = "Resources")]
pub(super) struct Resources {
    /// Nodes.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) nodes: u32,
    /// Workers on each node; more than one where a node has several memories.
    // Each has two ports of the twenty that a job has.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=8))]
    pub(super) workers_per_node: u32,
    /// Cores of each worker.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) cpus_per_task: u32,
    /// Memory of each node, as sbatch takes it.
    #[arg(long, value_name = "SIZE", default_value = "12G", value_parser = word)]
    pub(super) mem: String,
    /// Time limit, as sbatch takes it; a job that needs longer is requeued and goes on.
    #[arg(long, value_name = "TIME", default_value = "04:00:00", value_parser = word)]
    pub(super) time: String,
    /// Partition [default: the site's].
    #[arg(long, value_name = "NAME", value_parser = word)]
    pub(super) partition: Option<String>,
    /// Account that is charged [default: yours].
    #[arg(long, value_name = "NAME", value_parser = word)]
    pub(super) account: Option<String>,
}

/// A value of an #SBATCH line: these are read by rules of their own, so it must need no quoting.
fn word(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.,:+@/-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("write it with letters, digits and _.,:+@/- only".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_can_not_leave_its_line() {
        for fine in ["12G", "1-00:00:00", "short,long", "lab/genetics"] {
            assert_eq!(word(fine).as_deref(), Ok(fine));
        }
        for odd in ["", "a b", "a\n#SBATCH --uid=0", "'", "$HOME", "#"] {
            assert!(word(odd).is_err(), "{odd:?}");
        }
    }
}
