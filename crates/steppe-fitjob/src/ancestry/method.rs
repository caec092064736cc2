use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use steppe_calibrate::{
    ancestry::{DegreesOfFreedom, ForestOptions},
    projection::ProjectionMethod,
};
use steppe_engine::EngineError;

use super::super::parameters::refuse_out_of_range;

/// What says which population somebody is most similar to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SimilarityMethod {
    /// A random forest on the components.
    #[default]
    Forest,
    /// Mahalanobis distances to the populations.
    Mahalanobis,
}

/// How people are placed against a reference. Two cohorts that are placed alike can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AncestryMethod {
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
}

impl Default for AncestryMethod {
    fn default() -> Self {
        Self {
            projection: ProjectionMethod::default(),
            similarity: SimilarityMethod::default(),
            forest: ForestOptions::default(),
            degrees: DegreesOfFreedom::default(),
            false_flags: 0.01,
        }
    }
}

const PROJECTIONS: [(ProjectionMethod, &str); 2] =
    [(ProjectionMethod::Simple, "simple"), (ProjectionMethod::Oadp, "oadp")];
const SIMILARITIES: [(SimilarityMethod, &str); 2] =
    [(SimilarityMethod::Forest, "forest"), (SimilarityMethod::Mahalanobis, "mahalanobis")];
const DEGREES: [(DegreesOfFreedom, &str); 2] =
    [(DegreesOfFreedom::Components, "components"), (DegreesOfFreedom::OneLess, "one_less")];

fn name_of<T: Copy + PartialEq>(names: &[(T, &'static str)], value: T) -> &'static str {
    names.iter().find(|(of, _)| *of == value).map_or("", |(_, name)| *name)
}

fn named<T: Copy>(names: &[(T, &'static str)], value: Option<&Value>) -> Option<T> {
    let name = value?.as_str()?;
    names.iter().find(|(_, of)| *of == name).map(|(of, _)| *of)
}

impl AncestryMethod {
    /// Checks the numbers.
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

    /// Everything that can change a result.
    pub(super) fn parameters(&self) -> Map<String, Value> {
        let all = [
            ("projection", json!(name_of(&PROJECTIONS, self.projection))),
            ("similarity", json!(name_of(&SIMILARITIES, self.similarity))),
            ("forest_components", json!(self.forest.components)),
            ("trees", json!(self.forest.trees)),
            ("seed", json!(self.forest.seed)),
            ("degrees_of_freedom", json!(name_of(&DEGREES, self.degrees))),
            ("false_flags", json!(self.false_flags)),
        ];
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The method that a record's parameters tell; `None` where they do not.
    pub(crate) fn of_parameters(of: &Map<String, Value>) -> Option<Self> {
        let count = |name: &str| usize::try_from(of.get(name)?.as_u64()?).ok();
        Some(Self {
            projection: named(&PROJECTIONS, of.get("projection"))?,
            similarity: named(&SIMILARITIES, of.get("similarity"))?,
            forest: ForestOptions {
                components: count("forest_components")?,
                trees: count("trees")?,
                seed: of.get("seed")?.as_u64()?,
            },
            degrees: named(&DEGREES, of.get("degrees_of_freedom"))?,
            false_flags: of.get("false_flags")?.as_f64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_the_method() {
        let method = AncestryMethod {
            projection: ProjectionMethod::Simple,
            similarity: SimilarityMethod::Mahalanobis,
            forest: ForestOptions { components: 3, trees: 7, seed: 9 },
            degrees: DegreesOfFreedom::OneLess,
            false_flags: 0.02,
        };
        for method in [method, AncestryMethod::default()] {
            assert_eq!(AncestryMethod::of_parameters(&method.parameters()), Some(method));
        }
        assert_eq!(AncestryMethod::of_parameters(&Map::new()), None);
    }
}
