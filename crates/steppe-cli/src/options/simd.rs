use std::str::FromStr;

use steppe_kernels::Level;

/// Which kernel level to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Simd {
    /// The fastest that this CPU has.
    Auto,
    /// This one; the CPU has it.
    Forced(Level),
}

impl Simd {
    /// The level to run on.
    pub(crate) fn level(self) -> Level {
        match self {
            Self::Auto => Level::best(),
            Self::Forced(level) => level,
        }
    }
}

impl FromStr for Simd {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let level: Level =
            text.parse().map_err(|_| format!("give auto or one of {}", names(Level::all().iter())))?;
        if level.is_available() {
            return Ok(Self::Forced(level));
        }
        let available = Level::all().iter().filter(|level| level.is_available());
        Err(format!("this CPU does not have {level}; it has {}", names(available)))
    }
}

fn names<'a>(levels: impl Iterator<Item = &'a Level>) -> String {
    levels.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_the_best_level() {
        assert_eq!("auto".parse::<Simd>().map(Simd::level), Ok(Level::best()));
        assert_eq!("scalar".parse(), Ok(Simd::Forced(Level::Scalar)));
    }

    #[test]
    fn what_is_not_there_is_refused_with_what_is() {
        for level in Level::all().iter().filter(|level| !level.is_available()) {
            assert!(level.to_string().parse::<Simd>().is_err_and(|error| error.contains("scalar")));
        }
        assert!("sse9".parse::<Simd>().is_err_and(|error| error.contains("avx512")));
    }
}
