//! Tables of id, effect allele and one column per score, as pgsc_calc writes them for plink2.

use super::{Layout, Names, naming};
use crate::scoring_file::reader::{
    columns::{Naming, Role},
    fields::Separator,
};

/// The layout of a wide table: an id, an effect allele, perhaps the other allele, and then nothing but names that
/// mean nothing to us: the scores. `None` for everything else.
pub(super) fn layout(header: &Names<'_>, separator: Separator) -> Option<Layout> {
    let is = |column: usize, role: Role| {
        let name = header.names.get(column)?;
        let found = naming(name);
        (found == Naming::Exact(role) || found == Naming::Alias(role)).then_some(column)
    };
    let id = is(0, Role::Id)?;
    let effect_allele = is(1, Role::EffectAllele)?;
    let other_allele = is(2, Role::OtherAllele);
    let first_score = if other_allele.is_some() { 3 } else { 2 };
    let scores = header.names.get(first_score..).filter(|scores| !scores.is_empty())?;
    if !scores.iter().all(|name| !name.is_empty() && naming(name) == Naming::Unknown) {
        return None;
    }
    let mut layout = Layout::new(separator, header.names.clone());
    layout.set(Role::Id, id);
    layout.set(Role::EffectAllele, effect_allele);
    if let Some(column) = other_allele {
        layout.set(Role::OtherAllele, column);
    }
    layout.weights = (first_score..header.names.len()).collect();
    layout.scores = scores.iter().cloned().map(Some).collect();
    Some(layout)
}
