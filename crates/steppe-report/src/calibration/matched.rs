use crate::density::Density;

/// A score and what of it was found in the cohort.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ScoreMatch {
    /// The score's name: `PGS000018`.
    pub name: String,
    /// Rows of the scoring file.
    pub rows: u64,
    /// Rows that are scored.
    pub matched: u64,
    /// Share of the score's variance that the matched rows carry, 0 to 1, by weights and reference frequencies.
    pub variance_share: Option<f64>,
    /// Rows that are not scored, by reason.
    pub excluded: Vec<(Exclusion, u64)>,
}

/// Why a row of a scoring file is not scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// Several rows of the file match the same variant.
    DuplicateVariant,
    /// The alleles are each other's complement, the strand is not known.
    Ambiguous,
    /// One of several variants at a multi-allelic site.
    Multiallelic,
    /// It matches only on the other strand, and flips are not wanted.
    StrandFlip,
    /// The id names several variants.
    DuplicateId,
    /// Neither position nor id.
    NoPositionNorId,
    /// No variant of the cohort at the position.
    NoSuchPosition,
    /// No variant of the cohort with the id.
    NoSuchId,
    /// Variants at the place have other alleles.
    AllelesDiffer,
    /// The effect allele is no sequence.
    UnmatchableAllele,
    /// An effect that is not additive where not everybody has two copies.
    NonAdditiveOnHaploid,
    /// Anything else, in the caller's words.
    Other(String),
}

/// The people of one population of the target. What is not known is not shown.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PopulationPeople {
    /// The population; empty where the target is not divided.
    pub population: String,
    /// People with a score.
    pub people: u64,
    /// People with a phenotype.
    pub phenotyped: Option<u64>,
    /// Cases among them; for binary traits.
    pub cases: Option<u64>,
    /// People from whom the calibration was learnt.
    pub calibration: Option<u64>,
    /// People on whom it is evaluated.
    pub evaluation: Option<u64>,
    /// People flagged as outside the reference.
    pub outside: Option<u64>,
    /// People for whom the adjustment extrapolates.
    pub extrapolated: Option<u64>,
}

/// Distributions of one score by population.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ScoreDistribution {
    /// The score's name.
    pub score: String,
    /// The populations.
    pub populations: Vec<PopulationDistribution>,
}

/// One population's distribution of a score.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PopulationDistribution {
    /// The population.
    pub population: String,
    /// Of the score before adjustment, in its own unit or in standard deviations of all.
    pub before: Option<Density>,
    /// Of the adjusted score, in standard deviations.
    pub after: Option<Density>,
}
