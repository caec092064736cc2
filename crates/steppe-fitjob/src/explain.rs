//! Why one person has the score that she has: what each variant adds beside what it adds on average in a population, what was
//! missing, and what the score means by a calibration.

mod job;
mod missing;
mod options;
mod page;
mod person;
mod population;
mod table;

pub use job::explain_person;
pub use missing::MissingPart;
pub use options::ExplainOptions;
pub use person::{ExplainedPerson, ExplainedVariant};
