mod haplotypes;
mod person;
mod rows;

use std::path::{Path, PathBuf};

use steppe_formats::plink1::{BedWriter, BimWriter, FilesetPaths, write_fam};

pub(crate) use self::person::Person;
use self::{
    haplotypes::HaplotypeModel,
    person::{fam, people, population_table},
    rows::Quartets,
};
use crate::{
    CohortSpec, SimulateError,
    files::{create_parent, refuse_existing, with_suffix, write_text},
    gaps::Gaps,
    random::{Purpose, Stream},
    scores::{Genome, write_scores},
    traits::{self, Effects},
    variants::{SimulatedChromosome, chromosomes},
};

/// The files of a simulated cohort.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// The PLINK fileset.
    pub fileset: FilesetPaths,
    /// `sample_id population east_fraction`.
    pub populations: PathBuf,
    /// `#FID IID QT CC population`: a quantitative trait, and a disease (1 control, 2 case).
    pub phenotypes: PathBuf,
    /// Scoring files, in the order in which the demo shows them.
    pub scores: Vec<PathBuf>,
}

impl Simulated {
    /// Every file that was written.
    pub fn files(&self) -> Vec<&Path> {
        let FilesetPaths { bed, bim, fam } = &self.fileset;
        [bed, bim, fam, &self.populations, &self.phenotypes]
            .into_iter()
            .chain(&self.scores)
            .map(PathBuf::as_path)
            .collect()
    }
}

/// Makes a cohort: `PREFIX.bed/.bim/.fam`, `PREFIX.populations.tsv`, `PREFIX.pheno.tsv` and `PREFIX.scores/`.
/// `progress` is told genotypes done and in all.
///
/// # Errors
/// Files that exist or can not be written; a specification without people or variants, or that makes no sense.
pub fn simulate_cohort(
    spec: &CohortSpec,
    prefix: &Path,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Simulated, SimulateError> {
    spec.check()?;
    let fileset = FilesetPaths::from_prefix(prefix);
    let populations = with_suffix(prefix, "populations.tsv");
    let phenotypes = with_suffix(prefix, "pheno.tsv");
    let scores = with_suffix(prefix, "scores");
    let FilesetPaths { bed, bim, fam: fam_path } = &fileset;
    refuse_existing(&[bed, bim, fam_path, &populations, &phenotypes, &scores], spec.overwrite)?;
    create_parent(prefix)?;
    let people = people(spec);
    let chromosomes = chromosomes(spec.seed, spec.variants);
    let effects = Effects::new(spec.seed, &chromosomes);
    let genetic = write_genotypes(spec, &fileset, &people, &chromosomes, &effects, progress)?;
    write_fam(fam_path, &fam(&people))?;
    write_text(&populations, &population_table(spec, &people))?;
    write_text(&phenotypes, &traits::phenotypes(spec, &people, &genetic))?;
    let scores = write_scores(spec, &scores, &Genome::new(&chromosomes, &effects))?;
    Ok(Simulated { fileset, populations, phenotypes, scores })
}

/// Writes .bed and .bim chromosome by chromosome; returns everybody's genetic value of each trait.
fn write_genotypes(
    spec: &CohortSpec,
    fileset: &FilesetPaths,
    people: &[Person],
    chromosomes: &[SimulatedChromosome],
    effects: &Effects,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Vec<[f64; 2]>, SimulateError> {
    let mut genetic = vec![[0.0; 2]; people.len()];
    let mut bed = BedWriter::create(&fileset.bed, people.len())?;
    let mut bim = BimWriter::create(&fileset.bim)?;
    let missing = Gaps::new(spec.missing_rate);
    let total = u64::from(spec.variants) * people.len() as u64;
    let mut done = 0;
    for (chromosome, effects) in chromosomes.iter().zip(&effects.by_chromosome) {
        let variants = chromosome.records.len();
        let model = HaplotypeModel::new(spec, chromosome, people);
        let quartets = Quartets::new(&model, effects, &mut genetic, variants, spec.threads);
        quartets.for_each_row(|variant, row| {
            if let Some(missing) = &missing {
                let index = chromosome.index as u64;
                let mut random = Stream::new(spec.seed, Purpose::Missing, index, variant as u64);
                missing.make_missing(row, people.len(), &mut random);
            }
            bed.write_tile_row(row)
        })?;
        for record in &chromosome.records {
            bim.write(record)?;
        }
        done += variants as u64 * people.len() as u64;
        progress(done, total);
    }
    bed.finish()?;
    bim.finish()?;
    Ok(genetic)
}
