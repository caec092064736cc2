use std::fmt;

/// How a weight acts on the effect allele's dosage d in 0..=2 (PGS Catalog scoring files, format 2.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub enum EffectType {
    /// w·d
    #[default]
    Additive,
    /// w·min(d, 1)
    Dominant,
    /// w·max(d − 1, 0)
    Recessive,
    /// Three weights, one per dosage: w_d for a hard call d.
    Dosage,
}

impl EffectType {
    /// The name in logs and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::Dominant => "dominant",
            Self::Recessive => "recessive",
            Self::Dosage => "dosage",
        }
    }
}

impl fmt::Display for EffectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
