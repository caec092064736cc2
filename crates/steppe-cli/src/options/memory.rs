use std::{fmt, str::FromStr};

use steppe_server::settings::Size;

/// Less than this is no amount of memory to work in, and usually a forgotten unit.
const LEAST: u64 = 16 << 20;

/// An amount of memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemorySize(pub(crate) u64);

impl FromStr for MemorySize {
    type Err = String;

    /// Reads an amount as the settings of a cluster write it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let example = |problem: &str| format!("it {problem}; give a size such as 512M or 2GiB");
        let size: Size = text.trim().parse().map_err(example)?;
        if size.bytes() < LEAST {
            return Err(example("is less than 16 MiB"));
        }
        Ok(Self(size.bytes()))
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
