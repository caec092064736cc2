use std::hash::{DefaultHasher, Hash, Hasher};

use super::{MatchBy, ScoringRowTable, position_index::code, search::Place};
use crate::Chromosome;

/// Which variants of a cohort the rows of scoring files may mean: those at a row's position or with its id. All others
/// can be left out of the table that is matched against, which then is as long as the files and not as the cohort.
#[derive(Debug, Clone, Default)]
pub struct Mentioned {
    /// Chromosome's code and position, ascending.
    positions: Vec<(u8, u32)>,
    /// Hashes of ids, ascending. Where two ids have one hash, a variant too many is kept.
    ids: Vec<u64>,
}

impl Mentioned {
    /// What the rows of some files mention.
    pub fn of(files: impl IntoIterator<Item = impl ScoringRowTable>, by: MatchBy) -> Self {
        let mut mentioned = Self::default();
        for file in files {
            mentioned.add(&file, by);
            // One file after the other, so that what several files mention is held once.
            mentioned.positions.sort_unstable();
            mentioned.positions.dedup();
            mentioned.ids.sort_unstable();
            mentioned.ids.dedup();
        }
        mentioned
    }

    fn add(&mut self, rows: &impl ScoringRowTable, by: MatchBy) {
        for index in 0..rows.len() {
            match Place::of(&rows.row(index), by) {
                Place::Position(place) => {
                    if self.positions.last() != Some(&place) {
                        self.positions.push(place);
                    }
                }
                Place::Id(id) => self.ids.push(hash(id)),
                Place::Nowhere => {}
            }
        }
    }

    /// Whether a row may mean this variant.
    pub fn has(&self, chromosome: &Chromosome, position: u32, id: &str) -> bool {
        let is_there = |code| self.positions.binary_search(&(code, position)).is_ok();
        code(chromosome).is_some_and(is_there)
            || (!self.ids.is_empty() && self.ids.binary_search(&hash(id)).is_ok())
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
