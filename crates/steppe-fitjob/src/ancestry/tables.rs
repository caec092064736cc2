//! The tables of an ancestry: people (`ancestry`) and the reference's populations (`populations`).

use std::{borrow::Cow, path::Path};

use nalgebra::DMatrix;
use steppe_engine::{EngineError, output::OutputRecord};
use steppe_store::SampleTable;

use super::{
    super::{
        pca::component_name,
        table::{Cells, Table},
    },
    PopulationRecord,
    people::Found,
};

/// Writes both.
pub(super) fn write(
    folder: &Path,
    table: &SampleTable,
    samples: &[u32],
    found: &Found,
    populations: &[PopulationRecord],
) -> Result<Vec<OutputRecord>, EngineError> {
    let mut outputs = people(table, samples, found).write_both(folder, "ancestry")?;
    outputs.extend(of_populations(populations).write_both(folder, "populations")?);
    Ok(outputs)
}

fn people<'a>(table: &'a SampleTable, samples: &'a [u32], found: &'a Found) -> Table<'a, String> {
    let text = |of: &dyn Fn(usize) -> &'a str| {
        Cells::Text((0..samples.len()).map(|row| Some(Cow::from(of(row)))).collect())
    };
    let numbers = |values: &[f64]| Cells::Number(values.iter().map(|value| Some(*value)).collect());
    let similarity = found.similarity();
    let misfits = match &found.admixture.misfits {
        Some(misfits) => numbers(misfits),
        None => Cells::Number(vec![None; samples.len()]),
    };
    let mut columns = vec![
        ("#FID".to_owned(), text(&|row| table.family_id.get(samples[row] as usize))),
        ("IID".to_owned(), text(&|row| table.sample_id.get(samples[row] as usize))),
        ("most_similar".to_owned(), text(&|row| &similarity.names[similarity.most_similar[row] as usize])),
        ("low_confidence".to_owned(), Cells::Flag(similarity.low_confidence.clone())),
        ("outside".to_owned(), Cells::Flag(found.outside.flagged.clone())),
        ("outside_p".to_owned(), numbers(&found.outside.p_values)),
        ("squared_distance".to_owned(), numbers(&found.outside.squared_distances)),
        ("unexplained".to_owned(), numbers(&found.projection.unexplained)),
        ("admixture_misfit".to_owned(), misfits),
    ];
    let mut add = |prefix: &str, names: &[String], values: &DMatrix<f64>| {
        for (at, name) in names.iter().enumerate() {
            let column = values.column(at).iter().map(|value| Some(*value)).collect();
            columns.push((format!("{prefix}{name}"), Cells::Number(column)));
        }
    };
    add("admixture_", &found.admixture.names, &found.admixture.proportions);
    add("forest_", &found.forest.names, &found.forest.probabilities);
    add("mahalanobis_p_", &found.distances.names, &found.distances.probabilities);
    let components: Vec<String> = (0..found.projection.scores.ncols()).map(component_name).collect();
    add("", &components, &found.projection.scores);
    Table(columns)
}

fn of_populations(records: &[PopulationRecord]) -> Table<'_> {
    let count = |of: &dyn Fn(&PopulationRecord) -> u64| {
        Cells::Count(records.iter().map(|record| Some(of(record) as u32)).collect())
    };
    let number = |of: &dyn Fn(&PopulationRecord) -> f64| {
        Cells::Number(records.iter().map(|record| Some(of(record))).collect())
    };
    Table(vec![
        ("population", Cells::Text(records.iter().map(|of| Some(of.name.as_str().into())).collect())),
        ("reference", count(&|of| of.reference)),
        ("most_similar", count(&|of| of.most_similar)),
        ("low_confidence", count(&|of| of.low_confidence)),
        ("outside", count(&|of| of.outside)),
        ("mean_admixture", number(&|of| of.mean_admixture)),
        ("admixture_error", number(&|of| of.admixture_error)),
    ])
}
