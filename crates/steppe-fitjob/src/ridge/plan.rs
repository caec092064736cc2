//! Everything that is known of a block ridge before any pass.

use steppe_engine::EngineError;
use steppe_fit::ridge::{CrossValidation, RidgeData, RidgeFamily, RidgeTrait, TraitProblem, trait_problems};
use steppe_genome::{Chromosome, VariantTable};
use steppe_store::SampleTable;

use super::{
    super::{
        joined::{Joined, JoinedTrait, Who},
        names,
        sample_plan::{notice_of_unknown, problems_of},
        variant_plan::VariantFilter,
    },
    RidgeJobOptions, RidgeTraitRecord, RidgeValidation,
};

/// Traits, covariates and samples of a block ridge, read and checked. All samples train.
#[derive(Debug)]
pub struct RidgePlan {
    pub(super) options: RidgeJobOptions,
    pub(super) joined: Joined,
    pub(super) covariates: Vec<Vec<f64>>,
    pub(super) traits: Vec<RidgeTrait>,
    pub(super) validation: CrossValidation,
    /// Why each trait can not be fitted, as far as is known before any pass.
    problems: Vec<Option<String>>,
    /// What the user should know.
    pub notices: Vec<String>,
}

impl RidgePlan {
    /// Reads every file and joins it to the cohort's samples.
    ///
    /// # Errors
    /// Options out of range; a file that can not be used (with line, column and what to do); no sample with a trait and
    /// all covariates; fewer samples than folds or covariates; no trait that can be fitted.
    pub fn read(options: &RidgeJobOptions, samples: &SampleTable) -> Result<Self, EngineError> {
        options.check()?;
        let joined = Joined::read(&options.input, samples, Who::Complete)?;
        refuse_ambiguous_ids(&joined.samples, samples)?;
        let validation = validation(options, joined.samples.len())?;
        let covariates: Vec<Vec<f64>> = joined.covariates.iter().map(|of| of.values.clone()).collect();
        let traits: Vec<RidgeTrait> = joined.traits.iter().map(ridge_trait).collect();
        let data =
            RidgeData { chromosomes: &[], covariates: &covariates, traits: &traits, validation: &validation };
        let found = trait_problems(&data, &options.solver(), joined.samples.len())?;
        let problem = |(of, found): (&JoinedTrait, &Option<TraitProblem>)| {
            of.problem.map(str::to_owned).or_else(|| found.as_ref().map(text_of))
        };
        let problems: Vec<Option<String>> = joined.traits.iter().zip(&found).map(problem).collect();
        let (names, _) = joined.names();
        let mut notices = problems_of(names.iter().copied().zip(problems.iter().map(Option::as_deref)))?;
        notices.extend(notice_of_unknown(joined.unknown_selected));
        names::check_distinct(&names, &[], names::score_file)?;
        Ok(Self { options: options.clone(), joined, covariates, traits, validation, problems, notices })
    }

    /// The samples of the cohort that take part, ascending: those that the matrix is to have, and its counts to be over.
    pub fn samples(&self) -> &[u32] {
        &self.joined.samples
    }

    /// Refuses variants that could take part and whose chromosome is in several places: blocks are runs of one.
    ///
    /// # Errors
    /// Such variants.
    pub fn check_variants(&self, table: &dyn VariantTable) -> Result<(), EngineError> {
        let mut runs: Vec<&Chromosome> = Vec::new();
        for variant in 0..table.len() {
            if self.joined.lists.reason_before_counts(table, variant).is_some() {
                continue;
            }
            let chromosome = table.chromosome(variant);
            if runs.last() == Some(&chromosome) {
                continue;
            }
            if runs.contains(&chromosome) {
                return Err(EngineError::refused(
                    format!(
                        "chromosome {} comes again at variant {}, after others: blocks are runs of one chromosome",
                        chromosome.label(),
                        variant + 1
                    ),
                    "import filesets whose variants are sorted by chromosome, in that order",
                ));
            }
            runs.push(chromosome);
        }
        Ok(())
    }

    pub(super) fn filter(&self) -> VariantFilter {
        let (min_frequency, max_missing) = (self.options.input.min_frequency, self.options.input.max_missing);
        VariantFilter { min_frequency, max_missing, constant: false }
    }

    /// What is fitted, of variants on these chromosomes.
    pub(super) fn data<'a>(&'a self, chromosomes: &'a [u32]) -> RidgeData<'a> {
        RidgeData {
            chromosomes,
            covariates: &self.covariates,
            traits: &self.traits,
            validation: &self.validation,
        }
    }

    /// What is known of each trait before any pass.
    pub(super) fn records(&self) -> Vec<RidgeTraitRecord> {
        let one = |(of, problem): (&JoinedTrait, &Option<String>)| {
            let count = |counts: &dyn Fn(f64) -> bool| {
                of.values.iter().filter(|value| counts(**value)).count() as u64
            };
            RidgeTraitRecord {
                name: of.name.clone(),
                file_name: names::score_name(&of.name, None),
                family: of.family().to_owned(),
                problem: problem.clone(),
                samples: count(&|value| !value.is_nan()),
                cases: of.binary.then(|| count(&|value| value == 1.0)),
                missing: count(&f64::is_nan),
                covariates: self.joined.covariates.iter().map(|of| of.name.clone()).collect(),
                ..RidgeTraitRecord::default()
            }
        };
        self.joined.traits.iter().zip(&self.problems).map(one).collect()
    }
}

/// Why a trait can not be fitted, and what to do.
pub(super) fn text_of(problem: &TraitProblem) -> String {
    let remedy = match problem {
        TraitProblem::AllMissing { .. } => "; check sample ids and missing codes",
        TraitProblem::Constant => "; leave it out",
        TraitProblem::NoPredictors => "; check the lists of variants and the limits on them",
        _ => "",
    };
    format!("{problem}{remedy}")
}

fn ridge_trait(of: &JoinedTrait) -> RidgeTrait {
    let family = if of.binary { RidgeFamily::Binomial } else { RidgeFamily::Gaussian };
    RidgeTrait { values: of.values.clone(), family }
}

fn validation(options: &RidgeJobOptions, samples: usize) -> Result<CrossValidation, EngineError> {
    let training = vec![true; samples];
    match options.validation {
        RidgeValidation::LeaveOneOut => Ok(CrossValidation::LeaveOneOut { training }),
        RidgeValidation::Folds(folds) if folds > samples => Err(EngineError::refused(
            format!("{folds} folds of {samples} samples: one of them would have none"),
            "use fewer folds, or leave each sample out alone",
        )),
        RidgeValidation::Folds(folds) => Ok(CrossValidation::folds(&training, folds, options.seed)),
    }
}

/// Refuses samples that regenie, which joins family and sample id by `_`, would not tell apart.
fn refuse_ambiguous_ids(chosen: &[u32], samples: &SampleTable) -> Result<(), EngineError> {
    let joined = |sample: &u32| {
        let sample = *sample as usize;
        format!("{}_{}", samples.family_id.get(sample), samples.sample_id.get(sample))
    };
    let mut ids: Vec<String> = chosen.iter().map(joined).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(EngineError::refused(
            "two samples have the same family and sample id once these are joined by _, as regenie does",
            "give the samples ids that differ so, or leave one of them out",
        ));
    }
    Ok(())
}
