//! The gram pass: exact sums of products of codes, for each pair of rows of two panels.
//!
//! With x = code − 1 for a call and 0 otherwise, Σ x_i x_j is a difference of two counts of bits, over planes that say
//! where x is not 0 and where it is −1. The sums of codes follow from it, from each row's own counts, and from the terms
//! with missing calls; those are few, and are summed call by call over many rows at once ([`missing`]). Where the CPU
//! multiplies tiles of bytes, codes are bytes in the products of a panel with itself ([`tiles`]).

mod missing;
mod panel;
// Only x86-64 has tiles.
#[cfg(target_arch = "x86_64")]
mod tiles;

use crate::dispatch::{with_matrix_passes, with_passes};
use crate::error::KernelError;
pub(crate) use missing::{LaneCodes, LaneSums, NARROW};
pub use panel::GramPanel;
pub(crate) use panel::PlaneBlock;
#[cfg(target_arch = "x86_64")]
pub(crate) use tiles::{GramTiles, SIDE, TileProducts, codes_by_tiles};

/// Sums over pairs of a row of the first panel (`i`) and one of the second (`j`), at `[i * columns + j]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GramSums {
    /// Rows of the second panel.
    pub columns: usize,
    /// Σ code_i × code_j over the samples where both have a call.
    pub codes: Vec<u32>,
    /// Σ code_i × missing_j. Empty when neither panel has a missing call.
    pub code_missing: Vec<u32>,
    /// Σ missing_i × code_j. Empty likewise.
    pub missing_code: Vec<u32>,
    /// Σ missing_i × missing_j. Empty likewise.
    pub both_missing: Vec<u32>,
}

/// Samples of a panel, at most: over so many, sums fit 32 bits.
pub(crate) const MOST_SAMPLES: usize = 1 << 29;

/// Rows of the first and of the second panel that are multiplied at once.
pub(crate) const TILE: [usize; 2] = [2, 4];

/// Blocks of a row whose sums are held in registers: their planes are 8 KiB.
const CHUNK: usize = 64;

/// Rows of the second panel that the caches hold a chunk of.
const CACHED_ROWS: usize = 128;

/// What an instruction set provides for the gram pass.
pub(crate) trait GramPasses: Copy {
    /// Σ x_i x_j over some blocks, which are equally many for all rows.
    fn tile(
        self,
        left: [&[PlaneBlock]; TILE[0]],
        right: [&[PlaneBlock]; TILE[1]],
    ) -> [[i64; TILE[1]]; TILE[0]];
    /// Adds the codes and missing calls of some samples.
    fn add_lanes(self, turned: &[LaneCodes], samples: &[u32], sums: &mut LaneSums);
}

/// How the sums of codes of a panel with itself are made.
pub(crate) trait GramWays: Copy {
    /// Σ code_i × code_j for each pair of rows. `missing` has the terms with missing calls.
    fn codes(self, panel: &GramPanel<'_>, missing: &GramSums) -> Vec<u32>;
}

impl<P: GramPasses> GramWays for P {
    fn codes(self, panel: &GramPanel<'_>, missing: &GramSums) -> Vec<u32> {
        let rows = panel.rows();
        let mut products = vec![0; rows * rows];
        add_products(self, panel, panel, true, &mut products);
        for i in 0..rows {
            for j in 0..i {
                products[i * rows + j] = products[j * rows + i];
            }
        }
        finish(panel, panel, products, missing)
    }
}

/// The sums for each pair of a row of `left` and one of `right`.
///
/// # Errors
/// Panels of different numbers of samples.
pub fn gram(left: &GramPanel<'_>, right: &GramPanel<'_>) -> Result<GramSums, KernelError> {
    if left.samples() != right.samples() {
        return Err(KernelError::Samples { rows: left.samples(), sums: right.samples() });
    }
    let level = left.level();
    let mut sums = GramSums { columns: right.rows(), ..GramSums::default() };
    if left.any_missing() || right.any_missing() {
        let (code_missing, both_missing) = with_passes!(level, passes => missing::sums(passes, left, right));
        let (code_missing_back, _) = with_passes!(level, passes => missing::sums(passes, right, left));
        sums.code_missing = code_missing;
        sums.missing_code = transposed(&code_missing_back, left.rows());
        sums.both_missing = both_missing;
    }
    let mut products = vec![0; left.rows() * right.rows()];
    with_passes!(level, passes => add_products(passes, left, right, false, &mut products));
    sums.codes = finish(left, right, products, &sums);
    Ok(sums)
}

/// The sums for each pair of rows of one panel, for about half the work of [`gram`].
pub fn gram_symmetric(panel: &GramPanel<'_>) -> GramSums {
    let rows = panel.rows();
    let mut sums = GramSums { columns: rows, ..GramSums::default() };
    if panel.any_missing() {
        (sums.code_missing, sums.both_missing) =
            with_passes!(panel.level(), passes => missing::sums(passes, panel, panel));
        sums.missing_code = transposed(&sums.code_missing, rows);
    }
    sums.codes = with_matrix_passes!(panel.level(), passes => passes.codes(panel, &sums));
    sums
}

/// A matrix of so many columns, with rows and columns exchanged.
fn transposed(matrix: &[u32], columns: usize) -> Vec<u32> {
    let rows = matrix.len().checked_div(columns).unwrap_or(0);
    (0..columns).flat_map(|column| (0..rows).map(move |row| matrix[row * columns + column])).collect()
}

/// Adds Σ x_i x_j, only for the tiles on and above the diagonal where `upper`.
fn add_products<P: GramPasses>(
    passes: P,
    left: &GramPanel<'_>,
    right: &GramPanel<'_>,
    upper: bool,
    products: &mut [i32],
) {
    let [height, width] = TILE;
    let columns = right.rows();
    for first_block in (0..left.blocks()).step_by(CHUNK) {
        let blocks = first_block..left.blocks().min(first_block + CHUNK);
        for first_right in (0..columns).step_by(CACHED_ROWS) {
            for i in (0..left.rows()).step_by(height) {
                let first = if upper { first_right.max(i / width * width) } else { first_right };
                for j in (first..columns.min(first_right + CACHED_ROWS)).step_by(width) {
                    // Past the last row, its sums are computed once more and left out.
                    let rows = |panel, from: usize, at| &GramPanel::planes(panel, from + at)[blocks.clone()];
                    let tile = passes.tile(
                        std::array::from_fn(|at| rows(left, i, at)),
                        std::array::from_fn(|at| rows(right, j, at)),
                    );
                    for (i, tile) in (i..left.rows()).zip(&tile) {
                        for (j, sum) in (j..columns).zip(tile) {
                            products[i * columns + j] += *sum as i32;
                        }
                    }
                }
            }
        }
    }
}

/// From Σ x_i x_j to Σ code_i code_j: with n samples, and sums s of x over a row,
/// Σ (x_i + 1)(x_j + 1) over the samples where both have a call
/// = Σ x_i x_j + s_i + s_j + n − Σ code_i missing_j − Σ missing_i code_j − Σ missing_i missing_j.
fn finish(left: &GramPanel<'_>, right: &GramPanel<'_>, mut products: Vec<i32>, sums: &GramSums) -> Vec<u32> {
    let samples = left.samples() as i32;
    let columns = right.rows();
    let centred: Vec<i32> = (0..columns).map(|j| right.centred_sum(j)).collect();
    for i in 0..left.rows() {
        let own = left.centred_sum(i) + samples;
        let places = i * columns..(i + 1) * columns;
        let row = products[places.clone()].iter_mut().zip(&centred);
        row.for_each(|(product, other)| *product += other + own);
        for missing in [&sums.code_missing, &sums.missing_code, &sums.both_missing] {
            let missing = missing.get(places.clone()).unwrap_or_default();
            products[places.clone()].iter_mut().zip(missing).for_each(|(sum, term)| *sum -= *term as i32);
        }
    }
    // In the same memory: the system would have to find and clear as much again.
    products.into_iter().map(|product| product as u32).collect()
}
