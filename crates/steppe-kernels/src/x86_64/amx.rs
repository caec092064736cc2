//! AMX: products of tiles of bytes, on top of AVX-512.

mod gram;
mod tiles;

use std::arch::x86_64::__cpuid_count;
use std::sync::OnceLock;

use super::avx512::Avx512;
use crate::adjoint::{AdjointSum, AdjointWays, Codes, Counted, Left, Tile, TilePasses, TileSums, Tiles};

/// Proof that the CPU has what every function here needs, and that the system lets this process use it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amx(Avx512);

impl Amx {
    pub(crate) fn new() -> Option<Self> {
        static AVAILABLE: OnceLock<bool> = OnceLock::new();
        let avx512 = Avx512::new()?;
        AVAILABLE.get_or_init(|| has_instructions() && may_use_tiles()).then_some(Self(avx512))
    }
}

/// Whether the CPU has tiles and products of bytes (leaf 7; a CPU with AVX-512 has it), and `vgf2p8affineqb`.
fn has_instructions() -> bool {
    const TILE: u32 = 1 << 24;
    const INT8: u32 = 1 << 25;
    let features = __cpuid_count(7, 0).edx;
    features & TILE != 0 && features & INT8 != 0 && std::arch::is_x86_feature_detected!("gfni")
}

/// Asks the system for the tiles' state, which Linux makes room for only where a process wants it. All threads have it then.
#[cfg(target_os = "linux")]
fn may_use_tiles() -> bool {
    // Documentation/arch/x86/xstate.rst of Linux.
    const ARCH_REQ_XCOMP_PERM: libc::c_ulong = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_ulong = 18;
    // SAFETY: the call reads and writes no memory of this process, and an unknown request is an error.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn may_use_tiles() -> bool {
    false
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn combine(sums: &[TileSums], counted: Counted, out: &mut [AdjointSum]) {
    crate::adjoint::combine(sums, counted, out);
}

impl AdjointWays for Amx {
    const GROUP_FROM: usize = 2;
    type Passes = Avx512;
    type Dense = Tiles;

    fn passes(self) -> Avx512 {
        self.0
    }

    fn listed_of_1024(_columns: usize) -> Option<u64> {
        // With 64 columns, lists of the rarest rows took as long as the rows' products, and longer with fewer.
        None
    }
}

impl TilePasses for Amx {
    fn multiply(self, left: &Left<'_>, right: &[Tile], codes: &mut Codes, sums: &mut [TileSums]) -> bool {
        // SAFETY: `self` exists only where `new` found the features, and the system gave the tiles.
        unsafe { tiles::multiply(left, right, codes, sums) }
    }

    fn combine(self, sums: &[TileSums], counted: Counted, out: &mut [AdjointSum]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { combine(sums, counted, out) }
    }
}
