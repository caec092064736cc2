//! What projecting people and comparing them to populations takes of a reference.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use steppe_calibrate::{
    ancestry::{FrequencyAdmixture, Populations},
    pca::PcaModel,
};
use steppe_engine::EngineError;
use steppe_genome::{
    Chromosome, VariantTable,
    matching::{ScoringRow, ScoringRowTable},
};
use steppe_store::Location;

use super::super::{inputs::Inputs, result_table::read_output};

/// The name of the file in a PCA's result that all of an ancestry comes from.
pub const FILE: &str = "reference.cbor";

/// Changes when older files can not be read.
const VERSION: u32 = 1;

/// A reference. There are no sample ids in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reference {
    version: u32,
    /// The build of the positions.
    pub(crate) genome_build: String,
    /// The variants of the model.
    pub(crate) variants: ReferenceVariants,
    pub(crate) pca: PcaModel,
    /// Of those people who made the components.
    pub(crate) populations: Option<Populations>,
    /// Their scores, people x kept components.
    pub(crate) scores: DMatrix<f64>,
    /// Squared distances of held-out people to the nearest population.
    pub(crate) held_out: Vec<f64>,
    /// Frequencies of the populations, where there are two or more.
    pub(crate) admixture: Option<FrequencyAdmixture>,
}

/// What only a reference with populations has.
#[derive(Debug, Default)]
pub(super) struct OfPopulations {
    /// Of those people who made the components.
    pub(super) populations: Option<Populations>,
    /// As [`Reference::held_out`].
    pub(super) held_out: Vec<f64>,
    /// As [`Reference::admixture`].
    pub(super) admixture: Option<FrequencyAdmixture>,
}

/// Variants by column.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ReferenceVariants {
    chromosome: Vec<String>,
    position: Vec<u32>,
    id: Vec<String>,
    counted: Vec<String>,
    other: Vec<String>,
}

impl ReferenceVariants {
    /// Some variants of a table.
    pub(super) fn of(table: &dyn VariantTable, variants: &[u32]) -> Self {
        let mut all = Self::default();
        for &variant in variants {
            let variant = variant as usize;
            all.chromosome.push(table.chromosome(variant).label().into_owned());
            all.position.push(table.position(variant));
            all.id.push(table.id(variant).to_owned());
            all.counted.push(table.counted_allele(variant).to_owned());
            all.other.push(table.other_allele(variant).to_owned());
        }
        all
    }

    /// The variants as rows that can be matched to another cohort.
    pub(crate) fn rows(&self) -> MatchedReference<'_> {
        MatchedReference {
            variants: self,
            chromosomes: self.chromosome.iter().map(|text| Chromosome::parse(text)).collect(),
        }
    }
}

/// A reference's variants to be matched.
pub(crate) struct MatchedReference<'a> {
    variants: &'a ReferenceVariants,
    chromosomes: Vec<Chromosome>,
}

impl ScoringRowTable for MatchedReference<'_> {
    fn len(&self) -> usize {
        self.chromosomes.len()
    }

    fn row(&self, index: usize) -> ScoringRow<'_> {
        let of = self.variants;
        ScoringRow {
            chromosome: Some(&self.chromosomes[index]),
            position: of.position[index],
            id: if of.id[index] == "." { "" } else { &of.id[index] },
            effect_allele: &of.counted[index],
            other_allele: &of.other[index],
            effect_frequency: None,
        }
    }
}

impl Reference {
    pub(super) fn new(
        genome_build: String,
        variants: ReferenceVariants,
        pca: PcaModel,
        scores: DMatrix<f64>,
        of_populations: OfPopulations,
    ) -> Self {
        let OfPopulations { populations, held_out, admixture } = of_populations;
        Self { version: VERSION, genome_build, variants, pca, populations, scores, held_out, admixture }
    }

    /// Reads the reference of a result of `steppe pca`, and checks it against its record.
    pub(crate) fn read(folder: &Location, inputs: &mut Inputs) -> Result<Self, EngineError> {
        let bytes = read_output(folder, "pca", FILE, inputs)?;
        let file = folder.child(FILE);
        let reference: Self = ciborium::from_reader(bytes.as_ref())
            .map_err(|error| EngineError::refused(format!("{file}: {error}"), "run steppe pca again"))?;
        if reference.version != VERSION {
            return Err(EngineError::refused(
                format!("{file}: it is of version {}, and this program reads {VERSION}", reference.version),
                "run steppe pca again",
            ));
        }
        Ok(reference)
    }
}
