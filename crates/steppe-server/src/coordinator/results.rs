//! What finished jobs have made.

use serde_json::json;
use steppe_engine::output::{RUN_FILE, RunRecord};
use steppe_store::{Cohort, Location, StoreError};

use super::blocking;
use crate::{
    ServerError,
    jobs::{Job, Outcome},
};

/// A result.
pub(crate) struct Results {
    pub(crate) location: Location,
    /// Name, size in bytes and BLAKE3 of each file.
    pub(crate) files: Vec<(String, u64, String)>,
    /// `run.json`, or what an import made.
    pub(crate) record: String,
}

/// The results of a job; [`ServerError::ResultsGone`], or of an import [`StoreError::NoCohort`], when they are gone.
pub(crate) async fn results_of(job: &Job) -> Result<Results, ServerError> {
    let Some(Outcome::Succeeded { location, digest }) = &job.outcome else {
        return Err(ServerError::JobNotDone { id: job.id.clone(), state: job.state });
    };
    let (location, digest, kind) = (location.clone(), digest.clone(), job.kind.clone());
    blocking(move || {
        let location = Location::parse(&location)?;
        if kind == "import" { of_import(location) } else { of_score(location, &digest) }
    })
    .await
}

/// What the job log keeps of a result: the identity of the work, and the hash of `run.json`, which has the hashes of all
/// other files.
pub(super) fn score_digest(location: &Location, identity: &str) -> Result<String, ServerError> {
    let content = location.child(RUN_FILE).read()?;
    Ok(format!("{identity} {}", blake3::hash(&content).to_hex()))
}

fn of_score(location: Location, digest: &str) -> Result<Results, ServerError> {
    let run = location.child(RUN_FILE);
    let gone = || ServerError::ResultsGone { location: location.to_string() };
    if !run.exists()? {
        return Err(gone());
    }
    let content = run.read()?;
    let found = blake3::hash(&content).to_hex();
    let (identity, expected) = digest.split_once(' ').unwrap_or((digest, found.as_str()));
    if found.as_str() != expected {
        // Another job's result may have been put in its place.
        let other =
            RunRecord::from_bytes(&run.to_string(), &content).is_ok_and(|record| record.job != identity);
        let damaged = StoreError::corrupt(&run.to_string(), "its BLAKE3", expected, found);
        return Err(if other { gone() } else { damaged.into() });
    }
    let record = RunRecord::from_bytes(&run.to_string(), &content)?;
    let mut files: Vec<(String, u64, String)> =
        record.outputs.into_iter().map(|file| (file.name, file.bytes, file.blake3)).collect();
    let blake3 = blake3::hash(&content).to_hex().to_string();
    files.push((RUN_FILE.to_owned(), content.len() as u64, blake3));
    Ok(Results { location, files, record: String::from_utf8_lossy(&content).into_owned() })
}

fn of_import(location: Location) -> Result<Results, ServerError> {
    let cohort = Cohort::open(&location)?;
    let manifest = cohort.manifest();
    let record = json!({
        "cohort": location.to_string(),
        "digest": cohort.digest(),
        "genome_build": manifest.genome_build()?.to_string(),
        "samples": manifest.samples,
        "founders": manifest.founders,
        "variants": manifest.variants,
        "blocks": manifest.blocks.len(),
        "parts": manifest.parts.len(),
        "stored_bytes": manifest.stored_bytes(),
    });
    Ok(Results { location, files: Vec::new(), record: record.to_string() })
}
