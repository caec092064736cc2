//! Products of tiles: `tdpbuud` multiplies 16 rows of 64 codes with 64 rows of 16 bytes, and adds to 16 x 16 sums. Six tiles
//! are sums, of 32 rows and 48 columns; one is a left factor, and one a right one. While the codes of one block are
//! multiplied, those of the next one are unpacked: `vgf2p8affineqb` takes a field out of all bytes of a vector.
//!
//! The compiler knows of no tile. So all of their state lives within one `asm!` block, from loading the tiles' shape to
//! releasing them.

use std::arch::{asm, x86_64::*};

use crate::adjoint::{BLOCK, Codes, Counted, FIELDS, Left, PAIR, SPAN, TILE_ROWS, Tile, TileSums};

/// What `ldtilecfg` reads: palette 1, and eight tiles of 16 rows of 64 bytes.
#[repr(C, align(64))]
pub(super) struct Shape {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

pub(super) static SHAPE: Shape = Shape {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The matrix that moves a field to the lowest two bits of a byte; its first byte gives the highest bit.
const fn take(field: usize) -> i64 {
    i64::from_be_bytes([1 << (2 * field), 2 << (2 * field), 0, 0, 0, 0, 0, 0])
}

/// What is kept of a row, for `vpternlogd`, where `both` is the low bit of each missing call: `row & !(both | both << 1)`.
const COPIES: u8 = 0x10;

/// The missing calls: `both`.
const MISSING: u8 = 0xCC;

/// Unpacks the next block of a row, and asks for a line of what comes later.
macro_rules! unpack {
    ($row:literal) => {
        concat!(
            "mov {row}, [{rows} + 8 * ",
            $row,
            "]\n",
            "vmovdqu8 {codes}{{k1}}{{z}}, [{row} + {at}]\n",
            "prefetcht1 [{ahead}]\n",
            "add {ahead}, {ahead_step}\n",
            "vpsrld {both}, {codes}, 1\n",
            "vpternlogd {both}, {codes}, {low}, 0x80\n",
            "vpaddd {field}, {both}, {both}\n",
            "vpord {missing}, {missing}, {both}\n",
            "vpternlogd {codes}, {both}, {field}, {counted}\n",
            "vpandd {both}, {codes}, {take0}\n",
            "vmovdqa64 [{next} + 64 * ",
            $row,
            "], {both}\n",
            "vgf2p8affineqb {field}, {codes}, {take1}, 0\n",
            "vmovdqa64 [{next} + 64 * ",
            $row,
            " + 2048], {field}\n",
            "vgf2p8affineqb {both}, {codes}, {take2}, 0\n",
            "vmovdqa64 [{next} + 64 * ",
            $row,
            " + 4096], {both}\n",
            "vgf2p8affineqb {field}, {codes}, {take3}, 0\n",
            "vmovdqa64 [{next} + 64 * ",
            $row,
            " + 6144], {field}\n",
        )
    };
}

/// Unpacks the next block of all rows.
macro_rules! unpack_block {
    () => {
        unpack_block!(
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        )
    };
    ($($row:literal)*) => { concat!($(unpack!($row)),*) };
}

/// Loads the left factor of half of the rows.
macro_rules! left {
    ($tile:literal, $field:literal, $half:literal) => {
        concat!("tileloadd ", $tile, ", [{now} + {line} + 2048 * ", $field, " + 1024 * ", $half, "]\n")
    };
}

/// Loads a right factor.
macro_rules! right {
    ($tile:literal, $place:literal) => {
        concat!("tileloadd ", $tile, ", [{right} + {line} + 1024 * ", $place, "]\n")
    };
}

/// Multiplies a field of this block, and unpacks eight rows of the next one in between: the CPU looks few tile instructions
/// ahead, and works on what lies between them meanwhile.
macro_rules! step {
    (2, $field:literal, $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            right!("tmm6", 0),
            unpack!($a),
            left!("tmm7", $field, 0),
            unpack!($b),
            "tdpbuud tmm0, tmm7, tmm6\n",
            unpack!($c),
            left!("tmm5", $field, 1),
            unpack!($d),
            "tdpbuud tmm3, tmm5, tmm6\n",
            unpack!($e),
            right!("tmm2", 1),
            unpack!($f),
            "tdpbusd tmm1, tmm7, tmm2\n",
            unpack!($g),
            "tdpbusd tmm4, tmm5, tmm2\n",
            unpack!($h),
            "add {right}, 2048\n",
        )
    };
    (3, $field:literal, $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            right!("tmm6", 0),
            unpack!($a),
            left!("tmm7", $field, 0),
            unpack!($b),
            "tdpbuud tmm0, tmm7, tmm6\n",
            left!("tmm7", $field, 1),
            unpack!($c),
            "tdpbuud tmm3, tmm7, tmm6\n",
            unpack!($d),
            right!("tmm6", 1),
            "tdpbuud tmm4, tmm7, tmm6\n",
            unpack!($e),
            left!("tmm7", $field, 0),
            unpack!($f),
            "tdpbuud tmm1, tmm7, tmm6\n",
            right!("tmm6", 2),
            unpack!($g),
            "tdpbusd tmm2, tmm7, tmm6\n",
            unpack!($h),
            left!("tmm7", $field, 1),
            "tdpbusd tmm5, tmm7, tmm6\n",
            "add {right}, 3072\n",
        )
    };
}

/// Stores the sums of 16 rows.
macro_rules! store {
    (2, $first:literal, $second:literal, $third:literal) => {
        concat!("tilestored [{sums} + {row}], ", $first, "\ntilestored [{sums} + {row} + 64], ", $second)
    };
    (3, $first:literal, $second:literal, $third:literal) => {
        concat!(store!(2, $first, $second, $third), "\ntilestored [{sums} + {row} + 128], ", $third)
    };
}

/// What a call's `asm!` block works on.
struct Work {
    /// Where each row's part starts.
    rows: [*const u8; PAIR],
    /// Blocks of a row; at least one.
    blocks: usize,
    /// Which bytes of each block there are, and none of the one past the end.
    masks: [u64; SPAN + 1],
    /// The right factors.
    right: *const Tile,
    /// Room for the codes of a block that is multiplied, and of one that is unpacked.
    now: *mut u8,
    next: *mut u8,
    ahead: *const u8,
    /// Bytes from one line that is asked for to the next one.
    ahead_step: usize,
    sums: *mut TileSums,
}

macro_rules! multiply_with {
    ($name:ident, $width:tt, $counted:expr) => {
        /// # Safety
        /// The CPU has tiles and products of bytes, and the system lets the process use them. Each row can be read where the
        /// masks say so, the right factors are a tile for each block, field and place in the width, `now` and `next` have room
        /// for a block of 32 rows, and the sums for 32 rows of so many tiles.
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq,gfni")]
        unsafe fn $name(work: &Work) -> u64 {
            let any: u64;
            // SAFETY: memory is read and written only where the caller says that it may be; a masked load leaves out the other
            // bytes, and a prefetch reads nothing. All registers that change are named. The tiles' shape is not one of them, but
            // it is as before in the end: released, as nothing else here uses tiles. Flags change, and the stack does not.
            unsafe {
                asm!(
                    "ldtilecfg [{row}]",
                    "tilezero tmm0", "tilezero tmm1", "tilezero tmm2",
                    "tilezero tmm3", "tilezero tmm4", "tilezero tmm5",
                    "kmovq k1, [{masks}]",
                    "xchg {now}, {next}",
                    unpack_block!(),
                    "2:",
                    "xchg {now}, {next}",
                    "add {at}, 64",
                    "add {masks}, 8",
                    "kmovq k1, [{masks}]",
                    step!($width, 0, 0 1 2 3 4 5 6 7),
                    step!($width, 1, 8 9 10 11 12 13 14 15),
                    step!($width, 2, 16 17 18 19 20 21 22 23),
                    step!($width, 3, 24 25 26 27 28 29 30 31),
                    "dec {blocks}",
                    "jnz 2b",
                    "mov {row}, {sums_row}",
                    store!($width, "tmm0", "tmm1", "tmm2"),
                    "add {sums}, {half}",
                    store!($width, "tmm3", "tmm4", "tmm5"),
                    "tilerelease",
                    "vptestmb k1, {missing}, {missing}",
                    "kmovq {row}, k1",
                    rows = in(reg) work.rows.as_ptr(),
                    row = inout(reg) &raw const SHAPE => any,
                    at = inout(reg) 0_usize => _,
                    masks = inout(reg) work.masks.as_ptr() => _,
                    blocks = inout(reg) work.blocks => _,
                    now = inout(reg) work.now => _,
                    next = inout(reg) work.next => _,
                    right = inout(reg) work.right => _,
                    ahead = inout(reg) work.ahead => _,
                    ahead_step = in(reg) work.ahead_step,
                    sums = inout(reg) work.sums => _,
                    sums_row = const $width * size_of::<TileSums>(),
                    half = const TILE_ROWS * $width * size_of::<TileSums>(),
                    counted = const $counted,
                    line = in(reg) 64_usize,
                    low = in(zmm_reg) _mm512_set1_epi8(0b0101_0101),
                    missing = inout(zmm_reg) _mm512_setzero_si512() => _,
                    take0 = in(zmm_reg) _mm512_set1_epi8(0b11),
                    take1 = in(zmm_reg) _mm512_set1_epi64(take(1)),
                    take2 = in(zmm_reg) _mm512_set1_epi64(take(2)),
                    take3 = in(zmm_reg) _mm512_set1_epi64(take(3)),
                    codes = out(zmm_reg) _,
                    both = out(zmm_reg) _,
                    field = out(zmm_reg) _,
                    out("k1") _,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
            }
            any
        }
    };
}
multiply_with!(copies_by_two, 2, COPIES);
multiply_with!(copies_by_three, 3, COPIES);
multiply_with!(missing_by_two, 2, MISSING);
multiply_with!(missing_by_three, 3, MISSING);

/// Does what [`crate::adjoint::TilePasses::multiply`] says.
///
/// # Safety
/// The CPU has what the inner functions name, tiles and products of bytes, and the system lets the process use them.
pub(super) unsafe fn multiply(
    left: &Left<'_>,
    right: &[Tile],
    codes: &mut Codes,
    sums: &mut [TileSums],
) -> bool {
    let Left { rows, counted, ahead } = left;
    let (bytes, width) = (rows[0].len(), sums.len() / PAIR);
    let blocks = bytes.div_ceil(BLOCK);
    let fits = rows.iter().all(|row| row.len() == bytes) && right.len() == blocks * FIELDS * width;
    debug_assert!(fits && (1..=SPAN).contains(&blocks), "rows and tiles of other shapes");
    if !fits || !(1..=SPAN).contains(&blocks) {
        return false;
    }
    let mut masks = [0; SPAN + 1];
    masks[..blocks].fill(u64::MAX);
    masks[blocks - 1] >>= blocks * BLOCK - bytes;
    let [now, next] = &mut codes.0;
    let work = Work {
        rows: rows.each_ref().map(|row| row.as_ptr()),
        blocks,
        masks,
        right: right.as_ptr(),
        now: now.as_mut_ptr().cast(),
        next: next.as_mut_ptr().cast(),
        ahead: ahead.as_ptr(),
        ahead_step: ahead.len().div_ceil(PAIR * (blocks + 1)),
        sums: sums.as_mut_ptr(),
    };
    // SAFETY: the caller's, and what was found to fit; `now` and `next` are 8 KiB each.
    let any = unsafe {
        match (width, counted) {
            (2, Counted::Copies) => copies_by_two(&work),
            (3, Counted::Copies) => copies_by_three(&work),
            (2, Counted::Missing) => missing_by_two(&work),
            (3, Counted::Missing) => missing_by_three(&work),
            _ => 0,
        }
    };
    any != 0
}
