//! Outcomes, reasons and names in words.

use super::{Exclusion, Indicator, Insufficiency, Measure, Outcome};
use crate::language::{Common, Language, Names};
use crate::number;

impl Indicator {
    /// The name as it begins a column or an axis title.
    pub(super) fn title(self, language: Language) -> &'static str {
        language.text(match self {
            Self::R2 => Names::R2,
            Self::IncrementalR2 => Names::IncrementalR2,
            Self::PartialR2 => Names::PartialR2,
            Self::LiabilityR2 => Names::LiabilityR2,
            Self::NagelkerkeR2 => Names::NagelkerkeR2,
            Self::Auc => Names::Auc,
            Self::CIndex => Names::CIndex,
            Self::OddsRatioPerSd => Names::OddsRatioPerSd,
            Self::HazardRatioPerSd => Names::HazardRatioPerSd,
            Self::TopDecileVsRest => Names::TopDecileVsRest,
            Self::TopDecileVsMiddle => Names::TopDecileVsMiddle,
            Self::Brier => Names::Brier,
            Self::ScaledBrier => Names::ScaledBrier,
            Self::Intercept => Names::Intercept,
            Self::Slope => Names::Slope,
            Self::ExpectedObserved => Names::ExpectedObserved,
            Self::Ece => Names::Ece,
            Self::Coverage => Names::Coverage,
        })
    }
}

impl Exclusion {
    pub(super) fn text(&self, language: Language) -> String {
        let key = match self {
            Self::DuplicateVariant => Names::DuplicateVariant,
            Self::Ambiguous => Names::Ambiguous,
            Self::Multiallelic => Names::Multiallelic,
            Self::StrandFlip => Names::StrandFlip,
            Self::DuplicateId => Names::DuplicateId,
            Self::NoPositionNorId => Names::NoPositionNorId,
            Self::NoSuchPosition => Names::NoSuchPosition,
            Self::NoSuchId => Names::NoSuchId,
            Self::AllelesDiffer => Names::AllelesDiffer,
            Self::UnmatchableAllele => Names::UnmatchableAllele,
            Self::NonAdditiveOnHaploid => Names::NonAdditiveOnHaploid,
            Self::Other(reason) => return reason.clone(),
        };
        language.say(key)
    }
}

impl Insufficiency {
    pub(super) fn text(&self, language: Language) -> String {
        let (key, found, needed) = match self {
            Self::Cases { found, needed } => (Names::FewCases, *found, *needed),
            Self::Controls { found, needed } => (Names::FewControls, *found, *needed),
            Self::People { found, needed } => (Names::FewPeople, *found, *needed),
            Self::OneClass => return language.say(Names::OneClass),
            Self::ConstantScore => return language.say(Names::ConstantScore),
            Self::Other(reason) => return reason.clone(),
        };
        language.fill(key, &[("found", found.into()), ("needed", needed.into())])
    }
}

/// The estimate and its interval, in a cell each.
pub(crate) fn measure_cells(measure: &Measure, decimals: usize, language: Language) -> [String; 2] {
    let write = |value| language.fixed(value, decimals);
    let interval = measure.interval.map_or_else(none, |ends| language.ends(ends, write));
    [write(measure.value), interval]
}

/// Both in one: `1.02 (0.94–1.10)`.
pub(crate) fn measure_text(measure: &Measure, decimals: usize, language: Language) -> String {
    let [value, interval] = measure_cells(measure, decimals, language);
    if measure.interval.is_some() { format!("{value} ({interval})") } else { value }
}

/// An outcome in one cell; that there are too few data is said in its place.
pub(super) fn outcome_text(outcome: Option<&Outcome>, decimals: usize, language: Language) -> String {
    match outcome {
        Some(Outcome::Measured(measure)) => measure_text(measure, decimals, language),
        Some(Outcome::Insufficient(_)) => language.say(Names::Insufficient),
        None => none(),
    }
}

/// A count, or a dash where it is not known.
pub(super) fn count(value: Option<u64>, language: Language) -> String {
    value.map_or_else(none, |value| language.count(value))
}

/// A population's name, or "all".
pub(super) fn population(name: &str, language: Language) -> String {
    if name.is_empty() { language.say(Common::All) } else { name.to_owned() }
}

pub(super) fn none() -> String {
    number::NONE.to_owned()
}
