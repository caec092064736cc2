use std::sync::OnceLock;

use super::{id_index::IdIndex, position_index::PositionIndex};
use crate::VariantTable;

/// Finds a cohort's variants by position and by id. Built once and shared by all scoring files and threads.
///
/// Positions cost one pass over the table and, where it is sorted as nearly all are, no memory to speak of. The
/// index of ids is built when the first row asks for one.
#[derive(Debug, Clone)]
pub struct VariantLookup {
    pub(super) positions: PositionIndex,
    ids: OnceLock<IdIndex>,
}

impl VariantLookup {
    /// Indexes a table. Every later call must be given the same table.
    pub fn build<V: VariantTable + ?Sized>(variants: &V) -> Self {
        Self { positions: PositionIndex::build(variants), ids: OnceLock::new() }
    }

    /// The index of ids, built on first use.
    pub(super) fn ids<V: VariantTable + ?Sized>(&self, variants: &V) -> &IdIndex {
        self.ids.get_or_init(|| IdIndex::build(variants))
    }
}
