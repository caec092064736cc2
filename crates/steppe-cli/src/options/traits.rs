use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use steppe_fitjob::{CovariateOptions, Family, InputOptions, PhenotypeSource, SampleColumn};
use steppe_formats::phenotype::BinaryCoding;

use crate::exit::Usage;

const READING: &str = "Phenotypes and covariates";

/// Which traits and covariates, from which files, as plink2 reads them.
#[derive(Debug, Args)]
pub(crate) struct TraitOptions {
    /// Phenotypes, in the form of plink2's --pheno: a header with #FID, IID or #IID, then a column a trait.
    #[arg(long, value_name = "FILE", help_heading = READING)]
    pub(crate) pheno: PathBuf,
    /// Traits to take, by the names of their columns; all columns that no other option names where absent.
    #[arg(long = "trait", value_name = "NAME", num_args = 1.., value_delimiter = ',', help_heading = READING)]
    pub(crate) traits: Vec<String>,
    /// How case and control are written in binary traits.
    #[arg(long, value_enum, default_value_t = CodingOption::OneTwo, help_heading = READING)]
    coding: CodingOption,
    /// The number that means missing, beside NA and nan.
    #[arg(long, value_name = "NUMBER", default_value_t = -9.0, allow_negative_numbers = true, help_heading = READING)]
    missing_code: f64,
    /// Covariates, in the form of plink2's --covar. They are never penalised.
    #[arg(long, value_name = "FILE", help_heading = READING)]
    covar: Option<PathBuf>,
    /// Covariates to take, by the names of their columns; all where absent.
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', requires = "covar", help_heading = READING)]
    covar_name: Vec<String>,
    /// Covariates that are categories although they are written as numbers.
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', requires = "covar", help_heading = READING)]
    covar_category: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CodingOption {
    /// 1 is a control, 2 a case, 0 is missing
    #[value(name = "12")]
    OneTwo,
    /// 0 is a control, 1 a case
    #[value(name = "01")]
    ZeroOne,
}

impl TraitOptions {
    /// Where traits come from.
    pub(crate) fn phenotypes(&self, family: Family) -> PhenotypeSource {
        PhenotypeSource {
            file: self.pheno.clone(),
            traits: self.traits.clone(),
            family,
            coding: match self.coding {
                CodingOption::OneTwo => BinaryCoding::OneTwo,
                CodingOption::ZeroOne => BinaryCoding::ZeroOne,
            },
            missing_code: self.missing_code,
        }
    }

    /// What a job takes from files.
    pub(crate) fn input(
        &self,
        family: Family,
        selection: &SelectionOptions,
        min_frequency: f64,
        max_missing: f64,
    ) -> InputOptions {
        InputOptions {
            phenotypes: self.phenotypes(family),
            covariates: self.covariates(),
            keep: selection.keep.clone(),
            remove: selection.remove.clone(),
            extract: selection.extract.clone(),
            exclude: selection.exclude.clone(),
            min_frequency,
            max_missing,
            copied_inputs: false,
        }
    }

    /// How case and control are written, as the option names it.
    pub(crate) fn coding_name(&self) -> &'static str {
        match self.coding {
            CodingOption::OneTwo => "12",
            CodingOption::ZeroOne => "01",
        }
    }

    /// Where covariates come from.
    pub(crate) fn covariates(&self) -> Option<CovariateOptions> {
        self.covar.as_ref().map(|file| CovariateOptions {
            file: file.clone(),
            names: self.covar_name.clone(),
            categorical: self.covar_category.clone(),
        })
    }
}

/// Which samples and variants take part.
#[derive(Debug, Args)]
pub(crate) struct SelectionOptions {
    /// Only the samples of this list (one IID, or FID and IID, a line).
    #[arg(long, value_name = "FILE", help_heading = "Samples and variants")]
    pub(crate) keep: Option<PathBuf>,
    /// Not the samples of this list.
    #[arg(long, value_name = "FILE", help_heading = "Samples and variants")]
    pub(crate) remove: Option<PathBuf>,
    /// Only the variants of this list of ids.
    #[arg(long, value_name = "FILE", help_heading = "Samples and variants")]
    pub(crate) extract: Option<PathBuf>,
    /// Not the variants of this list of ids.
    #[arg(long, value_name = "FILE", help_heading = "Samples and variants")]
    pub(crate) exclude: Option<PathBuf>,
}

/// A column by sample: `COLUMN` of the phenotype file, or `FILE:COLUMN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnName {
    file: Option<PathBuf>,
    column: String,
}

/// Reads `COLUMN` and `FILE:COLUMN`.
pub(crate) fn column_name(text: &str) -> Result<ColumnName, String> {
    let (file, column) = match text.rsplit_once(':') {
        Some((file, column)) => (Some(file), column),
        None => (None, text),
    };
    if column.is_empty() || file == Some("") {
        return Err("give COLUMN, of the phenotype file, or FILE:COLUMN".to_owned());
    }
    Ok(ColumnName { file: file.map(PathBuf::from), column: column.to_owned() })
}

impl ColumnName {
    /// The column of its file, which must be named where there is no phenotype file to look in.
    pub(crate) fn own_file(&self) -> anyhow::Result<SampleColumn> {
        let Some(file) = self.file.clone() else {
            let problem = format!("--population {}: it names no file", self.column);
            return Err(Usage::refuse(problem, "give FILE:COLUMN"));
        };
        Ok(SampleColumn { file, column: self.column.clone() })
    }

    /// The column, of the phenotype file where no other was named.
    pub(crate) fn of(&self, phenotypes: &Path) -> SampleColumn {
        SampleColumn {
            file: self.file.clone().unwrap_or_else(|| phenotypes.to_owned()),
            column: self.column.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_of_the_phenotypes_or_of_its_own_file() {
        let of = |text| column_name(text).map(|name| name.of(Path::new("traits.tsv")));
        let is = |file: &str, column: &str| Ok(SampleColumn { file: file.into(), column: column.into() });
        assert_eq!(of("split"), is("traits.tsv", "split"));
        assert_eq!(of("people.tsv:population"), is("people.tsv", "population"));
        assert!(of(":population").is_err() && of("people.tsv:").is_err() && of("").is_err());
    }
}
