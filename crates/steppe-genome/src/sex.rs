use std::fmt;

/// Sex as a .fam file records it; it decides ploidy on X and Y.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sex {
    /// Code 1.
    Male,
    /// Code 2.
    Female,
    /// Code 0, or anything else.
    #[default]
    Unknown,
}

impl Sex {
    /// Reads PLINK's codes: `1`/`M` male, `2`/`F` female, everything else unknown.
    pub fn from_plink(text: &str) -> Self {
        match text {
            "1" | "M" | "m" => Self::Male,
            "2" | "F" | "f" => Self::Female,
            _ => Self::Unknown,
        }
    }

    /// PLINK's numeric code.
    pub fn plink_code(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Male => 1,
            Self::Female => 2,
        }
    }
}

impl fmt::Display for Sex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Unknown => "unknown",
        })
    }
}
