/// PLINK's largest position, 2^31 − 2.
const LARGEST: u64 = 2_147_483_646;

/// A position, and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// 0 where there is none: the file has 0 or a negative number.
    pub(super) value: u32,
    /// Written as `5e+05`.
    pub(super) scientific: bool,
}

/// Reads a position, or says why it is none.
///
/// R writes round numbers as `5e+05`; where that is a whole number it is read as what it says. plink2 and plink1.9
/// stop at the `e`, and read 5.
pub(super) fn parse(text: &str) -> Result<Position, &'static str> {
    let whole = |value| Position { value, scientific: false };
    if let Some(digits) = text.strip_prefix('-') {
        return match digits_value(digits) {
            Some(_) => Ok(whole(0)),
            None => Err("this is no position"),
        };
    }
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let (value, scientific) = match digits_value(unsigned) {
        Some(value) => (value, false),
        None => (scientific_value(unsigned)?, true),
    };
    if value > LARGEST {
        return Err("the position is beyond 2147483646");
    }
    let value = u32::try_from(value).map_err(|_| "the position is beyond 2147483646")?;
    Ok(Position { value, scientific })
}

/// The value of a string of digits, stopping to grow above [`LARGEST`].
fn digits_value(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut value = 0;
    for byte in text.bytes() {
        if !byte.is_ascii_digit() {
            return None;
        }
        if value <= LARGEST {
            value = value * 10 + u64::from(byte - b'0');
        }
    }
    Some(value)
}

/// The value of `5e+05` or `1.25E6`, when it is a whole number.
fn scientific_value(text: &str) -> Result<u64, &'static str> {
    let fraction_only = "the position is not a whole number";
    let no_position = "this is no position";
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some(parts) => parts,
        None if text.parse::<f64>().is_ok_and(f64::is_finite) => return Err(fraction_only),
        None => return Err(no_position),
    };
    let exponent = digits_value(exponent.strip_prefix('+').unwrap_or(exponent)).ok_or(no_position)?;
    let (units, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut value = digits_value(units).ok_or(no_position)?;
    if !fraction.is_empty() {
        digits_value(fraction).ok_or(no_position)?;
    }
    if fraction.len() as u64 > exponent {
        return Err(fraction_only);
    }
    let digits = fraction.bytes().map(|digit| u64::from(digit - b'0')).chain(std::iter::repeat(0));
    for digit in digits.take(exponent.min(LARGEST) as usize) {
        if value > LARGEST || (value == 0 && fraction.is_empty()) {
            break;
        }
        value = value * 10 + digit;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_whole_numbers() {
        let value = |text| parse(text).map(|position| (position.value, position.scientific));
        for (text, position) in
            [("1", 1), ("007", 7), ("+7", 7), ("0", 0), ("-5", 0), ("2147483646", 2_147_483_646)]
        {
            assert_eq!(value(text), Ok((position, false)), "{text}");
        }
        for (text, position) in
            [("5e+05", 500_000), ("1e6", 1_000_000), ("1.25E2", 125), ("0e9", 0), ("0.5e1", 5)]
        {
            assert_eq!(value(text), Ok((position, true)), "{text}");
        }
        for (text, problem) in [
            ("", "this is no position"),
            ("abc", "this is no position"),
            ("1 0", "this is no position"),
            ("--1", "this is no position"),
            ("1e", "this is no position"),
            ("e5", "this is no position"),
            ("1e-2", "this is no position"),
            ("nan", "this is no position"),
            ("1.5", "the position is not a whole number"),
            ("100.0", "the position is not a whole number"),
            ("1.25e1", "the position is not a whole number"),
            ("2147483647", "the position is beyond 2147483646"),
            ("99999999999999999999999", "the position is beyond 2147483646"),
            ("1e99999999999999999999", "the position is beyond 2147483646"),
        ] {
            assert_eq!(value(text), Err(problem), "{text}");
        }
    }
}
