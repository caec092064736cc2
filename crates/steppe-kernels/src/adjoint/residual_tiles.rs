//! Residuals as tiles of bytes, the right factors of products of tiles.

use std::ops::Range;

use super::{BLOCK, LIMBS};

/// Rows of a tile.
pub(crate) const TILE_ROWS: usize = 16;

/// 16 rows of 64 bytes. As a left factor, a row is a variant, and byte `sample` the code of a sample. As a right factor, a
/// row is four samples for 16 columns of bytes, and sample `4 * row + at` of the left has its bytes at `4 * column + at`.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tile(pub(crate) [[u8; 64]; TILE_ROWS]);

impl Tile {
    pub(crate) const ZERO: Self = Self([[0; 64]; TILE_ROWS]);
}

/// Fields of a byte of a row. The samples of a field, in a block of a row, are multiplied together.
pub(crate) const FIELDS: usize = 4;

/// Samples of a block.
pub(super) const SAMPLES: usize = FIELDS * BLOCK;

/// Columns of a group.
const GROUP: usize = TILE_ROWS;

/// Columns of which a tile has room for two bytes each.
pub(super) const HALF: usize = TILE_ROWS / 2;

/// Up to 16 columns of residuals, as two or three tiles side by side. The last one has the highest byte of each, which is
/// signed. The lower two are unsigned: they have a tile each, or half of one if there are few columns.
#[derive(Clone, Debug)]
pub(super) struct ResidualTiles {
    /// The first column's number.
    pub(super) first: usize,
    /// Columns.
    pub(super) columns: usize,
    /// `[block][field][tile]`.
    tiles: Vec<Tile>,
}

impl ResidualTiles {
    /// All columns, group by group.
    pub(super) fn groups(samples: usize, columns: &[&[i32]]) -> Vec<Self> {
        let firsts = (0..).step_by(GROUP);
        firsts.zip(columns.chunks(GROUP)).map(|(first, columns)| Self::new(samples, first, columns)).collect()
    }

    fn new(samples: usize, first: usize, columns: &[&[i32]]) -> Self {
        let mut tiles = Self { first, columns: columns.len(), tiles: Vec::new() };
        let steps = FIELDS * samples.div_ceil(SAMPLES);
        tiles.tiles = vec![Tile::ZERO; steps * tiles.width()];
        for (column, residuals) in columns.iter().enumerate() {
            tiles.fill(column, residuals);
        }
        tiles
    }

    /// Tiles side by side.
    pub(super) fn width(&self) -> usize {
        if self.columns <= HALF { LIMBS - 1 } else { LIMBS }
    }

    /// The tiles of some blocks.
    pub(super) fn blocks(&self, blocks: Range<usize>) -> &[Tile] {
        let block = FIELDS * self.width();
        &self.tiles[blocks.start * block..blocks.end * block]
    }

    fn fill(&mut self, column: usize, residuals: &[i32]) {
        let width = self.width();
        let (low, middle) = ((0, column), if width == LIMBS { (1, column) } else { (0, HALF + column) });
        let places = [low, middle, (width - 1, column)];
        for (step, tiles) in self.tiles.chunks_mut(width).enumerate() {
            let first = step / FIELDS * SAMPLES + step % FIELDS;
            for row in 0..TILE_ROWS {
                let bytes: [[u8; 4]; 4] = std::array::from_fn(|at| {
                    residuals.get(first + FIELDS * (4 * row + at)).copied().unwrap_or(0).to_le_bytes()
                });
                for (limb, (tile, column)) in places.into_iter().enumerate() {
                    tiles[tile].0[row][4 * column..][..4].copy_from_slice(&bytes.map(|bytes| bytes[limb]));
                }
            }
        }
    }
}
