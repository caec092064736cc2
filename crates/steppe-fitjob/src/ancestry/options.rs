use std::path::PathBuf;

use serde_json::{Map, Value, json};
use steppe_calibrate::{
    ancestry::{DegreesOfFreedom, ForestOptions},
    projection::ProjectionMethod,
};
use steppe_engine::EngineError;
use steppe_store::Location;

use super::super::parameters::refuse_out_of_range;

/// What says which population somebody is most similar to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SimilarityMethod {
    /// A random forest on the components.
    #[default]
    Forest,
    /// Mahalanobis distances to the populations.
    Mahalanobis,
}

/// The ancestry of a cohort's people.
#[derive(Debug, Clone)]
pub struct AncestryJobOptions {
    /// The folder that `steppe pca` wrote.
    pub reference: Location,
    /// Only these samples.
    pub keep: Option<PathBuf>,
    /// Not these samples.
    pub remove: Option<PathBuf>,
    /// How people are projected.
    pub projection: ProjectionMethod,
    /// Which similarity counts.
    pub similarity: SimilarityMethod,
    /// The forest.
    pub forest: ForestOptions,
    /// Degrees of freedom of distances.
    pub degrees: DegreesOfFreedom,
    /// Share of people like those of the reference who are flagged all the same.
    pub false_flags: f64,
    /// Files are copies that came with the job: the record names them by their own names.
    pub copied_inputs: bool,
}

impl AncestryJobOptions {
    /// The defaults with a reference.
    pub fn new(reference: Location) -> Self {
        Self {
            reference,
            keep: None,
            remove: None,
            projection: ProjectionMethod::default(),
            similarity: SimilarityMethod::default(),
            forest: ForestOptions::default(),
            degrees: DegreesOfFreedom::default(),
            false_flags: 0.01,
            copied_inputs: false,
        }
    }

    /// Checks what can be without files.
    ///
    /// # Errors
    /// A number out of its range.
    pub fn check(&self) -> Result<(), EngineError> {
        refuse_out_of_range(&[
            (self.false_flags > 0.0 && self.false_flags < 1.0, "the rate of false flags", "between 0 and 1"),
            (self.forest.trees > 0, "the number of trees", "at least 1"),
            (self.forest.components > 0, "the forest's number of components", "at least 1"),
        ])
    }

    /// Everything that can change a result but files, which enter by their hashes.
    pub(super) fn parameters(&self) -> Map<String, Value> {
        let projection = match self.projection {
            ProjectionMethod::Simple => "simple",
            ProjectionMethod::Oadp => "oadp",
        };
        let similarity = match self.similarity {
            SimilarityMethod::Forest => "forest",
            SimilarityMethod::Mahalanobis => "mahalanobis",
        };
        let degrees = match self.degrees {
            DegreesOfFreedom::Components => "components",
            DegreesOfFreedom::OneLess => "one_less",
        };
        let all = [
            ("projection", json!(projection)),
            ("similarity", json!(similarity)),
            ("forest_components", json!(self.forest.components)),
            ("trees", json!(self.forest.trees)),
            ("seed", json!(self.forest.seed)),
            ("degrees_of_freedom", json!(degrees)),
            ("false_flags", json!(self.false_flags)),
        ];
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
