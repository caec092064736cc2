//! What has to be known of all scores of a pass before lanes are built, piece by piece.

use std::collections::HashMap;

use steppe_kernels::CountTable;

use super::{FixedPoint, MissingPolicy, fixed_point::Entries, lanes::Term};

/// Where a score's counts are among a pass's count lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountLanes {
    /// The lane of diploid variants.
    pub diploid: usize,
    /// The lane of haploid variants, dosages in halves.
    pub haploid: Option<usize>,
    /// A hash of both lanes' content: equal for scores that count alike, also in different passes.
    pub signature: blake3::Hash,
}

/// The scores of a pass.
#[derive(Debug)]
pub(super) struct LanePlan {
    pub scores: Vec<ScorePlan>,
    /// How many count lanes there are.
    pub count_lanes: usize,
}

/// What is known of one score.
#[derive(Debug, Clone)]
pub(super) struct ScorePlan {
    pub scale: FixedPoint,
    pub variants: u64,
    pub full_alleles: [u64; 3],
    pub counts: CountLanes,
    /// The first score of the pass with the same counts: it has the same variants too, and its lists serve both.
    pub counts_as: usize,
}

/// What is gathered of one score, a piece of its rows after the other, in variant order.
#[derive(Default)]
pub(super) struct ScoreSurvey {
    entries: Entries,
    variants: u64,
    full_alleles: [u64; 3],
    diploid: LaneHash,
    haploid: LaneHash,
}

impl ScoreSurvey {
    /// Takes the next rows.
    pub(super) fn add(&mut self, terms: impl Iterator<Item = Term>, missing: MissingPolicy) {
        for term in terms {
            self.variants += 1;
            self.entries.push(term.magnitude(missing));
            for (full, alleles) in self.full_alleles.iter_mut().zip(term.alleles()) {
                *full += alleles;
            }
            let variant = term.place.variant;
            match term.counts() {
                Counts::Diploid(table) => self.diploid.put(0, variant, &[table]),
                Counts::Haploid(table) => self.haploid.put(0, variant, &[table]),
                Counts::BySex(tables) => self.haploid.put(1, variant, &tables),
            }
        }
    }
}

/// A variant's count table, by the lane that it goes to.
pub(super) enum Counts {
    Diploid(CountTable),
    Haploid(CountTable),
    BySex([CountTable; 3]),
}

/// A hash of a count lane while its tables come.
#[derive(Default)]
struct LaneHash {
    hasher: blake3::Hasher,
    held: Vec<u8>,
    any: bool,
}

/// Bytes that are hashed at once.
const HELD: usize = 16 << 10;

impl LaneHash {
    /// Takes a variant's tables; kinds tell one table from three.
    fn put(&mut self, kind: u8, variant: u32, tables: &[CountTable]) {
        self.any = true;
        self.held.push(kind);
        self.held.extend(variant.to_le_bytes());
        self.held.extend(tables.iter().flatten().flat_map(|entry| [entry.alleles, entry.dosage]));
        if self.held.len() >= HELD {
            self.hasher.update(&self.held);
            self.held.clear();
        }
    }

    fn finish(mut self) -> Option<blake3::Hash> {
        self.hasher.update(&self.held);
        self.any.then(|| self.hasher.finalize())
    }
}

impl LanePlan {
    /// Numbers the count lanes. Scores that count the same variants in the same way share one: it is the same
    /// integers. Every score has a diploid lane, an empty one at least.
    pub(super) fn new(surveys: Vec<ScoreSurvey>) -> Self {
        let mut lanes: HashMap<Option<blake3::Hash>, usize> = HashMap::new();
        let mut firsts: HashMap<blake3::Hash, usize> = HashMap::new();
        let mut number = |hash| {
            let next = lanes.len();
            *lanes.entry(hash).or_insert(next)
        };
        let scores = surveys.into_iter().enumerate().map(|(index, survey)| {
            let (diploid, haploid) = (survey.diploid.finish(), survey.haploid.finish());
            let mut both = blake3::Hasher::new();
            for hash in [diploid, haploid] {
                both.update(&hash.map_or([0; 32], Into::into));
            }
            let signature = both.finalize();
            let counts = CountLanes {
                diploid: number(diploid),
                haploid: haploid.map(|hash| number(Some(hash))),
                signature,
            };
            ScorePlan {
                scale: survey.entries.scale(),
                variants: survey.variants,
                full_alleles: survey.full_alleles,
                counts,
                counts_as: *firsts.entry(signature).or_insert(index),
            }
        });
        let scores = scores.collect();
        Self { scores, count_lanes: lanes.len() }
    }

    /// The scores whose counts are built: the first of each kind, by their number in the pass.
    pub(super) fn counted(&self) -> impl Iterator<Item = usize> {
        (0..self.scores.len()).filter(|&number| self.scores[number].counts_as == number)
    }
}

/// Runs `work` on every item, on up to `threads` threads; results in the items' order.
pub(super) fn on_threads<T: Send, R: Send>(
    threads: usize,
    items: &mut [T],
    work: &(dyn Fn(&mut T) -> R + Sync),
) -> Vec<R> {
    let chunk = items.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = items
            .chunks_mut(chunk)
            .map(|chunk| scope.spawn(move || chunk.iter_mut().map(work).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| match worker.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}
