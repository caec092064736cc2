use std::fmt;

/// How a row's alleles correspond to a variant's, in order of preference. REF is the variant's *other* allele
/// and ALT its *counted* allele.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchType {
    /// Effect allele = REF, other allele = ALT.
    RefAlt,
    /// Effect allele = ALT, other allele = REF.
    AltRef,
    /// `RefAlt` after complementing the row's alleles.
    RefAltFlip,
    /// `AltRef` after complementing the row's alleles.
    AltRefFlip,
    /// The row has no other allele; effect allele = REF.
    NoOaRef,
    /// The row has no other allele; effect allele = ALT.
    NoOaAlt,
    /// `NoOaRef` after complementing the row's allele.
    NoOaRefFlip,
    /// `NoOaAlt` after complementing the row's allele.
    NoOaAltFlip,
}

impl MatchType {
    /// All, most preferred first.
    pub const ALL: [Self; 8] = [
        Self::RefAlt,
        Self::AltRef,
        Self::RefAltFlip,
        Self::AltRefFlip,
        Self::NoOaRef,
        Self::NoOaAlt,
        Self::NoOaRefFlip,
        Self::NoOaAltFlip,
    ];

    /// pgscatalog-match's name: `refalt`, `altref_flip`, `no_oa_ref`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefAlt => "refalt",
            Self::AltRef => "altref",
            Self::RefAltFlip => "refalt_flip",
            Self::AltRefFlip => "altref_flip",
            Self::NoOaRef => "no_oa_ref",
            Self::NoOaAlt => "no_oa_alt",
            Self::NoOaRefFlip => "no_oa_ref_flip",
            Self::NoOaAltFlip => "no_oa_alt_flip",
        }
    }

    /// Whether the effect allele is the variant's counted allele.
    pub fn effect_is_counted(self) -> bool {
        matches!(self, Self::AltRef | Self::AltRefFlip | Self::NoOaAlt | Self::NoOaAltFlip)
    }

    /// Whether the row's alleles had to be complemented.
    pub fn is_flip(self) -> bool {
        matches!(self, Self::RefAltFlip | Self::AltRefFlip | Self::NoOaRefFlip | Self::NoOaAltFlip)
    }

    /// What a palindromic match becomes on the other strand: the effect allele is then the variant's other one.
    pub(super) fn on_other_strand(self) -> Self {
        match self {
            Self::RefAlt => Self::AltRefFlip,
            Self::AltRef => Self::RefAltFlip,
            Self::RefAltFlip => Self::AltRef,
            Self::AltRefFlip => Self::RefAlt,
            Self::NoOaRef => Self::NoOaAltFlip,
            Self::NoOaAlt => Self::NoOaRefFlip,
            Self::NoOaRefFlip => Self::NoOaAlt,
            Self::NoOaAltFlip => Self::NoOaRef,
        }
    }
}

impl fmt::Display for MatchType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowStatus {
    /// It is scored.
    Matched,
    /// A variant was found, and a rule keeps it out of the score.
    Excluded,
    /// No variant was found.
    Unmatched,
}

impl RowStatus {
    /// The name in the match log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Excluded => "excluded",
            Self::Unmatched => "unmatched",
        }
    }
}

impl fmt::Display for RowStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a row has its status. Where several rules exclude a row, the reason is the first in this order; the flags
/// tell the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Matched; nothing stands against it.
    Matched,
    /// Several rows of the file match this variant.
    DuplicateVariant,
    /// The alleles are each other's complement.
    Ambiguous,
    /// The variant is one of several at a multi-allelic site.
    Multiallelic,
    /// It matches only on the other strand, and flips are not wanted.
    StrandFlip,
    /// The id names several variants of the cohort.
    DuplicateId,
    /// The row has neither chromosome and position nor id that could be looked up.
    NoPositionNorId,
    /// No variant of the cohort lies at the position.
    NoSuchPosition,
    /// No variant of the cohort has the id.
    NoSuchId,
    /// There are variants at the place, with other alleles.
    AllelesDiffer,
    /// The effect allele is no sequence (`0`, `.`, `*`, an HLA name), and no variant at the place has it literally.
    UnmatchableAllele,
    /// The effect is not additive and the variant lies where ploidy is not two in everybody. Matching never says
    /// this: it does not know effects; scoring does.
    NonAdditiveOnHaploid,
}

impl Reason {
    /// All reasons, in order of precedence.
    pub const ALL: [Self; 12] = [
        Self::Matched,
        Self::DuplicateVariant,
        Self::Ambiguous,
        Self::Multiallelic,
        Self::StrandFlip,
        Self::DuplicateId,
        Self::NoPositionNorId,
        Self::NoSuchPosition,
        Self::NoSuchId,
        Self::AllelesDiffer,
        Self::UnmatchableAllele,
        Self::NonAdditiveOnHaploid,
    ];

    /// The name in the match log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::DuplicateVariant => "duplicate_variant",
            Self::Ambiguous => "ambiguous",
            Self::Multiallelic => "multiallelic",
            Self::StrandFlip => "strand_flip",
            Self::DuplicateId => "duplicate_id",
            Self::NoPositionNorId => "no_position_nor_id",
            Self::NoSuchPosition => "no_such_position",
            Self::NoSuchId => "no_such_id",
            Self::AllelesDiffer => "alleles_differ",
            Self::UnmatchableAllele => "unmatchable_allele",
            Self::NonAdditiveOnHaploid => "non_additive_on_haploid",
        }
    }

    /// One line for users.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Matched => "found in the cohort and scored",
            Self::DuplicateVariant => "several rows of the scoring file match this variant",
            Self::Ambiguous => {
                "the alleles are each other's complement (A/T or C/G), so the strand is unknown"
            }
            Self::Multiallelic => "the variant is one of several alternate alleles at one site",
            Self::StrandFlip => "the alleles match only on the other strand, and flips are ignored",
            Self::DuplicateId => "the id names several variants of the cohort",
            Self::NoPositionNorId => "the row has no usable chromosome and position, and no id",
            Self::NoSuchPosition => "the cohort has no variant at this position",
            Self::NoSuchId => "the cohort has no variant with this id",
            Self::AllelesDiffer => "the cohort has this place with other alleles",
            Self::UnmatchableAllele => {
                "the effect allele is no A/C/G/T sequence and the cohort does not have it"
            }
            Self::NonAdditiveOnHaploid => "a non-additive effect on X, Y or MT, which is not scored",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is noteworthy about a row's best match, whether or not it excludes the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MatchFlags {
    /// The variant's alleles are each other's complement.
    pub ambiguous: bool,
    /// The variant is one of several at a multi-allelic site.
    pub multiallelic: bool,
    /// The row's alleles were complemented.
    pub flipped: bool,
    /// Several variants matched equally well; the first in matrix order was taken.
    pub duplicate_best_match: bool,
    /// Several rows of the file match the variant.
    pub duplicate_id: bool,
    /// The strand of an ambiguous row was told by allele frequency.
    pub rescued_by_frequency: bool,
}

/// What matching decided about one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowDecision {
    /// What becomes of the row.
    pub status: RowStatus,
    /// Why.
    pub reason: Reason,
    /// The variant's index in the table; for excluded rows too, where one variant was singled out.
    pub variant: Option<u32>,
    /// How the alleles correspond; present exactly when `variant` is.
    pub match_type: Option<MatchType>,
    /// Whether the effect allele is the variant's counted allele. False without a variant.
    pub effect_is_counted: bool,
    /// What is noteworthy.
    pub flags: MatchFlags,
}

/// One way to match a row: a variant at its place and how the alleles correspond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// The variant's index in the table.
    pub variant: u32,
    /// How the alleles correspond.
    pub match_type: MatchType,
    /// The variant's alleles are each other's complement.
    pub ambiguous: bool,
    /// The variant is one of several at a multi-allelic site.
    pub multiallelic: bool,
    /// Whether this is the row's best match; the others are `not_best`.
    pub best: bool,
}
