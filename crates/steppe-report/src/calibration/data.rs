/// Principal components of people of the target over those of the reference.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Pca {
    /// Groups of people. Those of the reference are drawn below those of the target.
    pub groups: Vec<PcaGroup>,
    /// Share of variance of each component in the reference, 0 to 1; may be empty.
    pub variance_shares: Vec<f64>,
}

/// A group of people of the target or of the reference.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PcaGroup {
    /// Its name.
    pub name: String,
    /// Whose people they are.
    pub role: PcaRole,
    /// A row for each person: as many components as there are; the first four are drawn.
    pub coordinates: Vec<Vec<f64>>,
}

/// Whose people a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PcaRole {
    /// Of the reference.
    #[default]
    Reference,
    /// Of the target.
    Target,
}

/// Predicted risk against what happened, in one population.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Reliability {
    /// The population.
    pub population: String,
    /// Without calibration.
    pub uncalibrated: Vec<ReliabilityPoint>,
    /// With calibration.
    pub calibrated: Vec<ReliabilityPoint>,
}

/// A group of people of similar predicted risk.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct ReliabilityPoint {
    /// Mean predicted risk, 0 to 1.
    pub predicted: f64,
    /// Share of cases, 0 to 1.
    pub observed: f64,
    /// Lower and upper end of the interval of the share of cases.
    pub interval: Option<(f64, f64)>,
    /// People.
    pub people: u64,
}

/// How accuracy changes with genetic distance.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Transfer {
    /// What is on the vertical axis.
    pub indicator: super::Indicator,
    /// The population of the reference from whose middle distances are; the whole reference's middle where absent.
    pub from: Option<String>,
    /// The scores or models and their bins.
    pub series: Vec<(String, Vec<Distance>)>,
}

/// A bin of genetic distance.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Distance {
    /// Mean distance of its people.
    pub distance: f64,
    /// Accuracy; nothing where there are too few people.
    pub value: Option<f64>,
    /// Lower and upper end of its interval.
    pub interval: Option<(f64, f64)>,
    /// Why there is no accuracy.
    pub reason: Option<super::Insufficiency>,
    /// People.
    pub people: u64,
}

/// Why nothing could be measured of how well scores predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untested {
    /// Nobody has a phenotype.
    NoPhenotypes,
    /// Everybody with a phenotype taught the calibration.
    EverybodyTaught,
}

/// Odds by decile of a score, against the fifth of people in the middle, in one population.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DecileOdds {
    /// The population.
    pub population: String,
    /// The score.
    pub score: String,
    /// The deciles.
    pub deciles: Vec<Decile>,
}

/// A decile of a score.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Decile {
    /// 1 is the lowest, 10 the highest.
    pub decile: u32,
    /// Odds ratio; nothing where there are too few cases. 1 for deciles 5 and 6, the reference group.
    pub odds_ratio: Option<f64>,
    /// Lower and upper end of its interval.
    pub interval: Option<(f64, f64)>,
    /// Why there is no odds ratio.
    pub reason: Option<super::Insufficiency>,
    /// People.
    pub people: u64,
    /// Cases among them.
    pub cases: u64,
}
