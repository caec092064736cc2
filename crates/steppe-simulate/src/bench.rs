use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use steppe_formats::plink1::{BedWriter, BimRecord, BimWriter, FamRecord, FilesetPaths, write_fam};
use steppe_genome::{Chromosome, Sex};

use crate::{
    SimulateError,
    files::{create_parent, refuse_existing, with_suffix},
    gaps::Gaps,
    random::{Purpose, Stream},
};

/// A cohort of independent variants with a realistic frequency spectrum, for benches: size is all that matters.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchSpec {
    /// The seed of everything.
    pub seed: u64,
    /// People.
    pub samples: u32,
    /// Variants, over chromosomes 1–22.
    pub variants: u32,
    /// The share of missing calls.
    pub missing_rate: f64,
    /// Weight columns of the scoring file; none for no file.
    pub scores: u32,
    /// Replace existing files.
    pub overwrite: bool,
    /// Threads; they do not change the result.
    pub threads: usize,
}

/// Variants that a thread makes at a time.
const CHUNK: u32 = 64;
/// The share of variants whose allele 1 is below 5 %.
const RARE_SHARE: f64 = 0.63;

/// Makes `PREFIX.bed/.bim/.fam` and, with scores, `PREFIX.scores.txt`; returns the files. `progress` is told genotypes
/// done and in all. Memory is a few hundred rows, whatever the number of variants.
///
/// # Errors
/// Files that exist or can not be written; a specification without people or variants, or that makes no sense.
pub fn simulate_bench(
    spec: &BenchSpec,
    prefix: &Path,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Vec<PathBuf>, SimulateError> {
    if spec.samples == 0 || spec.variants == 0 {
        return Err(SimulateError::Empty { least: 1, found: spec.variants });
    }
    SimulateError::check_share("missing rate", spec.missing_rate, 0.5)?;
    let FilesetPaths { bed, bim, fam: fam_path } = FilesetPaths::from_prefix(prefix);
    let mut files = vec![bed, bim, fam_path];
    let scores = with_suffix(prefix, "scores.txt");
    if spec.scores > 0 {
        files.push(scores.clone());
    }
    refuse_existing(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>(), spec.overwrite)?;
    create_parent(prefix)?;
    write_fam(&files[2], &fam(spec.samples))?;
    let mut bim = BimWriter::create(&files[1])?;
    for variant in 0..spec.variants {
        bim.write(&record(spec, variant))?;
    }
    bim.finish()?;
    write_genotypes(spec, &files[0], progress)?;
    if spec.scores > 0 {
        write_bench_scores(spec, &scores)?;
    }
    Ok(files)
}

fn write_genotypes(
    spec: &BenchSpec,
    path: &Path,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<(), SimulateError> {
    let mut bed = BedWriter::create(path, spec.samples as usize)?;
    let missing = Gaps::new(spec.missing_rate);
    let per_round = CHUNK.saturating_mul(u32::try_from(spec.threads).unwrap_or(u32::MAX).max(1));
    let genotypes = |variants: u32| u64::from(variants) * u64::from(spec.samples);
    let mut first = 0;
    while first < spec.variants {
        let end = first.saturating_add(per_round).min(spec.variants);
        for rows in rows_of(spec, missing.as_ref(), first, end) {
            for row in rows {
                bed.write_tile_row(&row)?;
            }
        }
        first = end;
        progress(genotypes(end), genotypes(spec.variants));
    }
    Ok(bed.finish()?)
}

/// Rows of the variants `first..end`, a vector per thread.
fn rows_of(spec: &BenchSpec, missing: Option<&Gaps>, first: u32, end: u32) -> Vec<Vec<Vec<u8>>> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (first..end)
            .step_by(CHUNK as usize)
            .map(|start| {
                scope.spawn(move || {
                    (start..(start + CHUNK).min(end))
                        .map(|variant| row(spec, missing, variant))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| match worker.join() {
                Ok(rows) => rows,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// One packed row: Hardy–Weinberg genotypes by comparing 16 random bits with two thresholds.
fn row(spec: &BenchSpec, missing: Option<&Gaps>, variant: u32) -> Vec<u8> {
    let mut random = Stream::new(spec.seed, Purpose::Bench, u64::from(variant), 0);
    let uniform = random.uniform();
    let frequency = if random.uniform() < RARE_SHARE {
        0.0005 + uniform * uniform * 0.0495
    } else {
        0.05 + uniform * 0.45
    };
    let of_65536 = |share: f64| (share * 65_536.0).round() as u64;
    let two = of_65536(frequency * frequency);
    let carrier = of_65536(frequency * (2.0 - frequency));
    let samples = spec.samples as usize;
    let mut row = vec![0u8; samples.div_ceil(4)];
    for byte in &mut row {
        let bits = random.bits();
        for sample in 0..4 {
            let draw = bits >> (16 * sample) & 0xffff;
            *byte |= (u8::from(draw < carrier) + u8::from(draw < two)) << (2 * sample);
        }
    }
    if let Some(missing) = missing {
        missing.make_missing(&mut row, samples, &mut random);
    }
    if !samples.is_multiple_of(4)
        && let Some(last) = row.last_mut()
    {
        *last &= (1 << (2 * (samples % 4))) - 1;
    }
    row
}

fn fam(samples: u32) -> Vec<FamRecord> {
    (1..=samples)
        .map(|number| FamRecord {
            family_id: "0".to_owned(),
            sample_id: format!("B{number:07}"),
            father_id: "0".to_owned(),
            mother_id: "0".to_owned(),
            sex: if number % 2 == 0 { Sex::Male } else { Sex::Female },
            phenotype: "-9".to_owned(),
        })
        .collect()
}

fn record(spec: &BenchSpec, variant: u32) -> BimRecord {
    const PAIRS: [(&str, &str); 4] = [("A", "G"), ("C", "T"), ("G", "A"), ("T", "C")];
    let chromosomes = 22.min(spec.variants);
    let per_chromosome = spec.variants.div_ceil(chromosomes);
    let (allele1, allele2) = PAIRS[(variant % 4) as usize];
    BimRecord {
        chromosome: Chromosome::Autosome((variant / per_chromosome + 1) as u8),
        id: format!("rs{}", 1_000_000 + variant),
        position: 10_000 + (variant % per_chromosome) * 997,
        allele1: allele1.to_owned(),
        allele2: allele2.to_owned(),
    }
}

/// Writes a table `ID A1 SCORE1 …` of the specification's variants: effects that are a normal times a normal, so that
/// few are large.
///
/// # Errors
/// The file can not be written.
pub fn write_bench_scores(spec: &BenchSpec, path: &Path) -> Result<(), SimulateError> {
    let fail = |source| SimulateError::Write { path: path.to_owned(), source };
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).map_err(fail)?);
    let mut line = String::from("ID\tA1");
    for score in 1..=spec.scores {
        line.push_str(&format!("\tSCORE{score}"));
    }
    line.push('\n');
    for variant in 0..spec.variants {
        let mut random = Stream::new(spec.seed, Purpose::BenchScores, u64::from(variant), 0);
        let record = record(spec, variant);
        line.push_str(&format!("{}\t{}", record.id, record.allele1));
        for _ in 0..spec.scores {
            // Three uniforms each are normal enough for a weight, and quick for a hundred million of them.
            let mut draw = || (0..3).map(|_| random.uniform()).sum::<f64>() - 1.5;
            line.push_str(&format!("\t{:.9}", draw() * draw() * 0.05));
        }
        line.push('\n');
        file.write_all(line.as_bytes()).map_err(fail)?;
        line.clear();
    }
    file.flush().map_err(fail)
}
