//! `path.parquet`, every effect at every lambda, and `lambdas.tsv` with `lambdas.parquet`, every lambda.

use std::{borrow::Cow, path::Path};
use steppe_engine::{EngineError, output::OutputRecord};

use steppe_fit::lasso::{Coefficient, PathPoint};
use steppe_genome::VariantTable;

use super::{
    SamplePlan,
    evaluation::metric_name,
    solve::Fitted,
    table::{Cells, ParquetFile, Table},
};

const PATH_FILE: &str = "path.parquet";

/// Writes the effects of all paths.
pub(super) fn write_path(
    folder: &Path,
    plan: &SamplePlan,
    variants: &dyn VariantTable,
    fitted: &[Fitted],
) -> Result<OutputRecord, EngineError> {
    let mut file = ParquetFile::create(folder, PATH_FILE, &effects(plan, variants, "", 0, None))?;
    for of in fitted {
        let name = &plan.traits[of.at].name;
        for (at, point) in of.path.points.iter().enumerate() {
            file.write(&effects(plan, variants, name, at, Some(point)))?;
        }
    }
    file.finish()
}

/// The effects at one lambda; none without a point.
fn effects<'a>(
    plan: &'a SamplePlan,
    variants: &'a dyn VariantTable,
    name: &'a str,
    at: usize,
    point: Option<&'a PathPoint>,
) -> Table<'a> {
    let coefficients: &[Coefficient] = point.map_or(&[], |point| &point.coefficients);
    let lambda = point.map(|point| point.lambda);
    let text = |of: &dyn Fn(&Coefficient) -> Option<Cow<'a, str>>| {
        Cells::Text(coefficients.iter().map(of).collect())
    };
    let count =
        |of: &dyn Fn(&Coefficient) -> u32| Cells::Count(coefficients.iter().map(|c| Some(of(c))).collect());
    let number =
        |of: &dyn Fn(&Coefficient) -> Option<f64>| Cells::Number(coefficients.iter().map(of).collect());
    let population = |of: &Coefficient| {
        let groups = plan.groups.as_ref()?;
        Some(groups.names.get(of.population? as usize)?.as_str().into())
    };
    let index = |of: &Coefficient| of.variant as usize;
    Table(vec![
        ("trait", text(&|_| Some(name.into()))),
        ("point", count(&|_| at as u32)),
        ("lambda", number(&|_| lambda)),
        ("population", text(&population)),
        ("variant", count(&|of| of.variant)),
        ("chromosome", text(&|of| Some(variants.chromosome(index(of)).label()))),
        ("position", count(&|of| variants.position(index(of)))),
        ("id", text(&|of| Some(variants.id(index(of)).into()))),
        ("effect_allele", text(&|of| Some(variants.counted_allele(index(of)).into()))),
        ("other_allele", text(&|of| Some(variants.other_allele(index(of)).into()))),
        ("effect", number(&|of| Some(of.effect))),
    ])
}

/// A lambda of a trait's curve.
struct Row<'a> {
    of: &'a Fitted,
    name: &'a str,
    at: usize,
}

impl Row<'_> {
    fn point(&self) -> Option<&PathPoint> {
        self.of.path.points.get(self.at)
    }
}

/// Writes one row per lambda. In cross-validation a lambda below the chosen one has the folds' metric alone.
pub(super) fn write_lambdas(
    folder: &Path,
    plan: &SamplePlan,
    fitted: &[Fitted],
) -> Result<Vec<OutputRecord>, EngineError> {
    let rows: Vec<Row<'_>> = fitted
        .iter()
        .flat_map(|of| {
            let name = plan.traits[of.at].name.as_str();
            (0..of.curve.lambdas.len()).map(move |at| Row { of, name, at })
        })
        .collect();
    let number = |of: &dyn Fn(&Row<'_>) -> Option<f64>| Cells::Number(rows.iter().map(of).collect());
    let flag = |of: &dyn Fn(&Row<'_>) -> bool| Cells::Flag(rows.iter().map(of).collect());
    let active = |row: &Row<'_>| row.point().map(|point| active(point) as u32);
    let certified = |of: &dyn Fn(&PathPoint) -> f64| number(&|row| row.point().map(of));
    let table = Table(vec![
        ("trait", Cells::Text(rows.iter().map(|row| Some(row.name.into())).collect())),
        ("point", Cells::Count(rows.iter().map(|row| Some(row.at as u32)).collect())),
        ("lambda", number(&|row| Some(row.of.curve.lambdas[row.at]))),
        ("active", Cells::Count(rows.iter().map(active).collect())),
        (
            "metric",
            Cells::Text(rows.iter().map(|row| Some(metric_name(row.of.path.metric).into())).collect()),
        ),
        ("training", number(&|row| row.point()?.training)),
        ("validation", number(&|row| row.of.curve.validation[row.at])),
        ("validation_se", number(&|row| row.of.curve.standard_error[row.at])),
        ("deviance_explained", certified(&|point| point.deviance_explained)),
        ("kkt_violation", certified(&|point| point.certificate.violation)),
        ("duality_gap", certified(&|point| point.certificate.gap)),
        ("relative_gap", certified(&|point| point.certificate.relative_gap)),
        ("chosen", flag(&|row| row.of.chosen == row.at)),
        ("one_se", flag(&|row| row.of.one_se == Some(row.at))),
    ]);
    table.write_both(folder, "lambdas")
}

/// Variants with an effect.
pub(super) fn active(point: &PathPoint) -> usize {
    let mut variants: Vec<u32> = point.coefficients.iter().map(|of| of.variant).collect();
    variants.dedup();
    variants.len()
}
