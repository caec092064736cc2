//! What is found of people from their places on components.

use steppe_calibrate::{
    CalibrateError,
    ancestry::{
        Admixture, AdmixtureProportions, OutsideModel, OutsideVerdict, PopulationShapes, Populations,
        RandomForest, Similarity,
    },
    projection::{Projection, project},
};
use steppe_fit::GenotypeMatrix;

use super::{super::pca::Reference, AncestryMethod, PopulationRecord, SimilarityMethod, shared::Shared};

/// Everything that is said of the people of a cohort.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) projection: Projection,
    pub(super) forest: Similarity,
    pub(super) distances: Similarity,
    /// Whichever counts.
    method: SimilarityMethod,
    pub(crate) outside: OutsideVerdict,
    pub(crate) admixture: AdmixtureProportions,
    /// Proportions are by components, since frequencies of the populations are mixtures of each other.
    pub(super) mixed_sources: bool,
}

impl Found {
    /// Projects everybody of a matrix, and compares them to the populations of a reference: two passes.
    pub(crate) fn of(
        matrix: &dyn GenotypeMatrix,
        shared: &Shared,
        (reference, populations): (&Reference, &Populations),
        method: &AncestryMethod,
    ) -> Result<Self, CalibrateError> {
        let projection = project(&shared.model, matrix, &shared.variants, method.projection, None)?;
        let admixture = shared.admixture.as_ref().map(|of| of.proportions(matrix, &shared.variants));
        let admixture = match admixture.transpose() {
            // By components, which tell more where there are enough of them.
            Err(CalibrateError::MixedSources { .. }) => None,
            found => found?,
        };
        let mixed = shared.admixture.is_some() && admixture.is_none();
        let found = Self::new(projection, admixture, reference, populations, method)?;
        Ok(Self { mixed_sources: mixed, ..found })
    }

    /// Compares projected people to the populations of a reference.
    fn new(
        projection: Projection,
        by_frequencies: Option<AdmixtureProportions>,
        reference: &Reference,
        populations: &Populations,
        options: &AncestryMethod,
    ) -> Result<Self, CalibrateError> {
        let components = reference.pca.components;
        let scores = &projection.scores;
        let mut growing = options.forest;
        growing.components = growing.components.min(components);
        let forest = RandomForest::fit(&reference.scores, populations, &growing)?.similarity(scores)?;
        let shapes = PopulationShapes::fit(&reference.scores, populations, components)?;
        let distances = shapes.similarity(scores, options.degrees)?;
        let admixture = match by_frequencies {
            Some(proportions) => proportions,
            None => Admixture::new(&shapes)?.proportions(scores)?,
        };
        let outside =
            OutsideModel::new(shapes, reference.held_out.clone()).judge(scores, options.false_flags)?;
        let (method, mixed_sources) = (options.similarity, false);
        Ok(Self { forest, distances, method, outside, admixture, mixed_sources, projection })
    }

    /// The similarity that counts.
    pub(crate) fn similarity(&self) -> &Similarity {
        match self.method {
            SimilarityMethod::Forest => &self.forest,
            SimilarityMethod::Mahalanobis => &self.distances,
        }
    }

    /// A record per population of the reference.
    pub(super) fn populations(&self, populations: &Populations) -> Vec<PopulationRecord> {
        let similarity = self.similarity();
        let people = similarity.most_similar.len();
        let record = |(at, name): (usize, &String)| {
            let here = |person: &usize| similarity.names[similarity.most_similar[*person] as usize] == *name;
            let those: Vec<usize> = (0..people).filter(here).collect();
            let count =
                |of: &dyn Fn(usize) -> bool| those.iter().filter(|person| of(**person)).count() as u64;
            let place = self.admixture.names.iter().position(|of| of == name);
            let mean = |place: usize| self.admixture.proportions.column(place).mean();
            PopulationRecord {
                name: name.clone(),
                reference: populations.people(at).len() as u64,
                most_similar: those.len() as u64,
                low_confidence: count(&|person| similarity.low_confidence[person]),
                outside: count(&|person| self.outside.flagged[person]),
                mean_admixture: place.map_or(0.0, mean),
                admixture_error: place.map_or(0.0, |place| self.admixture.standard_errors[place]),
            }
        };
        populations.names.iter().enumerate().map(record).collect()
    }
}
