//! When an answer is the expected one: row for row, texts as they are, numbers by their values.

use sqllogictest::Validator;

/// Sums in another order differ by less.
const SAME: f64 = 1e-9;
/// Digits of means, and of associations, as they are released of groups.
const RELEASED_DIGITS: [usize; 2] = [6, 4];

/// How the answer to a statement is compared: `is_exact` where values are not rounded, in the order of rows where the
/// statement has one.
pub(super) fn validator(is_exact: bool, is_ordered: bool) -> Validator {
    match (is_exact, is_ordered) {
        (true, true) => |_, actual, expected| are_equal(actual, expected, is_near, true),
        (true, false) => |_, actual, expected| are_equal(actual, expected, is_near, false),
        (false, true) => |_, actual, expected| are_equal(actual, expected, is_released, true),
        (false, false) => |_, actual, expected| are_equal(actual, expected, is_released, false),
    }
}

/// A value that may be rounded as it leaves.
fn is_released(actual: f64, expected: f64) -> bool {
    let rounded = RELEASED_DIGITS.map(|digits| to_digits(expected, digits));
    is_near(actual, expected) || rounded.iter().any(|expected| is_near(actual, *expected))
}

fn is_near(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() <= SAME * expected.abs().max(1e-3)
}

fn to_digits(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// Rows without an order are looked for among those that are left, since the nearly same numbers sort otherwise.
fn are_equal(
    actual: &[Vec<String>],
    expected: &[String],
    is_same: fn(f64, f64) -> bool,
    is_ordered: bool,
) -> bool {
    let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let is_equal = |one: &[String], other: &[String]| {
        let is_equal = |(actual, expected): (&String, &String)| {
            actual == expected
                || matches!((actual.parse(), expected.parse()), (Ok(one), Ok(other)) if is_same(one, other))
        };
        one.len() == other.len() && one.iter().zip(other).all(is_equal)
    };
    let mut left: Vec<Vec<String>> = actual.iter().map(|row| words(&row.join(" "))).collect();
    actual.len() == expected.len()
        && expected.iter().all(|row| {
            let row = words(row);
            let among = if is_ordered { 1 } else { left.len() };
            let found = left.iter().take(among).position(|there| is_equal(there, &row));
            found.map(|at| left.remove(at)).is_some()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(is_exact: bool, is_ordered: bool, actual: &[&[&str]], expected: &[&str]) -> bool {
        let actual: Vec<Vec<String>> =
            actual.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        let expected: Vec<String> = expected.iter().map(|row| (*row).to_owned()).collect();
        validator(is_exact, is_ordered)(sqllogictest::default_normalizer, &actual, &expected)
    }

    #[test]
    fn what_differs_is_not_equal() {
        let rows: &[&[&str]] = &[&["a", "1"], &["b", "2.5"]];
        assert!(holds(true, true, rows, &["a 1", "b 2.5000000001"]));
        assert!(holds(true, false, rows, &["b 2.5", "a 1.0"]));
        assert!(!holds(true, true, rows, &["b 2.5", "a 1"]));
        for wrong in [&["a 1"][..], &["a 1", "b 2.50001"], &["a 1", "c 2.5"], &["a 1", "a 1"], &["a 1", "b"]]
        {
            assert!(!holds(true, false, rows, wrong), "{wrong:?}");
        }
        assert!(holds(false, true, &[&["0.123457"]], &["0.1234567891"]));
        assert!(!holds(true, true, &[&["0.123457"]], &["0.1234567891"]));
        assert!(!holds(false, true, &[&["0.123458"]], &["0.1234567891"]));
    }
}
