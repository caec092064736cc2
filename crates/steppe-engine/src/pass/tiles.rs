use steppe_store::RowGroup;

use super::{Descriptor, PassOperand};

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
/// false. In stored order a list of a forward pass lies within one block:
/// every block that a list touches costs it a set of sums.
pub fn plan_tiles(
    row_groups: &[RowGroup],
    operand: &PassOperand,
    wanted: &dyn Fn(u32) -> bool,
    partitions: usize,
    order: TileOrder,
) -> Vec<Descriptor> {
    let mut needed: Vec<usize> = (0..row_groups.len())
        .filter(|&index| {
            let group = &row_groups[index];
            let end = group.first_variant + group.rows;
            wanted(group.block) && operand.needs(group.first_variant, end)
        })
        .collect();
    if operand.is_by_variant() {
        return by_variant(row_groups, needed, partitions, order);
    }
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

/// Lists for a pass by variants: each has all blocks of its variants, so that no two give sums of one variant. Row groups
/// are cut alike in all blocks.
fn by_variant(
    row_groups: &[RowGroup],
    mut needed: Vec<usize>,
    partitions: usize,
    order: TileOrder,
) -> Vec<Descriptor> {
    needed.sort_by_key(|&index| (row_groups[index].first_variant, row_groups[index].block));
    let first = |index: usize| row_groups[index].first_variant;
    let mut lists: Vec<Vec<u32>> = Vec::new();
    let bytes = |run: &[usize]| run.iter().map(|&index| row_groups[index].bytes).sum::<u64>();
    let target = bytes(&needed).div_ceil(partitions.max(1) as u64).max(1);
    let mut filled = 0;
    for run in needed.chunk_by(|&before, &after| first(before) == first(after)) {
        if lists.len() as u64 <= filled / target {
            lists.push(Vec::new());
        }
        if let Some(last) = lists.last_mut() {
            last.extend(run.iter().map(|&index| index as u32));
        }
        filled += bytes(run);
    }
    if let TileOrder::Shuffled(seed) = order {
        shuffle(&mut lists, seed);
        lists.iter_mut().for_each(|tiles| shuffle(tiles, seed));
    }
    let number = |(partition, tiles)| Descriptor { partition: partition as u32, tiles };
    lists.into_iter().enumerate().map(number).collect()
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
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        items.swap(last, ((mixed ^ (mixed >> 31)) % (last as u64 + 1)) as usize);
    }
}
