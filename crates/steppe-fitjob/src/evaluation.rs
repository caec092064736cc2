//! How well the chosen models predict, by part of the split and by population.

use nalgebra::DMatrix;
use steppe_engine::EngineError;
use steppe_fit::{
    GenotypeMatrix, MemoryMatrix, PackedColumns,
    lasso::{
        Coefficient, LambdaPath, LassoOptions, LassoProblem, MetricKind, PathPoint, Response, Role, Trait,
        fit_lasso,
    },
};
use steppe_stats::metrics::{auc, c_index, r_squared};

use super::{
    SamplePlan, TraitPlan,
    groups::ALL,
    sample_plan::is_case,
    solve::{Fitted, selection_trait},
    split::Part,
};

/// Metrics over fewer samples are not given.
pub const MIN_SAMPLES: usize = 20;

/// Metrics over fewer cases, controls or events are not given.
pub const MIN_CLASS: usize = 5;

/// Which samples a model was fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Model {
    /// The training samples.
    Training,
    /// Training and validation samples, in cross-validation all.
    Refit,
    /// In cross-validation, for each sample the folds that it is not in.
    Folds,
}

impl Model {
    /// The name in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Refit => "refit",
            Self::Folds => "folds",
        }
    }
}

/// How well a model predicts some samples.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricRow {
    /// The trait's name.
    pub trait_name: String,
    /// The model.
    pub model: Model,
    /// The part of the split that the samples are of.
    pub part: Part,
    /// Their population; `ALL` for all.
    pub population: String,
    /// Samples.
    pub samples: u64,
    /// Cases, or events; `None` for quantitative traits.
    pub cases: Option<u64>,
    /// What the values are.
    pub metric: MetricKind,
    /// Of the model's prediction, score and covariates together.
    pub value: Option<f64>,
    /// Of the prediction by covariates alone, fitted on the same samples as the model.
    pub covariates: Option<f64>,
    /// Why there are no values: `insufficient` samples, or `undefined` for these; empty where there are.
    pub note: &'static str,
}

impl MetricRow {
    /// The name of the metric in tables.
    pub fn metric_name(&self) -> &'static str {
        metric_name(self.metric)
    }

    /// What the score adds to the covariates.
    pub fn incremental(&self) -> Option<f64> {
        Some(self.value? - self.covariates?)
    }
}

/// The name of a metric as people read it.
pub fn metric_title(metric: MetricKind) -> &'static str {
    match metric {
        MetricKind::RSquared => "R²",
        MetricKind::Auc => "AUC",
        MetricKind::CIndex => "C-index",
    }
}

/// The name of a metric in tables.
pub(super) fn metric_name(metric: MetricKind) -> &'static str {
    match metric {
        MetricKind::RSquared => "r2",
        MetricKind::Auc => "auc",
        MetricKind::CIndex => "c_index",
    }
}

/// A fitted model and whom it predicts.
struct Task<'a> {
    model: Model,
    point: &'a PathPoint,
    predicts: Vec<bool>,
}

/// Metrics of a trait's models at the chosen lambda.
pub(super) fn evaluate(
    plan: &SamplePlan,
    matrix: &dyn GenotypeMatrix,
    fitted: &Fitted,
) -> Result<Vec<MetricRow>, EngineError> {
    let of = &plan.traits[fitted.at];
    let (tasks, inputs) = tasks(plan, of, fitted);
    let points: Vec<&PathPoint> = tasks.iter().map(|task| task.point).collect();
    let full = predictors(plan, matrix, &points)?;
    let null = covariates_alone(&inputs)?;
    let mut rows = Vec::new();
    for model in [Model::Training, Model::Folds, Model::Refit] {
        let mut prediction = vec![f64::NAN; plan.samples.len()];
        let mut alone = prediction.clone();
        for ((task, full), null) in tasks.iter().zip(&full).zip(&null).filter(|((t, _), _)| t.model == model)
        {
            let null = null.as_ref().map(|null| fixed_part(null, &plan.covariates));
            for sample in (0..prediction.len()).filter(|sample| task.predicts[*sample]) {
                prediction[sample] = full[sample];
                alone[sample] = null.as_ref().map_or(f64::NAN, |null| null[sample]);
            }
        }
        for part in [Part::Train, Part::Validation, Part::Test] {
            let samples = samples_of(of, model, part);
            if !samples.is_empty() && tasks.iter().any(|task| task.model == model) {
                let predictions = Predictions { model, part, full: &prediction, alone: &alone };
                by_population(plan, of, &samples, &predictions, &mut rows);
            }
        }
    }
    Ok(rows)
}

/// The models of a trait, each with the trait and the roles that it was fitted with.
fn tasks<'a>(plan: &SamplePlan, of: &TraitPlan, fitted: &'a Fitted) -> (Vec<Task<'a>>, Vec<Trait>) {
    let all = vec![true; plan.samples.len()];
    let everybody = || {
        plan.solver_trait(of, of.name.clone(), |sample| match of.parts[sample] {
            Some(Part::Train | Part::Validation) => Role::Train,
            Some(Part::Test) | None => Role::Ignore,
        })
    };
    let (mut tasks, mut inputs) = (Vec::new(), Vec::new());
    let selected = if fitted.folds.is_empty() { fitted.path.points.get(fitted.chosen) } else { None };
    if let Some(point) = selected {
        inputs.push(selection_trait(plan, of));
        tasks.push(Task { model: Model::Training, point, predicts: all.clone() });
    }
    for (fold, path) in (0_u32..).zip(&fitted.folds) {
        let Some(point) = path.points.get(fitted.chosen) else { continue };
        let is_in = |sample: usize| of.folds.as_ref().is_some_and(|folds| folds[sample] == fold);
        inputs.push(plan.solver_trait(of, of.name.clone(), |sample| match of.parts[sample] {
            Some(Part::Train) if !is_in(sample) => Role::Train,
            _ => Role::Ignore,
        }));
        let predicts = (0..plan.samples.len()).map(is_in).collect();
        tasks.push(Task { model: Model::Folds, point, predicts });
    }
    let refit = if fitted.folds.is_empty() { fitted.refit.as_ref() } else { Some(&fitted.path) };
    if let Some(point) = refit.and_then(|path| path.points.last()) {
        inputs.push(everybody());
        tasks.push(Task { model: Model::Refit, point, predicts: all });
    }
    (tasks, inputs)
}

/// The samples of a part as a model sees it: to a refit, those that validated train; folds validate everybody.
fn samples_of(of: &TraitPlan, model: Model, part: Part) -> Vec<usize> {
    let seen = |own: Part| match model {
        Model::Training => own,
        Model::Refit if own == Part::Validation => Part::Train,
        Model::Refit => own,
        Model::Folds => Part::Validation,
    };
    (0..of.parts.len()).filter(|sample| of.parts[*sample].map(seen) == Some(part)).collect()
}

/// Linear predictors of several models for all samples, by one forward pass.
pub(super) fn predictors(
    plan: &SamplePlan,
    matrix: &dyn GenotypeMatrix,
    points: &[&PathPoint],
) -> Result<Vec<Vec<f64>>, EngineError> {
    let specific = plan.options.population.as_ref().is_some_and(|population| population.specific.is_some());
    let groups = plan.groups.as_ref().filter(|_| specific);
    let parts = 1 + groups.map_or(0, |groups| groups.names.len());
    let columns: Vec<Vec<(u32, f64)>> = points
        .iter()
        .flat_map(|point| (0..parts).map(|part| effects_of_part(&point.coefficients, part)))
        .collect();
    let products = matrix.forward(&columns).map_err(steppe_fit::FitError::from)?;
    let mut predictors = Vec::with_capacity(points.len());
    for (point, products) in points.iter().zip(products.chunks(parts)) {
        let mut eta = fixed_part(point, &plan.covariates);
        for (sample, eta) in eta.iter_mut().enumerate() {
            *eta += products[0][sample];
            if let Some(groups) = groups {
                *eta += products[1 + groups.of[sample] as usize][sample];
            }
        }
        predictors.push(eta);
    }
    Ok(predictors)
}

/// Effects of part 0, which all share, or of population `part - 1` alone.
fn effects_of_part(coefficients: &[Coefficient], part: usize) -> Vec<(u32, f64)> {
    let wanted = part.checked_sub(1).map(|population| population as u32);
    let of_part = coefficients.iter().filter(|of| of.population == wanted);
    of_part.map(|of| (of.variant, of.effect)).collect()
}

/// Intercept and covariates.
fn fixed_part(point: &PathPoint, covariates: &DMatrix<f64>) -> Vec<f64> {
    let mut eta = vec![point.intercept; covariates.nrows()];
    for (effect, column) in point.covariates.iter().zip(covariates.column_iter()) {
        eta.iter_mut().zip(column.iter()).for_each(|(eta, value)| *eta += effect * value);
    }
    eta
}

/// Models of the covariates alone: the same solver on no variants at all, where every lambda is the null model.
fn covariates_alone(traits: &[Trait]) -> Result<Vec<Option<PathPoint>>, EngineError> {
    let samples = traits.first().map_or(0, |of| of.roles.len());
    let matrix = MemoryMatrix::new(PackedColumns::new(samples), &vec![true; samples]);
    let options = LassoOptions { lambdas: LambdaPath::Given(vec![1.0]), ..LassoOptions::default() };
    let paths = fit_lasso(&LassoProblem::new(&matrix), traits, &options, None, &mut ())?;
    Ok(paths.into_iter().map(|path| path.ok().and_then(|path| path.points.into_iter().next())).collect())
}

/// What a model says of all samples.
struct Predictions<'a> {
    model: Model,
    part: Part,
    full: &'a [f64],
    alone: &'a [f64],
}

fn by_population(
    plan: &SamplePlan,
    of: &TraitPlan,
    samples: &[usize],
    predictions: &Predictions<'_>,
    rows: &mut Vec<MetricRow>,
) {
    let mut groups = vec![(ALL.to_owned(), samples.to_vec())];
    for (population, name) in (0_u32..).zip(plan.groups.iter().flat_map(|groups| &groups.names)) {
        let of_population =
            |sample: &usize| plan.groups.as_ref().is_some_and(|g| g.of[*sample] == population);
        groups.push((name.clone(), samples.iter().copied().filter(of_population).collect()));
    }
    for (population, samples) in groups {
        let cases = match of.response {
            Response::Gaussian(_) => None,
            _ => Some(samples.iter().filter(|sample| is_case(&of.response, **sample)).count()),
        };
        let enough = is_enough(&of.response, samples.len(), cases);
        let value = enough.then(|| measure(&of.response, &samples, predictions.full)).flatten();
        let covariates = enough.then(|| measure(&of.response, &samples, predictions.alone)).flatten();
        let note = match value {
            _ if !enough => "insufficient",
            None => "undefined",
            Some(_) => "",
        };
        rows.push(MetricRow {
            trait_name: of.name.clone(),
            model: predictions.model,
            part: predictions.part,
            population,
            samples: samples.len() as u64,
            cases: cases.map(|cases| cases as u64),
            metric: of.response.metric(),
            value,
            covariates,
            note,
        });
    }
}

fn is_enough(response: &Response, samples: usize, cases: Option<usize>) -> bool {
    let classes = match response {
        Response::Gaussian(_) => MIN_CLASS,
        Response::Binomial(_) => cases.map_or(0, |cases| cases.min(samples - cases)),
        Response::Cox { .. } => cases.unwrap_or(0),
    };
    samples >= MIN_SAMPLES && classes >= MIN_CLASS
}

/// The metric of a prediction over some samples. A constant prediction explains nothing of what varies.
fn measure(response: &Response, samples: &[usize], eta: &[f64]) -> Option<f64> {
    let predicted: Vec<f64> = samples.iter().map(|sample| eta[*sample]).collect();
    if predicted.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let of = |values: &[f64]| -> Vec<f64> { samples.iter().map(|sample| values[*sample]).collect() };
    match response {
        Response::Gaussian(y) => {
            let observed = of(y);
            let varies = observed.iter().any(|value| *value != observed[0]);
            r_squared(&observed, &predicted).or(varies.then_some(0.0))
        }
        Response::Binomial(y) => {
            let case: Vec<bool> = of(y).iter().map(|y| *y == 1.0).collect();
            auc(&case, &predicted)
        }
        Response::Cox { time, event } => {
            let event: Vec<bool> = samples.iter().map(|sample| event[*sample]).collect();
            c_index(&of(time), &event, &predicted)
        }
    }
}
