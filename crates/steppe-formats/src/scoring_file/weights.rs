//! Weights: decimal text to f64, once.

use crate::Malformed;

/// Why a text is no weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadWeight {
    Empty,
    NotANumber,
    NotFinite,
    Overflow,
}

/// Reads a weight; the standard library's conversion is the nearest f64 of the decimal text.
pub(super) fn parse_weight(text: &str) -> Result<f64, BadWeight> {
    match text.parse::<f64>() {
        Ok(weight) if weight.is_finite() => Ok(weight),
        Ok(_) if text.bytes().any(|byte| byte.is_ascii_digit()) => Err(BadWeight::Overflow),
        Ok(_) => Err(BadWeight::NotFinite),
        Err(_) if text.is_empty() => Err(BadWeight::Empty),
        Err(_) => Err(BadWeight::NotANumber),
    }
}

/// Whether a text that was read as 0 has a digit other than 0 before its exponent: a weight too small for f64.
pub(super) fn underflows(text: &str) -> bool {
    text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).any(|byte| matches!(byte, b'1'..=b'9'))
}

impl BadWeight {
    /// Says it of a file, without the place.
    pub(super) fn on(self, path: &std::path::Path) -> Malformed {
        let (problem, remedy) = match self {
            Self::Empty => ("the weight is empty", "give every row a weight, or remove the row"),
            Self::NotANumber => {
                ("the weight is not a decimal number", "write it with a point, as in -0.0123 or -1.23e-2")
            }
            Self::NotFinite => {
                ("the weight is not a finite number", "give a finite weight, or remove the row")
            }
            Self::Overflow => (
                "the weight is too large for a 64-bit float",
                "give a weight below 1.8e308, or remove the row",
            ),
        };
        Malformed::new(path, problem, remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_finite_decimals() {
        assert_eq!(parse_weight("-2.76E-02"), Ok(-0.0276));
        assert_eq!(parse_weight("0.1"), Ok(0.1));
        assert_eq!(parse_weight(""), Err(BadWeight::Empty));
        for text in ["abc", "NA", "0,5", "1e", "0x1", "--1", "1 2"] {
            assert_eq!(parse_weight(text), Err(BadWeight::NotANumber), "{text}");
        }
        for text in ["NaN", "inf", "-Infinity"] {
            assert_eq!(parse_weight(text), Err(BadWeight::NotFinite), "{text}");
        }
        assert_eq!(parse_weight("-1e400"), Err(BadWeight::Overflow));
    }

    #[test]
    fn tiny_weights_are_told_from_zeros() {
        assert!(underflows("1e-400"));
        assert!(!underflows("0.000e-7"));
        assert!(!underflows("-0"));
    }
}
