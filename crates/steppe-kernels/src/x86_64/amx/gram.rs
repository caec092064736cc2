//! The gram pass by tiles: `tdpbuud` multiplies 16 rows of 64 codes with 16 columns of as many, and adds to 16 x 16 sums. Four
//! tiles are sums, two are left factors, and two right ones.

use std::arch::asm;

use super::{Amx, tiles::SHAPE};
use crate::{
    adjoint::Tile,
    gram::{GramPanel, GramSums, GramTiles, GramWays, SIDE, TileProducts, codes_by_tiles},
};

/// # Safety
/// The CPU has tiles and products of bytes, and the system lets the process use them. From each pointer on there are
/// `steps` tiles, at least one.
unsafe fn multiply(
    left: [*const Tile; SIDE],
    right: [*const Tile; SIDE],
    steps: usize,
    products: &mut [[TileProducts; SIDE]; SIDE],
) {
    // SAFETY: memory is read only where the caller says that it may be, and written only in the products, which are four
    // tiles of 1 KiB one after another. All registers that change are named. The tiles' shape is not one of them, but it is
    // as before in the end: released, as nothing else here uses tiles. Flags change, and the stack does not.
    unsafe {
        asm!(
            "ldtilecfg [{shape}]",
            "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
            "2:",
            "tileloadd tmm4, [{upper} + {line}]",
            "tileloadd tmm6, [{one} + {line}]",
            "tileloadd tmm7, [{other} + {line}]",
            "tdpbuud tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{lower} + {line}]",
            "tdpbuud tmm1, tmm4, tmm7",
            "add {upper}, 1024",
            "add {lower}, 1024",
            "add {one}, 1024",
            "add {other}, 1024",
            "tdpbuud tmm2, tmm5, tmm6",
            "tdpbuud tmm3, tmm5, tmm7",
            "dec {steps}",
            "jnz 2b",
            "tilestored [{products} + {line}], tmm0",
            "tilestored [{products} + {line} + 1024], tmm1",
            "tilestored [{products} + {line} + 2048], tmm2",
            "tilestored [{products} + {line} + 3072], tmm3",
            "tilerelease",
            shape = in(reg) &raw const SHAPE,
            upper = inout(reg) left[0] => _,
            lower = inout(reg) left[1] => _,
            one = inout(reg) right[0] => _,
            other = inout(reg) right[1] => _,
            steps = inout(reg) steps => _,
            products = in(reg) products.as_mut_ptr(),
            line = in(reg) 64_usize,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}

impl GramTiles for Amx {
    fn multiply(
        self,
        left: [&[Tile]; SIDE],
        right: [&[Tile]; SIDE],
        products: &mut [[TileProducts; SIDE]; SIDE],
    ) {
        let steps = left[0].len();
        let fits = left.iter().chain(&right).all(|tiles| tiles.len() == steps) && steps > 0;
        debug_assert!(fits, "runs of tiles of other lengths");
        if fits {
            // SAFETY: `self` exists only where `new` found the features, and the system gave the tiles; the runs fit.
            unsafe { multiply(left.map(<[Tile]>::as_ptr), right.map(<[Tile]>::as_ptr), steps, products) }
        }
    }
}

/// The pass, with what the CPU has for unpacking codes.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")]
fn codes(amx: Amx, panel: &GramPanel<'_>) -> Vec<u32> {
    codes_by_tiles(amx, panel)
}

impl GramWays for Amx {
    fn codes(self, panel: &GramPanel<'_>, _missing: &GramSums) -> Vec<u32> {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { codes(self, panel) }
    }
}
