//! The model of each score from the people who teach it.

use nalgebra::DMatrix;
use steppe_calibrate::{
    CalibrateError,
    adjust::{
        LinearAdjustment, Membership, MostSimilarPopulation, SmoothAdjustment, SmoothOptions, SourceMoments,
        VarianceAdjustment,
    },
    combine::{Combination, Family, StackData, StackOptions},
    model::{AccuracyModel, CalibrationModel, FORMAT, LeftOut, RiskModel, ScoreInput, ScoreModel},
    risk::{
        AbsoluteRisk, AccuracyByDistance, BaseRisk, IntervalData, IntervalOptions, KnownPrevalence,
        PredictionInterval, RateTable, Recalibration, RiskData, genetic_distance,
    },
};
use steppe_engine::EngineError;

use super::{
    super::{calibrated::refused, phenotypes::TraitValues},
    CalibrateOptions,
    people::{Cohort, Everybody},
    rates::Ages,
    sources::{self, Moments},
};

/// The name of the score that several are stacked to.
pub(super) const STACKED: &str = "stacked";
/// Bins of accuracy by distance.
const ACCURACY_BINS: usize = 10;
/// Cases, and controls, that make a model of other people's risks.
const BASE_CASES: usize = 50;

/// What is fitted, from whom.
pub(super) struct Fit<'a> {
    pub(super) options: &'a CalibrateOptions,
    pub(super) everybody: &'a Everybody,
    pub(super) rates: Option<RateTable>,
    /// Frequencies of the reference's populations by score, where they were counted.
    pub(super) moments: Option<Vec<Moments>>,
}

/// A model, and who taught each score's.
pub(super) struct Fitted {
    pub(super) model: CalibrationModel,
    /// The raw scores of the cohort's people, the stacked one last.
    pub(super) scores: Vec<Vec<f64>>,
    pub(super) taught: Vec<Taught>,
    pub(super) ages: Ages,
}

/// How many people taught a score's model.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Taught {
    pub(super) own_cohort: usize,
    pub(super) phenotyped: usize,
    pub(super) cases: Option<usize>,
}

/// The people who have a phenotype, all covariates and a score, and teach.
struct Phenotyped {
    rows: Vec<usize>,
    outcome: Vec<f64>,
    covariates: DMatrix<f64>,
    binary: bool,
}

impl Fit<'_> {
    /// Fits all scores, and where it is asked for a stacked one.
    pub(super) fn run(&self, tell: &mut dyn FnMut(usize) -> bool) -> Result<Fitted, EngineError> {
        let everybody = self.everybody;
        let mut names = everybody.names.clone();
        let mut of_reference = everybody.reference.scores.clone();
        let mut of_cohort = everybody.cohort.people.scores.clone();
        let combination = match self.options.combine {
            true => Some(self.combine().map_err(|error| refused(&error))?),
            false => None,
        };
        if let Some(combination) = &combination {
            names.push(STACKED.to_owned());
            of_reference.push(stacked(combination, &of_reference)?);
            of_cohort.push(stacked(combination, &of_cohort)?);
        }
        let mut fitted = Fitted {
            model: CalibrationModel {
                format: FORMAT,
                populations: everybody.populations.clone(),
                scores: Vec::new(),
                combination,
            },
            scores: of_cohort,
            taught: Vec::new(),
            ages: Ages::new(self.options, self.rates.as_ref(), everybody),
        };
        for (at, name) in names.into_iter().enumerate() {
            let (model, taught) = self.one((at, name), &of_reference[at], &fitted.scores[at]);
            fitted.model.scores.push(model);
            fitted.taught.push(taught);
            if !tell(at + 1) {
                return Err(steppe_fit::FitError::Cancelled.into());
            }
        }
        Ok(fitted)
    }

    /// Everything that can be fitted for one score.
    fn one(&self, (at, name): (usize, String), reference: &[f64], scores: &[f64]) -> (ScoreModel, Taught) {
        let (everybody, components) = (self.everybody, self.options.components);
        let (panel, places) = (&everybody.reference.pcs, &everybody.reference.population);
        let mut model = ScoreModel { name, ..ScoreModel::default() };
        let mut left_out = Vec::new();
        let mut taught = Taught::default();
        let count = everybody.of_reference;
        model.similar = kept(
            MostSimilarPopulation::fit(reference, places, count),
            "most similar population",
            &mut left_out,
        );
        model.linear = kept(LinearAdjustment::fit(reference, panel, components), "z_norm1", &mut left_out);
        model.variance =
            kept(VarianceAdjustment::fit(reference, panel, components), "z_norm2", &mut left_out);
        let options = SmoothOptions { components, ..SmoothOptions::default() };
        let smooth = SmoothAdjustment::fit(reference, panel, places, count, options);
        model.smooth = kept(smooth, "smooth adjustment", &mut left_out);
        model.admixture = self.admixture(at, &mut left_out);
        if self.options.own_cohort {
            taught.own_cohort = self.learn_own_cohort(&mut model, scores, &mut left_out);
        }
        if let Some(phenotyped) = self.phenotyped(scores) {
            taught.phenotyped = phenotyped.rows.len();
            taught.cases =
                phenotyped.binary.then(|| phenotyped.outcome.iter().filter(|value| **value == 1.0).count());
            if phenotyped.binary {
                let risk = self.risk(&model, scores, &phenotyped);
                model.risk = kept(risk, "risk", &mut left_out);
            } else {
                model.interval = kept(self.interval(scores, &phenotyped), "interval", &mut left_out);
            }
            model.accuracy = kept(self.accuracy(scores, &phenotyped), "accuracy by distance", &mut left_out);
        }
        model.left_out = left_out;
        (model, taught)
    }

    /// Adds the own cohort to the adjustment: how many people taught it.
    fn learn_own_cohort(&self, model: &mut ScoreModel, scores: &[f64], left_out: &mut Vec<LeftOut>) -> usize {
        let Some(smooth) = &model.smooth else { return 0 };
        let own = self.own(scores);
        let moments = model.admixture.as_ref();
        let expected = moments.map(|of| sources::expected(of, self.everybody, &own)).transpose();
        let expected = kept(expected, "expectation of the own cohort", left_out).flatten();
        let own_scores: Vec<f64> = own.iter().map(|row| scores[*row]).collect();
        let pcs = self.everybody.cohort.people.pcs.select_rows(&own);
        let with = smooth.clone().with_cohort(&own_scores, &pcs, expected);
        let Some(with) = kept(with, "the own cohort's adjustment", left_out) else { return 0 };
        model.smooth = Some(with);
        own.len()
    }

    /// The score that admixture leads to expect, where frequencies were counted.
    fn admixture(&self, score: usize, left_out: &mut Vec<LeftOut>) -> Option<SourceMoments> {
        let moments = self.moments.as_ref()?;
        let stacked = || Err("it is not computed of a stacked score".to_owned());
        let found = moments.get(score).cloned().unwrap_or_else(stacked);
        let part = "score expected from admixture".to_owned();
        found.map_err(|reason| left_out.push(LeftOut { part, reason })).ok()
    }

    /// The own cohort's people who teach.
    fn own(&self, scores: &[f64]) -> Vec<usize> {
        let Cohort { people, learns, .. } = &self.everybody.cohort;
        let target = self.everybody.target;
        let teaches =
            |row: &usize| people.population[*row] == target && learns[*row] && scores[*row].is_finite();
        (0..scores.len()).filter(teaches).collect()
    }

    fn phenotyped(&self, scores: &[f64]) -> Option<Phenotyped> {
        let Cohort { learns, outcome, covariates, .. } = &self.everybody.cohort;
        let (_, values) = outcome.as_ref()?;
        let value = |row: usize| match values {
            TraitValues::Gaussian(values) => values[row],
            TraitValues::Binomial(values) => values[row].map(|case| f64::from(u8::from(case))),
            TraitValues::Cox(_) | TraitValues::Categorical => None,
        };
        let complete = |row: &usize| {
            learns[*row]
                && scores[*row].is_finite()
                && value(*row).is_some()
                && covariates.iter().all(|of| of.values[*row].is_finite())
        };
        let rows: Vec<usize> = (0..scores.len()).filter(complete).collect();
        Some(Phenotyped {
            outcome: rows.iter().filter_map(|row| value(*row)).collect(),
            covariates: self.covariates_of(&rows),
            binary: matches!(values, TraitValues::Binomial(_)),
            rows,
        })
    }

    fn covariates_of(&self, rows: &[usize]) -> DMatrix<f64> {
        let covariates = &self.everybody.cohort.covariates;
        DMatrix::from_fn(rows.len(), covariates.len(), |row, at| covariates[at].values[rows[row]])
    }

    /// The score as the risk model takes it: adjusted where that was fitted.
    fn input(&self, model: &ScoreModel, scores: &[f64], rows: &[usize]) -> Result<Vec<f64>, CalibrateError> {
        let Some(smooth) = &model.smooth else { return Ok(rows.iter().map(|row| scores[*row]).collect()) };
        let people = &self.everybody.cohort.people;
        let of = |row: &usize| {
            let pcs: Vec<f64> = people.pcs.row(*row).iter().copied().collect();
            let membership = match people.population[*row] == self.everybody.target {
                true => Membership::Cohort,
                false => Membership::Reference,
            };
            Ok(smooth.apply(scores[*row], &pcs, membership)?.z.value)
        };
        rows.iter().map(of).collect()
    }

    /// The risk of other people's model, calibrated in each population.
    fn risk(&self, model: &ScoreModel, scores: &[f64], of: &Phenotyped) -> Result<RiskModel, CalibrateError> {
        let population = &self.everybody.cohort.people.population;
        let input = self.input(model, scores, &of.rows)?;
        let case: Vec<bool> = of.outcome.iter().map(|value| *value == 1.0).collect();
        let others: Vec<usize> =
            (0..of.rows.len()).filter(|at| population[of.rows[*at]] != self.everybody.target).collect();
        let cases = others.iter().filter(|at| case[**at]).count();
        let teachers = match cases.min(others.len() - cases) >= BASE_CASES {
            true => others,
            false => (0..of.rows.len()).collect(),
        };
        let of_teachers: Vec<f64> = teachers.iter().map(|at| input[*at]).collect();
        let case_of_teachers: Vec<bool> = teachers.iter().map(|at| case[*at]).collect();
        let base = BaseRisk::fit(&of_teachers, &of.covariates.select_rows(&teachers), &case_of_teachers)?;
        let predictor = |at: usize| {
            let covariates: Vec<f64> = of.covariates.row(at).iter().copied().collect();
            base.linear_predictor(input[at], &covariates)
        };
        let linear_predictor: Vec<f64> = (0..of.rows.len()).map(predictor).collect::<Result<_, _>>()?;
        let places: Vec<usize> = of.rows.iter().map(|row| population[*row]).collect();
        let mut recalibration = Recalibration::fit(&RiskData {
            linear_predictor: &linear_predictor,
            case: &case,
            population: &places,
            distances: &self.distances(),
        })?;
        if let Some(known) = self.options.prevalence {
            self.set_prevalence(&mut recalibration, &linear_predictor, &places, known)?;
        }
        let absolute = self.absolute(model, scores, &base, &recalibration)?;
        let input = if model.smooth.is_some() { ScoreInput::Smooth } else { ScoreInput::Raw };
        Ok(RiskModel { input, base, recalibration, absolute })
    }

    /// Absolute risks of the own cohort, all of whose people with a score represent the population of the rates.
    fn absolute(
        &self,
        model: &ScoreModel,
        scores: &[f64],
        base: &BaseRisk,
        recalibration: &Recalibration,
    ) -> Result<Option<AbsoluteRisk>, CalibrateError> {
        let Some(rates) = &self.rates else { return Ok(None) };
        let Cohort { people, covariates, .. } = &self.everybody.cohort;
        let target = self.everybody.target;
        let complete = |row: &usize| {
            people.population[*row] == target
                && scores[*row].is_finite()
                && covariates.iter().all(|of| of.values[*row].is_finite())
        };
        let rows: Vec<usize> = (0..scores.len()).filter(complete).collect();
        let log_odds = |(row, value): (&usize, f64)| {
            let covariates: Vec<f64> = covariates.iter().map(|of| of.values[*row]).collect();
            recalibration.log_odds(base.linear_predictor(value, &covariates)?, target)
        };
        let input = self.input(model, scores, &rows)?;
        let log_odds: Vec<f64> = rows.iter().zip(input).map(log_odds).collect::<Result<_, _>>()?;
        AbsoluteRisk::new(rates.clone(), &log_odds).map(Some)
    }

    fn set_prevalence(
        &self,
        recalibration: &mut Recalibration,
        linear_predictor: &[f64],
        places: &[usize],
        known: KnownPrevalence,
    ) -> Result<(), CalibrateError> {
        let target = self.everybody.target;
        let own = linear_predictor.iter().zip(places).filter(|(_, place)| **place == target);
        let own: Vec<f64> = own.map(|(value, _)| *value).collect();
        recalibration.set_prevalence(target, &own, known)
    }

    /// Distances between the populations' mean places on the components; a population without people is as far from all
    /// others as any two are.
    fn distances(&self) -> DMatrix<f64> {
        let everybody = self.everybody;
        let count = everybody.populations.len();
        let mut sums = vec![vec![0.0; self.options.components]; count];
        let mut people = vec![0.0; count];
        for of in [&everybody.reference, &everybody.cohort.people] {
            for (row, place) in of.population.iter().enumerate() {
                people[*place] += 1.0;
                sums[*place].iter_mut().zip(of.pcs.row(row).iter()).for_each(|(sum, value)| *sum += value);
            }
        }
        let centre =
            |at: usize| -> Vec<f64> { sums[at].iter().map(|sum| sum / f64::max(people[at], 1.0)).collect() };
        let centres: Vec<Vec<f64>> = (0..count).map(centre).collect();
        let known =
            DMatrix::from_fn(count, count, |one, other| genetic_distance(&centres[one], &centres[other]));
        let farthest = known.max();
        DMatrix::from_fn(count, count, |one, other| {
            match one == other || (people[one] > 0.0 && people[other] > 0.0) {
                true => known[(one, other)],
                false => farthest,
            }
        })
    }

    fn interval(&self, scores: &[f64], of: &Phenotyped) -> Result<PredictionInterval, CalibrateError> {
        let people = &self.everybody.cohort.people;
        let (score, population): (Vec<f64>, Vec<usize>) =
            of.rows.iter().map(|row| (scores[*row], people.population[*row])).unzip();
        let data = IntervalData {
            outcome: &of.outcome,
            score: &score,
            pcs: &people.pcs.select_rows(&of.rows),
            covariates: &of.covariates,
            population: &population,
            populations: self.everybody.populations.len(),
        };
        let options = IntervalOptions { components: self.options.components, ..IntervalOptions::default() };
        PredictionInterval::fit(&data, options)
    }

    /// Accuracy by the distance to the middle of the reference, or of its people like those the scores were trained in.
    fn accuracy(&self, scores: &[f64], of: &Phenotyped) -> Result<AccuracyModel, CalibrateError> {
        let centre = self.everybody.middle();
        let distances: Vec<f64> = of.rows.iter().map(|row| self.everybody.distance(*row, &centre)).collect();
        let score: Vec<f64> = of.rows.iter().map(|row| scores[*row]).collect();
        let by_distance = AccuracyByDistance::fit(&distances, &of.outcome, &score, ACCURACY_BINS)?;
        Ok(AccuracyModel { centre, by_distance })
    }

    /// Stacks the scores on the own cohort's phenotyped people.
    fn combine(&self) -> Result<Combination, CalibrateError> {
        let people = &self.everybody.cohort.people;
        let complete: Vec<f64> = (0..people.population.len())
            .map(|row| people.scores.iter().map(|score| score[row]).sum())
            .collect();
        let Some(of) = self.phenotyped(&complete) else {
            return Err(CalibrateError::TooFew { what: "phenotyped people", found: 0, needed: 1 });
        };
        let target = self.everybody.target;
        let own: Vec<usize> =
            (0..of.rows.len()).filter(|at| people.population[of.rows[*at]] == target).collect();
        let scores = DMatrix::from_fn(own.len(), people.scores.len(), |at, score| {
            people.scores[score][of.rows[own[at]]]
        });
        let outcome: Vec<f64> = own.iter().map(|at| of.outcome[*at]).collect();
        let alike = vec![1.0; people.scores.len()];
        let trained_on = if self.options.trained_on.is_empty() { &alike } else { &self.options.trained_on };
        let family = if of.binary { Family::Binary } else { Family::Quantitative };
        let data = StackData {
            scores: &scores,
            covariates: &of.covariates.select_rows(&own),
            outcome: &outcome,
            trained_on,
        };
        Combination::fit(&data, StackOptions::new(family))
    }
}

/// What was fitted; else why not is noted.
fn kept<T>(fitted: Result<T, CalibrateError>, part: &str, left_out: &mut Vec<LeftOut>) -> Option<T> {
    fitted.map_err(|error| left_out.push(LeftOut { part: part.to_owned(), reason: error.to_string() })).ok()
}

/// The stacked score of people; NaN where one of the scores is missing.
pub(super) fn stacked(combination: &Combination, scores: &[Vec<f64>]) -> Result<Vec<f64>, EngineError> {
    let people = scores.first().map_or(0, Vec::len);
    let of = |row: usize| {
        let all: Vec<f64> = scores.iter().map(|score| score[row]).collect();
        match all.iter().all(|score| score.is_finite()) {
            true => combination.score(&all).map_err(|error| refused(&error)),
            false => Ok(f64::NAN),
        }
    };
    (0..people).map(of).collect()
}
