//! Who trains, who validates, who tests.

use steppe_engine::EngineError;
use steppe_store::SampleTable;

use super::columns::TextBySample;

/// What a sample is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// It trains the model.
    Train,
    /// Lambda is chosen by it.
    Validation,
    /// Only the final model's metrics see it.
    Test,
}

impl Part {
    /// The name in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "valid" | "val" | "validation" => Some(Self::Validation),
            "test" => Some(Self::Test),
            _ => None,
        }
    }
}

/// What a sample is for by its column's value; `None` where it has none.
pub(super) fn of_column(column: &TextBySample, sample: usize) -> Result<Option<Part>, EngineError> {
    let Some(text) = column.get(sample) else { return Ok(None) };
    Part::parse(text).map(Some).ok_or_else(|| {
        column.refuse(
            sample,
            "the split has a value other than train, valid and test",
            "write NA for samples that take no part, or leave them out with --keep or --remove",
        )
    })
}

/// A number that looks random and depends on seed and ids alone.
pub(super) fn draw(seed: u64, samples: &SampleTable, sample: usize) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    for text in [samples.family_id.get(sample), "\t", samples.sample_id.get(sample)] {
        hasher.update(text.as_bytes());
    }
    let hash = hasher.finalize();
    hash.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Places `0, 1, …` of members sorted by stratum, then draw: consecutive places of any pattern are spread evenly over
/// every stratum. Members are (stratum, draw) each.
pub(super) fn places(members: &[(u64, u64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|member| (members[*member], *member));
    let mut places = vec![0; members.len()];
    for (place, member) in order.into_iter().enumerate() {
        places[member] = place;
    }
    places
}

/// Whether the member at a place is in the sample of `fraction` of all.
pub(super) fn is_drawn(place: usize, fraction: f64) -> bool {
    (fraction * (place + 1) as f64).floor() > (fraction * place as f64).floor()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stratum_gets_its_share() {
        let members: Vec<(u64, u64)> =
            (0..1000).map(|i| (u64::from(i % 10 == 0), (i * 7919) % 1009)).collect();
        let places = places(&members);
        for stratum in 0..2 {
            let of = |want: &dyn Fn(usize) -> bool| {
                (0..1000).filter(|i| members[*i].0 == stratum && want(places[*i])).count()
            };
            let size = of(&|_| true) as f64;
            let drawn = of(&|place| is_drawn(place, 0.2)) as f64;
            assert!((drawn - 0.2 * size).abs() <= 1.0, "{drawn} of {size}");
            for fold in 0..7 {
                let count = of(&|place| place % 7 == fold) as f64;
                assert!((count - size / 7.0).abs() <= 1.0, "{count} of {size}");
            }
        }
    }
}
