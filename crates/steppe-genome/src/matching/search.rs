use super::{
    Candidate, MatchBy, MatchType, Reason, RowStatus, ScoringRow, VariantLookup,
    alleles::{MatchTypes, RowAlleles, is_ambiguous},
    id_index::Named,
    position_index::{Cursor, code},
};
use crate::VariantTable;

/// What a row is looked up by.
pub(super) enum Place<'a> {
    Position((u8, u32)),
    Id(&'a str),
    Nowhere,
}

impl<'a> Place<'a> {
    pub(super) fn of(row: &ScoringRow<'a>, by: MatchBy) -> Self {
        let position = row.chromosome.and_then(code).filter(|_| row.position > 0);
        match (by, position) {
            (MatchBy::Auto | MatchBy::Position, Some(code)) => Self::Position((code, row.position)),
            (MatchBy::Auto | MatchBy::Id, _) if !matches!(row.id, "" | ".") => Self::Id(row.id),
            _ => Self::Nowhere,
        }
    }
}

/// The best match of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Best {
    pub(super) variant: u32,
    pub(super) match_type: MatchType,
    /// Another variant matches in the same way.
    pub(super) is_tie: bool,
}

/// Looks rows of one file up, one after the other.
pub(super) struct Search<'a, V: ?Sized> {
    variants: &'a V,
    lookup: &'a VariantLookup,
    by: MatchBy,
    cursor: Cursor,
}

impl<'a, V: VariantTable + ?Sized> Search<'a, V> {
    pub(super) fn new(variants: &'a V, lookup: &'a VariantLookup, by: MatchBy) -> Self {
        Self { variants, lookup, by, cursor: Cursor::default() }
    }

    /// The best match of a row: the most preferred match type, and of several variants the first in matrix order.
    pub(super) fn best(&mut self, row: &ScoringRow<'_>) -> Result<Best, (RowStatus, Reason)> {
        let mut best: Option<Best> = None;
        let failure = self.visit(row, |variant, types| {
            let Some(match_type) = types.best() else { return };
            match &mut best {
                Some(before) if before.match_type < match_type => {}
                Some(before) if before.match_type == match_type => before.is_tie = true,
                _ => best = Some(Best { variant, match_type, is_tie: false }),
            }
        });
        best.ok_or(failure)
    }

    /// All matches of a row, by preference and then by matrix order.
    pub(super) fn all(&mut self, row: &ScoringRow<'_>) -> Vec<Candidate> {
        let mut found: Vec<(MatchType, u32)> = Vec::new();
        self.visit(row, |variant, types| {
            found.extend(types.iter().map(|match_type| (match_type, variant)));
        });
        found.sort_unstable();
        found
            .into_iter()
            .enumerate()
            .map(|(rank, (match_type, variant))| Candidate {
                variant,
                match_type,
                ambiguous: self.is_ambiguous(variant),
                multiallelic: self.variants.is_multiallelic(variant as usize),
                best: rank == 0,
            })
            .collect()
    }

    /// Whether a variant's strand can not be told from its alleles.
    pub(super) fn is_ambiguous(&self, variant: u32) -> bool {
        let variant = variant as usize;
        is_ambiguous(self.variants.other_allele(variant), self.variants.counted_allele(variant))
    }

    /// Calls `visit` with every variant at the row's place and how the alleles correspond; returns what is to be
    /// said where none does.
    fn visit(&mut self, row: &ScoringRow<'_>, mut visit: impl FnMut(u32, MatchTypes)) -> (RowStatus, Reason) {
        let variants = self.variants;
        let mut seen = false;
        let mut compare = |alleles: &RowAlleles<'_>, variant: u32| {
            seen = true;
            let (reference, alternate) =
                (variants.other_allele(variant as usize), variants.counted_allele(variant as usize));
            visit(variant, alleles.compare(reference, alternate));
        };
        let nothing_there = match Place::of(row, self.by) {
            Place::Position(place) => {
                let alleles = RowAlleles::new(row.effect_allele, row.other_allele, true);
                let index = &self.lookup.positions;
                index.visit_at(variants, place, &mut self.cursor, |variant| compare(&alleles, variant));
                Reason::NoSuchPosition
            }
            Place::Id(id) => {
                let alleles = RowAlleles::new(row.effect_allele, row.other_allele, false);
                match self.lookup.ids(variants).find(variants, id) {
                    Named::Nothing => {}
                    Named::One(variant) => compare(&alleles, variant),
                    Named::Several => return (RowStatus::Excluded, Reason::DuplicateId),
                }
                Reason::NoSuchId
            }
            Place::Nowhere => Reason::NoPositionNorId,
        };
        let reason = match seen {
            false => nothing_there,
            true if RowAlleles::new(row.effect_allele, "", true).effect_is_sequence() => {
                Reason::AllelesDiffer
            }
            true => Reason::UnmatchableAllele,
        };
        (RowStatus::Unmatched, reason)
    }
}
