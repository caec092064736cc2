use std::{error::Error, fmt};

use miette::{Diagnostic, GraphicalReportHandler};
use steppe_engine::EngineError;
use steppe_formats::FormatError;
use steppe_store::StoreError;

use crate::{console::Console, exit::Usage};

/// An error as it is shown: what is wrong, why, and what to do.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    problem: String,
    remedy: Option<String>,
    causes: Vec<String>,
}

/// Shows an error: with frames and colour to a person, as plain lines otherwise.
pub(crate) fn show(error: &anyhow::Error, console: &Console) {
    let failure = Failure::of(error);
    if console.is_terminal() {
        let mut report = String::new();
        if GraphicalReportHandler::new().render_report(&mut report, &failure).is_ok() {
            console.error(report.trim_end());
            return;
        }
    }
    console.error(&failure.plain());
}

impl Failure {
    fn of(error: &anyhow::Error) -> Self {
        let mut problem = error.to_string();
        let remedy = remedy_of(error);
        if let Some(remedy) = &remedy
            && let Some(without) = problem.strip_suffix(remedy.as_str())
        {
            problem = without.trim_end_matches([';', ' ']).to_owned();
        }
        let mut causes: Vec<String> = Vec::new();
        for cause in error.chain().skip(1).map(ToString::to_string) {
            // Messages that carry their cause's text already say it.
            let said = problem.contains(&cause) || causes.iter().any(|earlier| earlier.contains(&cause));
            if !said {
                causes.push(cause);
            }
        }
        Self { problem, remedy, causes }
    }

    fn plain(&self) -> String {
        let mut text = format!("error: {}", self.problem);
        for cause in &self.causes {
            text.push_str("\n  cause: ");
            text.push_str(cause);
        }
        if let Some(remedy) = &self.remedy {
            text.push_str("\n  help: ");
            text.push_str(remedy);
        }
        text
    }
}

/// What the user can do, where the error knows it.
fn remedy_of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        if let Some(usage) = cause.downcast_ref::<Usage>() {
            return Some(usage.remedy.clone());
        }
        if let Some(format) = cause.downcast_ref::<FormatError>() {
            return format_remedy(format);
        }
        if let Some(store) = cause.downcast_ref::<StoreError>() {
            return store_remedy(store);
        }
        match cause.downcast_ref::<EngineError>()? {
            EngineError::Refused { remedy, .. } | EngineError::Occupied { remedy, .. } => {
                Some(remedy.clone())
            }
            EngineError::Format(format) => format_remedy(format),
            EngineError::Store(store) => store_remedy(store),
            _ => None,
        }
    })
}

fn store_remedy(error: &StoreError) -> Option<String> {
    match error {
        StoreError::Refused { remedy, .. } => Some(remedy.clone()),
        StoreError::Format(format) => format_remedy(format),
        _ => None,
    }
}

fn format_remedy(error: &FormatError) -> Option<String> {
    match error {
        FormatError::Malformed(malformed) => Some(malformed.remedy.clone()),
        _ => None,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        self.causes.iter().try_for_each(|cause| write!(f, "\n{cause}"))
    }
}

impl Error for Failure {}

impl Diagnostic for Failure {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.remedy.as_ref().map(|remedy| Box::new(remedy) as Box<dyn fmt::Display>)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use steppe_formats::Malformed;

    use super::*;

    #[test]
    fn the_remedy_stands_apart_and_once() {
        let malformed =
            Malformed::new(Path::new("x.bim"), "too few columns", "give six columns").line(7).value("1 rs1");
        let failure = Failure::of(&FormatError::from(malformed).into());
        assert_eq!(
            failure.plain(),
            "error: x.bim:7: too few columns (found \"1 rs1\")\n  help: give six columns"
        );
    }

    #[test]
    fn causes_that_are_in_the_message_are_not_repeated() {
        let source = std::io::Error::other("disk on fire");
        let failure = Failure::of(&EngineError::write("scores.parquet")(source).into());
        assert_eq!(failure.plain(), "error: scores.parquet: disk on fire");
    }

    #[test]
    fn context_is_shown_with_its_cause() {
        let error = anyhow::anyhow!("inner").context("outer");
        assert_eq!(Failure::of(&error).plain(), "error: outer\n  cause: inner");
    }
}
