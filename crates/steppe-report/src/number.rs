//! Numbers as a reader expects them in print: grouped thousands, a true minus sign, powers of ten.

use std::time::Duration;

/// What stands where there is no value.
pub(crate) const NONE: &str = "–";

/// 1234567 as `1,234,567`.
pub(crate) fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// A count with its noun, in the plural unless it is one: `1 variant`, `1,000 variants`.
pub(crate) fn things(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// With a fixed number of decimals: `−1,234.50`.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let digits = format!("{:.decimals$}", value.abs());
    let sign =
        if value < 0.0 && digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { "−" } else { "" };
    match digits.split_once('.') {
        Some((whole, fraction)) => format!("{sign}{}.{fraction}", grouped(whole)),
        None => format!("{sign}{}", grouped(&digits)),
    }
}

/// As a power of ten with `decimals` digits after the point: `2.3×10⁻⁴`.
pub(crate) fn scientific(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let text = format!("{value:.decimals$e}").replace('-', "−");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{mantissa}×10{}", superscript(exponent)),
        None => text,
    }
}

/// As a multiple of a given power of ten: `0.5×10⁻⁴`.
pub(crate) fn times_power(value: f64, exponent: i32, decimals: usize) -> String {
    // In two parts: ten to the power of 308 and more does not exist, nor its inverse.
    let half = exponent / 2;
    let mantissa = value / 10_f64.powi(half) / 10_f64.powi(exponent - half);
    let power = superscript(&exponent.to_string().replace('-', "−"));
    format!("{}×10{power}", fixed(mantissa, decimals))
}

/// With so many significant digits; as a power of ten where that is easier to read.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let exponent = exponent_of(value, digits);
    if !(-3..6).contains(&exponent) {
        return scientific(value, digits.saturating_sub(1));
    }
    fixed(value, decimals_for(value, digits))
}

/// Decimals that show `digits` significant digits of the value.
pub(crate) fn decimals_for(value: f64, digits: usize) -> usize {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    usize::try_from(digits as i32 - 1 - exponent_of(value, digits)).unwrap_or(0)
}

/// The power of ten of the first digit, once rounded to so many digits: 0.0999 has −1 when rounded to two.
fn exponent_of(value: f64, digits: usize) -> i32 {
    let text = format!("{value:.*e}", digits.saturating_sub(1));
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// `0.42 s`, `12.3 s`, `2 min 05 s`, `1 h 07 min`.
pub(crate) fn duration(value: Duration) -> String {
    let seconds = value.as_secs();
    match seconds {
        0..10 => format!("{:.2} s", value.as_secs_f64()),
        10..60 => format!("{:.1} s", value.as_secs_f64()),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An integer's digits and minus sign, raised.
fn superscript(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '−' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            _ => '⁰',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_and_signs() {
        let texts = [(-1234.5, 2), (-0.001, 2), (0.5, 0), (f64::NAN, 3), (1e6, 0)].map(|(v, d)| fixed(v, d));
        assert_eq!(texts, ["−1,234.50", "0.00", "0", "–", "1,000,000"]);
    }

    #[test]
    fn digits_that_matter() {
        let values = [0.0, 0.0213456, 0.09996, 123456.0, -3.2e-4, 2.5e9, 1.0];
        let texts = values.map(|value| significant(value, 3));
        assert_eq!(texts, ["0", "0.0213", "0.100", "123,456", "−3.20×10⁻⁴", "2.50×10⁹", "1.00"]);
    }

    #[test]
    fn durations() {
        let texts = [420, 12_340, 125_000, 4_020_000].map(|millis| duration(Duration::from_millis(millis)));
        assert_eq!(texts, ["0.42 s", "12.3 s", "2 min 05 s", "1 h 07 min"]);
    }
}
