use std::path::Path;

use super::{AssociationColumns, AssociationRow, Model};
use crate::{
    FormatError,
    output::{Output, check_field},
};

/// Writes one trait's table, row by row; the file gets its name when it is finished.
///
/// The columns and the six significant digits are those of PLINK v2.00a3.5's `--glm hide-covar`.
#[derive(Debug)]
pub struct AssociationWriter {
    output: Output,
    model: Model,
    columns: AssociationColumns,
    line: String,
}

impl AssociationWriter {
    /// Starts the file and writes its header.
    ///
    /// # Errors
    /// The file can not be created or written.
    pub fn create(path: &Path, model: Model, columns: AssociationColumns) -> Result<Self, FormatError> {
        let mut output = Output::create(path)?;
        output.write(|file| writeln!(file, "{}", columns.header(model)))?;
        Ok(Self { output, model, columns, line: String::new() })
    }

    /// Writes one variant.
    ///
    /// # Errors
    /// A text is empty or has blanks, or the file can not be written.
    pub fn write(&mut self, row: &AssociationRow<'_>) -> Result<(), FormatError> {
        for (field, value) in [
            ("CHROM", row.chromosome),
            ("ID", row.id),
            ("REF", row.reference),
            ("ALT", row.alternate),
            ("A1", row.a1),
        ] {
            check_field(self.output.path(), field, value)?;
        }
        self.line.clear();
        row.push_line(self.model, self.columns, &mut self.line);
        let line = self.line.as_bytes();
        self.output.write(|file| file.write_all(line))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// The file can not be written.
    pub fn finish(self) -> Result<(), FormatError> {
        self.output.finish()
    }
}
