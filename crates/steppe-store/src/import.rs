mod commit;
mod duplicates;
mod existing;
mod genotypes;
mod inputs;
mod journal;
mod plan;
mod sample_order;
mod stripe;
mod turnstile;

use std::{path::PathBuf, sync::Arc, time::Instant};

use steppe_formats::{FileNote, plink1::FilesetPaths};
use steppe_genome::GenomeBuild;
use steppe_kernels::Level;

use crate::{Codec, Cohort, Location, StoreError};
use existing::Existing;
use inputs::Inputs;
use journal::Journal;
use plan::Plan;

/// What to import, and how.
#[derive(Clone)]
pub struct ImportOptions {
    /// The filesets: the same samples in any order, different variants. Variants are stored in the order given.
    pub filesets: Vec<FilesetPaths>,
    /// Where the cohort goes.
    pub out: Location,
    /// The genome build that all positions are in.
    pub build: GenomeBuild,
    /// Most samples of a block; by default what the kernels are fastest with.
    pub block_samples: Option<u32>,
    /// Threads that read, recode, hash and write.
    pub threads: usize,
    /// Most memory for buffers, in bytes.
    pub memory_bytes: u64,
    /// How pages are compressed.
    pub codec: Codec,
    /// The kernel level.
    pub level: Level,
    /// Told how far it is; may ask to stop.
    pub progress: Arc<dyn ImportProgress>,
}

/// The least memory that an import may be given.
const LEAST_MEMORY: u64 = 64 << 20;

/// Watches an import, from several threads.
pub trait ImportProgress: Send + Sync {
    /// All inputs have been checked; so much is to be done. `bytes` are of .bed.
    fn start(&self, samples: u64, variants: u64, bytes: u64) {
        let _ = (samples, variants, bytes);
    }

    /// So much more has been done.
    fn advance(&self, variants: u64, bytes: u64) {
        let _ = (variants, bytes);
    }

    /// Whether the import shall stop; it can be gone on with later.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl ImportProgress for NoProgress {}

/// What an import did.
#[derive(Debug, Clone)]
pub struct ImportReport {
    /// The cohort was there already, made of the same inputs; nothing was done.
    pub already_imported: bool,
    /// Parts that an interrupted import had finished.
    pub resumed_parts: usize,
    /// The identity of the cohort: BLAKE3 of its manifest.
    pub digest: String,
    /// Samples.
    pub samples: u32,
    /// Founders among them.
    pub founders: u32,
    /// Variants.
    pub variants: u32,
    /// Sample blocks.
    pub blocks: usize,
    /// Runs of variants.
    pub parts: usize,
    /// Bytes of .bed.
    pub bed_bytes: u64,
    /// Bytes of all stored files.
    pub stored_bytes: u64,
    /// What was odd in the files.
    pub notes: Vec<FileNote>,
    /// Filesets whose samples are in another order than the first one's: their .fam, and how many samples moved.
    pub reordered: Vec<(PathBuf, u64)>,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Imports PLINK 1 filesets as a cohort. Everything is checked before anything is written. Interrupted, it leaves no
/// cohort, and the same call goes on from the finished parts.
///
/// # Errors
/// Inputs that can not be used or do not belong together; another cohort, or other files, at the output; a read or
/// write that fails; a request to stop.
pub fn import(options: &ImportOptions) -> Result<ImportReport, StoreError> {
    let started = Instant::now();
    check_options(options)?;
    let inputs = Inputs::open(&options.filesets)?;
    let plan = Plan::new(options, &inputs)?;
    options.progress.start(u64::from(plan.samples), u64::from(plan.variants), inputs.bed_bytes());
    match existing::look(options, &inputs, &plan)? {
        Existing::Same(cohort) => return Ok(report(&cohort, &inputs, true, 0, started)),
        Existing::Absent => {}
    }
    match run(options, &inputs, &plan) {
        Ok((cohort, resumed)) => Ok(report(&cohort, &inputs, false, resumed, started)),
        // Another import of the same inputs to the same place may have finished first, and cleaned up.
        Err(error) => match existing::look(options, &inputs, &plan) {
            Ok(Existing::Same(cohort)) => Ok(report(&cohort, &inputs, true, 0, started)),
            _ => Err(error),
        },
    }
}

fn run(options: &ImportOptions, inputs: &Inputs, plan: &Plan) -> Result<(Cohort, usize), StoreError> {
    let journal = Journal::open(&options.out, plan)?;
    let genotypes = genotypes::write(options, inputs, plan, &journal)?;
    let cohort = commit::commit(options, inputs, plan, journal, &genotypes)?;
    Ok((cohort, genotypes.resumed))
}

fn check_options(options: &ImportOptions) -> Result<(), StoreError> {
    if options.filesets.is_empty() {
        return Err(StoreError::refused(
            "there is nothing to import",
            "name at least one fileset with --bfile PREFIX",
        ));
    }
    if options.memory_bytes < LEAST_MEMORY {
        return Err(StoreError::refused(
            format!("--memory is {} bytes", options.memory_bytes),
            format!("give at least {} MiB", LEAST_MEMORY >> 20),
        ));
    }
    Ok(())
}

fn report(cohort: &Cohort, inputs: &Inputs, already: bool, resumed: usize, started: Instant) -> ImportReport {
    let manifest = cohort.manifest();
    ImportReport {
        already_imported: already,
        resumed_parts: resumed,
        digest: cohort.digest().to_owned(),
        samples: manifest.samples,
        founders: manifest.founders,
        variants: manifest.variants,
        blocks: manifest.blocks.len(),
        parts: manifest.parts.len(),
        bed_bytes: inputs.bed_bytes(),
        stored_bytes: manifest.stored_bytes(),
        notes: inputs.notes.clone(),
        reordered: inputs.reordered(),
        seconds: started.elapsed().as_secs_f64(),
    }
}
