//! The gram pass by products of tiles of bytes: a code is a byte, 0 for a missing call, so that the sums of codes come
//! out as they are.

use std::ops::Range;

use super::GramPanel;
use crate::adjoint::{BLOCK, FIELDS, TILE_ROWS, Tile};

/// Tile rows, and tile columns, that are multiplied at once.
pub(crate) const SIDE: usize = 2;

/// Rows of as many tiles.
const ROWS: usize = SIDE * TILE_ROWS;

/// Tiles of unpacked codes that a pass keeps: 2 MiB, about a core's own cache.
const MOST_TILES: usize = 2048;

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

/// Σ code_i × code_j for each pair of rows; `symmetric` where both panels are one.
#[inline(always)]
pub(crate) fn codes_by_tiles<T: GramTiles>(
    tiles: T,
    left: &GramPanel<'_>,
    right: &GramPanel<'_>,
    symmetric: bool,
) -> Vec<u32> {
    let columns = right.rows();
    let mut codes = vec![0; left.rows() * columns];
    let groups = left.rows().div_ceil(ROWS);
    // As many blocks of a row as leave room for all rows, and enough of them for the sums to be worth adding.
    let blocks = (MOST_TILES / (groups * SIDE * FIELDS).max(1)).max(8);
    let (mut lefts, mut rights) = (Vec::new(), Vec::new());
    let mut products = [[TileProducts([[0; TILE_ROWS]; TILE_ROWS]); SIDE]; SIDE];
    for bytes in (0..left.row_bytes()).step_by(blocks * BLOCK) {
        let bytes = bytes..left.row_bytes().min(bytes + blocks * BLOCK);
        let steps = FIELDS * bytes.len().div_ceil(BLOCK);
        lefts.clear();
        (0..groups * SIDE).for_each(|group| unpack(left, group, bytes.clone(), &mut lefts));
        for first in (0..columns).step_by(ROWS) {
            rights.clear();
            for group in [first / TILE_ROWS, first / TILE_ROWS + 1] {
                match symmetric {
                    true => rights.extend(lefts[group * steps..][..steps].iter().map(turned)),
                    false => {
                        let start = rights.len();
                        unpack(right, group, bytes.clone(), &mut rights);
                        rights[start..].iter_mut().for_each(|tile| *tile = turned(tile));
                    }
                }
            }
            let (one, other) = rights.split_at(steps);
            // Of a symmetric matrix, the tiles on and above the diagonal.
            let last = if symmetric { first + 1 } else { left.rows() };
            for row in (0..last).step_by(ROWS) {
                let start = row / TILE_ROWS * steps;
                let (upper, lower) = lefts[start..start + SIDE * steps].split_at(steps);
                tiles.multiply([upper, lower], [one, other], &mut products);
                add(&products, [row, first], columns, &mut codes);
                if symmetric && row < first {
                    add_turned(&products, [row, first], columns, &mut codes);
                }
            }
        }
    }
    codes
}

/// Appends the tiles of 16 rows, all zero past the last row. Step `f` of a block of 256 samples has field `f` of its bytes.
#[inline(always)]
fn unpack(panel: &GramPanel<'_>, group: usize, bytes: Range<usize>, tiles: &mut Vec<Tile>) {
    let first = tiles.len();
    tiles.resize(first + FIELDS * bytes.len().div_ceil(BLOCK), Tile::ZERO);
    let rows = (group * TILE_ROWS..panel.rows()).take(TILE_ROWS);
    for (place, row) in rows.enumerate() {
        let row = panel.packed(row);
        for (fields, packed) in
            tiles[first..].as_chunks_mut::<FIELDS>().0.iter_mut().zip(row[bytes.clone()].chunks(BLOCK))
        {
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
            && let Some(last) = tiles[first..].as_chunks_mut::<FIELDS>().0.last_mut()
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
