use std::fmt;

/// Where a variant lies. Contigs and unplaced variants are kept, and never matched by position.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Chromosome {
    /// 1 to 22.
    Autosome(u8),
    /// X outside the pseudo-autosomal regions; PLINK's 23.
    X,
    /// Y; PLINK's 24.
    Y,
    /// A pseudo-autosomal region, diploid in everybody; PLINK's 25, XY, PAR1, PAR2.
    Par,
    /// Mitochondrial; PLINK's 26.
    Mt,
    /// PLINK's chromosome 0: no place known.
    Unplaced,
    /// Any other contig, by its name as the file has it.
    Contig(Box<str>),
}

/// How many copies of a chromosome a person carries, as plink2's default model counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ploidy {
    /// Two copies in everybody.
    Diploid,
    /// Two in females, one in males (counted 0/2 in plink2's default model of X).
    X,
    /// One in males, none in females.
    Y,
    /// One in everybody.
    Haploid,
}

impl Chromosome {
    /// Reads a chromosome code as PLINK and the PGS Catalog write it: `1`, `chr1`, `01`, `23`, `X`, `chrX`,
    /// `MT`, `M`, `XY`, `PAR1`, `0`; anything else is a contig.
    pub fn parse(text: &str) -> Self {
        let code = match text.get(..3) {
            Some(prefix) if prefix.eq_ignore_ascii_case("chr") => &text[3..],
            _ => text,
        };
        if let Ok(number) = code.parse::<u8>() {
            return match number {
                0 => Self::Unplaced,
                1..=22 => Self::Autosome(number),
                23 => Self::X,
                24 => Self::Y,
                25 => Self::Par,
                26 => Self::Mt,
                _ => Self::Contig(text.into()),
            };
        }
        match code.to_ascii_uppercase().as_str() {
            "X" => Self::X,
            "Y" => Self::Y,
            "XY" | "PAR1" | "PAR2" => Self::Par,
            "M" | "MT" => Self::Mt,
            _ => Self::Contig(text.into()),
        }
    }

    /// The label that the cohort store and all outputs use: `1`…`22`, `X`, `Y`, `XY`, `MT`, `0`, or the contig's
    /// own name.
    pub fn label(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Autosome(number) => number.to_string().into(),
            Self::X => "X".into(),
            Self::Y => "Y".into(),
            Self::Par => "XY".into(),
            Self::Mt => "MT".into(),
            Self::Unplaced => "0".into(),
            Self::Contig(name) => name.as_ref().into(),
        }
    }

    /// The chromosome that positions are looked up under: pseudo-autosomal regions lie on X; unplaced variants
    /// and contigs have none.
    pub fn for_matching(&self) -> Option<Self> {
        match self {
            Self::Par => Some(Self::X),
            Self::Unplaced | Self::Contig(_) => None,
            placed => Some(placed.clone()),
        }
    }

    /// The number of copies that people carry.
    pub fn ploidy(&self) -> Ploidy {
        match self {
            Self::X => Ploidy::X,
            Self::Y => Ploidy::Y,
            Self::Mt => Ploidy::Haploid,
            _ => Ploidy::Diploid,
        }
    }
}

impl fmt::Display for Chromosome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_all_dialects() {
        assert_eq!(Chromosome::parse("chr7"), Chromosome::Autosome(7));
        assert_eq!(Chromosome::parse("07"), Chromosome::Autosome(7));
        assert_eq!(Chromosome::parse("23"), Chromosome::X);
        assert_eq!(Chromosome::parse("ChrM"), Chromosome::Mt);
        assert_eq!(Chromosome::parse("25").for_matching(), Some(Chromosome::X));
        assert_eq!(Chromosome::parse("GL000192.1"), Chromosome::Contig("GL000192.1".into()));
        assert_eq!(Chromosome::parse("0").for_matching(), None);
        assert_eq!(Chromosome::parse("é1"), Chromosome::Contig("é1".into()));
    }

    #[test]
    fn labels_parse_back() {
        for code in ["1", "22", "X", "Y", "XY", "MT", "0", "chrUn_1"] {
            let chromosome = Chromosome::parse(code);
            assert_eq!(Chromosome::parse(&chromosome.label()), chromosome);
        }
    }
}
