//! The gram pass of a panel with itself by products of tiles of bytes: a code is a byte, 0 for a missing call, so that the
//! sums of codes come out as they are.

use std::ops::Range;

use super::GramPanel;
use crate::adjoint::{BLOCK, FIELDS, TILE_ROWS, Tile};

/// Tile rows, and tile columns, that are multiplied at once.
pub(crate) const SIDE: usize = 2;

/// Rows of as many tiles.
const ROWS: usize = SIDE * TILE_ROWS;

/// Tiles of right factors that a pass keeps: 2 MiB, about a core's own cache.
const MOST_TILES: usize = 2048;

/// Blocks of a row that are worth adding sums for.
const FEWEST_BLOCKS: usize = 8;

/// Sums of products of the rows of one tile with those of another.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub(crate) struct TileProducts(pub(crate) [[u32; TILE_ROWS]; TILE_ROWS]);

/// What an instruction set with tiles provides for the gram pass.
pub(crate) trait GramTiles: Copy {
    /// `products[i][j]` = Σ over steps of left tile × right tile. All four runs are equally long, and not empty.
    fn multiply(
        self,
        left: [&[Tile]; SIDE],
        right: [&[Tile]; SIDE],
        products: &mut [[TileProducts; SIDE]; SIDE],
    );
}

/// Σ code_i × code_j for each pair of rows of a panel.
#[inline(always)]
pub(crate) fn codes_by_tiles<T: GramTiles>(tiles: T, panel: &GramPanel<'_>) -> Vec<u32> {
    let rows = panel.rows();
    let mut codes = vec![0; rows * rows];
    let groups = rows.div_ceil(ROWS) * SIDE;
    let blocks = (MOST_TILES / (groups * FIELDS).max(1)).max(FEWEST_BLOCKS);
    let (mut lefts, mut rights) = (Vec::new(), Vec::new());
    let mut products = [[TileProducts([[0; TILE_ROWS]; TILE_ROWS]); SIDE]; SIDE];
    for start in (0..panel.row_bytes()).step_by(blocks * BLOCK) {
        let bytes = start..panel.row_bytes().min(start + blocks * BLOCK);
        let steps = FIELDS * bytes.len().div_ceil(BLOCK);
        unpack(panel, 0..groups, &bytes, &mut rights);
        rights.iter_mut().for_each(|tile| *tile = turned(tile));
        for row in (0..rows).step_by(ROWS) {
            let group = row / TILE_ROWS;
            unpack(panel, group..group + SIDE, &bytes, &mut lefts);
            let (upper, lower) = lefts.split_at(steps);
            // The tiles on and above the diagonal, and those below from the same products.
            for column in (row..rows).step_by(ROWS) {
                let (one, other) = rights[column / TILE_ROWS * steps..][..SIDE * steps].split_at(steps);
                tiles.multiply([upper, lower], [one, other], &mut products);
                add(&products, [row, column], rows, &mut codes);
                if row < column {
                    add_turned(&products, [row, column], rows, &mut codes);
                }
            }
        }
    }
    codes
}

/// The tiles of some groups of 16 rows, one group after another, all zero past the last row. Step `f` of a block of 256
/// samples has field `f` of its bytes.
#[inline(always)]
fn unpack(panel: &GramPanel<'_>, groups: Range<usize>, bytes: &Range<usize>, tiles: &mut Vec<Tile>) {
    let steps = FIELDS * bytes.len().div_ceil(BLOCK);
    tiles.clear();
    tiles.resize(groups.len() * steps, Tile::ZERO);
    let rows = (groups.start * TILE_ROWS..panel.rows()).take(groups.len() * TILE_ROWS);
    for (at, row) in rows.enumerate() {
        let place = at % TILE_ROWS;
        let blocks = tiles[at / TILE_ROWS * steps..][..steps].as_chunks_mut::<FIELDS>().0;
        for (fields, packed) in blocks.iter_mut().zip(panel.packed(row)[bytes.clone()].chunks(BLOCK)) {
            let mut block = [0; BLOCK];
            block[..packed.len()].copy_from_slice(packed);
            for byte in &mut block {
                let both = *byte & *byte >> 1 & 0b0101_0101;
                *byte &= !(both | both << 1);
            }
            for (field, tile) in fields.iter_mut().enumerate() {
                let codes = &mut tile.0[place];
                codes.iter_mut().zip(&block).for_each(|(code, byte)| *code = byte >> (2 * field) & 3);
            }
        }
        // What pads the last byte is no sample.
        if bytes.end == panel.row_bytes()
            && !panel.samples().is_multiple_of(FIELDS)
            && let Some(last) = blocks.last_mut()
        {
            for tile in &mut last[panel.samples() % FIELDS..] {
                tile.0[place][(bytes.len() - 1) % BLOCK] = 0;
            }
        }
    }
}

/// A left factor as a right one: its 16 x 16 groups of four bytes transposed.
#[inline(always)]
fn turned(tile: &Tile) -> Tile {
    let mut turned = Tile::ZERO;
    for (row, codes) in tile.0.iter().enumerate() {
        for (four, codes) in codes.as_chunks::<4>().0.iter().enumerate() {
            turned.0[four][4 * row..4 * row + 4].copy_from_slice(codes);
        }
    }
    turned
}

/// Adds the sums to those of the rows from `row` and the columns from `column`, as far as there are any.
#[inline(always)]
fn add(
    products: &[[TileProducts; SIDE]; SIDE],
    [row, column]: [usize; 2],
    columns: usize,
    codes: &mut [u32],
) {
    let width = (columns - column).min(ROWS);
    for (at, sums) in codes.chunks_exact_mut(columns).skip(row).take(ROWS).enumerate() {
        let sums = sums[column..column + width].chunks_mut(TILE_ROWS);
        for (sums, tile) in sums.zip(&products[at / TILE_ROWS]) {
            sums.iter_mut().zip(&tile.0[at % TILE_ROWS]).for_each(|(sum, product)| *sum += product);
        }
    }
}

/// Adds the sums to those of the rows from `column` and the columns from `row`.
#[inline(always)]
fn add_turned(
    products: &[[TileProducts; SIDE]; SIDE],
    [row, column]: [usize; 2],
    columns: usize,
    codes: &mut [u32],
) {
    for (at, sums) in codes.chunks_exact_mut(columns).skip(column).take(ROWS).enumerate() {
        let sums = sums[row..row + ROWS].chunks_mut(TILE_ROWS);
        for (sums, tiles) in sums.zip(products) {
            let tile = &tiles[at / TILE_ROWS].0;
            sums.iter_mut().zip(tile).for_each(|(sum, products)| *sum += products[at % TILE_ROWS]);
        }
    }
}
