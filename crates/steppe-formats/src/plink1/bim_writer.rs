use std::path::Path;

use super::BimRecord;
use crate::{
    FormatError,
    output::{Output, check_field},
};

/// Writes a .bim with six columns, centimorgans 0; the file gets its name when it is finished.
#[derive(Debug)]
pub struct BimWriter {
    output: Output,
}

impl BimWriter {
    /// Starts a .bim.
    ///
    /// # Errors
    /// The file can not be created.
    pub fn create(path: &Path) -> Result<Self, FormatError> {
        Ok(Self { output: Output::create(path)? })
    }

    /// Writes one variant.
    ///
    /// # Errors
    /// A text is empty or has blanks, or the file can not be written.
    pub fn write(&mut self, record: &BimRecord) -> Result<(), FormatError> {
        let chromosome = record.chromosome.label();
        let BimRecord { id, position, allele1, allele2, .. } = record;
        for (field, value) in
            [("chromosome", &*chromosome), ("id", id), ("allele 1", allele1), ("allele 2", allele2)]
        {
            check_field(self.output.path(), field, value)?;
        }
        self.output.write(|file| writeln!(file, "{chromosome}\t{id}\t0\t{position}\t{allele1}\t{allele2}"))
    }

    /// Completes the file.
    ///
    /// # Errors
    /// The file can not be written.
    pub fn finish(self) -> Result<(), FormatError> {
        self.output.finish()
    }
}
