use std::{fmt, str::FromStr};

use super::Problem;

/// Less than this is no amount of memory to work in, and usually a forgotten unit.
const LEAST: u64 = 16 << 20;

/// An amount of memory or disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// In bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = Problem;

    /// Reads `2GiB`, `512M`, `1.5 GB`, `2147483648`: units K, M, G and T, with or without `iB`, are powers of 1024;
    /// kB, MB, GB and TB are powers of 1000.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number: f64 = number.parse().map_err(|_| "does not start with a number")?;
        let factor = factor(unit.trim()).ok_or("has an unknown unit")?;
        let bytes = number * factor;
        if bytes.is_finite() && bytes < u64::MAX as f64 {
            return Ok(Self(bytes as u64));
        }
        Err("is too large")
    }
}

impl fmt::Display for Size {
    /// In the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
        for (shift, unit) in units {
            if self.0 > 0 && self.0.trailing_zeros() >= shift {
                return write!(f, "{}{unit}", self.0 >> shift);
            }
        }
        write!(f, "{}", self.0)
    }
}

/// Reads an amount that something can work in.
pub(in crate::settings) fn size(text: &str) -> Result<Size, Problem> {
    let size: Size = text.parse()?;
    if size.0 < LEAST { Err("is less than 16 MiB") } else { Ok(size) }
}

/// Reads an amount that something can work in, or nothing at all.
pub(in crate::settings) fn size_or_none(text: &str) -> Result<Option<Size>, Problem> {
    let size: Size = text.parse()?;
    match size.0 {
        0 => Ok(None),
        bytes if bytes < LEAST => Err("is less than 16 MiB and not 0"),
        _ => Ok(Some(size)),
    }
}

fn factor(unit: &str) -> Option<f64> {
    let unit = unit.to_ascii_lowercase();
    let (letter, rest) = match unit.chars().next() {
        None => return Some(1.0),
        Some('b') if unit.len() == 1 => return Some(1.0),
        Some(letter) => (letter, &unit[letter.len_utf8()..]),
    };
    let power = 1 + ['k', 'm', 'g', 't'].iter().position(|&known| known == letter)? as i32;
    match rest {
        "" | "i" | "ib" => Some(1024f64.powi(power)),
        "b" => Some(1000f64.powi(power)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, bytes, shown) in [
            ("2GiB", 2 << 30, "2GiB"),
            ("2g", 2 << 30, "2GiB"),
            ("512 MiB", 512 << 20, "512MiB"),
            ("1.5GB", 1_500_000_000, "1500000000"),
            ("1T", 1 << 40, "1TiB"),
            ("33554432", 32 << 20, "32MiB"),
            ("65536K", 64 << 20, "64MiB"),
        ] {
            let size = size(text).expect(text);
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, shown), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["GiB", "2XB", "-2G", "1e400G", "2", "2 K", "99999999999999T", "1.2.3G", "0", "2é", "NaN"]
        {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_disk_at_all() {
        assert_eq!(size_or_none("0"), Ok(None));
        assert_eq!(size_or_none("0GiB"), Ok(None));
        assert_eq!(size_or_none("1K"), Err("is less than 16 MiB and not 0"));
        assert!(size_or_none("16M").is_ok_and(|size| size.is_some()));
    }
}
