//! The instruction sets that the passes are written for.

use std::fmt;
use std::str::FromStr;

use crate::error::KernelError;

/// An instruction set. A level that this CPU lacks can be named (a test or bench skips it visibly); a
/// pass asked to run on it runs on one that the CPU has instead, with the same result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Portable code; always there, and the reference.
    Scalar,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512 F, BW, DQ, VL, VBMI, VBMI2, VNNI and VPOPCNTDQ (Intel since Ice Lake, AMD since Zen 4).
    Avx512,
    /// The level before with AMX's tiles of bytes, where the system lets the process use them (Intel since Sapphire Rapids,
    /// Linux since 5.16).
    Amx,
    /// 64-bit Arm: the portable code, compiled with Neon, which is part of that architecture's baseline.
    Neon,
}

impl Level {
    /// Whether this CPU can run the level.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => crate::x86_64::avx2::Avx2::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => crate::x86_64::avx512::Avx512::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Amx => crate::x86_64::amx::Amx::new().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => crate::aarch64::neon::Neon::new().is_some(),
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// The fastest level that this CPU can run.
    pub fn best() -> Self {
        [Self::Amx, Self::Avx512, Self::Avx2, Self::Neon]
            .into_iter()
            .find(|level| level.is_available())
            .unwrap_or(Self::Scalar)
    }

    /// Every level, those that this CPU cannot run included.
    pub fn all() -> &'static [Self] {
        &[Self::Scalar, Self::Avx2, Self::Avx512, Self::Amx, Self::Neon]
    }

    /// The name in lower case, as `Display` writes it and `FromStr` reads it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Amx => "amx",
            Self::Neon => "neon",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = KernelError;

    fn from_str(name: &str) -> Result<Self, KernelError> {
        Self::all()
            .iter()
            .copied()
            .find(|level| level.name() == name)
            .ok_or_else(|| KernelError::UnknownLevel { name: name.chars().take(60).collect() })
    }
}
