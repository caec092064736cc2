use std::ops::Range;

use crate::{Chromosome, VariantTable};

/// One more than the largest code of a chromosome that is matched by position.
const CODES: usize = 27;

/// Sorted runs per chromosome that are searched one by one; a chromosome in more pieces is sorted instead.
const MAX_RUNS: usize = 8;

/// The code of the chromosome that positions are looked up under, as [`Chromosome::for_matching`] without its
/// clone: 1 to 22, 23 for X and its pseudo-autosomal regions, 24 for Y, 26 for MT.
pub(super) fn code(chromosome: &Chromosome) -> Option<u8> {
    match chromosome {
        Chromosome::Autosome(number) => (usize::from(*number) < CODES).then_some(*number),
        Chromosome::X | Chromosome::Par => Some(23),
        Chromosome::Y => Some(24),
        Chromosome::Mt => Some(26),
        Chromosome::Unplaced | Chromosome::Contig(_) => None,
    }
}

/// Where the variants of one chromosome lie in the table.
#[derive(Debug, Clone)]
enum Places {
    /// Runs of consecutive variants by ascending position: the table itself is the index.
    Runs(Vec<Range<u32>>),
    /// All variants by ascending (position, variant).
    Sorted { positions: Vec<u32>, variants: Vec<u32> },
}

/// Finds variants by chromosome and position.
#[derive(Debug, Clone)]
pub(super) struct PositionIndex {
    chromosomes: Vec<Places>,
}

/// Where the previous row of a chromosome was found. Scoring files are nearly always sorted, so the next row is a
/// few variants further on.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    position: u32,
    index: u32,
}

/// The memory of one reader of the index.
#[derive(Debug, Clone, Default)]
pub(super) struct Cursor {
    found: [Found; CODES],
}

impl PositionIndex {
    /// One pass over the table. Variants without position are left out.
    pub(super) fn build<V: VariantTable + ?Sized>(table: &V) -> Self {
        let mut runs: Vec<Vec<Range<u32>>> = vec![Vec::new(); CODES];
        let mut open: Option<(usize, u32, u32)> = None; // code, first variant, last position
        let count = u32::try_from(table.len()).unwrap_or(u32::MAX);
        for variant in 0..count {
            let position = table.position(variant as usize);
            let place = code(table.chromosome(variant as usize)).filter(|_| position > 0).map(usize::from);
            open = match (open, place) {
                (Some((code, first, last)), Some(here)) if here == code && last <= position => {
                    Some((code, first, position))
                }
                (before, here) => {
                    if let Some((code, first, _)) = before {
                        runs[code].push(first..variant);
                    }
                    here.map(|code| (code, variant, position))
                }
            };
        }
        if let Some((code, first, _)) = open {
            runs[code].push(first..count);
        }
        let chromosomes = runs.into_iter().map(|runs| Places::of(table, runs)).collect();
        Self { chromosomes }
    }

    /// Calls `visit` with every variant at a position, in ascending order of their indices.
    pub(super) fn visit_at<V: VariantTable + ?Sized>(
        &self,
        table: &V,
        (code, position): (u8, u32),
        cursor: &mut Cursor,
        mut visit: impl FnMut(u32),
    ) {
        let code = usize::from(code);
        let at = |variant: u32| table.position(variant as usize);
        match &self.chromosomes[code] {
            Places::Runs(runs) => {
                // The cursor serves the first run: there is rarely another.
                for (number, run) in runs.iter().enumerate() {
                    let first = if number == 0 {
                        cursor.lower_bound(code, run.clone(), position, at)
                    } else {
                        lower_bound(run.clone(), position, at)
                    };
                    (first..run.end).take_while(|&variant| at(variant) == position).for_each(&mut visit);
                }
            }
            Places::Sorted { positions, variants } => {
                let at = |index: u32| positions[index as usize];
                let end = positions.len() as u32;
                let first = cursor.lower_bound(code, 0..end, position, at);
                (first..end)
                    .take_while(|&index| at(index) == position)
                    .for_each(|index| visit(variants[index as usize]));
            }
        }
    }
}

impl Places {
    fn of<V: VariantTable + ?Sized>(table: &V, runs: Vec<Range<u32>>) -> Self {
        if runs.len() <= MAX_RUNS {
            return Self::Runs(runs);
        }
        let mut keys: Vec<(u32, u32)> =
            runs.into_iter().flatten().map(|variant| (table.position(variant as usize), variant)).collect();
        keys.sort_unstable();
        let (positions, variants) = keys.into_iter().unzip();
        Self::Sorted { positions, variants }
    }
}

impl Cursor {
    /// The first index of `range` whose position is not below `position`, sought from the last one found.
    fn lower_bound(&mut self, code: usize, range: Range<u32>, position: u32, at: impl Fn(u32) -> u32) -> u32 {
        let found = self.found[code];
        let from = found.index.clamp(range.start, range.end);
        let index = if found.index != from || position < found.position {
            lower_bound(range, position, at)
        } else {
            gallop(from..range.end, position, at)
        };
        self.found[code] = Found { position, index };
        index
    }
}

/// Doubles its steps until it is past `position`, then halves.
fn gallop(range: Range<u32>, position: u32, at: impl Fn(u32) -> u32) -> u32 {
    let (mut low, mut step) = (range.start, 1);
    loop {
        let probe = match low.checked_add(step - 1) {
            Some(probe) if probe < range.end => probe,
            _ => return lower_bound(low..range.end, position, at),
        };
        if at(probe) >= position {
            return lower_bound(low..probe, position, at);
        }
        low = probe + 1;
        step *= 2;
    }
}

fn lower_bound(range: Range<u32>, position: u32, at: impl Fn(u32) -> u32) -> u32 {
    let Range { start: mut low, end: mut high } = range;
    while low < high {
        let middle = low + (high - low) / 2;
        if at(middle) < position { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::test_support::TestVariants;

    fn at(table: &TestVariants, index: &PositionIndex, cursor: &mut Cursor, place: (u8, u32)) -> Vec<u32> {
        let mut found = Vec::new();
        index.visit_at(table, place, cursor, |variant| found.push(variant));
        found
    }

    /// Every position of `table`, forwards and backwards, against a plain scan.
    fn assert_finds_all(table: &TestVariants) {
        let index = PositionIndex::build(table);
        let mut cursor = Cursor::default();
        let largest = (0..table.len()).map(|variant| table.position(variant)).max().unwrap_or(0) + 2;
        for code_wanted in [1, 2, 23, 26] {
            for position in (1..largest).chain((1..largest).rev()) {
                let expected: Vec<u32> = (0..table.len())
                    .filter(|&variant| {
                        code(table.chromosome(variant)) == Some(code_wanted)
                            && table.position(variant) == position
                    })
                    .map(|variant| variant as u32)
                    .collect();
                assert_eq!(at(table, &index, &mut cursor, (code_wanted, position)), expected);
            }
        }
    }

    #[test]
    fn sorted_tables_are_their_own_index() {
        let mut table = TestVariants::default();
        for position in [3, 5, 5, 8, 30] {
            table.push("1", position, ".", "A", "C");
        }
        table.push("X", 4, ".", "A", "C");
        table.push("Y", 4, ".", "A", "C");
        table.push("XY", 2, ".", "A", "C");
        assert_finds_all(&table);
        let index = PositionIndex::build(&table);
        assert!(index.chromosomes.iter().all(|places| matches!(places, Places::Runs(_))));
    }

    #[test]
    fn scattered_tables_are_sorted() {
        let mut table = TestVariants::default();
        for step in 0..60_u32 {
            table.push(if step % 3 == 0 { "2" } else { "1" }, 1 + step * 17 % 23, ".", "A", "C");
            table.push("0", 7, ".", "A", "C");
            table.push("GL1", 7, ".", "A", "C");
            table.push("1", 0, ".", "A", "C");
        }
        assert_finds_all(&table);
        let index = PositionIndex::build(&table);
        assert!(matches!(index.chromosomes[1], Places::Sorted { .. }));
    }

    #[test]
    fn an_empty_table_has_nothing() {
        assert_finds_all(&TestVariants::default());
    }
}
