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
use crate::pass::forward::{CountLane, ForwardOperand, Sparse, WeightLane};

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
        self.lane.by_sex.values().iter().fold([0; 3], |sums, tables| {
            std::array::from_fn(|class| sums[class] + tables[class][3])
        })
    }
}

/// One matched row with everything that its tables depend on.
struct Term {
    variant: u32,
    effect: Effect,
    frequency: Option<f64>,
    models: [CallModel; 3],
}

impl Term {
    /// The tables of the three sex classes; for a diploid variant all are alike.
    fn contributions(&self, missing: MissingPolicy) -> [[f64; 4]; 3] {
        self.models.map(|model| self.effect.contributions(&model, self.frequency, missing))
    }
}

/// Builds the lanes of one score.
pub(super) fn prepare(
    matched: &MatchedFile,
    column: usize,
    rows: &[MatchedRow],
    variants: &impl VariantTable,
    frequencies: &Frequencies<'_>,
    missing: MissingPolicy,
) -> PreparedScore {
    let terms = |row: &MatchedRow| term(matched, column, row, variants, frequencies);
    let magnitude = |term: Term| {
        let tables = term.contributions(missing);
        tables.iter().flatten().fold(0.0, |largest: f64, entry| largest.max(entry.abs()))
    };
    let scale = FixedPoint::for_entries(rows.iter().map(|row| magnitude(terms(row))));
    let mut tables = ScoreTables::default();
    let mut full_alleles = [0u64; 3];
    for row in rows {
        let term = terms(row);
        for (full, model) in full_alleles.iter_mut().zip(&term.models) {
            *full += u64::from(model.alleles);
        }
        let weights = term.contributions(missing).map(|table| table.map(|entry| scale.quantise(entry)));
        tables.push(&term, variants.chromosome(row.variant as usize).ploidy(), weights);
    }
    let (lane, counts, haploid_counts) = tables.finish();
    PreparedScore { lane, counts, haploid_counts, scale, variants: rows.len() as u64, full_alleles }
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
    fn push(&mut self, term: &Term, ploidy: Ploidy, weights: [WeightTable; 3]) {
        if depends_on_sex(ploidy) {
            self.by_sex.push(term.variant, weights);
            self.haploid_by_sex.push(term.variant, term.models.map(|model| term.effect.counts(&model, 2.0)));
            return;
        }
        self.plain.push(term.variant, weights[0]);
        if is_haploid(ploidy) {
            self.haploid.push(term.variant, term.effect.counts(&term.models[0], 2.0));
        } else {
            self.counts.push(term.variant, term.effect.counts(&term.models[0], 1.0));
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

fn term(
    matched: &MatchedFile,
    column: usize,
    row: &MatchedRow,
    variants: &impl VariantTable,
    frequencies: &Frequencies<'_>,
) -> Term {
    let rows = &matched.source.file.rows;
    let index = row.row as usize;
    Term {
        variant: row.variant,
        effect: Effect {
            kind: rows.effect_type[index],
            weight: rows.weights[column][index],
            by_dosage: rows.dosage_weights(index).unwrap_or_default(),
            effect_is_counted: row.effect_is_counted,
        },
        frequency: frequencies.counted(row.variant),
        models: call_models(variants.chromosome(row.variant as usize).ploidy()),
    }
}

/// Where a score's counts are among a pass's count lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountLanes {
    /// The lane of diploid variants.
    pub diploid: usize,
    /// The lane of haploid variants, dosages in halves.
    pub haploid: Option<usize>,
}

/// The lanes of one pass. Scores that count the same variants in the same way share a count lane: it is the same
/// integers. Returns the operand and every score's count lanes.
pub(super) fn gather(prepared: Vec<PreparedScore>) -> (ForwardOperand, Vec<CountLanes>) {
    let mut weights = Vec::with_capacity(prepared.len());
    let mut counts: Vec<CountLane> = Vec::new();
    let mut known: HashMap<blake3::Hash, usize> = HashMap::new();
    let mut shared = |lane: CountLane| {
        *known.entry(signature(&lane)).or_insert_with(|| {
            counts.push(lane);
            counts.len() - 1
        })
    };
    let mut lanes = Vec::with_capacity(prepared.len());
    for score in prepared {
        lanes.push(CountLanes {
            diploid: shared(score.counts),
            haploid: score.haploid_counts.map(&mut shared),
        });
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
pub(super) const TABLE_BYTES: u64 = (size_of::<WeightTable>() + size_of::<CountTable>() + size_of::<u32>()) as u64;
