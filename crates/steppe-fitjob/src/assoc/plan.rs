//! Everything that is known of an association before any pass.

use steppe_engine::EngineError;
use steppe_fit::assoc::{
    AssocOptions, AssocTrait, Association, Covariate, Firth, SkipReason, TraitKind, TraitSummary,
};
use steppe_formats::association::Model;
use steppe_store::SampleTable;

use super::{
    super::{
        joined::{Joined, JoinedTrait, Who},
        names,
        sample_plan::{notice_of_unknown, problems_of},
        variant_plan::VariantFilter,
    },
    AssociationOptions,
    record::{AssociationTraitRecord, DroppedCovariateRecord},
};

/// Traits, covariates and samples of an association, read and checked.
#[derive(Debug)]
pub struct AssociationPlan {
    pub(super) options: AssociationOptions,
    pub(super) joined: Joined,
    pub(super) association: Association,
    /// Why each trait is not tested.
    pub(super) problems: Vec<Option<String>>,
    reference: Vec<bool>,
    /// What the user should know.
    pub notices: Vec<String>,
}

impl AssociationPlan {
    /// Reads every file and joins it to the cohort's samples.
    ///
    /// # Errors
    /// Options out of range; a file that can not be used (with line, column and what to do); no sample with a trait and
    /// all covariates; no trait that can be tested.
    pub fn read(options: &AssociationOptions, samples: &SampleTable) -> Result<Self, EngineError> {
        options.check()?;
        let joined = Joined::read(&options.input, samples, Who::Listed)?;
        let association = plan(options, &joined)?;
        let summaries = association.summaries();
        let problems: Vec<Option<String>> =
            joined.traits.iter().zip(summaries).map(|(of, summary)| problem(of, summary)).collect();
        let (names, _) = joined.names();
        let mut notices = problems_of(names.iter().copied().zip(problems.iter().map(Option::as_deref)))?;
        notices.extend(notice_of_unknown(joined.unknown_selected));
        notices.extend(summaries.iter().filter(|of| of.skipped.is_none()).flat_map(notices_of));
        names::check_distinct(&names, &[], |name| format!("{}.{name}.glm.*", options.prefix))?;
        let founder: Vec<bool> =
            joined.samples.iter().map(|sample| samples.founder[*sample as usize]).collect();
        let reference = if founder.contains(&true) { founder } else { vec![true; founder.len()] };
        Ok(Self { options: options.clone(), joined, association, problems, reference, notices })
    }

    /// The samples of the cohort that the matrix is to have, ascending: all that the lists leave.
    pub fn samples(&self) -> &[u32] {
        &self.joined.samples
    }

    /// Whether each of these counts for frequencies: the founders, or all where nobody is one.
    pub fn reference(&self) -> &[bool] {
        &self.reference
    }

    /// Variants that do not vary stay: their rows say so, as plink2's do.
    pub(super) fn filter(&self) -> VariantFilter {
        let (min_frequency, max_missing) = (self.options.input.min_frequency, self.options.input.max_missing);
        VariantFilter { min_frequency, max_missing, constant: true }
    }

    /// The table of a trait.
    pub(super) fn model(&self, trait_index: usize) -> Model {
        match (self.joined.traits[trait_index].binary, self.options.firth) {
            (false, _) => Model::Linear,
            (true, Firth::Fallback) => Model::LogisticHybrid,
            (true, Firth::Never) => Model::Logistic,
            (true, Firth::Always) => Model::Firth,
        }
    }

    /// The name of a trait's table.
    pub(super) fn file(&self, trait_index: usize) -> String {
        let name = names::score_name(&self.joined.traits[trait_index].name, None);
        format!("{}.{name}.{}", self.options.prefix, self.model(trait_index).extension())
    }

    /// What is known of each trait before any pass.
    pub(super) fn records(&self) -> Vec<AssociationTraitRecord> {
        let summaries = self.association.summaries().iter();
        let one = |((of, summary), problem): ((&JoinedTrait, &TraitSummary), &Option<String>)| {
            let dropped = |name: &str| summary.dropped.iter().any(|dropped| dropped.name == name);
            let covariates = self.joined.covariates.iter().map(|covariate| &covariate.name);
            AssociationTraitRecord {
                name: of.name.clone(),
                family: of.family().to_owned(),
                problem: problem.clone(),
                samples: summary.samples as u64,
                cases: summary.cases.map(|cases| cases as u64),
                missing: summary.missing_trait as u64,
                missing_covariate: summary.missing_covariate as u64,
                singled_out: summary.singled_out as u64,
                covariates: covariates.filter(|name| !dropped(name)).cloned().collect(),
                dropped_covariates: summary
                    .dropped
                    .iter()
                    .map(|of| DroppedCovariateRecord { name: of.name.clone(), reason: of.reason.to_string() })
                    .collect(),
                separated: summary.separated,
                ..AssociationTraitRecord::default()
            }
        };
        self.joined.traits.iter().zip(summaries).zip(&self.problems).map(one).collect()
    }
}

fn plan(options: &AssociationOptions, joined: &Joined) -> Result<Association, EngineError> {
    let kind = |binary| if binary { TraitKind::Binary } else { TraitKind::Quantitative };
    let traits: Vec<AssocTrait<'_>> = joined
        .traits
        .iter()
        .map(|of| AssocTrait { name: &of.name, kind: kind(of.binary), values: &of.values })
        .collect();
    let covariates: Vec<Covariate<'_>> =
        joined.covariates.iter().map(|of| Covariate { name: &of.name, values: &of.values }).collect();
    let how = AssocOptions { firth: options.firth, tested: options.tested, ..AssocOptions::default() };
    Ok(Association::plan(joined.samples.len(), &traits, &covariates, how)?)
}

/// Why a trait is not tested, and what to do.
fn problem(of: &JoinedTrait, summary: &TraitSummary) -> Option<String> {
    if let Some(problem) = of.problem {
        return Some(problem.to_owned());
    }
    let reason = summary.skipped?;
    let remedy = match reason {
        SkipReason::NoSamples => "; check sample ids and missing codes",
        SkipReason::Constant => "; leave it out",
        SkipReason::Explained => "; leave some covariates out",
        _ => "",
    };
    Some(format!("{reason}{remedy}"))
}

/// What the user should know of a trait that is tested.
fn notices_of(summary: &TraitSummary) -> Vec<String> {
    let name = &summary.name;
    let mut notices: Vec<String> = summary
        .dropped
        .iter()
        .map(|of| format!("trait '{name}': covariate {} was left out: {}", of.name, of.reason))
        .collect();
    if summary.singled_out > 0 {
        notices.push(format!(
            "trait '{name}': {} samples were left out, each the only one with its value of a covariate",
            summary.singled_out
        ));
    }
    if summary.separated {
        notices.push(format!("trait '{name}': a covariate separates cases from controls"));
    }
    notices
}
