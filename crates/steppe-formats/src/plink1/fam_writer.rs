use std::path::Path;

use super::FamRecord;
use crate::{
    FormatError,
    output::{Output, check_field},
};

/// Writes a .fam of six tab-separated columns; the file appears when it is whole.
///
/// # Errors
/// A text is empty or has blanks, or the file can not be written.
pub fn write_fam(path: &Path, records: &[FamRecord]) -> Result<(), FormatError> {
    let mut output = Output::create(path)?;
    for record in records {
        let FamRecord { family_id, sample_id, father_id, mother_id, sex, phenotype } = record;
        for (field, value) in [
            ("family id", family_id),
            ("sample id", sample_id),
            ("father id", father_id),
            ("mother id", mother_id),
            ("phenotype", phenotype),
        ] {
            check_field(path, field, value)?;
        }
        let sex = sex.plink_code();
        output.write(|file| {
            writeln!(file, "{family_id}\t{sample_id}\t{father_id}\t{mother_id}\t{sex}\t{phenotype}")
        })?;
    }
    output.finish()
}
