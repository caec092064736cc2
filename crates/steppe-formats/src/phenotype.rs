//! Phenotypes, covariates and other columns by sample, as plink2's `--pheno` and `--covar` files have them.
//!
//! A file starts with a header `#FID IID …` or `#IID …` (the `#` may be missing), or has none and family and sample
//! ids first; plink2 then names the columns `PHENO1`, `COVAR1` and so on. Columns are separated by blanks, or by
//! commas where the header is. Numbers, `NA`, `nan` and the missing code (-9) mean what they mean to plink2:
//!
//! - A phenotype of 1 and 2 only (0 and missing apart) is case/control: 2 is a case and 0 is missing. With
//!   [`BinaryCoding::ZeroOne`] it is 0 and 1.
//! - A column whose values start with a letter is categorical; `NONE` and `NA` are missing there.
//! - In a covariate file 0, 1 and 2 are numbers.
//!
//! What plink2 does silently is refused here: 0 and 1 without a 2 would be controls and missing. The kind of a column
//! is told from all rows of the file, where plink2 looks at the samples of the cohort only.

mod column;
mod detect;
mod header;
mod join;
mod names;
mod numbers;
mod options;
mod survival;
mod table;

pub use column::{Column, Design, Values};
pub use join::{Join, SampleKey};
pub use options::{BinaryCoding, ColumnRequest, Kind, PhenotypeOptions, Role, Selection};
pub use survival::{Survival, read_survival};
pub use table::{SampleIds, SampleTable, TextColumn, read_sample_table};

use std::path::{Path, PathBuf};

use crate::{FileNote, FormatError};

/// Typed columns of a file, by its samples.
#[derive(Debug, Clone)]
pub struct PhenotypeTable {
    /// The file.
    pub path: PathBuf,
    /// Its samples, in the file's order.
    pub samples: SampleIds,
    /// The columns that were asked for, in that order.
    pub columns: Vec<Column>,
    /// What is odd about the file.
    pub notes: Vec<FileNote>,
}

impl PhenotypeTable {
    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Reads phenotypes or covariates (plain, gzip or zstd).
///
/// # Errors
/// The file can not be read or is not UTF-8 text; an unknown header or column (names that are close are given); a row
/// with more or fewer columns than the header, an empty or repeated sample id, or a value that is not of its column's
/// kind; a missing code that plink2 does not take. Errors name line, column and value, never a sample.
pub fn read_phenotypes(path: &Path, options: &PhenotypeOptions) -> Result<PhenotypeTable, FormatError> {
    options.check(path)?;
    let table = table::read(path, &options.selection, options.role)?;
    let columns = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| detect::typed(&table, column, options.kind_of(at), options))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(PhenotypeTable { path: table.path, samples: table.samples, columns, notes: table.notes })
}
