//! A page and plots for each trait, for people.

use std::{collections::BTreeMap, path::Path, time::Duration};

use steppe_engine::{EngineError, output::OutputRecord};
use steppe_fit::{
    GenotypeMatrix,
    lasso::{MetricKind, PathPoint},
};
use steppe_genome::VariantTable;
use steppe_report::{
    Family, FitReport, LambdaRow, LeftOut, Metric, PopulationMetric, Provenance, SampleCount, Timing,
    TopVariant, VariantPath,
};

use super::{
    SamplePlan,
    evaluation::{MetricRow, Model},
    names,
    options::SplitOption,
    output_file::write_file,
    outputs::{family, final_point},
    path_tables::active,
    record::FitRecord,
    solve::Fitted,
    split::Part,
};

/// Variants whose effects are drawn along the path.
const DRAWN: usize = 40;

/// Variants in the table of weights.
const LISTED: usize = 20;

/// What a trait's page is made from.
pub(super) struct TraitPage<'a> {
    pub(super) plan: &'a SamplePlan,
    pub(super) matrix: &'a dyn GenotypeMatrix,
    pub(super) variants: &'a dyn VariantTable,
    pub(super) fitted: &'a Fitted,
    pub(super) metrics: &'a [MetricRow],
    pub(super) record: &'a FitRecord,
}

impl TraitPage<'_> {
    /// Writes `TRAIT.html` and `TRAIT.PLOT.svg`.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<OutputRecord>, EngineError> {
        let report = self.report();
        let name = names::score_name(self.name(), None);
        let mut outputs = vec![write_file(folder, &format!("{name}.html"), report.html().as_bytes())?];
        for (plot, svg) in report.svgs() {
            outputs.push(write_file(folder, &format!("{name}.{plot}.svg"), svg.as_bytes())?);
        }
        Ok(outputs)
    }

    fn name(&self) -> &str {
        &self.plan.traits[self.fitted.at].name
    }

    fn report(&self) -> FitReport {
        let (plan, of) = (self.plan, self.fitted);
        let (paths, paths_left_out) = self.paths();
        FitReport {
            trait_name: self.name().to_owned(),
            family: match family(&plan.traits[of.at].response) {
                "binomial" => Family::Binomial,
                "cox" => Family::Cox,
                _ => Family::Gaussian,
            },
            alpha: plan.options.path.alpha,
            metric: metric(of.path.metric),
            validated_on: match plan.options.split {
                SplitOption::Folds(folds) => format!("{folds}-fold cross-validation"),
                SplitOption::Column(_) | SplitOption::Fraction(_) => "the validation samples".to_owned(),
            },
            samples: self.samples(),
            samples_left_out: left_out(&self.record.samples.left_out),
            variants_used: self.record.variants.used,
            variants_left_out: left_out(&self.record.variants.left_out),
            lambdas: (0..of.path.points.len()).map(|at| self.lambda(at)).collect(),
            chosen: (of.chosen < of.path.points.len()).then_some(of.chosen),
            kkt_tolerance: plan.options.path.tolerance,
            paths,
            paths_left_out,
            population_metrics: self.metrics.iter().filter_map(|row| self.metric(row)).collect(),
            interval: "standard error".to_owned(),
            top_variants: self.top_variants(),
            timings: self.timings(),
            warnings: self.warnings(),
            provenance: self.provenance(),
        }
    }

    /// Samples by part and population, as the models of the page see them.
    fn samples(&self) -> Vec<SampleCount> {
        let divided = self.plan.groups.as_ref().is_some_and(|groups| groups.names.len() > 1);
        let own = self.own_metrics().filter(|row| divided != (row.population == super::groups::ALL));
        own.map(|row| SampleCount {
            split: split(row.part).to_owned(),
            population: if divided { row.population.clone() } else { String::new() },
            samples: row.samples,
            cases: row.cases,
        })
        .collect()
    }

    /// Metrics of the model that lambda was chosen by, of this trait.
    fn own_metrics(&self) -> impl Iterator<Item = &MetricRow> {
        let model = if self.fitted.folds.is_empty() { Model::Training } else { Model::Folds };
        self.metrics.iter().filter(move |row| row.trait_name == self.name() && row.model == model)
    }

    fn lambda(&self, at: usize) -> LambdaRow {
        let (of, point) = (self.fitted, &self.fitted.path.points[at]);
        let validation = of.curve.validation.get(at).copied().flatten();
        let error = of.curve.standard_error.get(at).copied().flatten();
        LambdaRow {
            lambda: point.lambda,
            active_variants: active(point) as u64,
            training: point.training,
            validation,
            validation_interval: validation.zip(error).map(|(value, error)| (value - error, value + error)),
            kkt_violation: point.certificate.violation.max(0.0),
            duality_gap: point.certificate.relative_gap.max(0.0),
        }
    }

    /// The effects that all share along the path, of the variants with the largest, and how many others have one.
    fn paths(&self) -> (Vec<VariantPath>, u64) {
        let points = &self.fitted.path.points;
        let mut effects: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (at, point) in points.iter().enumerate() {
            for (variant, effect) in shared_effects(point) {
                effects.entry(variant).or_insert_with(|| vec![0.0; points.len()])[at] += effect;
            }
        }
        let all = effects.len();
        let largest = |effects: &[f64]| effects.iter().fold(0.0_f64, |most, effect| most.max(effect.abs()));
        let mut ranked: Vec<(u32, Vec<f64>)> = effects.into_iter().collect();
        ranked.sort_by(|a, b| largest(&b.1).total_cmp(&largest(&a.1)));
        ranked.truncate(DRAWN);
        let left_out = (all - ranked.len()) as u64;
        let path = |(variant, effects)| VariantPath { name: self.variant_name(variant), effects };
        (ranked.into_iter().map(path).collect(), left_out)
    }

    fn variant_name(&self, variant: u32) -> String {
        let index = variant as usize;
        match self.variants.id(index) {
            "" | "." => {
                format!("{}:{}", self.variants.chromosome(index).label(), self.variants.position(index))
            }
            id => id.to_owned(),
        }
    }

    /// A row of the table of metrics, of the parts that did not train.
    fn metric(&self, row: &MetricRow) -> Option<PopulationMetric> {
        let wanted = row.trait_name == self.name() && row.part != Part::Train;
        wanted.then(|| PopulationMetric {
            population: if row.population == super::groups::ALL {
                "all".to_owned()
            } else {
                row.population.clone()
            },
            split: match row.model {
                Model::Refit => format!("{}, refit", split(row.part)),
                Model::Training | Model::Folds => split(row.part).to_owned(),
            },
            samples: row.samples,
            metric: metric(row.metric),
            estimate: row.value,
            interval: None,
        })
    }

    fn top_variants(&self) -> Vec<TopVariant> {
        let Some(point) = final_point(self.fitted) else { return Vec::new() };
        let mut effects: Vec<(u32, f64)> = shared_effects(point).collect();
        effects.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        effects.truncate(LISTED);
        let top = |(variant, weight): (u32, f64)| {
            let index = variant as usize;
            let [n0, n1, n2, _] = self.matrix.counts().get(index).copied().unwrap_or_default();
            let called = n0 + n1 + n2;
            TopVariant {
                name: self.variant_name(variant),
                chromosome: self.variants.chromosome(index).label().into_owned(),
                position: u64::from(self.variants.position(index)),
                effect_allele: self.variants.counted_allele(index).to_owned(),
                other_allele: self.variants.other_allele(index).to_owned(),
                frequency: (called > 0).then(|| (n1 + 2 * n2) as f64 / (2 * called) as f64),
                weight,
            }
        };
        effects.into_iter().map(top).collect()
    }

    fn timings(&self) -> Vec<Timing> {
        let timing = |(stage, seconds): (&String, &serde_json::Value)| {
            let duration = Duration::try_from_secs_f64(seconds.as_f64()?).ok()?;
            Some(Timing { stage: stage.clone(), duration })
        };
        self.record.timings.iter().filter(|(stage, _)| *stage != "total").filter_map(timing).collect()
    }

    fn warnings(&self) -> Vec<String> {
        // What concerns another trait stands on that trait's page.
        let others: Vec<String> = self
            .plan
            .traits
            .iter()
            .filter(|of| of.name != self.name())
            .map(|of| format!("trait '{}'", of.name))
            .collect();
        let of_other = |notice: &&String| !others.iter().any(|other| notice.starts_with(other.as_str()));
        self.record.notices.iter().filter(of_other).cloned().collect()
    }

    fn provenance(&self) -> Provenance {
        let record = self.record;
        let digest = |what: String, hash: &str| (what, format!("BLAKE3 {hash}"));
        let mut digests = vec![digest(format!("cohort {}", record.cohort.location), &record.cohort.digest)];
        let inputs = record.inputs.iter();
        digests.extend(inputs.map(|input| digest(format!("{} {}", input.role, input.path), &input.blake3)));
        Provenance {
            command: String::new(),
            version: format!("steppe {}", record.steppe_version),
            finished: String::new(),
            digests,
        }
    }
}

/// Effects that all populations share, by variant.
fn shared_effects(point: &PathPoint) -> impl Iterator<Item = (u32, f64)> {
    point.coefficients.iter().filter(|of| of.population.is_none()).map(|of| (of.variant, of.effect))
}

fn metric(kind: MetricKind) -> Metric {
    match kind {
        MetricKind::RSquared => Metric::R2,
        MetricKind::Auc => Metric::Auc,
        MetricKind::CIndex => Metric::CIndex,
    }
}

fn split(part: Part) -> &'static str {
    match part {
        Part::Train => "training",
        Part::Validation => "validation",
        Part::Test => "test",
    }
}

fn left_out(reasons: &BTreeMap<String, u64>) -> Vec<LeftOut> {
    let one = |(reason, count): (&String, &u64)| LeftOut { reason: reason.replace('_', " "), count: *count };
    reasons.iter().map(one).collect()
}
