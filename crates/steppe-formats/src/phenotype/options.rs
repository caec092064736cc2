//! What to read of a file, and how.

use std::path::Path;

use crate::{FormatError, Malformed};

/// What the columns of a file are for; it decides their names without a header, and whether 1 and 2 mean case and
/// control.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// plink2's `--pheno`.
    #[default]
    Phenotype,
    /// plink2's `--covar`.
    Covariate,
}

impl Role {
    /// The name of the `number`-th column (1-based) of a file without a header.
    pub(super) fn column_name(self, number: usize) -> String {
        match self {
            Self::Phenotype => format!("PHENO{number}"),
            Self::Covariate => format!("COVAR{number}"),
        }
    }
}

/// The codes of a binary trait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BinaryCoding {
    /// 1 is a control, 2 a case, 0 is missing.
    #[default]
    OneTwo,
    /// 0 is a control, 1 a case (plink2's `--1`).
    ZeroOne,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Told from the values, as plink2 does.
    #[default]
    Detect,
    /// Numbers.
    Quantitative,
    /// Case and control.
    Binary(BinaryCoding),
    /// Categories, also where they are numbers.
    Categorical,
}

/// A column by name, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnRequest {
    /// The name in the header.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// Which columns to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Selection {
    /// All, each of a kind told from its values.
    #[default]
    All,
    /// These, in this order; the other columns are not looked at.
    Named(Vec<ColumnRequest>),
}

impl Selection {
    /// Columns by name, of kinds told from their values.
    pub fn names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let request = |name: S| ColumnRequest { name: name.as_ref().to_owned(), kind: Kind::Detect };
        Self::Named(names.into_iter().map(request).collect())
    }
}

/// How to read a file.
#[derive(Debug, Clone, PartialEq)]
pub struct PhenotypeOptions {
    /// What the file is for.
    pub role: Role,
    /// Which columns.
    pub selection: Selection,
    /// The codes of binary traits that are told from their values.
    pub coding: BinaryCoding,
    /// The number that means missing (plink2's `--input-missing-phenotype`).
    pub missing_code: f64,
}

/// plink2's missing code.
const MISSING_CODE: f64 = -9.0;

impl Default for PhenotypeOptions {
    fn default() -> Self {
        Self {
            role: Role::Phenotype,
            selection: Selection::All,
            coding: BinaryCoding::OneTwo,
            missing_code: MISSING_CODE,
        }
    }
}

impl PhenotypeOptions {
    /// For a covariate file.
    pub fn covariates() -> Self {
        Self { role: Role::Covariate, ..Self::default() }
    }

    /// The kind that was asked for of the `at`-th selected column.
    pub(super) fn kind_of(&self, at: usize) -> Kind {
        match &self.selection {
            Selection::All => Kind::Detect,
            Selection::Named(requests) => requests.get(at).map_or(Kind::Detect, |request| request.kind),
        }
    }

    /// Refuses a missing code that is also a value of binary traits.
    pub(super) fn check(&self, path: &Path) -> Result<(), FormatError> {
        if self.missing_code.is_finite() && ![0.0, 1.0, 2.0].contains(&self.missing_code) {
            return Ok(());
        }
        let problem = "0, 1, 2 and what is no number can not be the code of missing phenotypes";
        Err(Malformed::new(path, problem, "give another --input-missing-phenotype, such as -9")
            .field("--input-missing-phenotype")
            .value(&self.missing_code.to_string())
            .into())
    }
}
