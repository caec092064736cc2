//! An import: the same one as `steppe import`, in the coordinator.

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    str::FromStr,
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, UNIX_EPOCH},
};

use steppe_engine::ErrorKind;
use steppe_formats::plink1::FilesetPaths;
use steppe_genome::GenomeBuild;
use steppe_kernels::Level;
use steppe_store::{Codec, ImportOptions, ImportProgress, Location, NoProgress, import};

use super::{Core, progress::JobProgress, run::Made, submission::refuse};
use crate::{ServerError, wire::job::ImportJob};

/// How often an import is tried.
const TRIES: u32 = 5;
/// Before it is tried again; longer each time.
const PAUSE: Duration = Duration::from_secs(1);

/// Checks an import, and gives the state of its files: sizes and times, part of the job's identity. Blocks.
pub(super) fn check(job: &ImportJob) -> Result<String, ServerError> {
    let options = options(job, 0, Arc::new(NoProgress))?;
    let mut state = blake3::Hasher::new();
    for fileset in &options.filesets {
        for path in [&fileset.bed, &fileset.bim, &fileset.fam] {
            let metadata = std::fs::metadata(path)
                .map_err(|source| steppe_formats::FormatError::io(path, "can not open", source))
                .map_err(steppe_engine::EngineError::from)?;
            let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let modified = modified.map_or(0, |since| since.as_nanos());
            state.update(&metadata.len().to_le_bytes()).update(&modified.to_le_bytes());
        }
    }
    Ok(state.finalize().to_hex().to_string())
}

/// Runs the import. Blocks.
pub(super) fn run(core: &Core, job: &ImportJob, progress: &Arc<JobProgress>) -> Result<Made, ServerError> {
    let told: Arc<dyn ImportProgress> = Arc::<JobProgress>::clone(progress);
    let mut tries = 1;
    let report = loop {
        // An import goes on from its finished parts.
        match import(&options(job, core.memory, Arc::clone(&told))?) {
            Err(error) if ErrorKind::of_store(&error).is_transient() && tries < TRIES => {
                tracing::warn!(%error, "an import was stopped by its store; it goes on");
                std::thread::sleep(PAUSE * tries);
                tries += 1;
            }
            ended => break ended?,
        }
    };
    core.catalog.note(&job.out, &report.digest)?;
    Ok(Made { location: job.out.clone(), digest: report.digest })
}

fn options(
    job: &ImportJob,
    memory_bytes: u64,
    progress: Arc<dyn ImportProgress>,
) -> Result<ImportOptions, ServerError> {
    let build = GenomeBuild::from_str(&job.genome_build)
        .map_err(|_| refuse("genome_build", format!("{:?}", job.genome_build), "give GRCh37 or GRCh38"))?;
    let codec = match job.codec.as_str() {
        "" | "none" => Codec::Uncompressed,
        "zstd" => Codec::Zstd,
        other => return Err(refuse("codec", format!("{other:?} is unknown"), "give none or zstd")),
    };
    let filesets = job.filesets.iter().map(|url| {
        let path = url::Url::parse(url).ok().filter(|url| url.scheme() == "file");
        let path: Option<PathBuf> = path.and_then(|url| url.to_file_path().ok());
        let path = path
            .ok_or_else(|| refuse("filesets", format!("{url:?} is no file"), "give file:///FOLDER/PREFIX"))?;
        Ok(FilesetPaths::from_prefix(&path))
    });
    Ok(ImportOptions {
        filesets: filesets.collect::<Result<_, ServerError>>()?,
        out: Location::parse(&job.out)?,
        build,
        block_samples: Some(job.block_samples).filter(|&samples| samples > 0),
        threads: available_parallelism().map_or(1, NonZeroUsize::get),
        memory_bytes,
        codec,
        level: Level::best(),
        progress,
    })
}
