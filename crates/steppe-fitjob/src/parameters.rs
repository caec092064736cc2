//! Options as the record and the job's identity have them: everything that can change a result but files, which enter
//! by their hashes.

use serde_json::{Map, Value, json};
use steppe_engine::EngineError;
use steppe_formats::phenotype::BinaryCoding;

use super::options::{CovariateOptions, Family, FitOptions, PhenotypeSource, PopulationWeights, SplitOption};

/// The parameters of traits and covariates by name.
pub(super) fn of_traits(
    phenotypes: &PhenotypeSource,
    covariates: Option<&CovariateOptions>,
) -> Map<String, Value> {
    let coding = match phenotypes.coding {
        BinaryCoding::OneTwo => "1/2",
        BinaryCoding::ZeroOne => "0/1",
    };
    let mut all = vec![
        ("traits", json!(phenotypes.traits)),
        ("family", family(&phenotypes.family)),
        ("binary_coding", json!(coding)),
        ("missing_code", json!(phenotypes.missing_code)),
    ];
    if let Some(covariates) = covariates {
        all.push(("covariates", json!(covariates.names)));
        all.push(("categorical_covariates", json!(covariates.categorical)));
    }
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Parameters by name.
pub(super) fn parameters(options: &FitOptions) -> Map<String, Value> {
    let mut map = of_traits(&options.input.phenotypes, options.input.covariates.as_ref());
    let mut set = |name: &str, value: Value| {
        map.insert(name.to_owned(), value);
    };
    set("split", split(&options.split));
    set("sample_weights", json!(options.weights.as_ref().map(|weights| &weights.column)));
    if let Some(population) = &options.population {
        set("population", json!(population.column.column));
        let weights = match &population.weights {
            PopulationWeights::Unchanged => json!("unchanged"),
            PopulationWeights::Equal => json!("equal"),
            PopulationWeights::Named(named) => json!(named),
        };
        set("population_weights", weights);
        set("shared_plus_specific", json!(population.specific));
    }
    set("min_frequency", json!(options.input.min_frequency));
    set("max_missing", json!(options.input.max_missing));
    let path = &options.path;
    set("alpha", json!(path.alpha));
    set("lambdas", json!(path.lambdas));
    set("lambda_min_ratio", json!(path.ratio));
    set("standardize", json!(path.standardize));
    set("tolerance", json!(path.tolerance));
    set("early_stopping", json!(path.early_stopping));
    set("refit", json!(options.refit));
    set("seed", json!(options.seed));
    map
}

fn family(family: &Family) -> Value {
    match family {
        Family::Auto => json!("auto"),
        Family::Gaussian => json!("gaussian"),
        Family::Binomial => json!("binomial"),
        Family::Cox { time, event } => json!({"cox": [time, event]}),
    }
}

fn split(split: &SplitOption) -> Value {
    match split {
        SplitOption::Column(column) => json!({"column": column.column}),
        SplitOption::Fraction(fraction) => json!({"validation": fraction}),
        SplitOption::Folds(folds) => json!({"folds": folds}),
    }
}

impl FitOptions {
    /// Refuses numbers out of their range.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        let path = &self.path;
        let specific = self.population.as_ref().and_then(|population| population.specific);
        let fraction = match self.split {
            SplitOption::Fraction(fraction) => fraction,
            _ => 0.5,
        };
        let folds = match self.split {
            SplitOption::Folds(folds) => folds,
            _ => 2,
        };
        let within = |value: f64, low: f64, high: f64| value > low && value < high;
        let [frequency, missing] = self.input.ranges();
        let checks = [
            (within(fraction, 0.0, 1.0), "the share of validation samples", "between 0 and 1"),
            (folds >= 2, "the number of folds", "2 or more"),
            frequency,
            missing,
            ((0.0..=1.0).contains(&path.alpha), "alpha", "from 0 (ridge) to 1 (lasso)"),
            (path.lambdas >= 1, "the number of lambdas", "1 or more"),
            (path.ratio.is_none_or(|ratio| within(ratio, 0.0, 1.0)), "the lambda ratio", "between 0 and 1"),
            (within(path.tolerance, 0.0, f64::INFINITY), "the tolerance", "above 0"),
            (
                specific.is_none_or(|factor| within(factor, 0.0, f64::INFINITY)),
                "the penalty factor of effects by population",
                "above 0",
            ),
        ];
        refuse_out_of_range(&checks)
    }
}

/// Refuses the first number that is out of its range. Of each: whether it is within, what it is, and the range.
pub(super) fn refuse_out_of_range(checks: &[(bool, &str, &str)]) -> Result<(), EngineError> {
    match checks.iter().find(|(holds, _, _)| !holds) {
        None => Ok(()),
        Some((_, what, range)) => {
            Err(EngineError::refused(format!("{what} is out of range"), format!("give a number {range}")))
        }
    }
}
