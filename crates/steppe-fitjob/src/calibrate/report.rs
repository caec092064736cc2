//! The report of a calibration, in three languages.

mod discrimination;

use std::path::Path;

use steppe_calibrate::{
    evaluate::{Grouping, Metric, MetricRow as FoundRow, Reason, ReliabilityRow, Status},
    model::ScoreModel,
};
use steppe_engine::{EngineError, output::OutputRecord};
use steppe_report::{
    CalibrationChange, CalibrationReport, Change, Density, EvaluationRow, Exclusion, Finding, Indicator,
    Insufficiency, Language, Measure, Origin, Outcome, Pca, PcaGroup, PcaRole, PopulationDistribution,
    PopulationPeople, Reliability, ReliabilityPoint, ReportingStandard, ScoreDistribution, ScoreMatch,
    Untested,
};

use super::{
    super::{output_file::write_file, phenotypes::TraitValues},
    CalibrationRecord,
    fit::Fitted,
    people::{Everybody, People},
    tables::Row,
    tested::{AFTER, BEFORE, RAW, Tested},
};

/// Components that are drawn.
const DRAWN: usize = 4;

/// What the report tells of.
pub(super) struct Told<'a> {
    pub(super) everybody: &'a Everybody,
    pub(super) fitted: &'a Fitted,
    /// By score.
    pub(super) rows: &'a [Vec<Row>],
    pub(super) record: &'a CalibrationRecord,
}

impl Told<'_> {
    /// Writes `report.LANGUAGE.html`, and the plots in English as SVG.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<OutputRecord>, EngineError> {
        let report = self.report()?;
        let pages = Language::ALL
            .into_iter()
            .map(|language| (format!("report.{}.html", language.code()), report.html(language)));
        let plots = report.svgs(Language::English);
        let plots = plots.into_iter().map(|(name, svg)| (format!("report.{name}.svg"), svg));
        pages.chain(plots).map(|(name, content)| write_file(folder, &name, content.as_bytes())).collect()
    }

    fn report(&self) -> Result<CalibrationReport, EngineError> {
        // Of several scores the last: the stacked one where there is one.
        let main = self.fitted.model.scores.len().saturating_sub(1);
        let rows = self.rows.get(main).map_or(&[][..], Vec::as_slice);
        let tested = match self.fitted.model.scores.get(main) {
            Some(model) => Tested::new(self.everybody, model, rows)?,
            None => None,
        };
        let name = self.fitted.model.scores.get(main).map(|of| of.name.clone()).unwrap_or_default();
        let outcome = self.everybody.cohort.outcome.as_ref().map(|(name, _)| name.clone());
        let mut report = CalibrationReport {
            trait_name: outcome.clone().unwrap_or_else(|| name.clone()),
            scores: self.matches(),
            people: self.people(tested.as_ref()),
            pca: Some(self.pca()),
            distributions: (0..self.fitted.model.scores.len())
                .map(|score| self.distribution(score))
                .collect(),
            interval_level: Some(0.95),
            findings: self.findings(main, outcome.is_none()),
            standard: self.standard(),
            origin: self.origin(),
            ..CalibrationReport::default()
        };
        if let Some(tested) = &tested {
            let metrics = &tested.evaluation.metrics;
            report.metrics = metrics.iter().filter_map(|row| metric(row, &name)).collect();
            // A metric has a row for each kind of interval: the first is told.
            report
                .metrics
                .dedup_by(|next, one| next.population == one.population && next.indicator == one.indicator);
            report.calibration = self.changes(metrics);
            report.reliability = self.reliability(&tested.evaluation.reliability);
            report.findings.extend(discrimination::imbalances(tested));
            report.transfer = self.transfer(tested, &name);
            report.deciles = discrimination::deciles(&tested.evaluation.deciles, &name);
        } else {
            report.untested = Some(match outcome {
                Some(_) => Untested::EverybodyTaught,
                None => Untested::NoPhenotypes,
            });
        }
        Ok(report)
    }

    /// The scores with what was matched of them; nothing is known of that where they came as a table.
    fn matches(&self) -> Vec<ScoreMatch> {
        let of = |model: &ScoreModel| {
            let name = model.name.clone();
            let Some(found) = self.everybody.matched.iter().find(|record| record.name == name) else {
                return ScoreMatch { name, ..ScoreMatch::default() };
            };
            let left_out = found.reasons.iter().filter(|(reason, _)| *reason != "matched");
            ScoreMatch {
                name,
                rows: found.rows,
                matched: found.rows_matched,
                variance_share: Some(found.overlap_variance),
                excluded: left_out.map(|(reason, rows)| (exclusion(reason), *rows)).collect(),
            }
        };
        self.fitted.model.scores.iter().map(of).collect()
    }

    /// The populations that have people in the cohort, by place.
    fn present(&self) -> impl Iterator<Item = (usize, &str)> {
        let of = &self.everybody.cohort.people.population;
        let names = self.everybody.populations.iter().enumerate();
        names.filter(|(at, _)| of.contains(at)).map(|(at, name)| (at, name.as_str()))
    }

    fn people(&self, tested: Option<&Tested>) -> Vec<PopulationPeople> {
        let cohort = &self.everybody.cohort;
        let of = |(at, name): (usize, &str)| {
            let those: Vec<usize> = (0..cohort.people.population.len())
                .filter(|row| cohort.people.population[*row] == at)
                .collect();
            let count = |of: &dyn Fn(usize) -> bool| those.iter().filter(|row| of(**row)).count() as u64;
            let values = cohort.outcome.as_ref().map(|(_, values)| values);
            let has = |row: usize| values.is_some_and(|values| values.has(row));
            let case =
                |row: usize| matches!(values, Some(TraitValues::Binomial(all)) if all[row] == Some(true));
            let binary = matches!(values, Some(TraitValues::Binomial(_)));
            PopulationPeople {
                population: name.to_owned(),
                people: those.len() as u64,
                phenotyped: values.map(|_| count(&has)),
                cases: binary.then(|| count(&case)),
                calibration: values.map(|_| count(&|row| has(row) && cohort.learns[row])),
                evaluation: tested.map(|tested| {
                    tested.people.iter().filter(|row| cohort.people.population[**row] == at).count() as u64
                }),
                outside: Some(count(&|row| cohort.outside[row])),
                extrapolated: None,
            }
        };
        self.present().map(of).collect()
    }

    fn pca(&self) -> Pca {
        let everybody = self.everybody;
        let group = |people: &People, at: usize, role: PcaRole| PcaGroup {
            name: everybody.populations[at].clone(),
            role,
            coordinates: (0..people.population.len())
                .filter(|row| people.population[*row] == at)
                .map(|row| people.pcs.row(row).iter().take(DRAWN).copied().collect())
                .collect(),
        };
        let reference =
            (0..everybody.of_reference).map(|at| group(&everybody.reference, at, PcaRole::Reference));
        let target = self.present().map(|(at, _)| group(&everybody.cohort.people, at, PcaRole::Target));
        Pca { groups: reference.chain(target).collect(), variance_shares: Vec::new() }
    }

    fn distribution(&self, score: usize) -> ScoreDistribution {
        let of = |(at, name): (usize, &str)| {
            let population = &self.everybody.cohort.people.population;
            let those = self.rows[score].iter().filter(|row| population[row.person] == at);
            let (before, after): (Vec<f64>, Vec<f64>) = those.map(|row| (row.raw, row.adjusted)).unzip();
            PopulationDistribution {
                population: name.to_owned(),
                before: Density::of(&before),
                after: Density::of(&after),
            }
        };
        let name = self.fitted.model.scores[score].name.clone();
        ScoreDistribution { score: name, populations: self.present().map(of).collect() }
    }

    fn findings(&self, main: usize, without_phenotypes: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        if without_phenotypes {
            findings.push(Finding::NoPhenotypes);
        }
        let populations = self.record.traits.get(main).map_or(&[][..], |of| &of.populations);
        let kept = populations.iter().filter(|of| of.people > 0 && of.kept == "uncalibrated");
        findings.extend(kept.map(|of| Finding::KeptUncalibrated { population: of.population.clone() }));
        findings
    }

    /// What the reporting standard asks for and needs no words of any language.
    fn standard(&self) -> ReportingStandard {
        let covariates = &self.everybody.cohort.covariates;
        let names: Vec<&str> = covariates.iter().map(|of| of.name.as_str()).collect();
        ReportingStandard {
            non_genetic_variables: (!names.is_empty()).then(|| names.join(", ")),
            ..ReportingStandard::default()
        }
    }

    fn origin(&self) -> Origin {
        let digests = self.record.inputs.iter().map(|input| {
            let name = Path::new(&input.path).file_name().map(|name| name.to_string_lossy().into_owned());
            (format!("{} ({})", name.unwrap_or_default(), input.role), format!("BLAKE3 {}", input.blake3))
        });
        Origin {
            commands: Vec::new(),
            versions: vec![("steppe".to_owned(), self.record.steppe_version.clone())],
            digests: digests.collect(),
            finished: String::new(),
        }
    }

    fn changes(&self, rows: &[FoundRow]) -> Vec<CalibrationChange> {
        let find = |group: &str, model: &str, metric: Metric| {
            let row = rows.iter().find(|row| {
                row.group == group
                    && row.grouping == Grouping::Population
                    && row.model.as_deref() == Some(model)
                    && row.metric == metric
                    && row.versus.is_none()
            })?;
            outcome(row)
        };
        let change = |group: &str, metric| Change {
            before: find(group, BEFORE, metric),
            after: find(group, AFTER, metric),
        };
        let of = |(_, name): (usize, &str)| CalibrationChange {
            population: name.to_owned(),
            intercept: change(name, Metric::CalibrationIntercept),
            slope: change(name, Metric::CalibrationSlope),
            expected_observed: change(name, Metric::ExpectedOverObserved),
        };
        let known = |of: &CalibrationChange| of.expected_observed.after.is_some();
        self.present().map(of).filter(known).collect()
    }

    fn reliability(&self, rows: &[ReliabilityRow]) -> Vec<Reliability> {
        let points = |group: &str, model: &str| -> Vec<ReliabilityPoint> {
            let those = rows.iter().filter(|row| {
                row.group == group && row.grouping == Grouping::Population && row.model == model
            });
            those
                .map(|row| ReliabilityPoint {
                    predicted: row.mean_risk,
                    observed: row.observed,
                    interval: Some((row.lower, row.upper)),
                    people: row.n as u64,
                })
                .collect()
        };
        let of = |(_, name): (usize, &str)| Reliability {
            population: name.to_owned(),
            uncalibrated: points(name, BEFORE),
            calibrated: points(name, AFTER),
        };
        self.present().map(of).filter(|of| !of.calibrated.is_empty()).collect()
    }
}

/// A metric's row for the table, under the score's own name where it is of the score.
fn metric(row: &FoundRow, score: &str) -> Option<EvaluationRow> {
    let population = match row.grouping {
        Grouping::All => String::new(),
        Grouping::Population => row.group.clone(),
        Grouping::Distance => return None,
    };
    let model = row.model.as_deref()?;
    let indicator = indicator(row.metric).filter(|_| row.versus.is_none() && row.threshold.is_none())?;
    // Discrimination is the score's, calibration the risk's.
    let of_risk = matches!(
        indicator,
        Indicator::Brier
            | Indicator::Intercept
            | Indicator::Slope
            | Indicator::ExpectedObserved
            | Indicator::Ece
    );
    let shown = if of_risk { model == AFTER } else { model == RAW };
    shown.then_some(())?;
    Some(EvaluationRow {
        population,
        score: score.to_owned(),
        people: row.n as u64,
        cases: row.cases.map(|cases| cases as u64),
        indicator,
        outcome: outcome(row)?,
    })
}

fn indicator(metric: Metric) -> Option<Indicator> {
    Some(match metric {
        Metric::R2 => Indicator::R2,
        Metric::R2Nagelkerke => Indicator::NagelkerkeR2,
        Metric::Auc => Indicator::Auc,
        Metric::OddsRatioPerSd => Indicator::OddsRatioPerSd,
        Metric::OddsRatioTopDecile => Indicator::TopDecileVsRest,
        Metric::Brier => Indicator::Brier,
        Metric::CalibrationIntercept => Indicator::Intercept,
        Metric::CalibrationSlope => Indicator::Slope,
        Metric::ExpectedOverObserved => Indicator::ExpectedObserved,
        Metric::CalibrationError => Indicator::Ece,
        _ => return None,
    })
}

/// A row's number, or why there is none; nothing where it is not defined.
fn outcome(row: &FoundRow) -> Option<Outcome> {
    match (row.status, row.estimate, &row.reason) {
        (Status::Ok, Some(value), _) => {
            Some(Outcome::Measured(Measure { value, interval: row.lower.zip(row.upper) }))
        }
        (Status::Insufficient, _, Some(reason)) => Some(Outcome::Insufficient(insufficiency(reason))),
        _ => None,
    }
}

fn insufficiency(reason: &Reason) -> Insufficiency {
    let number = |count: &usize| *count as u64;
    match reason {
        Reason::TooFewCases { found, needed } => {
            Insufficiency::Cases { found: number(found), needed: number(needed) }
        }
        Reason::TooFewControls { found, needed } => {
            Insufficiency::Controls { found: number(found), needed: number(needed) }
        }
        Reason::TooFewPeople { found, needed } => {
            Insufficiency::People { found: number(found), needed: number(needed) }
        }
        Reason::OneClass => Insufficiency::OneClass,
        Reason::ConstantPrediction => Insufficiency::ConstantScore,
        other => Insufficiency::Other(other.to_string()),
    }
}

/// A reason of the match log, by its name there.
fn exclusion(reason: &str) -> Exclusion {
    match reason {
        "duplicate_variant" => Exclusion::DuplicateVariant,
        "ambiguous" => Exclusion::Ambiguous,
        "multiallelic" => Exclusion::Multiallelic,
        "strand_flip" => Exclusion::StrandFlip,
        "duplicate_id" => Exclusion::DuplicateId,
        "no_position_nor_id" => Exclusion::NoPositionNorId,
        "no_such_position" => Exclusion::NoSuchPosition,
        "no_such_id" => Exclusion::NoSuchId,
        "alleles_differ" => Exclusion::AllelesDiffer,
        "unmatchable_allele" => Exclusion::UnmatchableAllele,
        "non_additive_on_haploid" => Exclusion::NonAdditiveOnHaploid,
        other => Exclusion::Other(other.replace('_', " ")),
    }
}
