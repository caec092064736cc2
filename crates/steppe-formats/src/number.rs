//! Numbers as text, for the writers of tables.

use std::f64::consts::LN_10;

/// The shortest text that reads back to the same number, with an exponent where that is shorter by far; a whole number
/// has no point.
///
/// The engine's writer of scores has its own of this, on a faster library; they may become one.
pub(crate) fn shortest(value: f64) -> String {
    let text = format!("{value:?}");
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// Six significant digits as plink2 and C's `%.6g` print them: without trailing zeros, with an exponent of at least
/// two digits below 0.0001 and from 1,000,000; `nan` and `inf` for what is no finite number.
pub(crate) fn six_digits(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf".to_owned() } else { "-inf".to_owned() };
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{value:.5e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    arrange(mantissa, exponent.parse().unwrap_or(0))
}

/// Six significant digits of e^`ln`, as plink2 prints P; also where that is below the smallest double.
pub(crate) fn six_digits_of_exp(ln: f64) -> String {
    // Not too near the end of the doubles, which have fewer digits there.
    if ln.is_nan() || ln > -700.0 || ln.is_infinite() {
        return six_digits(ln.exp());
    }
    let exponent = (ln / LN_10).floor();
    let mantissa = format!("{:.5}", (ln - exponent * LN_10).exp());
    // Rounding may have brought it to ten.
    match mantissa.strip_prefix("10.") {
        Some(_) => arrange("1.00000", exponent as i64 + 1),
        None => arrange(&mantissa, exponent as i64),
    }
}

/// `mantissa` is a digit, a point and five digits, with a sign or without.
fn arrange(mantissa: &str, exponent: i64) -> String {
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", mantissa),
    };
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let point = |at: usize| match digits.split_at_checked(at) {
        Some((whole, "")) => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits:0<at$}"),
    };
    match exponent {
        0..=5 => format!("{sign}{}", point(exponent as usize + 1)),
        -4..=-1 => format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize)),
        _ => {
            let mark = if exponent < 0 { '-' } else { '+' };
            format!("{sign}{}e{mark}{:02}", point(1), exponent.unsigned_abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_reads_back() {
        for (value, text) in
            [(0.0, "0"), (-2.0, "-2"), (0.1 + 0.2, "0.30000000000000004"), (1e-300, "1e-300")]
        {
            assert_eq!(shortest(value), text);
        }
        for value in [f64::MIN_POSITIVE, -1.0 / 3.0, 6.02e23, 123_456.789] {
            assert_eq!(shortest(value).parse(), Ok(value));
        }
    }

    #[test]
    fn six_digits_as_c_prints_them() {
        // printf "%.6g" of each.
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-0.0164846, "-0.0164846"),
            (100.0, "100"),
            (123_456.0, "123456"),
            (999_999.4, "999999"),
            (999_999.6, "1e+06"),
            (1_234_567.0, "1.23457e+06"),
            (0.000_1, "0.0001"),
            (0.000_099_999_96, "0.0001"),
            (0.000_012_345_67, "1.23457e-05"),
            (-1.5e-7, "-1.5e-07"),
            (2.5e-300, "2.5e-300"),
            (1.0e15, "1e+15"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(six_digits(value), text, "{value:e}");
        }
    }

    /// 600 doubles as plink2 prints them; `make_expected.sh` beside the file made it.
    #[test]
    fn six_digits_as_plink2_prints_them() {
        let lines = include_str!("../tests/fixtures/association/numbers.tsv").lines();
        let mut count = 0;
        for line in lines {
            let (value, printed) = line.split_once('\t').unwrap();
            assert_eq!(six_digits(value.parse().unwrap()), printed, "{value}");
            count += 1;
        }
        assert_eq!(count, 600);
    }

    #[test]
    fn probabilities_below_the_doubles() {
        assert_eq!(six_digits_of_exp(0.0), "1");
        assert_eq!(six_digits_of_exp(0.05_f64.ln()), "0.05");
        assert_eq!(six_digits_of_exp(-1000.0), "5.07596e-435");
        assert_eq!(six_digits_of_exp(-500.0 * LN_10), "1e-500");
        assert_eq!(six_digits_of_exp(f64::NEG_INFINITY), "0");
        assert_eq!(six_digits_of_exp(f64::NAN), "nan");
    }
}
