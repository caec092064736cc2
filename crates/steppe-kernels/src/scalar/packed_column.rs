//! The passes over a packed column, one sample at a time.

use crate::packed_column::{ColumnPasses, LANES, LaneSums, Word};
use crate::scalar::Scalar;

/// Code × value as a table of factors; a missing call counts nothing.
pub(crate) const CODES: [f64; 4] = [0.0, 1.0, 2.0, 0.0];

/// Factors that leave one code's values.
pub(crate) const ONE_CODE: [[f64; 4]; 4] =
    [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];

/// The table's entries for a word's samples.
fn entries(word: &Word, table: &[f64; 4]) -> [f64; LANES] {
    let word = u64::from_le_bytes(*word);
    std::array::from_fn(|sample| table[(word >> (2 * sample)) as usize & 3])
}

fn add_products(words: &[Word], values: &[[f64; LANES]], table: &[f64; 4], sums: &mut LaneSums) {
    for (word, values) in words.iter().zip(values) {
        for ((sum, entry), value) in sums.iter_mut().zip(entries(word, table)).zip(values) {
            *sum += entry * value;
        }
    }
}

impl ColumnPasses for Scalar {
    fn dot(self, words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums) {
        add_products(words, values, &CODES, codes);
    }

    fn dot_both(self, words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums, missing: &mut LaneSums) {
        add_products(words, values, &CODES, codes);
        add_products(words, values, &ONE_CODE[3], missing);
    }

    fn add(self, words: &[Word], table: &[f64; 4], values: &mut [[f64; LANES]]) {
        for (word, values) in words.iter().zip(values) {
            for (value, entry) in values.iter_mut().zip(entries(word, table)) {
                *value += entry;
            }
        }
    }

    fn add_weighted(
        self,
        words: &[Word],
        table: &[f64; 4],
        weights: &[[f64; LANES]],
        values: &mut [[f64; LANES]],
    ) {
        for ((word, weights), values) in words.iter().zip(weights).zip(values) {
            for ((value, entry), weight) in values.iter_mut().zip(entries(word, table)).zip(weights) {
                *value += weight * entry;
            }
        }
    }

    fn moments(self, words: &[Word], values: &[[f64; LANES]], sums: &mut [LaneSums; 4]) {
        for (sums, table) in sums.iter_mut().zip(&ONE_CODE) {
            add_products(words, values, table, sums);
        }
    }
}
