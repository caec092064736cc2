use std::{fmt, str::FromStr};

use steppe_genome::EffectType;
use steppe_kernels::{CountEntry, CountTable};

use super::ploidy::CallModel;
use crate::EngineError;

/// What a missing call counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MissingPolicy {
    /// The effect expected from the allele's frequency, as plink2 imputes by default.
    #[default]
    Mean,
    /// Nothing, and nothing in the denominator: plink2's `no-mean-imputation`.
    Zero,
    /// The job is refused when a variant that counts has a missing call.
    Fail,
}

impl MissingPolicy {
    /// The option's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Zero => "zero",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for MissingPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MissingPolicy {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "mean" => Ok(Self::Mean),
            "zero" => Ok(Self::Zero),
            "fail" => Ok(Self::Fail),
            _ => Err(EngineError::refused(
                format!("unknown missing policy {text:?}"),
                "give mean, zero or fail",
            )),
        }
    }
}

/// A row's effect on one variant: how it acts, and with which weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effect {
    pub kind: EffectType,
    pub weight: f64,
    /// Weights of 0, 1, 2 effect alleles, for [`EffectType::Dosage`].
    pub by_dosage: [f64; 3],
    pub effect_is_counted: bool,
}

impl Effect {
    /// The contribution of each genotype code (0, 1, 2 copies of the counted allele, missing) under a call model.
    ///
    /// `frequency` is the counted allele's. A missing call counts as plink2 imputes it: w·a·f for additive effects,
    /// where a is the number of alleles that the model's calls have, and w·f for dominant and recessive ones; for
    /// dosage weights it is their mean under Hardy–Weinberg proportions (plink2 has none). Other than additive
    /// effects come with the diploid model only.
    pub(super) fn contributions(
        &self,
        model: &CallModel,
        frequency: f64,
        missing: MissingPolicy,
    ) -> [f64; 4] {
        if model.alleles == 0 {
            return [0.0; 4];
        }
        let imputed = match missing {
            MissingPolicy::Mean => {
                self.expected(model, if self.effect_is_counted { frequency } else { 1.0 - frequency })
            }
            MissingPolicy::Zero | MissingPolicy::Fail => 0.0,
        };
        let [none, one, two] = model.dosage.map(|counted| self.of_dosage(self.dosage(model, counted)));
        [none, one, two, imputed]
    }

    /// The effect allele's dosage of a call.
    fn dosage(&self, model: &CallModel, counted: f64) -> f64 {
        if self.effect_is_counted { counted } else { f64::from(model.alleles) - counted }
    }

    fn of_dosage(&self, dosage: f64) -> f64 {
        match self.kind {
            EffectType::Dosage => self.by_dosage[(dosage as usize).min(2)],
            _ => self.weight * self.transformed(dosage),
        }
    }

    /// The dosage after the effect type's transformation, as plink2 sums it.
    fn transformed(&self, dosage: f64) -> f64 {
        match self.kind {
            EffectType::Additive | EffectType::Dosage => dosage,
            EffectType::Dominant => dosage.min(1.0),
            EffectType::Recessive => (dosage - 1.0).max(0.0),
        }
    }

    fn expected(&self, model: &CallModel, frequency: f64) -> f64 {
        let (f, rest) = (frequency, 1.0 - frequency);
        match self.kind {
            EffectType::Additive => self.weight * (f64::from(model.alleles) * f),
            EffectType::Dominant | EffectType::Recessive => self.weight * f,
            EffectType::Dosage => {
                rest * rest * self.by_dosage[0]
                    + 2.0 * f * rest * self.by_dosage[1]
                    + f * f * self.by_dosage[2]
            }
        }
    }

    /// What each genotype code adds to the denominator's integers: alleles, and the effect allele's (transformed)
    /// dosage in units of 1/`unit`, so that the half dosages of haploid chromosomes are integers too.
    pub(super) fn counts(&self, model: &CallModel, unit: f64) -> CountTable {
        if model.alleles == 0 {
            return [CountEntry::default(); 4];
        }
        let [none, one, two] = model.dosage.map(|counted| CountEntry {
            alleles: model.alleles,
            dosage: (self.transformed(self.dosage(model, counted)) * unit) as u8,
        });
        [none, one, two, CountEntry::default()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::ploidy::{ABSENT, DIPLOID, HAPLOID};

    fn effect(kind: EffectType, effect_is_counted: bool) -> Effect {
        Effect { kind, weight: 0.5, by_dosage: [1.0, 2.0, 4.0], effect_is_counted }
    }

    #[test]
    fn diploid_tables() {
        let mean = MissingPolicy::Mean;
        let table = |kind, counted| effect(kind, counted).contributions(&DIPLOID, 0.25, mean);
        assert_eq!(table(EffectType::Additive, true), [0.0, 0.5, 1.0, 0.25]);
        assert_eq!(table(EffectType::Additive, false), [1.0, 0.5, 0.0, 0.75]);
        assert_eq!(table(EffectType::Dominant, true), [0.0, 0.5, 0.5, 0.125]);
        assert_eq!(table(EffectType::Recessive, false), [0.5, 0.0, 0.0, 0.375]);
        assert_eq!(table(EffectType::Dosage, true), [1.0, 2.0, 4.0, 0.5625 + 0.375 * 2.0 + 0.0625 * 4.0]);
        let zero = effect(EffectType::Additive, true).contributions(&DIPLOID, 0.25, MissingPolicy::Zero);
        assert_eq!(zero[3], 0.0);
    }

    #[test]
    fn counts_follow_the_effect_type() {
        let dosages =
            |kind| effect(kind, false).counts(&DIPLOID, 1.0).map(|entry| (entry.alleles, entry.dosage));
        assert_eq!(dosages(EffectType::Additive), [(2, 2), (2, 1), (2, 0), (0, 0)]);
        assert_eq!(dosages(EffectType::Dominant), [(2, 1), (2, 1), (2, 0), (0, 0)]);
        assert_eq!(dosages(EffectType::Recessive), [(2, 1), (2, 0), (2, 0), (0, 0)]);
    }

    #[test]
    fn haploid_calls_count_one_allele() {
        let additive = effect(EffectType::Additive, false);
        assert_eq!(additive.contributions(&HAPLOID, 0.2, MissingPolicy::Mean), [0.5, 0.25, 0.0, 0.4]);
        assert_eq!(
            additive.counts(&HAPLOID, 2.0).map(|entry| (entry.alleles, entry.dosage)),
            [(1, 2), (1, 1), (1, 0), (0, 0)]
        );
        assert_eq!(additive.contributions(&ABSENT, 0.2, MissingPolicy::Mean), [0.0; 4]);
    }
}
