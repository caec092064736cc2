//! All files joined to the samples of the cohort, before any pass.

mod traits;

use nalgebra::DMatrix;
use steppe_engine::{EngineError, output::InputRecord};
use steppe_fit::{
    GenotypeMatrix,
    lasso::{Response, Role, Trait},
};
use steppe_genome::VariantTable;
use steppe_store::SampleTable;

use self::traits::TraitReader;
pub(super) use self::traits::is_case;
use super::{
    covariates::Covariate,
    groups::{Groups, Weighting},
    inputs::Inputs,
    names,
    options::FitOptions,
    record::SampleCounts,
    sources::Sources,
    split::Part,
    variant_plan::{VariantLists, VariantPlan},
};

/// What is fitted, on whom: all vectors are in the order of [`Self::samples`].
#[derive(Debug)]
pub struct SamplePlan {
    pub(super) options: FitOptions,
    pub(super) samples: Vec<u32>,
    pub(super) reference: Vec<bool>,
    /// The traits in the order of the request, with those that can not be fitted.
    pub traits: Vec<TraitPlan>,
    pub(super) covariates: DMatrix<f64>,
    pub(super) covariate_names: Vec<String>,
    pub(super) groups: Option<Groups>,
    pub(super) weighting: Weighting,
    pub(super) lists: VariantLists,
    pub(super) inputs: Vec<InputRecord>,
    pub(super) unknown_selected: u64,
    /// Who takes part, and why others do not.
    pub counts: SampleCounts,
    /// What the user should know.
    pub notices: Vec<String>,
}

/// A trait and what each sample is to it.
#[derive(Debug, Clone)]
pub struct TraitPlan {
    /// The trait's name.
    pub name: String,
    /// The response, with NaN where it is missing.
    pub response: Response,
    /// What each sample is for; `None` where its value is missing or its weight 0. In cross-validation all train.
    pub parts: Vec<Option<Part>>,
    /// The fold of each sample that trains, in cross-validation.
    pub folds: Option<Vec<u32>>,
    /// Samples without a value.
    pub missing: u64,
    /// Samples of weight 0, which are ignored.
    pub weight_zero: u64,
    /// Why it can not be fitted.
    pub problem: Option<String>,
}

impl TraitPlan {
    /// Samples of a part.
    pub fn count(&self, part: Part) -> usize {
        self.parts.iter().filter(|of| **of == Some(part)).count()
    }
}

impl SamplePlan {
    /// Reads every file and joins it to the cohort's samples.
    ///
    /// # Errors
    /// Options out of range; a file that can not be used (with line, column and what to do); no sample left; no trait that
    /// can be fitted.
    pub fn read(options: &FitOptions, samples: &SampleTable) -> Result<Self, EngineError> {
        options.check()?;
        let mut inputs = Inputs::default();
        let sources = Sources::read(&options.sources(), samples, &mut inputs)?;
        let lists = VariantLists::read(&options.variant_files(), &mut inputs)?;
        let (taking, mut counts) = sources.take_part(samples)?;
        let labels: Option<Vec<&str>> = sources.population.as_ref().map(|column| {
            taking.iter().map(|sample| column.get(*sample as usize).unwrap_or_default()).collect()
        });
        let groups = labels.as_deref().map(Groups::new).transpose()?;
        if let Some(groups) = &groups {
            counts.populations = groups.names.iter().cloned().zip(groups.tally(|_| true)).collect();
        }
        let given = sources.weights_of(&taking)?;
        let population = options.population.as_ref();
        let weighting = Weighting::new(given, population.map(|p| &p.weights), groups.as_ref())?;
        let mut covariates: Vec<Covariate> =
            sources.covariates.as_ref().map_or_else(Vec::new, |read| read.of(&taking));
        covariates.extend(groups.iter().flat_map(Groups::indicators));
        let reader = TraitReader {
            options,
            samples,
            taking: &taking,
            sources: &sources,
            groups: groups.as_ref(),
            weighting: &weighting,
            covariates: &covariates,
        };
        let traits = reader.read()?;
        let mut plan = Self {
            options: options.clone(),
            reference: reference(&traits, taking.len()),
            covariates: DMatrix::from_fn(taking.len(), covariates.len(), |row, c| covariates[c].values[row]),
            covariate_names: covariates.into_iter().map(|covariate| covariate.name).collect(),
            samples: taking,
            traits,
            groups,
            weighting,
            lists,
            inputs: inputs.into_records(options.input.copied_inputs),
            unknown_selected: sources.selection.unknown,
            counts,
            notices: Vec::new(),
        };
        plan.check_traits()?;
        plan.check_populations()?;
        Ok(plan)
    }

    /// The samples of the cohort that take part, ascending: those that the matrix is to have, in this order.
    pub fn samples(&self) -> &[u32] {
        &self.samples
    }

    /// Whether each of these trains some trait: the samples that the matrix's counts are to be over.
    pub fn reference(&self) -> &[bool] {
        &self.reference
    }

    /// Says which variants take part and how they are penalised, by the matrix's counts.
    ///
    /// # Errors
    /// No variant takes part, or none is penalised.
    pub fn variants(
        &self,
        matrix: &dyn GenotypeMatrix,
        table: &dyn VariantTable,
    ) -> Result<VariantPlan, EngineError> {
        VariantPlan::new(self.options.filter(), &self.lists, matrix, table)
    }

    /// Refuses names that collide, and a job of which no trait can be fitted.
    fn check_traits(&mut self) -> Result<(), EngineError> {
        let traits: Vec<&str> = self.traits.iter().map(|of| of.name.as_str()).collect();
        let specific = self.options.population.as_ref().is_some_and(|p| p.specific.is_some());
        let populations: Vec<&str> = match &self.groups {
            Some(groups) if specific => groups.names.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        names::check_distinct(&traits, &populations, names::score_file)?;
        let problems = problems_of(self.traits.iter().map(|of| (of.name.as_str(), of.problem.as_deref())))?;
        self.notices.extend(problems);
        self.notices.extend(notice_of_unknown(self.unknown_selected));
        Ok(())
    }

    /// Refuses effects of a population that nobody trains, and notes populations without a part of the split.
    fn check_populations(&mut self) -> Result<(), EngineError> {
        let Some(groups) = &self.groups else { return Ok(()) };
        let specific = self.options.population.as_ref().and_then(|population| population.specific);
        if specific.is_some() && groups.names.len() < 2 {
            return Err(EngineError::refused(
                format!(
                    "effects by population need two populations, and all samples are {}",
                    groups.names[0]
                ),
                "fit one effect for all",
            ));
        }
        for of in self.traits.iter().filter(|of| of.problem.is_none()) {
            for part in [Part::Train, Part::Validation] {
                if of.count(part) == 0 {
                    continue;
                }
                let tally = groups.tally(|sample| of.parts[sample] == Some(part));
                for (name, _) in groups.names.iter().zip(&tally).filter(|(_, count)| **count == 0) {
                    let what = format!(
                        "trait '{}': population {name} has no {} samples",
                        of.name,
                        if part == Part::Train { "training" } else { "validation" }
                    );
                    if part == Part::Train && specific.is_some() {
                        let remedy = "leave its samples out, or fit one effect for all";
                        return Err(EngineError::refused(what, remedy));
                    }
                    self.notices.push(what);
                }
            }
        }
        Ok(())
    }

    /// A trait as the solver takes it, with roles by sample.
    pub(super) fn solver_trait(&self, of: &TraitPlan, name: String, role: impl Fn(usize) -> Role) -> Trait {
        let roles: Vec<Role> = (0..self.samples.len()).map(role).collect();
        let trains = |sample: usize| roles[sample] == Role::Train;
        let weights = self.weighting.weights(roles.len(), self.groups.as_ref(), trains);
        let covariates = self.covariates.clone();
        Trait { name, response: of.response.clone(), weights, roles, covariates, lambdas: None }
    }
}

/// Why some traits can not be fitted, each with its name; refuses a job of which none can.
pub(super) fn problems_of<'a>(
    traits: impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone,
) -> Result<Vec<String>, EngineError> {
    let named = |(name, problem): (&str, Option<&str>)| Some(format!("trait '{name}': {}", problem?));
    let problems: Vec<String> = traits.clone().filter_map(named).collect();
    if problems.len() < traits.count() {
        return Ok(problems);
    }
    Err(match problems.as_slice() {
        [] => EngineError::refused(
            "the phenotype file has no column that no other option names",
            "name the traits to fit",
        ),
        [one] => {
            let (problem, remedy) = one.split_once("; ").unwrap_or((one, "leave it out"));
            EngineError::refused(problem, remedy)
        }
        [first, ..] => EngineError::refused(
            format!("none of the {} traits can be fitted", problems.len()),
            format!("the first: {first}"),
        ),
    })
}

/// What the user should know of entries of lists that name nobody.
pub(super) fn notice_of_unknown(entries: u64) -> Option<String> {
    (entries > 0).then(|| format!("{entries} entries of the keep and remove lists name nobody in the cohort"))
}

/// Samples that train some trait.
fn reference(traits: &[TraitPlan], samples: usize) -> Vec<bool> {
    let fitted = || traits.iter().filter(|of| of.problem.is_none());
    (0..samples).map(|sample| fitted().any(|of| of.parts[sample] == Some(Part::Train))).collect()
}
