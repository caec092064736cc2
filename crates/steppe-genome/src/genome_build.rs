use std::{fmt, str::FromStr};

use crate::GenomeError;

/// The reference assembly that positions refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GenomeBuild {
    /// NCBI36, also called hg18.
    Ncbi36,
    /// GRCh37, also called hg19.
    Grch37,
    /// GRCh38, also called hg38.
    Grch38,
}

impl GenomeBuild {
    /// The name that the PGS Catalog uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ncbi36 => "NCBI36",
            Self::Grch37 => "GRCh37",
            Self::Grch38 => "GRCh38",
        }
    }
}

impl fmt::Display for GenomeBuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for GenomeBuild {
    type Err = GenomeError;

    /// Knows the PGS Catalog's names and the UCSC aliases, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "ncbi36" | "hg18" | "ncbi build 36" | "grch36" => Ok(Self::Ncbi36),
            "grch37" | "hg19" | "b37" => Ok(Self::Grch37),
            "grch38" | "hg38" | "b38" => Ok(Self::Grch38),
            _ => Err(GenomeError::UnknownBuild { value: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_the_same_build() {
        assert_eq!("hg19".parse(), Ok(GenomeBuild::Grch37));
        assert_eq!("GRCH38".parse(), Ok(GenomeBuild::Grch38));
        assert!("NR".parse::<GenomeBuild>().is_err());
    }
}
