//! Minimum cell size, with complementary suppression.
//!
//! A table of counts over some dimensions is published with its margins. A count of 1 to *k* − 1 people is *small* and
//! does not leave; nor does what it could be calculated from. Zeros are published, so whoever reads a table knows that
//! a suppressed cell has at least one person.
//!
//! # The law
//! Let *x* be the table. For every cell or margin of 1 to *k* − 1 people there is another table *y* of whole numbers with
//! the same published cells and margins, the same zeros, and another count there. So no calculation from what is
//! published, by sums, bounds or whole numbers, has that count as its only result. The same holds for every total of
//! the suppressed cells of a line (cells that differ in one dimension) whose margin is published: it is 0, at least *k*,
//! or not known.
//!
//! # The method
//! The *hypercube method* of official statistics (Repsilber; Giessing & Repsilber 2002), with more moves. A move adds
//! +1 and −1 to cells of *x* such that few sums change: it is a product of differences between a cell *t* and a cell *u*,
//! over the blocks of a partition of the dimensions in which they differ. Each dimension a block of its own is the
//! hypercube (no margin changes); all in one block moves a person from *u* to *t*. If all that a move changes is
//! suppressed, then *x* with the move is the table *y*. For every small count the move with the least new suppression is
//! taken: no grand total, few margins, few people, then the order of keys. A last move, one person more, changes
//! nothing but sums that can all be suppressed, so there always is one.
//!
//! A margin of fewer than *k* people is suppressed like a cell. One of *k* or more only where nothing else helps: it is
//! usually known from elsewhere.

mod moves;
mod table;

use crate::PrivacyError;
use moves::Moves;
use table::Table;

/// Cells of the largest tables that are published, by dimensions: larger ones have few people in each, and take long.
const MOST_CELLS: [usize; 6] = [1, 4096, 4096, 1024, 512, 256];
/// Tables of more dimensions are not published.
pub const MAX_DIMENSIONS: usize = MOST_CELLS.len() - 1;

/// A cell of a table of counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Its category in each dimension.
    pub key: Vec<u32>,
    /// The people in it.
    pub people: u64,
}

/// Why a count is not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppressed {
    /// It is of few people.
    Small,
    /// One of few people could be calculated with it.
    Complementary,
}

/// A sum over some of a table's dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Margin {
    /// The category in each dimension; `None` is summed over.
    pub key: Vec<Option<u32>>,
    /// The people in it.
    pub people: u64,
    /// Whether it is left out, and why.
    pub suppressed: Option<Suppressed>,
}

/// What of a table is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Of each cell, in the order given, whether it is left out, and why.
    pub cells: Vec<Option<Suppressed>>,
    /// All margins in the order of their keys.
    pub margins: Vec<Margin>,
}

/// Chooses what to leave out of a table of counts. Cells that are not listed are empty. The choice depends on the
/// counts and keys alone, not on the order of the cells.
///
/// # Errors
/// `minimum_cell` below 2, keys of different lengths, a key twice, too many cells or dimensions.
pub fn suppress(cells: &[Cell], minimum_cell: u64) -> Result<Suppression, PrivacyError> {
    check(cells, minimum_cell)?;
    let mut table = Table::new(cells, minimum_cell)?;
    table.suppress_small();
    let mut moves = Moves::new();
    while let Some(target) = moves.first_exposed(&table) {
        let cheapest = moves.cheapest(&table, &target);
        table.suppress(&cheapest);
    }
    Ok(table.into_suppression(cells))
}

fn check(cells: &[Cell], minimum_cell: u64) -> Result<(), PrivacyError> {
    let fault = |problem: String, remedy| Err(PrivacyError::Cells { problem, remedy });
    if minimum_cell < 2 {
        return fault(format!("the minimum cell is {minimum_cell}"), "give 2 or more");
    }
    let dimensions = cells.first().map_or(0, |cell| cell.key.len());
    let Some(&most) = MOST_CELLS.get(dimensions) else {
        return fault(
            format!("{dimensions} dimensions, at most {MAX_DIMENSIONS} are published"),
            "group by fewer columns",
        );
    };
    if cells.len() > most {
        return fault(
            format!("{} cells in {dimensions} dimensions, at most {most} are published", cells.len()),
            "group by fewer columns or wider categories",
        );
    }
    match cells.iter().find(|cell| cell.key.len() != dimensions) {
        Some(cell) => fault(
            format!("key {:?} is not of {dimensions} dimensions as the first", cell.key),
            "give each cell a category in each dimension",
        ),
        None => Ok(()),
    }
}
