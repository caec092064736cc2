//! Each trait's values and roles, and whether it can be fitted.

use steppe_engine::EngineError;
use steppe_fit::lasso::Response;
use steppe_store::SampleTable;

use super::{
    super::{
        covariates::Covariate,
        groups::{Groups, Weighting},
        options::{FitOptions, SplitOption},
        phenotypes::TraitValues,
        sources::Sources,
        split::{self, Part},
    },
    TraitPlan,
};

/// What a trait's plan is made from.
pub(super) struct TraitReader<'a> {
    pub(super) options: &'a FitOptions,
    pub(super) samples: &'a SampleTable,
    /// Samples of the cohort that take part.
    pub(super) taking: &'a [u32],
    pub(super) sources: &'a Sources,
    pub(super) groups: Option<&'a Groups>,
    pub(super) weighting: &'a Weighting,
    pub(super) covariates: &'a [Covariate],
}

/// What is wrong, and what to do.
type Problem = (String, &'static str);

impl TraitReader<'_> {
    /// All traits.
    pub(super) fn read(&self) -> Result<Vec<TraitPlan>, EngineError> {
        self.sources.phenotypes.traits.iter().map(|(name, values)| self.one(name, values)).collect()
    }

    fn one(&self, name: &str, values: &TraitValues) -> Result<TraitPlan, EngineError> {
        let response = response(values, self.taking);
        let has = |sample: usize| values.has(self.taking[sample] as usize);
        let count = self.taking.len();
        let missing = (0..count).filter(|sample| !has(*sample)).count() as u64;
        let mut plan = TraitPlan {
            name: name.to_owned(),
            response,
            parts: vec![None; count],
            folds: None,
            missing,
            weight_zero: 0,
            problem: None,
        };
        match &self.options.split {
            SplitOption::Column(_) => self.split_by_column(&mut plan, has)?,
            SplitOption::Fraction(fraction) => self.draw(&mut plan, has, |place| {
                let part = if split::is_drawn(place, *fraction) { Part::Validation } else { Part::Train };
                (part, None)
            }),
            SplitOption::Folds(folds) => {
                plan.folds = Some(vec![u32::MAX; count]);
                self.draw(&mut plan, has, |place| (Part::Train, Some((place % folds) as u32)));
            }
        }
        let problem = match values {
            TraitValues::Categorical => {
                Some(("its values are categories".to_owned(), "leave it out, or recode it as numbers"))
            }
            _ => self.problem(&plan),
        };
        plan.problem = problem.map(|(problem, remedy)| format!("{problem}; {remedy}"));
        Ok(plan)
    }

    fn split_by_column(&self, plan: &mut TraitPlan, has: impl Fn(usize) -> bool) -> Result<(), EngineError> {
        let Some(column) = &self.sources.split else {
            return Err(EngineError::Internal("the column of the split was not read"));
        };
        for sample in (0..self.taking.len()).filter(|sample| has(*sample)) {
            let part = split::of_column(column, self.taking[sample] as usize)?;
            if part == Some(Part::Train) && self.weighting.base(sample) == 0.0 {
                plan.weight_zero += 1;
                continue;
            }
            plan.parts[sample] = part;
        }
        Ok(())
    }

    /// Deals samples with a value and a weight by their places.
    fn draw(
        &self,
        plan: &mut TraitPlan,
        has: impl Fn(usize) -> bool,
        deal: impl Fn(usize) -> (Part, Option<u32>),
    ) {
        let (members, ignored): (Vec<usize>, Vec<usize>) = (0..self.taking.len())
            .filter(|sample| has(*sample))
            .partition(|sample| self.weighting.base(*sample) > 0.0);
        plan.weight_zero = ignored.len() as u64;
        let key = |sample: &usize| {
            let case = is_case(&plan.response, *sample);
            let population = self.groups.map_or(0, |groups| u64::from(groups.of[*sample]));
            let draw = split::draw(self.options.seed, self.samples, self.taking[*sample] as usize);
            (population << 1 | u64::from(case), draw)
        };
        let places = split::places(&members.iter().map(key).collect::<Vec<_>>());
        for (sample, place) in members.into_iter().zip(places) {
            let (part, fold) = deal(place);
            plan.parts[sample] = Some(part);
            if let (Some(folds), Some(fold)) = (&mut plan.folds, fold) {
                folds[sample] = fold;
            }
        }
    }

    fn problem(&self, plan: &TraitPlan) -> Option<Problem> {
        let of = |part: Part| -> Vec<usize> {
            (0..plan.parts.len()).filter(|sample| plan.parts[*sample] == Some(part)).collect()
        };
        let training = of(Part::Train);
        if training.is_empty() {
            let problem = format!(
                "no sample trains it: of {} that take part {} have no value and {} have weight 0",
                plan.parts.len(),
                plan.missing,
                plan.weight_zero
            );
            return Some((problem, "check its missing codes, the split and the weights"));
        }
        if let Some(what) = uninformative(&plan.response, &training) {
            let problem = format!("{what} over its {} training samples", training.len());
            return Some((problem, "leave it out"));
        }
        let varying = self.covariates.iter().filter(|covariate| {
            let first = covariate.values[training[0]];
            training.iter().any(|sample| covariate.values[*sample] != first)
        });
        let varying = varying.count();
        if training.len() <= varying + 1 {
            let problem = format!(
                "{} training samples are too few for {varying} covariates and an intercept",
                training.len()
            );
            return Some((problem, "use fewer covariates"));
        }
        match (&self.options.split, &plan.folds) {
            (SplitOption::Folds(count), Some(folds)) => fold_problem(plan, &training, folds, *count),
            _ => validation_problem(plan, &of(Part::Validation)),
        }
    }
}

/// Why folds can not choose lambda.
fn fold_problem(plan: &TraitPlan, training: &[usize], folds: &[u32], count: usize) -> Option<Problem> {
    (0..count as u32).find_map(|fold| {
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            training.iter().partition(|sample| folds[**sample] == fold);
        let bad = |samples: &[usize]| samples.len() < 2 || uninformative(&plan.response, samples).is_some();
        (bad(&inside) || bad(&outside)).then(|| {
            let cases = training.iter().filter(|sample| is_case(&plan.response, **sample)).count();
            let of = match &plan.response {
                Response::Gaussian(_) => format!("{} samples", training.len()),
                Response::Binomial(_) => format!("{cases} cases and {} controls", training.len() - cases),
                Response::Cox { .. } => format!("{cases} events"),
            };
            (format!("{of} are too few for {count} folds"), "use fewer folds")
        })
    })
}

/// Why the validation samples can not choose lambda.
fn validation_problem(plan: &TraitPlan, validation: &[usize]) -> Option<Problem> {
    if validation.is_empty() {
        let remedy = "mark some samples valid, or draw them by a fraction or folds";
        return Some(("no sample validates it, so that no lambda can be chosen".to_owned(), remedy));
    }
    let what = if validation.len() < 2 { Some("too few") } else { uninformative(&plan.response, validation) };
    let problem = format!("{} over its {} validation samples", what?, validation.len());
    Some((problem, "validate on more samples"))
}

/// What makes some samples' values say nothing.
fn uninformative(response: &Response, samples: &[usize]) -> Option<&'static str> {
    match response {
        Response::Gaussian(y) => {
            let first = y[*samples.first()?];
            samples.iter().all(|sample| y[*sample] == first).then_some("constant")
        }
        Response::Binomial(y) => {
            let cases = samples.iter().filter(|sample| y[**sample] == 1.0).count();
            match cases {
                0 => Some("no case"),
                _ if cases == samples.len() => Some("no control"),
                _ => None,
            }
        }
        Response::Cox { event, .. } => (!samples.iter().any(|sample| event[*sample])).then_some("no event"),
    }
}

/// Whether a sample is a case, or had the event.
pub(in super::super) fn is_case(response: &Response, sample: usize) -> bool {
    match response {
        Response::Gaussian(_) => false,
        Response::Binomial(y) => y[sample] == 1.0,
        Response::Cox { event, .. } => event[sample],
    }
}

fn response(values: &TraitValues, samples: &[u32]) -> Response {
    let of = |sample: &u32| *sample as usize;
    match values {
        TraitValues::Gaussian(values) => {
            Response::Gaussian(samples.iter().map(|s| values[of(s)].unwrap_or(f64::NAN)).collect())
        }
        TraitValues::Binomial(values) => {
            let number = |case: bool| f64::from(u8::from(case));
            Response::Binomial(samples.iter().map(|s| values[of(s)].map_or(f64::NAN, number)).collect())
        }
        TraitValues::Cox(values) => Response::Cox {
            time: samples.iter().map(|s| values[of(s)].map_or(f64::NAN, |(time, _)| time)).collect(),
            event: samples.iter().map(|s| values[of(s)].is_some_and(|(_, event)| event)).collect(),
        },
        TraitValues::Categorical => Response::Gaussian(vec![f64::NAN; samples.len()]),
    }
}
