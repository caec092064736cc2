use serde_json::{Map, Value, json};
use steppe_engine::EngineError;
use steppe_fit::assoc::{Firth, TestedAllele};

use super::super::{input_options::InputOptions, names};

/// An association of traits with all variants.
#[derive(Debug, Clone, PartialEq)]
pub struct AssociationOptions {
    /// Files, and who and what takes part. Frequencies and missing calls are those of the founders that the lists leave.
    pub input: InputOptions,
    /// When logistic regression gives way to Firth's.
    pub firth: Firth,
    /// The allele whose effect is told.
    pub tested: TestedAllele,
    /// What the names of tables begin with.
    pub prefix: String,
}

impl AssociationOptions {
    /// plink2's defaults on all columns of a phenotype file.
    pub fn new(input: InputOptions) -> Self {
        let (firth, tested) = (Firth::default(), TestedAllele::default());
        Self { input, firth, tested, prefix: "assoc".to_owned() }
    }

    /// Refuses what can be told from the options alone.
    ///
    /// # Errors
    /// Times to an event; a number out of its range; a prefix that can not be in a file's name.
    pub fn check(&self) -> Result<(), EngineError> {
        self.input.check()?;
        if names::safe(&self.prefix) != self.prefix {
            return Err(EngineError::refused(
                format!("tables can not be named {:?}", self.prefix),
                "give a prefix of ASCII letters, digits, _, . and - with a letter or a digit first",
            ));
        }
        Ok(())
    }

    pub(super) fn parameters(&self) -> Map<String, Value> {
        let mut map = self.input.parameters();
        let firth = match self.firth {
            Firth::Fallback => "fallback",
            Firth::Never => "never",
            Firth::Always => "always",
        };
        let tested = match self.tested {
            TestedAllele::Minor => "minor",
            TestedAllele::Counted => "counted",
        };
        map.insert("firth".to_owned(), json!(firth));
        map.insert("tested_allele".to_owned(), json!(tested));
        map.insert("prefix".to_owned(), json!(self.prefix));
        map
    }
}
