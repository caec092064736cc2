//! The simulated cohort, small made-up cohorts, and jobs over them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};
use steppe_engine::EngineError;

use steppe_fit::{MemoryMatrix, PackedColumns};
use steppe_fitjob::{FitJob, FitObserver, FitOptions, FitProgress, FitReport, FitRequest, SamplePlan, Stage};
use steppe_formats::plink1::{BimRecord, Fileset, FilesetPaths};
use steppe_genome::{Chromosome, GenomeBuild, Sex, VariantTable};
use steppe_store::{Location, SampleTable};

/// Variants in memory.
pub(crate) struct Variants(pub(crate) Vec<BimRecord>);

impl VariantTable for Variants {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn chromosome(&self, variant: usize) -> &Chromosome {
        &self.0[variant].chromosome
    }

    fn position(&self, variant: usize) -> u32 {
        self.0[variant].position
    }

    fn id(&self, variant: usize) -> &str {
        &self.0[variant].id
    }

    fn counted_allele(&self, variant: usize) -> &str {
        &self.0[variant].allele1
    }

    fn other_allele(&self, variant: usize) -> &str {
        &self.0[variant].allele2
    }
}

/// A cohort in memory; columns are of all its samples.
pub(crate) struct Cohort {
    pub(crate) samples: SampleTable,
    pub(crate) variants: Variants,
    pub(crate) columns: PackedColumns,
}

fn push_sample(table: &mut SampleTable, family: &str, sample: &str) {
    table.family_id.push(family);
    table.sample_id.push(sample);
    table.sex.push(Sex::Unknown);
    table.father.push("0");
    table.mother.push("0");
    table.founder.push(true);
    table.phenotype.push("-9");
}

/// The simulated data; skips where it is missing, and fails under CI.
pub(crate) fn simulated() -> Option<PathBuf> {
    let root = std::env::var_os("STEPPE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let folder = root.join("simulated");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", folder.display());
    eprintln!("skipped: {} is missing", folder.display());
    None
}

/// Every `step`-th variant of the simulated cohort.
pub(crate) fn simulated_cohort(folder: &Path, step: usize) -> Cohort {
    let mut all = Vec::new();
    let fileset =
        Fileset::open(&FilesetPaths::from_prefix(&folder.join("geno")), |record| all.push(record.clone()))
            .expect("the fileset opens");
    let mut samples = SampleTable::default();
    for record in &fileset.fam.records {
        push_sample(&mut samples, &record.family_id, &record.sample_id);
    }
    let mut columns = PackedColumns::new(samples.len());
    let mut row = vec![0; fileset.bed.row_bytes()];
    let mut variants = Vec::new();
    for (at, record) in all.into_iter().enumerate().step_by(step) {
        fileset.bed.read_rows(at, 1, &mut row).expect("a row");
        // 00 is two copies of the first allele, 01 missing, 10 one, 11 none.
        let code = |s: usize| [2, 3, 1, 0][usize::from((row[s / 4] >> (2 * (s % 4))) & 3)];
        columns.push_codes((0..samples.len()).map(code).collect::<Vec<_>>());
        variants.push(record);
    }
    Cohort { samples, variants: Variants(variants), columns }
}

/// A reproducible stream of numbers (Marsaglia's xorshift64).
pub(crate) struct Stream(u64);

impl Stream {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// `samples` people `f0 s0`, `f1 s1`, … and `variants` on chromosome 1, 1 % of calls missing; every person's sum of the
/// first ten variants comes along.
pub(crate) fn small_cohort(samples: usize, variants: usize, seed: u64) -> (Cohort, Vec<f64>) {
    let mut stream = Stream::new(seed);
    let mut table = SampleTable::default();
    for sample in 0..samples {
        push_sample(&mut table, &format!("f{sample}"), &format!("s{sample}"));
    }
    let mut columns = PackedColumns::new(samples);
    let mut records = Vec::new();
    let mut score = vec![0.0; samples];
    for variant in 0..variants {
        let frequency = 0.1 + 0.4 * stream.uniform();
        let mut codes = Vec::with_capacity(samples);
        for score in &mut score {
            let code: u8 = (0..2).map(|_| u8::from(stream.uniform() < frequency)).sum();
            if variant < 10 {
                *score += f64::from(code);
            }
            codes.push(if stream.uniform() < 0.01 { 3 } else { code });
        }
        columns.push_codes(codes);
        records.push(BimRecord {
            chromosome: Chromosome::Autosome(1),
            id: format!("rs{variant}"),
            position: 1000 + variant as u32,
            allele1: "A".to_owned(),
            allele2: "G".to_owned(),
        });
    }
    (Cohort { samples: table, variants: Variants(records), columns }, score)
}

impl Cohort {
    /// The matrix of a plan's samples.
    pub(crate) fn matrix(&self, plan: &SamplePlan) -> MemoryMatrix {
        let mut columns = PackedColumns::new(plan.samples().len());
        for variant in 0..self.columns.len() {
            let code = |sample: &u32| self.columns.code(variant, *sample as usize);
            columns.push_codes(plan.samples().iter().map(code).collect::<Vec<_>>());
        }
        MemoryMatrix::new(columns, plan.reference())
    }

    /// Runs a job into `out`.
    pub(crate) fn fit(
        &self,
        options: &FitOptions,
        out: &Path,
        observer: &mut dyn FitObserver,
    ) -> Result<FitReport, EngineError> {
        let plan = SamplePlan::read(options, &self.samples)?;
        self.fit_plan(&plan, out, observer)
    }

    pub(crate) fn fit_plan(
        &self,
        plan: &SamplePlan,
        out: &Path,
        observer: &mut dyn FitObserver,
    ) -> Result<FitReport, EngineError> {
        let request = FitRequest {
            cohort: "memory".to_owned(),
            digest: "0".repeat(64),
            genome_build: Some(GenomeBuild::Grch38),
            out: Location::local(out),
            overwrite: false,
            scratch: None,
            checkpoints: None,
        };
        let job = FitJob::describe(&request, plan, self.samples.len() as u64);
        if let Some(report) = job.existing()? {
            return Ok(report);
        }
        let matrix = self.matrix(plan);
        let variants = plan.variants(&matrix, &self.variants)?;
        job.run(&matrix, &self.variants, &variants, observer)
    }
}

/// Stops a job after some number of accepted lambdas, and keeps what it was told.
#[derive(Default)]
pub(crate) struct Watcher {
    pub(crate) stop_after: Option<usize>,
    pub(crate) accepted: usize,
    pub(crate) stages: Vec<(Stage, usize)>,
    pub(crate) notices: Vec<String>,
    stopped: AtomicBool,
}

impl Watcher {
    pub(crate) fn stopping_after(lambdas: usize) -> Self {
        Self { stop_after: Some(lambdas), ..Self::default() }
    }
}

impl FitObserver for Watcher {
    fn stage(&mut self, stage: Stage, paths: usize) {
        self.stages.push((stage, paths));
    }

    fn progress(&mut self, progress: &FitProgress<'_>) {
        assert!(progress.accepted <= progress.planned && progress.lambda > 0.0);
        self.accepted += 1;
        if self.stop_after.is_some_and(|after| self.accepted >= after) {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    fn notice(&mut self, text: &str) {
        self.notices.push(text.to_owned());
    }

    fn cancelled(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// Files of a folder by name with the hash of their content.
pub(crate) fn hashes(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let bytes = std::fs::read(entry.path()).expect("a file");
            (entry.file_name().to_string_lossy().into_owned(), blake3::hash(&bytes).to_hex().to_string())
        })
        .collect()
}

/// Writes a file into a folder.
pub(crate) fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file is written");
    path
}

/// The names of what lies in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
