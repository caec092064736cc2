//! From matched rows to the lanes of a forward pass, for a run of variants at a time.

use std::{ops::Range, sync::Arc};

use steppe_formats::scoring_file::ScoringRows;
use steppe_genome::{Ploidy, VariantTable};
use steppe_kernels::{CountTable, WeightTable};
use steppe_store::CohortVariants;

use super::{
    MatchedFile, MatchedRow, MissingPolicy,
    contribution::Effect,
    frequency::Frequencies,
    lane_plan::{Counts, ScorePlan},
    ploidy::{CallModel, call_models, depends_on_sex, is_haploid},
};
use crate::pass::{CountLane, Sparse, WeightLane};

/// What the tables of a matched row need to know of its variant; the same for all scores of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) matched: MatchedRow,
    /// The variant's index in the cohort.
    pub(super) variant: u32,
    ploidy: Ploidy,
    pub(super) frequency: f64,
}

/// The places of a file's rows that match one of some of the cohort's variants, in variant order.
pub(super) fn places(
    matched: &MatchedFile,
    within: &Range<u32>,
    variants: &CohortVariants,
    frequencies: &Frequencies<'_>,
) -> Vec<Place> {
    matched
        .matches_within(&variants.within(within))
        .iter()
        .map(|&matched| Place {
            matched,
            variant: variants.number(matched.variant as usize),
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
    fn classes(&self) -> Range<usize> {
        if depends_on_sex(self.place.ploidy) { 0..3 } else { 0..1 }
    }

    /// The largest contribution of any genotype of anybody.
    pub(super) fn magnitude(&self, missing: MissingPolicy) -> f64 {
        self.classes()
            .flat_map(|class| self.contributions(class, missing))
            .fold(0.0, |largest, entry| largest.max(entry.abs()))
    }

    /// The alleles of a call, per sex class.
    pub(super) fn alleles(&self) -> [u64; 3] {
        self.models.map(|model| u64::from(model.alleles))
    }

    /// What calls count in the denominator.
    pub(super) fn counts(&self) -> Counts {
        let ploidy = self.place.ploidy;
        if depends_on_sex(ploidy) {
            Counts::BySex(self.models.map(|model| self.effect.counts(&model, 2.0)))
        } else if is_haploid(ploidy) {
            Counts::Haploid(self.effect.counts(&self.models[0], 2.0))
        } else {
            Counts::Diploid(self.effect.counts(&self.models[0], 1.0))
        }
    }
}

/// The rows of one score at some places of its file.
pub(super) fn terms<'a>(
    rows: &'a ScoringRows,
    column: usize,
    places: &'a [Place],
) -> impl Iterator<Item = Term> + 'a {
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

/// The variants of a score and their counts: one for all scores that count alike.
pub(super) struct Counted {
    plain: Arc<[u32]>,
    by_sex: Arc<[u32]>,
    /// Diploid variants.
    pub diploid: CountLane,
    /// Haploid variants, dosages in halves.
    pub haploid: CountLane,
}

impl Counted {
    /// Builds the lists and counts of one score.
    pub(super) fn of(terms: impl Iterator<Item = Term>) -> Self {
        let (mut plain, mut by_sex) = (Vec::new(), Vec::new());
        let (mut diploid, mut haploid) = (Gather::<CountTable>::default(), Gather::<CountTable>::default());
        let mut tables_by_sex = Vec::new();
        for term in terms {
            let variant = term.place.variant;
            match term.counts() {
                Counts::Diploid(table) => diploid.push(variant, table),
                Counts::Haploid(table) => haploid.push(variant, table),
                Counts::BySex(tables) => {
                    by_sex.push(variant);
                    tables_by_sex.push(tables);
                    continue;
                }
            }
            plain.push(variant);
        }
        let by_sex: Arc<[u32]> = Arc::from(by_sex);
        let (diploid, haploid) = (diploid.finish(), haploid.finish());
        Self {
            // Without haploid variants both lists are one, which operands then hold once.
            plain: if haploid.variants().is_empty() { diploid.list() } else { Arc::from(plain) },
            diploid: CountLane { plain: diploid, by_sex: Sparse::default() },
            haploid: CountLane { plain: haploid, by_sex: Sparse::new(Arc::clone(&by_sex), tables_by_sex) },
            by_sex,
        }
    }
}

/// The weights of one score over the variants of [`Counted`], quantised.
pub(super) fn weights(
    terms: impl Iterator<Item = Term>,
    plan: &ScorePlan,
    counted: &Counted,
    missing: MissingPolicy,
) -> WeightLane {
    let mut plain: Vec<WeightTable> = Vec::with_capacity(counted.plain.len());
    let mut by_sex: Vec<[WeightTable; 3]> = Vec::with_capacity(counted.by_sex.len());
    for term in terms {
        let table = |class| term.contributions(class, missing).map(|entry| plan.scale.quantise(entry));
        if depends_on_sex(term.place.ploidy) {
            by_sex.push([table(0), table(1), table(2)]);
        } else {
            plain.push(table(0));
        }
    }
    WeightLane {
        plain: Sparse::new(Arc::clone(&counted.plain), plain),
        by_sex: Sparse::new(Arc::clone(&counted.by_sex), by_sex),
    }
}

/// What missing calls of by-sex variants add up to, per sex class: the kernel sums differences from it.
pub(super) fn missing_constants(lane: &WeightLane) -> [i64; 3] {
    lane.by_sex
        .values()
        .iter()
        .fold([0; 3], |sums, tables| std::array::from_fn(|class| sums[class] + tables[class][3]))
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

/// The bytes that one weight of a segment takes: its table in memory and as bytes, and its part of lists and counts.
pub(super) const WEIGHT_BYTES: u64 = (size_of::<WeightTable>() + 17 + size_of::<u32>()) as u64;
