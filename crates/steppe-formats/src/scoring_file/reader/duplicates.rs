//! Rows that speak of the same variant, alleles and effect type.

use crate::scoring_file::{DuplicateRow, ScoringRows};

/// Two rows that give the same thing different weights, by index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) first_row: usize,
    pub(super) row: usize,
}

/// Finds the rows that repeat an earlier one, in the file's order; the first contradiction, if there is one, instead.
/// `keys` holds one hash per row, 0 for rows that nothing identifies.
pub(super) fn find(keys: &[u64], rows: &ScoringRows) -> Result<Vec<DuplicateRow>, Conflict> {
    let mut order: Vec<(u64, u32)> =
        (0..).zip(keys).filter(|(_, key)| **key != 0).map(|(row, key)| (*key, row)).collect();
    order.sort_unstable();
    let mut duplicates = Vec::new();
    let mut conflict: Option<Conflict> = None;
    for run in order.chunk_by(|before, after| before.0 == after.0).filter(|run| run.len() > 1) {
        // Rows of a run differ only where hashes collide: `firsts` is one row but for that.
        let mut firsts: Vec<usize> = Vec::new();
        for row in run.iter().map(|(_, row)| *row as usize) {
            match firsts.iter().copied().find(|&first| is_same(rows, first, row)) {
                None => firsts.push(row),
                Some(first_row) if has_same_weights(rows, first_row, row) => {
                    duplicates.push(DuplicateRow { line: rows.line[row], row, first_row });
                }
                Some(first_row) if conflict.as_ref().is_none_or(|known| row < known.row) => {
                    conflict = Some(Conflict { first_row, row });
                }
                Some(_) => {}
            }
        }
    }
    duplicates.sort_unstable_by_key(|duplicate| duplicate.row);
    conflict.map_or(Ok(duplicates), Err)
}

fn is_same(rows: &ScoringRows, first: usize, row: usize) -> bool {
    let same_place = rows.position[first] != 0
        && rows.position[first] == rows.position[row]
        && rows.chromosome[first] == rows.chromosome[row];
    let id = rows.id.get(first);
    (same_place || (!id.is_empty() && id == rows.id.get(row)))
        && rows.effect_allele.get(first) == rows.effect_allele.get(row)
        && rows.other_allele.get(first) == rows.other_allele.get(row)
        && rows.effect_type[first] == rows.effect_type[row]
}

fn has_same_weights(rows: &ScoringRows, first: usize, row: usize) -> bool {
    rows.weights.iter().all(|column| column[first] == column[row])
        && rows.dosage_weights(first) == rows.dosage_weights(row)
}
