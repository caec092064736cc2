//! Runs the solver: checkpoints in and out, progress to the caller.

use steppe_engine::EngineError;
use steppe_fit::{
    FitError, GenotypeMatrix, StorageError,
    lasso::{
        Checkpoint, LambdaPath, LassoOptions, LassoPath, LassoProblem, Observer, Populations, Progress, Role,
        Trait, fit_lasso,
    },
};

use super::{
    FitObserver, FitProgress, SamplePlan, Stage, TraitPlan, VariantPlan,
    checkpoint_file::{CheckpointFolder, Found},
    cross_validation,
    options::SplitOption,
    split::Part,
};

/// Lambdas by which the validation metric must have been better before, to end a path.
const STOPPING_LAG: usize = 10;

/// A trait whose lambda is chosen.
#[derive(Debug)]
pub(super) struct Fitted {
    /// Its place among the plan's traits.
    pub(super) at: usize,
    /// The metric by lambda.
    pub(super) curve: Curve,
    /// The chosen lambda's place in the curve.
    pub(super) chosen: usize,
    /// The largest lambda within one standard error of the best, there; cross-validation only.
    pub(super) one_se: Option<usize>,
    /// The path of the tables: on training samples; in cross-validation on all, to the chosen lambda.
    pub(super) path: LassoPath,
    /// The path on training and validation samples, to the chosen lambda, beside `path`.
    pub(super) refit: Option<LassoPath>,
    /// The paths of the folds.
    pub(super) folds: Vec<LassoPath>,
}

/// Traits by their places among the plan's: with a model, or why there is none.
pub(super) type Outcomes = Vec<(usize, Result<Fitted, String>)>;

/// What lambda is chosen by.
#[derive(Debug)]
pub(super) struct Curve {
    pub(super) lambdas: Vec<f64>,
    /// The metric, in cross-validation its mean over folds.
    pub(super) validation: Vec<Option<f64>>,
    /// Its standard error over folds.
    pub(super) standard_error: Vec<Option<f64>>,
}

/// Everything that the stages share.
pub(super) struct Solver<'a> {
    pub(super) plan: &'a SamplePlan,
    pub(super) matrix: &'a dyn GenotypeMatrix,
    pub(super) variants: &'a VariantPlan,
    pub(super) checkpoints: &'a CheckpointFolder,
    pub(super) observer: &'a mut dyn FitObserver,
    /// What the record should say.
    pub(super) notices: Vec<String>,
}

impl Solver<'_> {
    /// The traits that can be fitted, with their places.
    pub(super) fn fitted(&self) -> impl Iterator<Item = (usize, &TraitPlan)> {
        self.plan.traits.iter().enumerate().filter(|(_, of)| of.problem.is_none())
    }

    /// Chooses a lambda for each trait that can be fitted, in the plan's order.
    pub(super) fn choose(&mut self) -> Result<Outcomes, EngineError> {
        match self.plan.options.split {
            SplitOption::Folds(folds) => cross_validation::choose(self, folds),
            SplitOption::Column(_) | SplitOption::Fraction(_) => self.choose_by_validation(),
        }
    }

    fn choose_by_validation(&mut self) -> Result<Outcomes, EngineError> {
        let places: Vec<usize> = self.fitted().map(|(at, _)| at).collect();
        let traits: Vec<Trait> = self.fitted().map(|(_, of)| selection_trait(self.plan, of)).collect();
        let lag = self.plan.options.path.early_stopping.then_some(STOPPING_LAG);
        let paths = self.fit(Stage::Path, &traits, &self.options(lag))?;
        let mut chosen: Outcomes =
            places.into_iter().zip(paths).map(|(at, path)| (at, by_validation(at, path))).collect();
        if self.plan.options.refit {
            self.refit(traits, &mut chosen)?;
        }
        Ok(chosen)
    }

    /// Fits the chosen lambdas again on training and validation samples.
    fn refit(
        &mut self,
        traits: Vec<Trait>,
        chosen: &mut [(usize, Result<Fitted, String>)],
    ) -> Result<(), EngineError> {
        let mut fitted: Vec<&mut Fitted> = Vec::new();
        let mut again = Vec::new();
        for (of, (_, outcome)) in traits.into_iter().zip(chosen) {
            if let Ok(outcome) = outcome {
                let mut of = of.for_refit(&outcome.path, outcome.chosen);
                of.weights = refit_weights(self.plan, &of);
                again.push(of);
                fitted.push(outcome);
            }
        }
        let paths = self.fit(Stage::Refit, &again, &self.options(None))?;
        for (outcome, path) in fitted.into_iter().zip(paths) {
            match path {
                Ok(path) => outcome.refit = Some(path),
                Err(error) => self.notices.push(format!(
                    "{error}: it could not be refitted, and its scores are of the training samples alone"
                )),
            }
        }
        Ok(())
    }

    /// The solver's options, which end a path by `lag`.
    pub(super) fn options(&self, lag: Option<usize>) -> LassoOptions {
        let path = &self.plan.options.path;
        LassoOptions {
            alpha: path.alpha,
            lambdas: LambdaPath::Auto { count: path.lambdas, ratio: path.ratio },
            standardize: path.standardize,
            tolerance: path.tolerance,
            stopping_lag: lag,
            ..LassoOptions::default()
        }
    }

    /// Fits some traits, going on from where an earlier run of the same job stopped.
    pub(super) fn fit(
        &mut self,
        stage: Stage,
        traits: &[Trait],
        options: &LassoOptions,
    ) -> Result<Vec<Result<LassoPath, FitError>>, EngineError> {
        self.observer.stage(stage, traits.len());
        let checkpoint = match self.checkpoints.read(stage)? {
            Found::Nothing => None,
            Found::Checkpoint(checkpoint) => {
                self.observer.notice("going on from the checkpoint of an earlier run");
                Some(checkpoint)
            }
            Found::Unusable(why) => {
                self.observer.notice(&format!("a checkpoint is ignored: {why}"));
                None
            }
        };
        match self.solve(stage, traits, options, checkpoint.as_deref()) {
            Err(FitError::CheckpointMismatch { what }) => {
                self.observer.notice(&format!("a checkpoint is ignored: it is of another fit ({what})"));
                Ok(self.solve(stage, traits, options, None)?)
            }
            outcome => Ok(outcome?),
        }
    }

    fn solve(
        &mut self,
        stage: Stage,
        traits: &[Trait],
        options: &LassoOptions,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Vec<Result<LassoPath, FitError>>, FitError> {
        let plan = self.plan;
        let specific = plan.options.population.as_ref().and_then(|population| population.specific);
        let populations = plan.groups.as_ref().zip(specific).map(|(groups, factor)| Populations {
            of: &groups.of,
            count: groups.names.len() as u32,
            factor,
        });
        let problem = LassoProblem {
            matrix: self.matrix,
            penalty_factors: Some(&self.variants.penalty_factors),
            populations,
            reference: Some(&plan.reference),
        };
        let mut bridge = Bridge { stage, observer: &mut *self.observer, checkpoints: self.checkpoints };
        fit_lasso(&problem, traits, options, checkpoint, &mut bridge)
    }
}

/// A trait with the roles that choose lambda.
pub(super) fn selection_trait(plan: &SamplePlan, of: &TraitPlan) -> Trait {
    plan.solver_trait(of, of.name.clone(), |sample| match of.parts[sample] {
        Some(Part::Train) => Role::Train,
        Some(Part::Validation) => Role::Validate,
        Some(Part::Test) | None => Role::Ignore,
    })
}

/// Weights once validation samples train too: those of populations depend on who trains.
fn refit_weights(plan: &SamplePlan, of: &Trait) -> Vec<f64> {
    plan.weighting.weights(of.roles.len(), plan.groups.as_ref(), |sample| of.roles[sample] == Role::Train)
}

fn by_validation(at: usize, path: Result<LassoPath, FitError>) -> Result<Fitted, String> {
    let path = path.map_err(|error| without_name(&error))?;
    let Some(chosen) = path.best else {
        return Err("its validation metric is not defined at any lambda; validate on more samples".to_owned());
    };
    let curve = Curve {
        lambdas: path.points.iter().map(|point| point.lambda).collect(),
        validation: path.points.iter().map(|point| point.validation).collect(),
        standard_error: vec![None; path.points.len()],
    };
    Ok(Fitted { at, curve, chosen, one_se: None, path, refit: None, folds: Vec::new() })
}

/// What is wrong with a trait, for where its name stands beside.
pub(super) fn without_name(error: &FitError) -> String {
    match error {
        FitError::Trait { problem, .. } => problem.to_string(),
        other => other.to_string(),
    }
}

/// The solver's observer over the job's.
struct Bridge<'a> {
    stage: Stage,
    observer: &'a mut dyn FitObserver,
    checkpoints: &'a CheckpointFolder,
}

impl Observer for Bridge<'_> {
    fn progress(&mut self, progress: &Progress<'_>) {
        self.observer.progress(&FitProgress {
            stage: self.stage,
            name: progress.name,
            accepted: progress.accepted,
            planned: progress.planned,
            lambda: progress.lambda,
            active: progress.active,
            violations: progress.violations,
            validation: progress.validation,
        });
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StorageError> {
        Ok(self.checkpoints.write(self.stage, checkpoint)?)
    }

    fn cancelled(&self) -> bool {
        self.observer.cancelled()
    }
}
