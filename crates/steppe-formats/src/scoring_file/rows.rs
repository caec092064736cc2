use std::fmt;

use steppe_genome::{Chromosome, EffectType, StringColumn};

/// The rows of a scoring file that can be scored, by column; all columns have one entry per row unless said.
#[derive(Debug, Clone, Default)]
pub struct ScoringRows {
    /// The 1-based line of the file.
    pub line: Vec<u64>,
    /// The 0-based number among all data rows, the unsupported ones counted too.
    pub row_number: Vec<u64>,
    /// The chromosome, in a harmonised file the harmonised one; `None` where the row has none.
    pub chromosome: Vec<Option<Chromosome>>,
    /// The 1-based position; 0 where the row has none.
    pub position: Vec<u32>,
    /// The variant id; empty where the row has none.
    pub id: StringColumn,
    /// The effect allele.
    pub effect_allele: StringColumn,
    /// The other allele; empty where the row has none, or several.
    pub other_allele: StringColumn,
    /// How the weight acts.
    pub effect_type: Vec<EffectType>,
    /// One vector per weight column, each with one finite weight per row. The weight of a row of
    /// [`EffectType::Dosage`] is 0 here: see [`Self::dosage_weights`].
    pub weights: Vec<Vec<f64>>,
    /// Weights of 0, 1 and 2 effect alleles; empty where no row has them, else one per row and zeros on the rows of
    /// other effect types.
    pub(super) dosage_weights: Vec<[f64; 3]>,
    /// The author's frequency of the effect allele; empty where the file has no such column.
    pub(super) frequency: Vec<Option<f64>>,
}

impl ScoringRows {
    /// No rows yet, and room for so many.
    pub(super) fn with_capacity(scores: usize, rows: usize) -> Self {
        Self {
            line: Vec::with_capacity(rows),
            row_number: Vec::with_capacity(rows),
            chromosome: Vec::with_capacity(rows),
            position: Vec::with_capacity(rows),
            id: StringColumn::with_capacity(rows, 12 * rows),
            effect_allele: StringColumn::with_capacity(rows, rows),
            other_allele: StringColumn::with_capacity(rows, rows),
            effect_type: Vec::with_capacity(rows),
            weights: (0..scores).map(|_| Vec::with_capacity(rows)).collect(),
            ..Self::default()
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.line.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// How many weight columns there are.
    pub fn score_count(&self) -> usize {
        self.weights.len()
    }

    /// Whether a row belongs to a score. In a table of several scores a weight of 0 says that the variant is not in
    /// that score; in a file of one score it is a weight like any other.
    pub fn is_present(&self, column: usize, row: usize) -> bool {
        self.weights.len() == 1 || self.weights[column][row] != 0.0
    }

    /// The weights of 0, 1 and 2 effect alleles, of rows of [`EffectType::Dosage`] only.
    pub fn dosage_weights(&self, row: usize) -> Option<[f64; 3]> {
        (self.effect_type.get(row) == Some(&EffectType::Dosage)).then(|| self.dosage_weights[row])
    }

    /// The author's frequency of the effect allele (`allelefrequency_effect`), where the file has it.
    pub fn frequency(&self, row: usize) -> Option<f64> {
        self.frequency.get(row).copied().flatten()
    }

    /// |weight|, or the largest of the three for dosage weights: the row's share of Σ|weight|.
    pub fn magnitude(&self, column: usize, row: usize) -> f64 {
        match self.dosage_weights(row) {
            Some(weights) => weights.iter().fold(0.0, |largest, weight| weight.abs().max(largest)),
            None => self.weights[column][row].abs(),
        }
    }
}

/// A row that is read and not scored.
#[derive(Debug, Clone, PartialEq)]
pub struct UnsupportedRow {
    /// The 1-based line of the file.
    pub line: u64,
    /// The 0-based number among all data rows.
    pub row_number: u64,
    /// Why it is not scored.
    pub kind: UnsupportedKind,
    /// |weight|, or the largest of three dosage weights.
    pub weight: f64,
    /// The variant as the row names it: its id, else its place, else nothing.
    pub id: String,
    /// The effect allele as the row has it.
    pub effect_allele: String,
}

/// The kinds of rows that are not scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnsupportedKind {
    /// `is_interaction`, or an entry joined with `_x_`.
    Interaction,
    /// `is_haplotype`.
    Haplotype,
    /// `is_diplotype`.
    Diplotype,
    /// `variant_type` APOE_allele.
    ApoeAllele,
    /// `variant_type` CYP_allele.
    CypAllele,
    /// `variant_type` HLA_allele.
    HlaAllele,
    /// `variant_type` HLA_AA: an amino acid of an HLA protein.
    HlaAminoAcid,
    /// `variant_type` HLA_serotype.
    HlaSerotype,
}

impl UnsupportedKind {
    /// The name in logs and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interaction => "interaction",
            Self::Haplotype => "haplotype",
            Self::Diplotype => "diplotype",
            Self::ApoeAllele => "apoe_allele",
            Self::CypAllele => "cyp_allele",
            Self::HlaAllele => "hla_allele",
            Self::HlaAminoAcid => "hla_amino_acid",
            Self::HlaSerotype => "hla_serotype",
        }
    }

    /// Reads the format's `variant_type`, in any case.
    pub(super) fn from_variant_type(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "apoe_allele" => Some(Self::ApoeAllele),
            "cyp_allele" => Some(Self::CypAllele),
            "hla_allele" => Some(Self::HlaAllele),
            "hla_aa" => Some(Self::HlaAminoAcid),
            "hla_serotype" => Some(Self::HlaSerotype),
            _ => None,
        }
    }
}

impl fmt::Display for UnsupportedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row that says in every respect what an earlier row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DuplicateRow {
    /// The 1-based line of the repetition.
    pub line: u64,
    /// Its index in [`ScoringRows`].
    pub row: usize,
    /// The index in [`ScoringRows`] of the row that it repeats.
    pub first_row: usize,
}
