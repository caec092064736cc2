use std::{fmt, str::FromStr};

/// Less than this is no amount of memory to work in, and usually a forgotten unit.
const LEAST: u64 = 16 << 20;

/// An amount of memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemorySize(pub(crate) u64);

impl FromStr for MemorySize {
    type Err = String;

    /// Reads `2GiB`, `512M`, `1.5 GB`, `2147483648`: units K, M, G and T, with or without `iB`, are powers of 1024;
    /// kB, MB, GB and TB are powers of 1000.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number: f64 = number.parse().map_err(|_| expected("it does not start with a number"))?;
        let factor = factor(unit.trim()).ok_or_else(|| expected("its unit is unknown"))?;
        let bytes = number * factor;
        if !(bytes.is_finite() && bytes < u64::MAX as f64) {
            return Err(expected("it is too large"));
        }
        let bytes = bytes as u64;
        if bytes < LEAST {
            return Err("it is less than 16 MiB; give a size such as 512M or 2GiB".to_owned());
        }
        Ok(Self(bytes))
    }
}

fn expected(problem: &str) -> String {
    format!("{problem}; give a size such as 512M or 2GiB")
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

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::render::bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, bytes) in [
            ("2GiB", 2 << 30),
            ("2g", 2 << 30),
            ("512M", 512 << 20),
            ("512 MiB", 512 << 20),
            ("1.5GB", 1_500_000_000),
            ("1T", 1 << 40),
            ("33554432", 32 << 20),
            ("65536K", 64 << 20),
        ] {
            assert_eq!(text.parse(), Ok(MemorySize(bytes)), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for text in ["", "GiB", "2XB", "-2G", "1e400G", "2", "2 K", "99999999999999T", "1.2.3G"] {
            let error = text.parse::<MemorySize>();
            assert!(error.as_ref().is_err_and(|error| error.contains("2GiB")), "{text}: {error:?}");
        }
    }
}
