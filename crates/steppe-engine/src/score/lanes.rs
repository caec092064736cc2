//! From matched rows to the lanes of a forward pass.

use std::{collections::HashMap, sync::Arc};

use steppe_genome::{Ploidy, VariantTable};
use steppe_kernels::{CountTable, WeightTable};

use super::{
    FixedPoint, MatchedFile, MatchedRow, MissingPolicy,
    contribution::Effect,
    frequency::Frequencies,
    ploidy::{CallModel, call_models, depends_on_sex, is_haploid},
};
use crate::pass::{CountLane, ForwardOperand, Sparse, WeightLane};

/// One score ready to be summed.
pub(super) struct PreparedScore {
    pub lane: WeightLane,
    pub counts: CountLane,
    /// Counts of haploid variants, dosages in halves; `None` where the score has no such variant.
    pub haploid_counts: Option<CountLane>,
    pub scale: FixedPoint,
    pub variants: u64,
    pub full_alleles: [u64; 3],
}

impl PreparedScore {
    /// What missing calls of by-sex variants add up to, per sex class: the kernel sums differences from it.
    pub(super) fn missing_constants(&self) -> [i64; 3] {
        self.lane
            .by_sex
            .values()
            .iter()
            .fold([0; 3], |sums, tables| std::array::from_fn(|class| sums[class] + tables[class][3]))
    }
}

/// What the tables of a matched row need to know of its variant; the same for all scores of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) matched: MatchedRow,
    ploidy: Ploidy,
    pub(super) frequency: f64,
}

/// The places of all rows of a file that match, in variant order.
pub(super) fn places(
    matched: &MatchedFile,
    variants: &impl VariantTable,
    frequencies: &Frequencies<'_>,
) -> Vec<Place> {
    matched
        .matches()
        .iter()
        .map(|&matched| Place {
            matched,
            ploidy: variants.chromosome(matched.variant as usize).ploidy(),
            frequency: frequencies.counted(matched.variant).0,
        })
        .collect()
}

/// A matched row of one score with everything that its tables depend on.
pub(super) struct Term {
    pub(super) place: Place,
    effect: Effect,
    pub(super) models: [CallModel; 3],
}

impl Term {
    /// The table of a sex class.
    pub(super) fn contributions(&self, class: usize, missing: MissingPolicy) -> [f64; 4] {
        self.effect.contributions(&self.models[class], self.place.frequency, missing)
    }

    /// The sex classes whose tables can differ from the first one's.
    fn classes(&self) -> std::ops::Range<usize> {
        if depends_on_sex(self.place.ploidy) { 0..3 } else { 0..1 }
    }

    /// The largest contribution of any genotype of anybody.
    pub(super) fn magnitude(&self, missing: MissingPolicy) -> f64 {
        self.classes()
            .flat_map(|class| self.contributions(class, missing))
            .fold(0.0, |largest, entry| largest.max(entry.abs()))
    }
}

/// The rows of one score, in variant order.
pub(super) fn terms<'a>(
    matched: &'a MatchedFile,
    column: usize,
    places: &'a [Place],
) -> impl Iterator<Item = Term> + 'a {
    let rows = &matched.source.file.rows;
    places.iter().filter(move |place| rows.is_present(column, place.matched.row as usize)).map(
        move |&place| {
            let row = place.matched.row as usize;
            Term {
                place,
                effect: Effect {
                    kind: rows.effect_type[row],
                    weight: rows.weights[column][row],
                    by_dosage: rows.dosage_weights(row).unwrap_or_default(),
                    effect_is_counted: place.matched.effect_is_counted,
                },
                models: call_models(place.ploidy),
            }
        },
    )
}

/// Builds the lanes of one score.
pub(super) fn prepare(
    matched: &MatchedFile,
    column: usize,
    places: &[Place],
    missing: MissingPolicy,
) -> PreparedScore {
    let scale = FixedPoint::for_entries(terms(matched, column, places).map(|term| term.magnitude(missing)));
    let mut tables = ScoreTables::default();
    let mut full_alleles = [0u64; 3];
    let mut variants = 0;
    for term in terms(matched, column, places) {
        for (full, model) in full_alleles.iter_mut().zip(&term.models) {
            *full += u64::from(model.alleles);
        }
        variants += 1;
        tables.push(&term, &|class| term.contributions(class, missing).map(|entry| scale.quantise(entry)));
    }
    let (lane, counts, haploid_counts) = tables.finish();
    PreparedScore { lane, counts, haploid_counts, scale, variants, full_alleles }
}

/// The tables of one score while they are gathered.
#[derive(Default)]
struct ScoreTables {
    plain: Gather<WeightTable>,
    by_sex: Gather<[WeightTable; 3]>,
    counts: Gather<CountTable>,
    haploid: Gather<CountTable>,
    haploid_by_sex: Gather<[CountTable; 3]>,
}

impl ScoreTables {
    fn push(&mut self, term: &Term, weights: &dyn Fn(usize) -> WeightTable) {
        let Place { matched, ploidy, .. } = term.place;
        let variant = matched.variant;
        if depends_on_sex(ploidy) {
            self.by_sex.push(variant, [weights(0), weights(1), weights(2)]);
            self.haploid_by_sex.push(variant, term.models.map(|model| term.effect.counts(&model, 2.0)));
            return;
        }
        self.plain.push(variant, weights(0));
        if is_haploid(ploidy) {
            self.haploid.push(variant, term.effect.counts(&term.models[0], 2.0));
        } else {
            self.counts.push(variant, term.effect.counts(&term.models[0], 1.0));
        }
    }

    fn finish(self) -> (WeightLane, CountLane, Option<CountLane>) {
        let has_haploid = !(self.haploid.variants.is_empty() && self.haploid_by_sex.variants.is_empty());
        let haploid = CountLane { plain: self.haploid.finish(), by_sex: self.haploid_by_sex.finish() };
        (
            WeightLane { plain: self.plain.finish(), by_sex: self.by_sex.finish() },
            CountLane { plain: self.counts.finish(), by_sex: Sparse::default() },
            has_haploid.then_some(haploid),
        )
    }
}

/// Values of ascending variants while they are gathered.
struct Gather<T> {
    variants: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for Gather<T> {
    fn default() -> Self {
        Self { variants: Vec::new(), values: Vec::new() }
    }
}

impl<T: Copy> Gather<T> {
    fn push(&mut self, variant: u32, value: T) {
        self.variants.push(variant);
        self.values.push(value);
    }

    fn finish(self) -> Sparse<T> {
        Sparse::new(Arc::from(self.variants), self.values)
    }
}

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

/// The lanes of one pass. Scores that count the same variants in the same way share a count lane: it is the same
/// integers. Returns the operand and every score's count lanes.
pub(super) fn gather(prepared: Vec<PreparedScore>) -> (ForwardOperand, Vec<CountLanes>) {
    let mut weights = Vec::with_capacity(prepared.len());
    let mut counts: Vec<CountLane> = Vec::new();
    let mut known: HashMap<blake3::Hash, usize> = HashMap::new();
    let mut shared = |signature: blake3::Hash, lane: CountLane| {
        *known.entry(signature).or_insert_with(|| {
            counts.push(lane);
            counts.len() - 1
        })
    };
    let mut lanes = Vec::with_capacity(prepared.len());
    for score in prepared {
        let of_diploid = signature(&score.counts);
        let mut both = blake3::Hasher::new();
        both.update(of_diploid.as_bytes());
        let diploid = shared(of_diploid, score.counts);
        let haploid = score.haploid_counts.map(|lane| {
            let of_haploid = signature(&lane);
            both.update(of_haploid.as_bytes());
            shared(of_haploid, lane)
        });
        lanes.push(CountLanes { diploid, haploid, signature: both.finalize() });
        weights.push(score.lane);
    }
    (ForwardOperand::new(weights, counts), lanes)
}

/// A hash of everything in a count lane.
fn signature(lane: &CountLane) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let mut bytes = Vec::new();
    let table_bytes = |table: &CountTable, bytes: &mut Vec<u8>| {
        bytes.extend(table.iter().flat_map(|entry| [entry.alleles, entry.dosage]));
    };
    for (&variant, table) in lane.plain.variants().iter().zip(lane.plain.values()) {
        bytes.extend(variant.to_le_bytes());
        table_bytes(table, &mut bytes);
    }
    hasher.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
    bytes.clear();
    for (&variant, tables) in lane.by_sex.variants().iter().zip(lane.by_sex.values()) {
        bytes.extend(variant.to_le_bytes());
        tables.iter().for_each(|table| table_bytes(table, &mut bytes));
    }
    hasher.update(&bytes).finalize()
}

/// The bytes that one variant's tables take in a lane.
pub(super) const TABLE_BYTES: u64 =
    (size_of::<WeightTable>() + size_of::<CountTable>() + size_of::<u32>()) as u64;
