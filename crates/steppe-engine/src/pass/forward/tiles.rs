use steppe_store::RowGroup;

use super::{Descriptor, ForwardOperand};

/// In which order tiles are handed out. Results do not depend on it; tests shuffle to prove that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TileOrder {
    /// As stored: block by block, so that a partition touches few blocks.
    #[default]
    Stored,
    /// A permutation drawn from a seed.
    Shuffled(u64),
}

/// Splits the row groups that the operand needs into about `partitions` lists, skipping blocks for which `wanted` is
/// false. In stored order a list lies within one block: every block that a list touches costs it a set of sums.
pub fn plan_tiles(
    row_groups: &[RowGroup],
    operand: &ForwardOperand,
    wanted: &dyn Fn(u32) -> bool,
    partitions: usize,
    order: TileOrder,
) -> Vec<Descriptor> {
    let mut needed: Vec<usize> = (0..row_groups.len())
        .filter(|&index| {
            let group = &row_groups[index];
            let end = group.first_variant + group.rows;
            wanted(group.block)
                && !(operand.plain_in(group.first_variant, end).is_empty()
                    && operand.by_sex_in(group.first_variant, end).is_empty())
        })
        .collect();
    let runs: Vec<&[usize]> = match order {
        TileOrder::Stored => {
            needed.chunk_by(|&before, &after| row_groups[before].block == row_groups[after].block).collect()
        }
        TileOrder::Shuffled(seed) => {
            shuffle(&mut needed, seed);
            vec![&needed]
        }
    };
    let pieces = partitions.div_ceil(runs.len().max(1)).max(1);
    let mut lists: Vec<Descriptor> = Vec::new();
    for run in runs {
        for tiles in cut(run, pieces, row_groups) {
            lists.push(Descriptor { partition: lists.len() as u32, tiles });
        }
    }
    lists
}

/// Cuts a run into at most `pieces` pieces of about equal bytes.
fn cut(run: &[usize], pieces: usize, row_groups: &[RowGroup]) -> Vec<Vec<u32>> {
    let total: u64 = run.iter().map(|&index| row_groups[index].bytes).sum();
    let target = total.div_ceil(pieces as u64).max(1);
    let mut lists: Vec<Vec<u32>> = Vec::new();
    let mut filled = 0u64;
    for &index in run {
        if lists.len() as u64 <= filled / target {
            lists.push(Vec::new());
        }
        if let Some(last) = lists.last_mut() {
            last.push(index as u32);
        }
        filled += row_groups[index].bytes;
    }
    lists
}

/// Fisher–Yates with a splitmix64 stream; only the order of work depends on it.
fn shuffle(items: &mut [usize], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        items.swap(last, ((mixed ^ (mixed >> 31)) % (last as u64 + 1)) as usize);
    }
}
