use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use steppe_formats::plink1::{BedWriter, BimWriter, FamRecord, FilesetPaths, write_fam};
use steppe_genome::Sex;

use crate::{
    Ancestry, CohortSpec, SimulateError, Source,
    pool::{Pool, SourceWeights},
    random::{Purpose, Stream},
    scores::{Genome, write_scores},
    spec::LEAST_VARIANTS,
    traits::{self, Effects},
    variants::{SimulatedChromosome, chromosomes},
};

/// The files of a simulated cohort.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// The PLINK fileset.
    pub fileset: FilesetPaths,
    /// `#FID IID population east_fraction`.
    pub populations: PathBuf,
    /// `#FID IID QT CC population`: a quantitative trait, and a disease (1 control, 2 case).
    pub phenotypes: PathBuf,
    /// Scoring files, in the order in which the demo shows them.
    pub scores: Vec<PathBuf>,
}

/// One person.
pub(crate) struct Person {
    pub population: usize,
    pub sex: Sex,
    /// The expected share of the East.
    pub east: f64,
    /// Generations since admixture; 0 for the unadmixed.
    pub generations: u32,
}

/// Chance of a switch between pool haplotypes, per base.
const SWITCH_PER_BASE: f64 = 1.0 / 300_000.0;
/// Chance of a crossover, per base and generation.
const CROSSOVER_PER_BASE: f64 = 1e-8;

/// Makes a cohort: `PREFIX.bed/.bim/.fam`, `PREFIX.populations.tsv`, `PREFIX.pheno.tsv` and `PREFIX.scores/`.
/// `progress` is told genotypes done and in all.
///
/// # Errors
/// Files that exist or can not be written; a specification without people or variants.
pub fn simulate_cohort(
    spec: &CohortSpec,
    prefix: &Path,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Simulated, SimulateError> {
    if spec.samples() == 0 || spec.variants < LEAST_VARIANTS {
        return Err(SimulateError::Empty { least: LEAST_VARIANTS, found: spec.variants });
    }
    let fileset = FilesetPaths::from_prefix(prefix);
    refuse_existing(&[&fileset.bed, &fileset.bim, &fileset.fam], spec.overwrite)?;
    if let Some(folder) = prefix.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)
            .map_err(|source| SimulateError::Write { path: folder.to_owned(), source })?;
    }
    let people = people(spec);
    let chromosomes = chromosomes(spec.seed, spec.variants);
    let effects = Effects::new(spec.seed, &chromosomes);
    let mut genome = Genome::default();
    let mut genetic = vec![[0.0; 2]; people.len()];
    let mut bed = BedWriter::create(&fileset.bed, people.len())?;
    let mut bim = BimWriter::create(&fileset.bim)?;
    let total = u64::from(spec.variants) * people.len() as u64;
    let done = AtomicU64::new(0);
    for (chromosome, effects) in chromosomes.iter().zip(&effects.by_chromosome) {
        let codes = genotypes(spec, chromosome, &people);
        for (variant, record) in chromosome.records.iter().enumerate() {
            bed.write_tile_row(&pack(spec, chromosome, variant, &codes, &people))?;
            bim.write(record)?;
        }
        traits::add_genetic(&mut genetic, &codes, chromosome.records.len(), effects);
        genome.add(chromosome, effects);
        let more = chromosome.records.len() as u64 * people.len() as u64;
        progress(done.fetch_add(more, Ordering::Relaxed) + more, total);
    }
    bed.finish()?;
    bim.finish()?;
    write_fam(&fileset.fam, &fam(spec, &people))?;
    let populations = with_suffix(prefix, "populations.tsv");
    write_text(&populations, &population_table(spec, &people))?;
    let phenotypes = with_suffix(prefix, "pheno.tsv");
    write_text(&phenotypes, &traits::phenotypes(spec, &people, &genetic))?;
    let scores = write_scores(spec, &with_suffix(prefix, "scores"), &genome)?;
    Ok(Simulated { fileset, populations, phenotypes, scores })
}

pub(crate) fn refuse_existing(paths: &[&Path], overwrite: bool) -> Result<(), SimulateError> {
    match paths.iter().find(|path| !overwrite && path.exists()) {
        Some(path) => Err(SimulateError::Exists { path: path.to_path_buf() }),
        None => Ok(()),
    }
}

pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), SimulateError> {
    fs::write(path, text).map_err(|source| SimulateError::Write { path: path.to_owned(), source })
}

/// `PREFIX.SUFFIX`, also where the prefix has a dot in it.
pub(crate) fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn people(spec: &CohortSpec) -> Vec<Person> {
    let mut people = Vec::with_capacity(spec.samples());
    for (population, described) in spec.populations.iter().enumerate() {
        for number in 0..described.samples {
            let mut random = Stream::new(spec.seed, Purpose::Shares, population as u64, u64::from(number));
            let (east, generations) = match described.ancestry {
                Ancestry::Pure(Source::West) => (0.0, 0),
                Ancestry::Pure(Source::East) => (1.0, 0),
                Ancestry::Admixed { east, spread, generations } => {
                    ((east + spread * random.normal()).clamp(0.0, 1.0), generations)
                }
            };
            let sex = if random.below(2) == 0 { Sex::Male } else { Sex::Female };
            people.push(Person { population, sex, east, generations });
        }
    }
    people
}

fn fam(spec: &CohortSpec, people: &[Person]) -> Vec<FamRecord> {
    ids(spec)
        .zip(people)
        .map(|(sample_id, person)| FamRecord {
            family_id: "0".to_owned(),
            sample_id,
            father_id: "0".to_owned(),
            mother_id: "0".to_owned(),
            sex: person.sex,
            phenotype: "-9".to_owned(),
        })
        .collect()
}

/// Sample ids in matrix order: the population's name and a number.
pub(crate) fn ids(spec: &CohortSpec) -> impl Iterator<Item = String> + '_ {
    spec.populations.iter().flat_map(|population| {
        (1..=population.samples).map(move |number| format!("{}{number:05}", population.name))
    })
}

fn population_table(spec: &CohortSpec, people: &[Person]) -> String {
    let mut text = String::from("sample_id\tpopulation\teast_fraction\n");
    for (id, person) in ids(spec).zip(people) {
        text.push_str(&format!("{id}\t{}\t{:.4}\n", spec.populations[person.population].name, person.east));
    }
    text
}

/// Allele-1 copies of everybody on one chromosome, person-major, made on all threads.
fn genotypes(spec: &CohortSpec, chromosome: &SimulatedChromosome, people: &[Person]) -> Vec<u8> {
    let variants = chromosome.records.len();
    let pool = Pool::new(spec.seed, chromosome);
    let sources =
        [Source::West, Source::East].map(|source| SourceWeights::new(spec.seed, chromosome, source));
    let mut codes = vec![0u8; variants * people.len()];
    let share = people.len().div_ceil(spec.threads.max(1));
    std::thread::scope(|scope| {
        for (part, codes) in codes.chunks_mut((share * variants).max(1)).enumerate() {
            let (pool, sources) = (&pool, &sources);
            scope.spawn(move || {
                for (offset, codes) in codes.chunks_mut(variants.max(1)).enumerate() {
                    let number = part * share + offset;
                    let person = &people[number];
                    let haploid = chromosome.is_x() && person.sex == Sex::Male;
                    let name = number as u64 * 32 + chromosome.index as u64;
                    for copy in 0..if haploid { 1 } else { 2 } {
                        let mut random = Stream::new(spec.seed, Purpose::Person, name, copy);
                        add_haplotype(chromosome, pool, sources, person, &mut random, codes);
                    }
                    if haploid {
                        // PLINK writes a haploid call as a homozygous one.
                        codes.iter_mut().for_each(|code| *code *= 2);
                    }
                }
            });
        }
    });
    codes
}

/// Adds one haplotype of a person to its codes: a walk along the chromosome that copies from the pool.
fn add_haplotype(
    chromosome: &SimulatedChromosome,
    pool: &Pool,
    sources: &[SourceWeights; 2],
    person: &Person,
    random: &mut Stream,
    codes: &mut [u8],
) {
    let east = (person.east * f64::from(1 << 16)) as u64;
    let crossover = f64::from(person.generations) * CROSSOVER_PER_BASE;
    let mut before = 0u32;
    let mut source = usize::from(random.bits() >> 48 < east);
    let mut haplotype = 0u8;
    for ((record, &carriers), code) in chromosome.records.iter().zip(&pool.carriers).zip(codes) {
        let distance = f64::from(record.position - before);
        let bits = random.bits();
        let crossed =
            before == 0 || ((bits & 0xffff_ffff) as f64) < distance * crossover * f64::from(u32::MAX);
        if crossed {
            source = usize::from(random.bits() >> 48 < east);
        }
        if crossed || ((bits >> 32) as f64) < distance * SWITCH_PER_BASE * f64::from(u32::MAX) {
            haplotype = sources[source].draw(record.position, random.bits());
        }
        *code += (carriers >> haplotype & 1) as u8;
        before = record.position;
    }
}

/// The packed row of one variant, with some calls missing.
fn pack(
    spec: &CohortSpec,
    chromosome: &SimulatedChromosome,
    variant: usize,
    codes: &[u8],
    people: &[Person],
) -> Vec<u8> {
    let variants = chromosome.records.len();
    let mut row = vec![0u8; people.len().div_ceil(4)];
    let name = chromosome.index as u64;
    let mut random = Stream::new(spec.seed, Purpose::Missing, name, variant as u64);
    let missing = (spec.missing_rate * f64::from(1 << 16)) as u64;
    for sample in 0..people.len() {
        let code = if random.bits() >> 48 < missing { 3 } else { codes[sample * variants + variant] };
        row[sample / 4] |= code << (2 * (sample % 4));
    }
    row
}
