use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use steppe_formats::{
    FormatError,
    scoring_file::{ReadOptions, ScoringFile, discover, read_scoring_file},
};
use steppe_genome::GenomeBuild;

use super::MatchSettings;
use crate::EngineError;

/// A scoring file as it was read, and the hash of its bytes on disk.
#[derive(Debug, Clone)]
pub struct ScoringSource {
    /// Its content.
    pub file: ScoringFile,
    /// BLAKE3 of the file as it lies on disk, in hexadecimal.
    pub blake3: String,
}

/// Reads all scoring files that the settings name, in order, on up to `threads` threads; the first bad one in that
/// order is the error. Files whose genome build is not `build` are refused.
///
/// # Errors
/// A file that can not be read, has another build, or two scores of one name.
pub fn read_sources(
    settings: &MatchSettings,
    build: GenomeBuild,
    threads: usize,
) -> Result<Vec<ScoringSource>, EngineError> {
    let sources = read_named(settings, threads)?;
    for source in &sources {
        check_build(source, build, settings.accept_unknown_build)?;
    }
    check_names(&sources)?;
    Ok(sources)
}

/// The same for files that no cohort is beside, in whatever build they are.
///
/// # Errors
/// A file that can not be read, two scores of one name.
pub fn read_sources_of_any_build(
    settings: &MatchSettings,
    threads: usize,
) -> Result<Vec<ScoringSource>, EngineError> {
    let sources = read_named(settings, threads)?;
    check_names(&sources)?;
    Ok(sources)
}

fn read_named(settings: &MatchSettings, threads: usize) -> Result<Vec<ScoringSource>, EngineError> {
    read_all(&discover(&settings.scores)?, &settings.read, threads)
}

fn read_all(
    paths: &[PathBuf],
    options: &ReadOptions,
    threads: usize,
) -> Result<Vec<ScoringSource>, EngineError> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut read: Vec<(usize, Result<ScoringSource, FormatError>)> = Vec::new();
        while let Some((index, path)) = paths.get(next.load(Ordering::Relaxed)).and_then(|_| {
            let index = next.fetch_add(1, Ordering::Relaxed);
            paths.get(index).map(|path| (index, path))
        }) {
            read.push((index, read_one(path, options)));
        }
        read
    };
    let mut all: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads.min(paths.len())).map(|_| scope.spawn(worker)).collect();
        let mut all = worker();
        for handle in workers {
            match handle.join() {
                Ok(read) => all.extend(read),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, source)| source).collect::<Result<_, _>>()?)
}

fn read_one(path: &Path, options: &ReadOptions) -> Result<ScoringSource, FormatError> {
    let open = |source| FormatError::io(path, "can not open", source);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(std::fs::File::open(path).map_err(open)?).map_err(open)?;
    let blake3 = hasher.finalize().to_hex().to_string();
    Ok(ScoringSource { file: read_scoring_file(path, options)?, blake3 })
}

/// Positions only mean something in one build: a file in another one is an error, never a guess. Files that are
/// matched by id alone need no build.
fn check_build(source: &ScoringSource, cohort: GenomeBuild, accept_unknown: bool) -> Result<(), EngineError> {
    let file = &source.file;
    match file.header.build() {
        Some(build) if build == cohort => Ok(()),
        Some(build) => Err(EngineError::refused(
            format!("{}: genome build: the file is in {build}, the cohort in {cohort}", file.path.display()),
            format!("use the file harmonised to {cohort} (…_hmPOS_{cohort}.txt.gz in the PGS Catalog)"),
        )),
        None if accept_unknown || file.rows.position.iter().all(|&position| position == 0) => Ok(()),
        None => Err(EngineError::refused(
            format!(
                "{}: genome_build: the file does not say which build its positions are in",
                file.path.display()
            ),
            format!("add a header line #genome_build={cohort}, or vouch for it with --assume-build"),
        )),
    }
}

fn check_names(sources: &[ScoringSource]) -> Result<(), EngineError> {
    let mut seen: std::collections::HashMap<&str, &Path> = std::collections::HashMap::new();
    for source in sources {
        for name in &source.file.columns {
            if let Some(first) = seen.insert(name, &source.file.path) {
                return Err(EngineError::refused(
                    format!(
                        "{}: the score {name:?} is also in {}",
                        source.file.path.display(),
                        first.display()
                    ),
                    "give each score its own name (pgs_id in the header, or the column's name), or leave one out",
                ));
            }
        }
    }
    Ok(())
}
