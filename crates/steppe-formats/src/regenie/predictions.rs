use std::{io, path::Path};

use crate::{
    FormatError, Malformed,
    number::shortest,
    output::{Output, check_field},
};

/// The chromosome that stands in a .prs file for all of them.
pub const WHOLE_GENOME: u8 = 0;

/// Writes the predictions of one trait: `PREFIX_1.loco` with a row for each chromosome that was left out (23 is X), or
/// `PREFIX_1.prs` with one row of [`WHOLE_GENOME`]. The file gets its name when it is finished.
///
/// Step 2 looks for the row of every chromosome that it tests: write one for each, also for chromosomes that had no
/// variants in the fit (nothing is left out there).
#[derive(Debug)]
pub struct PredictionWriter {
    output: Output,
    samples: usize,
    rows: Vec<u8>,
}

impl PredictionWriter {
    /// Starts the file with the samples' family and sample ids, in the order of all rows.
    ///
    /// # Errors
    /// An id is empty or has blanks; two samples have the same `FID_IID`; the file can not be written.
    pub fn create<'a>(
        path: &Path,
        samples: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, FormatError> {
        let mut output = Output::create(path)?;
        let mut ids = Vec::new();
        for (family, sample) in samples {
            for id in [family, sample] {
                // Without the id, which an error never has.
                check_field(path, "sample id", id).map_err(|_| {
                    let problem = "a family or sample id can not be part of one column";
                    let remedy = "give ids without blanks and control characters";
                    Malformed::new(path, problem, remedy).field("sample id")
                })?;
            }
            ids.push(format!("{family}_{sample}"));
        }
        output.write(|file| {
            write!(file, "FID_IID ")?;
            ids.iter().try_for_each(|id| write!(file, "{id} "))?;
            writeln!(file)
        })?;
        let samples = ids.len();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            let problem = "two samples have the same family and sample id once these are joined by _";
            return Err(Malformed::new(path, problem, "give the samples ids that differ so").into());
        }
        Ok(Self { output, samples, rows: Vec::new() })
    }

    /// Writes the row of one chromosome; `None` is a sample without the trait.
    ///
    /// # Errors
    /// There is not one prediction per sample, one is not finite, or the chromosome has a row already; the file can
    /// not be written.
    pub fn write(
        &mut self,
        chromosome: u8,
        predictions: impl IntoIterator<Item = Option<f64>>,
    ) -> Result<(), FormatError> {
        let path = self.output.path().to_owned();
        let refuse = |problem: String, remedy: &str| {
            Err(Malformed::new(&path, problem, remedy).field(format!("chromosome {chromosome}")).into())
        };
        if self.rows.contains(&chromosome) {
            return refuse("the chromosome has a row already".to_owned(), "write every chromosome once");
        }
        self.rows.push(chromosome);
        let (mut count, mut finite) = (0, true);
        self.output.write(|file| {
            write!(file, "{chromosome} ")?;
            for prediction in predictions {
                count += 1;
                finite &= prediction.is_none_or(f64::is_finite);
                write_prediction(file, prediction)?;
            }
            writeln!(file)
        })?;
        if count != self.samples {
            let problem = format!("there are {count} predictions of {} samples", self.samples);
            return refuse(problem, "give one per sample");
        }
        if !finite {
            return refuse("a prediction is not a finite number".to_owned(), "leave out the trait");
        }
        Ok(())
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// The file can not be written.
    pub fn finish(self) -> Result<(), FormatError> {
        self.output.finish()
    }
}

fn write_prediction(file: &mut dyn io::Write, prediction: Option<f64>) -> io::Result<()> {
    match prediction {
        Some(value) => write!(file, "{} ", shortest(value)),
        None => write!(file, "NA "),
    }
}
