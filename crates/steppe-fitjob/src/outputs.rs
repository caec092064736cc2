//! The files of a result, and what the record says of each trait.

use std::{collections::BTreeMap, path::Path};
use steppe_engine::{
    EngineError,
    output::{OutputRecord, hash_file},
};

use steppe_fit::lasso::{LassoPath, PathPoint, Response};
use steppe_formats::scoring_file::{NewScore, NewScoreRow, ScoringFileWriter};
use steppe_genome::{GenomeBuild, VariantTable};

use super::{
    SamplePlan, TraitPlan,
    evaluation::MetricRow,
    metrics_table, names, path_tables,
    record::{ScoreFileRecord, TraitRecord},
    solve::Fitted,
    split::Part,
};

/// What files are written from.
pub(super) struct Results<'a> {
    pub(super) plan: &'a SamplePlan,
    pub(super) variants: &'a dyn VariantTable,
    pub(super) build: Option<GenomeBuild>,
    pub(super) fitted: &'a [Fitted],
    /// Why other traits have no model, by their places.
    pub(super) failed: &'a BTreeMap<usize, String>,
    pub(super) metrics: &'a [MetricRow],
}

/// The files and traits of a result.
pub(super) struct Written {
    pub(super) outputs: Vec<OutputRecord>,
    pub(super) traits: Vec<TraitRecord>,
}

impl Results<'_> {
    /// Writes all files.
    pub(super) fn write(&self, folder: &Path) -> Result<Written, EngineError> {
        let mut outputs = Vec::new();
        let mut traits = Vec::new();
        for (at, of) in self.plan.traits.iter().enumerate() {
            let mut record = self.trait_record(at, of);
            if let Some(fitted) = self.fitted.iter().find(|fitted| fitted.at == at) {
                record.scores = self.write_scores(folder, fitted, &mut outputs)?;
            }
            traits.push(record);
        }
        outputs.push(path_tables::write_path(folder, self.plan, self.variants, self.fitted)?);
        outputs.extend(path_tables::write_lambdas(folder, self.plan, self.fitted)?);
        outputs.extend(metrics_table::write(folder, self.metrics)?);
        Ok(Written { outputs, traits })
    }

    /// Writes the scoring files of a trait: the effects that all share, and with effects by population one for each.
    fn write_scores(
        &self,
        folder: &Path,
        fitted: &Fitted,
        outputs: &mut Vec<OutputRecord>,
    ) -> Result<Vec<ScoreFileRecord>, EngineError> {
        let Some(point) = final_point(fitted) else { return Ok(Vec::new()) };
        let options = self.plan.options.population.as_ref();
        let specific = options.is_some_and(|population| population.specific.is_some());
        let groups = self.plan.groups.iter().filter(|_| specific).flat_map(|groups| &groups.names);
        let parts = std::iter::once(None).chain((0_u32..).zip(groups).map(Some));
        let mut records = Vec::new();
        for part in parts {
            let effects = effects(point, part.map(|(population, _)| population));
            let population = part.map(|(_, name)| name.as_str());
            let mut record = ScoreFileRecord {
                population: population.map(str::to_owned),
                file: None,
                variants: effects.len() as u64,
            };
            if !effects.is_empty() {
                let output = self.write_score(folder, fitted, population, &effects)?;
                record.file = Some(output.name.clone());
                outputs.push(output);
            }
            records.push(record);
        }
        Ok(records)
    }

    fn write_score(
        &self,
        folder: &Path,
        fitted: &Fitted,
        population: Option<&str>,
        effects: &BTreeMap<u32, f64>,
    ) -> Result<OutputRecord, EngineError> {
        let of = &self.plan.traits[fitted.at];
        let weights: Vec<(u32, f64)> = effects.iter().map(|(variant, weight)| (*variant, *weight)).collect();
        write_score(
            folder,
            self.variants,
            &ScoreToWrite {
                name: names::score_name(&of.name, population),
                trait_name: &of.name,
                build: self.build,
                weight_type: weight_type(&of.response),
                weights: &weights,
            },
        )
    }

    fn trait_record(&self, at: usize, of: &TraitPlan) -> TraitRecord {
        let count = |part| of.count(part) as u64;
        let fitted = self.fitted.iter().find(|fitted| fitted.at == at);
        let point = fitted.and_then(final_point);
        let curve = fitted.map(|fitted| &fitted.curve);
        let selection = fitted.map(selection_path);
        let model = fitted.map(|fitted| fitted.refit.as_ref().unwrap_or(&fitted.path));
        let dropped = model.map_or(&[][..], |path| &path.dropped_covariates);
        TraitRecord {
            name: of.name.clone(),
            file_name: names::score_name(&of.name, None),
            family: family(&of.response).to_owned(),
            problem: of.problem.clone().or_else(|| self.failed.get(&at).cloned()),
            training: count(Part::Train),
            validation: count(Part::Validation),
            test: count(Part::Test),
            missing: of.missing,
            weight_zero: of.weight_zero,
            covariates: self.plan.covariate_names.clone(),
            dropped_covariates: dropped.iter().map(|c| self.plan.covariate_names[*c].clone()).collect(),
            lambdas: (
                selection.map_or(0, |path| path.lambdas.len() as u64),
                curve.map_or(0, |curve| curve.lambdas.len() as u64),
            ),
            stopped_early: selection.is_some_and(|path| path.stopped_early),
            lambda: point.map(|point| point.lambda),
            lambda_1se: fitted.and_then(|fitted| Some(fitted.curve.lambdas[fitted.one_se?])),
            metric: selection.map(|path| path.metric),
            validation_metric: fitted.and_then(|fitted| fitted.curve.validation[fitted.chosen]),
            intercept: point.map(|point| point.intercept),
            covariate_effects: point.map_or_else(Vec::new, |point| point.covariates.clone()),
            violation: point.map(|point| point.certificate.violation),
            relative_gap: point.map(|point| point.certificate.relative_gap),
            scores: Vec::new(),
        }
    }
}

/// A scoring file to write.
pub(super) struct ScoreToWrite<'a> {
    /// The score's name, which is safe.
    pub(super) name: String,
    /// The trait's, as the phenotype file has it.
    pub(super) trait_name: &'a str,
    pub(super) build: Option<GenomeBuild>,
    pub(super) weight_type: &'a str,
    /// Weights per copy of the counted allele, by variants of the table, at least one.
    pub(super) weights: &'a [(u32, f64)],
}

/// Writes a scoring file.
pub(super) fn write_score(
    folder: &Path,
    variants: &dyn VariantTable,
    of: &ScoreToWrite<'_>,
) -> Result<OutputRecord, EngineError> {
    let file = names::score_file(&of.name);
    let path = folder.join(&file);
    let score = NewScore {
        name: of.name.clone(),
        trait_reported: of.trait_name.to_owned(),
        genome_build: of.build,
        weight_type: of.weight_type.to_owned(),
        citation: String::new(),
        license: String::new(),
        variants: of.weights.len() as u64,
    };
    let mut writer = ScoringFileWriter::create(&path, &score)?;
    for (variant, weight) in of.weights {
        let variant = *variant as usize;
        writer.write(&NewScoreRow {
            id: variants.id(variant),
            chromosome: variants.chromosome(variant),
            position: variants.position(variant),
            effect_allele: variants.counted_allele(variant),
            other_allele: variants.other_allele(variant),
            weight: *weight,
        })?;
    }
    writer.finish()?;
    let (bytes, blake3) = hash_file(&path).map_err(EngineError::write(path.display().to_string()))?;
    Ok(OutputRecord { name: file, bytes, blake3 })
}

/// The path that lambda was chosen on; of the folds the one that went the least far.
fn selection_path(fitted: &Fitted) -> &LassoPath {
    fitted.folds.iter().min_by_key(|path| path.points.len()).unwrap_or(&fitted.path)
}

/// The model whose effects are written.
pub(super) fn final_point(fitted: &Fitted) -> Option<&PathPoint> {
    match &fitted.refit {
        Some(path) => path.points.last(),
        None => fitted.path.points.get(fitted.chosen),
    }
}

/// Effects that are not 0: those that all share, or those of one population in full.
fn effects(point: &PathPoint, population: Option<u32>) -> BTreeMap<u32, f64> {
    let mut effects = BTreeMap::new();
    for of in &point.coefficients {
        if of.population.is_none() || of.population == population {
            *effects.entry(of.variant).or_insert(0.0) += of.effect;
        }
    }
    effects.retain(|_, effect| *effect != 0.0);
    effects
}

pub(super) fn family(response: &Response) -> &'static str {
    match response {
        Response::Gaussian(_) => "gaussian",
        Response::Binomial(_) => "binomial",
        Response::Cox { .. } => "cox",
    }
}

fn weight_type(response: &Response) -> &'static str {
    match response {
        Response::Gaussian(_) => "beta",
        Response::Binomial(_) => "log(OR)",
        Response::Cox { .. } => "log(HR)",
    }
}
