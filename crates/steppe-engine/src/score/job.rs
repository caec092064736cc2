mod passes;

use std::sync::Arc;

use steppe_genome::{
    EffectType, VariantTable,
    matching::{Mentioned, Reason, VariantLookup},
};
use steppe_store::{Cohort, CohortVariants, SampleTable};

use super::{
    FrequencySource, Gate, MatchSettings, MatchedFile, MissingPolicy, Overlap, ScoreColumn, ScoreOptions,
    frequency::{Frequencies, FrequencyOrigin, founder_frequency},
    matching::Rows,
    ploidy::is_haploid_or_x,
    selection::Selection,
    sources::read_sources,
};
use crate::{EngineError, PassProgress};

/// Part of a job's identity: another number means that the same inputs may give other bits.
pub const KERNEL_SEMANTICS: u32 = 1;

/// A scoring job that has read and checked all its inputs, and read no genotype yet.
pub struct ScoreJob {
    /// What was asked for.
    pub options: ScoreOptions,
    /// The cohort.
    pub cohort: Cohort,
    /// Its samples.
    pub samples: SampleTable,
    /// Those of its variants that a row of a scoring file may mean: a table as long as the files, not as the cohort.
    pub variants: Arc<CohortVariants>,
    /// The scoring files with every row's decision.
    pub files: Arc<Vec<MatchedFile>>,
    /// All scores, those too that did not pass the gate.
    pub columns: Vec<ScoreColumn>,
    /// Where allele frequencies come from.
    pub frequencies: FrequencySource,
    selection: Selection,
}

impl ScoreJob {
    /// Opens nothing but small tables: reads, checks and matches every scoring file.
    ///
    /// # Errors
    /// Any input that can not be used; nothing has been written then.
    pub fn prepare(
        cohort: Cohort,
        options: ScoreOptions,
        progress: &dyn PassProgress,
    ) -> Result<Self, EngineError> {
        progress.stage("reading scoring files", 0);
        let build = cohort.manifest().genome_build()?;
        let (samples, sources) = std::thread::scope(|scope| {
            let samples = scope.spawn(|| cohort.samples());
            let sources = read_sources(&options.matching, build, options.threads);
            match samples.join() {
                Ok(samples) => (samples, sources),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        });
        let (samples, mut sources) = (samples?, sources?);
        for source in &mut sources {
            source.file.path = options.name_of(&source.file.path).to_owned();
        }
        let founders = samples.founder.iter().filter(|&&founder| founder).count();
        let frequencies =
            FrequencySource::choose(options.frequency_file.as_deref(), founders, options.missing)?;
        let selection = Selection::new(&samples, options.keep.as_deref(), options.remove.as_deref())?;
        progress.stage("matching variants", 0);
        let rows = sources.iter().map(|source| Rows(&source.file.rows));
        let mentioned = Mentioned::of(rows, options.matching.rules.by);
        let variants =
            cohort.variants_where(&|chromosome, position, id| mentioned.has(chromosome, position, id))?;
        drop(mentioned);
        let files = Arc::new(match_files(sources, &variants, &options.matching));
        let variants = Arc::new(variants);
        let columns = columns_of(&files, &variants, options.matching.min_overlap);
        let mut job = Self { options, cohort, samples, variants, files, columns, frequencies, selection };
        job.check_missing()?;
        Ok(job)
    }

    /// The scores that passed the gate, by index.
    pub fn passing(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|&score| self.columns[score].gate == Gate::Pass).collect()
    }

    /// The samples that are written out: one flag a sample.
    pub fn kept(&self) -> &[bool] {
        &self.selection.kept
    }

    /// How many samples are written out.
    pub fn kept_count(&self) -> usize {
        self.selection.count()
    }

    /// Entries of the keep and remove lists that name nobody in the cohort.
    pub fn unknown_selected(&self) -> u64 {
        self.selection.unknown
    }

    /// Looks at the variants with missing calls of every score that passes: `--missing fail` refuses them, `mean`
    /// counts those that have to be imputed from another frequency than the one asked for.
    fn check_missing(&mut self) -> Result<(), EngineError> {
        if self.options.missing == MissingPolicy::Zero {
            return Ok(());
        }
        for score in self.passing() {
            let frequencies = Frequencies::new(&self.variants, &self.frequencies);
            let column = &mut self.columns[score];
            for row in self.files[column.file].matched_rows(column.column) {
                let index = row.variant as usize;
                let missing = self.variants.counts(index)[3];
                if missing == 0 {
                    continue;
                }
                if self.options.missing == MissingPolicy::Fail {
                    return Err(EngineError::refused(
                        format!(
                            "score {}: variant {} has {missing} missing calls, and --missing fail allows none",
                            column.name,
                            self.variants.id(index)
                        ),
                        "use --missing mean or --missing zero, or leave the variant out",
                    ));
                }
                match frequencies.counted(row.variant).1 {
                    FrequencyOrigin::Chosen => {}
                    FrequencyOrigin::FoundersInstead => column.imputed_from_founders += 1,
                    FrequencyOrigin::Nobody => column.imputed_from_half += 1,
                }
            }
        }
        Ok(())
    }
}

/// Matches every file, and leaves out what plink2 does not score: other than additive effects where ploidy
/// depends on sex or is one.
fn match_files(
    sources: Vec<super::ScoringSource>,
    variants: &CohortVariants,
    settings: &MatchSettings,
) -> Vec<MatchedFile> {
    let lookup = VariantLookup::build(variants);
    let frequency = |variant: u32| founder_frequency(variants, variant);
    let mut files: Vec<MatchedFile> = std::thread::scope(|scope| {
        let workers: Vec<_> = sources
            .into_iter()
            .map(|source| {
                let (lookup, frequency) = (&lookup, &frequency);
                scope.spawn(move || MatchedFile::new(source, variants, lookup, frequency, &settings.rules))
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| match worker.join() {
                Ok(matched) => matched,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    for file in &mut files {
        let effects = file.source.file.rows.effect_type.clone();
        if effects.iter().all(|&effect| effect == EffectType::Additive) {
            continue;
        }
        file.exclude(|row, decision| {
            let variant = decision.variant? as usize;
            let additive = effects[row] == EffectType::Additive;
            (!additive && is_haploid_or_x(variants.chromosome(variant).ploidy()))
                .then_some(Reason::NonAdditiveOnHaploid)
        });
    }
    files
}

fn columns_of(files: &[MatchedFile], variants: &CohortVariants, min_overlap: f64) -> Vec<ScoreColumn> {
    let frequency = |variant: u32| founder_frequency(variants, variant);
    files
        .iter()
        .enumerate()
        .flat_map(|(file, matched)| {
            matched.source.file.columns.iter().enumerate().map(move |(column, name)| {
                let overlap = Overlap::of(matched, column, &frequency);
                let gate = overlap.gate(min_overlap);
                ScoreColumn::new(name.clone(), file, column, overlap, gate)
            })
        })
        .collect()
}
