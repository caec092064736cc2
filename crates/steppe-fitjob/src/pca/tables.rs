//! The tables of principal components: people (`pcs`), components (`eigenvalues`), variants (`loadings`).

use std::{borrow::Cow, path::Path};

use steppe_calibrate::pca::Pca;
use steppe_engine::{EngineError, output::OutputRecord};
use steppe_genome::VariantTable;
use steppe_store::SampleTable;

use super::{
    super::table::{Cells, Table},
    ComponentRecord,
    people::People,
};

/// What the tables are written from.
pub(super) struct Written<'a> {
    pub(super) people: &'a People,
    pub(super) samples: &'a SampleTable,
    pub(super) table: &'a dyn VariantTable,
    /// The variants of the components in the cohort.
    pub(super) kept: &'a [u32],
    pub(super) pca: &'a Pca,
}

/// `PC1` and so on.
pub(crate) fn component_name(component: usize) -> String {
    format!("PC{}", component + 1)
}

/// The components that were asked for.
pub(super) fn components(pca: &Pca) -> Vec<ComponentRecord> {
    // Everybody's standardised genotypes have as much variance as there are variants and members.
    let all = pca.model.people as f64;
    let record = |(at, of): (usize, &steppe_calibrate::pca::Component)| ComponentRecord {
        name: component_name(at),
        eigenvalue: of.eigenvalue,
        share: of.eigenvalue / all,
        residual: of.residual,
        angle: of.angle,
        converged: of.converged,
    };
    pca.components.iter().take(pca.model.components).enumerate().map(record).collect()
}

impl Written<'_> {
    /// Writes all tables.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<OutputRecord>, EngineError> {
        let mut outputs = self.people().write_both(folder, "pcs")?;
        outputs.extend(self.eigenvalues().write_both(folder, "eigenvalues")?);
        outputs.push(self.loadings().write_text(folder, "loadings.tsv")?);
        Ok(outputs)
    }

    fn people(&self) -> Table<'_, String> {
        let of = &self.people.samples;
        let text = |column: &dyn Fn(usize) -> Option<String>| {
            Cells::Text((0..of.len()).map(|row| column(row).map(Cow::from)).collect())
        };
        let sample = |row: usize| of[row] as usize;
        let population = |row: usize| self.people.labels.as_ref().and_then(|labels| labels[row].clone());
        let mut columns = vec![
            ("#FID".to_owned(), text(&|row| Some(self.samples.family_id.get(sample(row)).to_owned()))),
            ("IID".to_owned(), text(&|row| Some(self.samples.sample_id.get(sample(row)).to_owned()))),
            ("population".to_owned(), text(&population)),
            ("made_components".to_owned(), Cells::Flag(self.people.members.clone())),
        ];
        for component in 0..self.pca.model.components {
            let values = self.pca.scores.column(component).iter().map(|value| Some(*value)).collect();
            columns.push((component_name(component), Cells::Number(values)));
        }
        Table(columns)
    }

    fn eigenvalues(&self) -> Table<'_> {
        let records = components(self.pca);
        let number = |of: &dyn Fn(&ComponentRecord) -> f64| {
            Cells::Number(records.iter().map(|record| Some(of(record))).collect())
        };
        Table(vec![
            ("component", Cells::Text(records.iter().map(|of| Some(of.name.clone().into())).collect())),
            ("eigenvalue", number(&|of| of.eigenvalue)),
            ("share", number(&|of| of.share)),
            ("residual", number(&|of| of.residual)),
            ("angle", number(&|of| of.angle)),
            ("converged", Cells::Flag(records.iter().map(|of| of.converged).collect())),
        ])
    }

    /// The loadings as weights of allele copies: a plain score on them is a person's projection but for a constant.
    fn loadings(&self) -> Table<'_, String> {
        let model = &self.pca.model;
        let text = |of: &dyn Fn(usize) -> String| {
            Cells::Text(self.kept.iter().map(|variant| Some(of(*variant as usize).into())).collect())
        };
        let number = |of: &dyn Fn(usize) -> f64| {
            Cells::Number((0..self.kept.len()).map(|row| Some(of(row))).collect())
        };
        let table = self.table;
        let mut columns = vec![
            ("chr_name".to_owned(), text(&|variant| table.chromosome(variant).label().into_owned())),
            ("chr_position".to_owned(), text(&|variant| table.position(variant).to_string())),
            ("rsID".to_owned(), text(&|variant| table.id(variant).to_owned())),
            ("effect_allele".to_owned(), text(&|variant| table.counted_allele(variant).to_owned())),
            ("other_allele".to_owned(), text(&|variant| table.other_allele(variant).to_owned())),
            ("centre".to_owned(), number(&|row| model.centre[row])),
            ("scale".to_owned(), number(&|row| model.scale[row])),
        ];
        for component in 0..model.components {
            let weight = |row: usize| match model.scale[row] {
                scale if scale > 0.0 => model.loadings[component][row] / scale,
                _ => 0.0,
            };
            columns.push((component_name(component), number(&weight)));
        }
        Table(columns)
    }
}
