//! The files of an association or a block ridge joined to the samples of a cohort.

use steppe_engine::{EngineError, output::InputRecord};
use steppe_store::SampleTable;

use super::{
    covariates::Covariate, input_options::InputOptions, inputs::Inputs, phenotypes::TraitValues,
    record::SampleCounts, sources::Sources, variant_plan::VariantLists,
};

/// Which samples the matrix has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// All that the lists leave, whether they have values or not.
    Listed,
    /// Those of them that have some trait and all covariates.
    Complete,
}

/// Values by sample, all in the order of [`Self::samples`].
#[derive(Debug)]
pub(super) struct Joined {
    /// The samples of the matrix by their ascending indices in the cohort.
    pub(super) samples: Vec<u32>,
    pub(super) traits: Vec<JoinedTrait>,
    /// NaN where a value is missing.
    pub(super) covariates: Vec<Covariate>,
    pub(super) lists: VariantLists,
    pub(super) inputs: Vec<InputRecord>,
    pub(super) unknown_selected: u64,
    /// Who has some trait and all covariates, and why others have not.
    pub(super) counts: SampleCounts,
}

/// A trait.
#[derive(Debug)]
pub(super) struct JoinedTrait {
    pub(super) name: String,
    /// 0 and 1 of controls and cases; NaN where it is missing.
    pub(super) values: Vec<f64>,
    pub(super) binary: bool,
    /// Why it can not be fitted whatever its values are.
    pub(super) problem: Option<&'static str>,
}

impl Joined {
    /// Reads every file. The options are checked.
    pub(super) fn read(options: &InputOptions, samples: &SampleTable, who: Who) -> Result<Self, EngineError> {
        let mut inputs = Inputs::default();
        let sources = Sources::read(&options.sources(), samples, &mut inputs)?;
        let lists = VariantLists::read(&options.variant_files(), &mut inputs)?;
        let (complete, counts) = sources.take_part(samples)?;
        let samples = match who {
            Who::Complete => complete,
            Who::Listed => sources.listed(),
        };
        let traits = sources.phenotypes.traits.iter();
        Ok(Self {
            traits: traits.map(|(name, values)| joined_trait(name, values, &samples)).collect(),
            covariates: sources.covariates.as_ref().map_or_else(Vec::new, |read| read.of(&samples)),
            samples,
            lists,
            inputs: inputs.into_records(options.copied_inputs),
            unknown_selected: sources.selection.unknown,
            counts,
        })
    }

    /// The names of traits and covariates.
    pub(super) fn names(&self) -> (Vec<&str>, Vec<&str>) {
        let traits = self.traits.iter().map(|of| of.name.as_str());
        (traits.collect(), self.covariates.iter().map(|of| of.name.as_str()).collect())
    }
}

impl JoinedTrait {
    /// How it is modelled, as the record says it.
    pub(super) fn family(&self) -> &'static str {
        if self.binary { "binomial" } else { "gaussian" }
    }
}

fn joined_trait(name: &str, values: &TraitValues, samples: &[u32]) -> JoinedTrait {
    let number = |case: bool| f64::from(u8::from(case));
    let value = |sample: &u32| {
        let sample = *sample as usize;
        let value = match values {
            TraitValues::Gaussian(values) => values[sample],
            TraitValues::Binomial(values) => values[sample].map(number),
            TraitValues::Cox(_) | TraitValues::Categorical => None,
        };
        value.unwrap_or(f64::NAN)
    };
    let categories = "its values are categories; leave it out, or recode it as numbers";
    JoinedTrait {
        name: name.to_owned(),
        values: samples.iter().map(value).collect(),
        binary: matches!(values, TraitValues::Binomial(_)),
        problem: matches!(values, TraitValues::Categorical).then_some(categories),
    }
}
