use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The partial sums and checkpoints of a job that are committed, each with what a second writing of the file would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed(BTreeMap<String, (u64, i64, i64)>);

impl Committed {
    /// Those that are in a job's folder now, of all its passes.
    pub fn of(job_folder: &Path) -> Self {
        let named = |path: &PathBuf| {
            let at = fs::metadata(path).ok()?;
            let name = path.strip_prefix(job_folder).ok()?.to_str()?.to_owned();
            Some((name, (at.ino(), at.mtime(), at.mtime_nsec())))
        };
        let kept = files_below(job_folder).into_iter().filter(|path| is_kept(&path.to_string_lossy()));
        Self(kept.filter_map(|path| named(&path)).collect())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names below the job's folder.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Adds a later look; gives the files that are others than before. One that is gone is no change: a job that has
    /// ended removes its folder.
    pub fn changed_by(&mut self, later: &Self) -> Vec<String> {
        let mut changed = Vec::new();
        for (name, identity) in &later.0 {
            if self.0.insert(name.clone(), *identity).is_some_and(|before| before != *identity) {
                changed.push(name.clone());
            }
        }
        changed
    }
}

/// What was asked of the store since some moment, from its log.
#[derive(Debug, Clone, Default)]
pub struct Accesses {
    /// Times that each file of partial sums and each checkpoint was put, by its name below the job's folder.
    pub puts: BTreeMap<String, u32>,
    /// Times that each file of genotypes was read, in parts or whole.
    pub reads: BTreeMap<String, u32>,
}

impl Accesses {
    /// Those of a job in a piece of the store's log; reads are those of a cohort.
    pub fn of(log: &str, job: &str, cohort: &str) -> Self {
        let mut accesses = Self::default();
        let (sums, genotypes) = (format!(".steppe/jobs/{job}/"), format!("{cohort}/genotypes/"));
        for line in log.lines() {
            let Some((_, access)) = line.split_once("checked access op=") else { continue };
            let Some((_, key)) = access.split_once("key: \"") else { continue };
            let Some((key, _)) = key.split_once('"') else { continue };
            if access.starts_with("PutObject ") && is_kept(key) {
                if let Some(name) = key.strip_prefix(&sums) {
                    *accesses.puts.entry(name.to_owned()).or_default() += 1;
                }
            } else if access.starts_with("GetObject ") && key.starts_with(&genotypes) {
                *accesses.reads.entry(key.to_owned()).or_default() += 1;
            }
        }
        accesses
    }

    /// The most reads of one file.
    pub fn most_reads(&self) -> u32 {
        self.reads.values().copied().max().unwrap_or(0)
    }

    /// How many files were read more often than that.
    pub fn read_more_than(&self, most: u32) -> usize {
        self.reads.values().filter(|count| **count > most).count()
    }
}

/// Whether a file keeps what need not be done again: partial sums, and what a fit has finished.
fn is_kept(name: &str) -> bool {
    name.ends_with(".sums") || name.ends_with(".cbor")
}

/// All files below a folder; the S3 server leaves empty folders behind, which mean nothing.
pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                _ => found.push(entry.path()),
            }
        }
    }
    found
}

/// BLAKE3 of the two files of scores in a result's folder.
///
/// # Errors
/// What keeps one from being read.
pub fn result_digests(folder: &Path) -> Result<[String; 2], String> {
    let digest = |name: &str| {
        let path = folder.join(name);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok::<_, String>(blake3::hash(&bytes).to_hex().to_string())
    };
    Ok([digest("scores.parquet")?, digest("scores.sscore")?])
}
