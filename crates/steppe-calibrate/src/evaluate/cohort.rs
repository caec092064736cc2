//! One group's people, ready to be evaluated: those with everything, in the same order for all predictions.

use nalgebra::DMatrix;
use steppe_stats::{
    linear_algebra::ColumnBasis,
    metrics::{SortedScores, logit},
};

use super::{
    EvaluationInput, GroupSummary, LeftOut, LeftOutReason, Outcome, PredictionKind, Warning, groups::Group,
};

/// Part of a covariate's length that the covariates before it must leave.
const COLLINEAR: f64 = 1e-8;

/// A prediction's values in a group.
pub(super) struct Model {
    pub(super) name: String,
    pub(super) kind: PredictionKind,
    pub(super) values: Vec<f64>,
    /// The values with mean 0 and variance 1, or all 0 if they are constant.
    pub(super) standard: Vec<f64>,
    pub(super) sorted: Option<SortedScores>,
    /// Logits of a risk, where all are finite.
    pub(super) logits: Option<Vec<f64>>,
    pub(super) is_constant: bool,
    /// People with values outside 0 and 1, and with 0 or 1 itself.
    pub(super) outside: usize,
    pub(super) certain: usize,
    /// Nobody has a value.
    pub(super) is_absent: bool,
}

/// One group's data.
pub(super) struct Cohort {
    pub(super) n: usize,
    pub(super) is_binary: bool,
    /// The outcome, 1 for a case and 0 for a control if binary.
    pub(super) outcome: Vec<f64>,
    /// The outcome with mean 0 and variance 1.
    pub(super) standard_outcome: Vec<f64>,
    pub(super) case: Vec<bool>,
    pub(super) cases: usize,
    /// Who had the event, of an outcome in time.
    pub(super) events: Option<Vec<bool>>,
    pub(super) family: Option<Vec<Option<u32>>>,
    /// The intercept, then covariates with mean 0 and variance 1.
    pub(super) design: Vec<Vec<f64>>,
    /// An orthonormal basis of the design.
    pub(super) basis: DMatrix<f64>,
    pub(super) models: Vec<Model>,
    families: usize,
    distance: Option<[f64; 3]>,
    left_out: Vec<LeftOut>,
}

impl Cohort {
    pub(super) fn new(input: &EvaluationInput<'_>, group: &Group, warnings: &mut Vec<Warning>) -> Self {
        warnings.extend(group.warnings.iter().cloned());
        let present: Vec<bool> = input
            .predictions
            .iter()
            .map(|prediction| {
                group.members.iter().any(|person| prediction.values[*person as usize].is_finite())
            })
            .collect();
        let (people, left_out) = complete(input, &group.members, &present);
        let take =
            |values: &[f64]| -> Vec<f64> { people.iter().map(|person| values[*person as usize]).collect() };
        let outcome: Vec<f64> = people.iter().map(|person| input.outcome.value(*person as usize)).collect();
        let case: Vec<bool> = outcome.iter().map(|value| *value > 0.0).collect();
        let models = input
            .predictions
            .iter()
            .zip(&present)
            .map(|(prediction, present)| {
                let values = if *present { take(prediction.values) } else { vec![f64::NAN; people.len()] };
                Model::new(prediction.name, prediction.kind, values, !present)
            })
            .collect();
        let family =
            input.family.map(|family| people.iter().map(|person| family[*person as usize]).collect());
        let distance = input.distance.and_then(|distance| spread(&take(distance)));
        let is_binary = matches!(input.outcome, Outcome::Binary(_));
        let events: Option<Vec<bool>> = match input.outcome {
            Outcome::Survival(values) => Some(
                people
                    .iter()
                    .map(|person| values[*person as usize].is_some_and(|(_, event)| event))
                    .collect(),
            ),
            _ => None,
        };
        let happened: &[bool] = events.as_deref().unwrap_or(&case);
        let mut this = Self {
            n: people.len(),
            is_binary,
            standard_outcome: standard(&outcome),
            outcome,
            cases: match is_binary || events.is_some() {
                true => happened.iter().filter(|case| **case).count(),
                false => 0,
            },
            events,
            case,
            family,
            design: Vec::new(),
            basis: DMatrix::zeros(0, 0),
            models,
            families: 0,
            distance,
            left_out,
        };
        this.set_design(input, &people, &group.label, warnings);
        this.warn(&group.label, warnings);
        this
    }

    pub(super) fn controls(&self) -> usize {
        self.n - self.cases
    }

    /// There are covariates besides the intercept.
    pub(super) fn has_covariates(&self) -> bool {
        self.design.len() > 1
    }

    pub(super) fn effective_n(&self) -> f64 {
        if !self.is_binary || self.n == 0 {
            return self.n as f64;
        }
        4.0 * self.cases as f64 * self.controls() as f64 / self.n as f64
    }

    pub(super) fn summary(&self, group: &Group) -> GroupSummary {
        GroupSummary {
            grouping: group.grouping,
            group: group.label.clone(),
            n: self.n,
            cases: (self.is_binary || self.events.is_some()).then_some(self.cases),
            families: self.families,
            distance: self.distance,
            left_out: self.left_out.clone(),
        }
    }

    fn set_design(
        &mut self,
        input: &EvaluationInput<'_>,
        people: &[u32],
        label: &str,
        warnings: &mut Vec<Warning>,
    ) {
        let mut columns = vec![vec![1.0; self.n]];
        for covariate in input.covariates {
            let values: Vec<f64> = people.iter().map(|person| covariate.values[*person as usize]).collect();
            columns.push(standard(&values));
        }
        let basis = ColumnBasis::new(
            &DMatrix::from_fn(self.n, columns.len(), |row, column| columns[column][row]),
            COLLINEAR,
        );
        for (index, covariate) in input.covariates.iter().enumerate() {
            if self.n > 0 && !basis.kept.contains(&(index + 1)) {
                let (group, covariate) = (label.to_owned(), covariate.name.to_owned());
                warnings.push(Warning::UnusedCovariate { group, covariate });
            }
        }
        self.design = basis.kept.iter().map(|kept| std::mem::take(&mut columns[*kept])).collect();
        self.basis = basis.q;
    }

    fn warn(&mut self, label: &str, warnings: &mut Vec<Warning>) {
        let group = label.to_owned();
        if self.is_binary && self.n > 0 && (self.cases == 0 || self.controls() == 0) {
            warnings.push(Warning::OneClass { group: group.clone() });
        }
        for model in &self.models {
            let (group, name) = (group.clone(), model.name.clone());
            if model.is_absent {
                warnings.push(Warning::NoValues { group, model: name });
            } else if model.is_constant && self.n > 0 {
                warnings.push(Warning::ConstantPrediction { group, model: name });
            }
        }
        let mut sizes = std::collections::HashMap::<u32, usize>::new();
        let related = self.family.iter().flatten().flatten();
        related.for_each(|family| *sizes.entry(*family).or_default() += 1);
        let people = sizes.values().filter(|size| **size > 1).sum();
        self.families = self.n - sizes.values().map(|size| size - 1).sum::<usize>();
        if people > 0 {
            warnings.push(Warning::Relatives { group, people });
        }
    }
}

impl Model {
    fn new(name: &str, kind: PredictionKind, values: Vec<f64>, is_absent: bool) -> Self {
        let sorted = SortedScores::new(&values);
        let is_risk = kind == PredictionKind::Risk;
        let count = |of: &dyn Fn(f64) -> bool| values.iter().filter(|value| of(**value)).count();
        let outside = count(&|value| is_risk && !(0.0..=1.0).contains(&value));
        let certain = count(&|value| is_risk && (value == 0.0 || value == 1.0));
        let logits =
            (is_risk && outside + certain == 0).then(|| values.iter().map(|value| logit(*value)).collect());
        Self {
            name: name.to_owned(),
            kind,
            standard: standard(&values),
            is_constant: sorted.as_ref().is_none_or(SortedScores::is_constant),
            sorted,
            logits,
            outside,
            certain,
            is_absent,
            values,
        }
    }
}

/// Members with an outcome, all covariates, and a value of each prediction that anybody has one of; the others counted by
/// what they lack first.
fn complete(input: &EvaluationInput<'_>, members: &[u32], present: &[bool]) -> (Vec<u32>, Vec<LeftOut>) {
    let (covariates, predictions) = (input.covariates.len(), input.predictions.len());
    let mut lacking = vec![0_usize; 1 + covariates + predictions];
    let mut people = Vec::with_capacity(members.len());
    for member in members {
        let person = *member as usize;
        let known = std::iter::once(input.outcome.value(person).is_finite())
            .chain(input.covariates.iter().map(|covariate| covariate.values[person].is_finite()))
            .chain(
                input
                    .predictions
                    .iter()
                    .zip(present)
                    .map(|(p, present)| !present || p.values[person].is_finite()),
            );
        match known.into_iter().position(|known| !known) {
            Some(first) => lacking[first] += 1,
            None => people.push(*member),
        }
    }
    let reasons = std::iter::once(LeftOutReason::NoOutcome)
        .chain(input.covariates.iter().map(|covariate| LeftOutReason::NoCovariate(covariate.name.to_owned())))
        .chain(input.predictions.iter().map(|p| LeftOutReason::NoPrediction(p.name.to_owned())));
    let left_out = reasons.zip(lacking).filter(|(_, people)| *people > 0);
    (people, left_out.map(|(reason, people)| LeftOut { reason, people }).collect())
}

/// Smallest, mean and largest of the finite values.
fn spread(values: &[f64]) -> Option<[f64; 3]> {
    let known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let least = known.iter().copied().reduce(f64::min)?;
    let most = known.iter().copied().reduce(f64::max)?;
    Some([least, known.iter().sum::<f64>() / known.len() as f64, most])
}

/// Values with mean 0 and variance 1; all 0 if they do not vary.
fn standard(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n;
    let size = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    // What is left of a constant after its mean is rounding.
    let scale = if variance.sqrt() > 1e-12 * size { 1.0 / variance.sqrt() } else { 0.0 };
    values.iter().map(|value| if scale > 0.0 { (value - mean) * scale } else { 0.0 }).collect()
}
