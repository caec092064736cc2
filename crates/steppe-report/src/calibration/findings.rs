use super::{CalibrationReport, Indicator, Insufficiency, Outcome};
use crate::language::{Findings, Language, Value};

/// A limit of the results, to be said in plain words.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// No phenotype is known: scores are adjusted, risks are not calibrated.
    NoPhenotypes,
    /// Much of a score was not found in the cohort.
    LowOverlap {
        /// The score.
        score: String,
        /// Share of its variance, or of its rows where that is not known, that was found.
        share: f64,
    },
    /// Ancestry rests on few variants.
    FewSharedVariants {
        /// Variants that target and reference share.
        variants: u64,
    },
    /// Many people are unlike everybody in the reference.
    OutsideReference {
        /// Their population; empty where there is none.
        population: String,
        /// People flagged.
        people: u64,
        /// Of so many.
        of: u64,
    },
    /// The adjustment was used beyond the ancestry it was learnt on.
    Extrapolated {
        /// Their population; empty where there is none.
        population: String,
        /// People for whom it extrapolates.
        people: u64,
        /// Of so many.
        of: u64,
    },
    /// Calibration was learnt from few people.
    SmallCalibration {
        /// Their population.
        population: String,
        /// People.
        people: u64,
    },
    /// Too few cases for some metrics.
    FewCases {
        /// The population.
        population: String,
        /// Cases that there are.
        cases: u64,
        /// Cases that it takes.
        needed: u64,
    },
    /// Expected and observed cases differ after calibration too.
    Miscalibrated {
        /// The population.
        population: String,
        /// Expected to observed cases.
        ratio: f64,
    },
    /// Calibration did not improve on the uncalibrated model, which was kept.
    KeptUncalibrated {
        /// The population.
        population: String,
    },
    /// Risks rest on a prevalence that was given, not observed.
    PrevalenceAssumed {
        /// The population; empty for all.
        population: String,
        /// The prevalence, 0 to 1.
        prevalence: f64,
    },
    /// Cases, or controls, are rare.
    ClassImbalance {
        /// The population.
        population: String,
        /// Share of cases, 0 to 1.
        share: f64,
    },
    /// A score predicts worse in one population than in another.
    LowerAccuracy {
        /// The population.
        population: String,
        /// Its accuracy.
        value: f64,
        /// Where it is best.
        best_population: String,
        /// Accuracy there.
        best: f64,
        /// Of what kind.
        indicator: Indicator,
    },
    /// Metrics come from people on whom the calibration was learnt.
    InSample {
        /// The population; empty for all.
        population: String,
    },
    /// Everybody has the same score.
    ConstantScore {
        /// The score.
        score: String,
    },
    /// There is one person only.
    SinglePerson,
    /// Anything else, in the caller's words.
    Other(String),
}

/// Below this share a score is not what its authors validated (pgsc_calc refuses there).
const OVERLAP: f64 = 0.75;
/// From this share of people on, a flag is worth a sentence; 1 % are flagged by design.
const FLAGGED: f64 = 0.05;
/// A calibration learnt from fewer people is said to be uncertain.
const SMALL: u64 = 200;
/// Accuracy below this share of the best population's is worth a sentence.
const LOWER: f64 = 0.8;
/// The same for concordance, as a difference.
const LOWER_CONCORDANCE: f64 = 0.03;

impl Finding {
    /// Whether it belongs before all results and not only among the limits.
    pub(super) fn is_serious(&self) -> bool {
        matches!(
            self,
            Self::LowOverlap { .. }
                | Self::OutsideReference { .. }
                | Self::Miscalibrated { .. }
                | Self::KeptUncalibrated { .. }
                | Self::ConstantScore { .. }
                | Self::InSample { .. }
        )
    }

    pub(super) fn text(&self, language: Language) -> String {
        let named = |name: &str| super::written::population(name, language);
        let percent = |share: f64| language.percent(share, 0);
        match self {
            Self::NoPhenotypes => language.say(Findings::NoPhenotypes),
            Self::SinglePerson => language.say(Findings::SinglePerson),
            Self::Other(text) => text.clone(),
            Self::LowOverlap { score, share } => {
                fill(language, Findings::LowOverlap, &[("score", score), ("share", &percent(*share))])
            }
            Self::ConstantScore { score } => fill(language, Findings::ConstantScore, &[("score", score)]),
            Self::FewSharedVariants { variants } => {
                language.fill(Findings::FewSharedVariants, &[("n", (*variants).into())])
            }
            Self::OutsideReference { population, people, of } => {
                flagged(language, Findings::OutsideReference, &named(population), (*people, *of))
            }
            Self::Extrapolated { population, people, of } => {
                flagged(language, Findings::Extrapolated, &named(population), (*people, *of))
            }
            Self::SmallCalibration { population, people } => language.fill(
                Findings::SmallCalibration,
                &[("population", (&named(population)).into()), ("n", (*people).into())],
            ),
            Self::FewCases { population, cases, needed } => language.fill(
                Findings::FewCases,
                &[
                    ("population", (&named(population)).into()),
                    ("found", (*cases).into()),
                    ("needed", (*needed).into()),
                ],
            ),
            Self::Miscalibrated { population, ratio } => {
                let values = [("population", &*named(population)), ("ratio", &language.fixed(*ratio, 2))];
                fill(language, Findings::Miscalibrated, &values)
            }
            Self::KeptUncalibrated { population } => {
                fill(language, Findings::KeptUncalibrated, &[("population", &named(population))])
            }
            Self::InSample { population } => {
                fill(language, Findings::InSample, &[("population", &named(population))])
            }
            Self::PrevalenceAssumed { population, prevalence } => {
                let values =
                    [("population", &*named(population)), ("share", &language.percent(*prevalence, 1))];
                fill(language, Findings::PrevalenceAssumed, &values)
            }
            Self::ClassImbalance { population, share } => {
                let values = [("population", &*named(population)), ("share", &language.percent(*share, 1))];
                fill(language, Findings::ClassImbalance, &values)
            }
            Self::LowerAccuracy { population, value, best_population, best, indicator } => {
                let write = |value: f64| language.fixed(value, indicator.decimals());
                let values = [
                    ("indicator", indicator.title(language)),
                    ("population", &named(population)),
                    ("value", &write(*value)),
                    ("other", &named(best_population)),
                    ("best", &write(*best)),
                ];
                fill(language, Findings::LowerAccuracy, &values)
            }
        }
    }
}

fn fill(language: Language, key: Findings, values: &[(&str, &str)]) -> String {
    let values: Vec<(&str, Value<'_>)> = values.iter().map(|&(name, value)| (name, value.into())).collect();
    language.fill(key, &values)
}

fn flagged(language: Language, key: Findings, population: &str, (people, of): (u64, u64)) -> String {
    let share = language.percent(people as f64 / of.max(1) as f64, 0);
    let values = [
        ("population", population.into()),
        ("n", people.into()),
        ("of", of.into()),
        ("share", (&share).into()),
    ];
    language.fill(key, &values)
}

impl CalibrationReport {
    /// What the data tell, then what the caller found, each once.
    pub(super) fn all_findings(&self) -> Vec<Finding> {
        let found = self.of_scores().into_iter().chain(self.of_people()).chain(self.of_metrics());
        let mut all: Vec<Finding> = Vec::new();
        for finding in found.chain(self.findings.iter().cloned()) {
            if !all.contains(&finding) {
                all.push(finding);
            }
        }
        all
    }

    fn of_scores(&self) -> Vec<Finding> {
        let low = |score: &super::ScoreMatch| {
            let share = score.variance_share.unwrap_or(score.matched as f64 / score.rows.max(1) as f64);
            (share < OVERLAP).then(|| Finding::LowOverlap { score: score.name.clone(), share })
        };
        let known = |score: &&super::ScoreMatch| score.rows > 0 || score.variance_share.is_some();
        self.scores.iter().filter(known).filter_map(low).collect()
    }

    fn of_people(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for row in &self.people {
            let population = row.population.clone();
            let many =
                |flagged: Option<u64>| flagged.filter(|&n| n as f64 >= FLAGGED * row.people as f64 && n > 0);
            if let Some(people) = many(row.outside) {
                found.push(Finding::OutsideReference {
                    population: population.clone(),
                    people,
                    of: row.people,
                });
            }
            if let Some(people) = many(row.extrapolated) {
                found.push(Finding::Extrapolated { population: population.clone(), people, of: row.people });
            }
            if let Some(people) = row.calibration.filter(|people| (1..SMALL).contains(people)) {
                found.push(Finding::SmallCalibration { population, people });
            }
        }
        let phenotyped = self.people.iter().any(|row| row.phenotyped.unwrap_or(0) > 0);
        if !phenotyped && self.metrics.is_empty() && self.reliability.is_empty() {
            found.push(Finding::NoPhenotypes);
        }
        if self.people.iter().map(|row| row.people).sum::<u64>() == 1 {
            found.push(Finding::SinglePerson);
        }
        found
    }

    fn of_metrics(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        for row in &self.metrics {
            let Outcome::Insufficient(reason) = &row.outcome else { continue };
            let known = |finding: &Finding| matches!(finding, Finding::FewCases { population, .. } if *population == row.population);
            match reason {
                Insufficiency::Cases { found: cases, needed } if !found.iter().any(known) => {
                    let population = row.population.clone();
                    found.push(Finding::FewCases { population, cases: *cases, needed: *needed });
                }
                Insufficiency::ConstantScore => {
                    found.push(Finding::ConstantScore { score: row.score.clone() });
                }
                _ => {}
            }
        }
        for row in &self.calibration {
            let after = row.expected_observed.after.as_ref().and_then(Outcome::measure);
            if let Some(measure) =
                after.filter(|m| m.interval.is_some_and(|(low, high)| low > 1.0 || high < 1.0))
            {
                found.push(Finding::Miscalibrated {
                    population: row.population.clone(),
                    ratio: measure.value,
                });
            }
        }
        found.extend(self.lower_accuracy());
        found
    }

    /// Populations in which the first score predicts clearly worse than where it is best.
    fn lower_accuracy(&self) -> Vec<Finding> {
        let Some(indicator) = self.accuracy_indicator() else { return Vec::new() };
        let rows = self.accuracy_rows(indicator);
        let Some(&(best_population, best)) = rows.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return Vec::new();
        };
        let is_lower = |value: f64| match indicator {
            Indicator::Auc | Indicator::CIndex => best - value > LOWER_CONCORDANCE,
            _ => value < LOWER * best,
        };
        let finding = |&(population, value): &(&str, f64)| Finding::LowerAccuracy {
            population: population.to_owned(),
            value,
            best_population: best_population.to_owned(),
            best,
            indicator,
        };
        rows.iter().filter(|row| is_lower(row.1)).map(finding).collect()
    }

    /// The metric that says how well a score predicts.
    pub(super) fn accuracy_indicator(&self) -> Option<Indicator> {
        let order = [
            Indicator::Auc,
            Indicator::CIndex,
            Indicator::IncrementalR2,
            Indicator::LiabilityR2,
            Indicator::R2,
            Indicator::PartialR2,
            Indicator::NagelkerkeR2,
        ];
        order.into_iter().find(|&indicator| !self.accuracy_rows(indicator).is_empty())
    }

    /// Population and value of a metric, for the first score that has it.
    pub(super) fn accuracy_rows(&self, indicator: Indicator) -> Vec<(&str, f64)> {
        let of_indicator =
            || self.metrics.iter().filter(|row| row.indicator == indicator && !row.population.is_empty());
        let Some(score) = of_indicator().find(|row| row.outcome.measure().is_some()).map(|row| &row.score)
        else {
            return Vec::new();
        };
        let value = |row: &super::EvaluationRow| row.outcome.measure().map(|measure| measure.value);
        of_indicator()
            .filter(|row| row.score == *score)
            .filter_map(|row| {
                value(row).filter(|value| value.is_finite()).map(|value| (row.population.as_str(), value))
            })
            .collect()
    }
}
