//! The adjoint pass. A few columns: `vpdpbusd` multiplies 64 codes with a byte each of 64 residuals. Fields 1 and 3
//! of a byte stay two bits up, which spares a shift, and have sums of their own that are four times too large.
//!
//! No 32-bit sum overflows: a block adds at most 2 * 4 * 255 * 4 * 3 < 2^15 to a place, a call has at most 64 blocks,
//! and 16 places are put together.

use std::arch::{asm, x86_64::*};

use super::super::prefetch;
use super::{Avx512, listed};
use crate::adjoint::{
    AdjointPasses, BLOCK, COPIED, CopiedRow, LIMBS, Lanes32, LimbBlock, List, MAX_TABLES, Plane,
    ResidualTable, Sums64,
};

const TABLES: usize = 16;

const _: () = assert!(TABLES <= MAX_TABLES && TABLES.is_multiple_of(4));

/// At most 64 bytes, zero above them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn load_part(bytes: &[u8]) -> __m512i {
    let mask = u64::MAX.checked_shr(64_u32.saturating_sub(bytes.len() as u32)).unwrap_or(0);
    // SAFETY: the mask leaves out the bytes past the end of the slice.
    unsafe { _mm512_maskz_loadu_epi8(mask, bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; no alignment is asked for.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn any_missing(row: &[u8]) -> bool {
    let (blocks, rest) = row.as_chunks::<64>();
    let mut any = _mm512_setzero_si512();
    // `any | (row & shifted)`.
    let add = |any, row| _mm512_ternarylogic_epi32::<0xF8>(any, row, _mm512_srli_epi32::<1>(row));
    for block in blocks {
        any = add(any, load(block));
    }
    any = add(any, load_part(rest));
    _mm512_test_epi8_mask(any, _mm512_set1_epi8(0x55)) != 0
}

/// Sums of one row: `[fields 0 and 2, fields 1 and 3][limb]`.
type Sums = [[__m512i; LIMBS]; 2];

/// Adds a block of some rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn add_block<const ROWS: usize>(
    rows: [__m512i; ROWS],
    LimbBlock(residuals): &LimbBlock,
    sums: &mut [Sums; ROWS],
) {
    let fields = [_mm512_set1_epi8(0b0011), _mm512_set1_epi8(0b1100)];
    for half in 0..2 {
        let rows = if half == 0 { rows } else { rows.map(|row| _mm512_srli_epi32::<4>(row)) };
        for (parity, &mask) in fields.iter().enumerate() {
            let field = 2 * half + parity;
            let residuals = [0, 1, 2].map(|limb: usize| load(&residuals[limb][field]));
            for (row, sums) in rows.iter().zip(sums.iter_mut()) {
                let codes = _mm512_and_si512(*row, mask);
                let sums = &mut sums[parity];
                // The first factor is unsigned, the second signed.
                sums[0] = _mm512_dpbusd_epi32(sums[0], residuals[0], codes);
                sums[1] = _mm512_dpbusd_epi32(sums[1], residuals[1], codes);
                sums[2] = _mm512_dpbusd_epi32(sums[2], codes, residuals[2]);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn total([single, fourfold]: &Sums) -> i64 {
    let limb = |limb: usize| {
        let fourfold = _mm512_srai_epi32::<2>(fourfold[limb]);
        i64::from(_mm512_reduce_add_epi32(_mm512_add_epi32(single[limb], fourfold)))
    };
    limb(0) + (limb(1) << 8) + (limb(2) << 16)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn dot<const MISSING: bool, const ROWS: usize>(rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
    let mut sums = [[[_mm512_setzero_si512(); LIMBS]; 2]; ROWS];
    let fields = |row| {
        if !MISSING {
            return row;
        }
        // `row & shifted & 0x55`.
        _mm512_ternarylogic_epi32::<0x80>(row, _mm512_srli_epi32::<1>(row), _mm512_set1_epi8(0x55))
    };
    let whole = rows.iter().fold(usize::MAX, |least, row| least.min(row.len())) / BLOCK;
    let (blocks, rest) = residuals.split_at(whole.min(residuals.len()));
    let starts = rows.map(<[u8]>::as_ptr);
    for (index, block) in blocks.iter().enumerate() {
        let rows = starts.map(|start| {
            // SAFETY: `index < whole`, and each row holds that many blocks.
            fields(unsafe { _mm512_loadu_si512(start.add(index * BLOCK).cast()) })
        });
        add_block(rows, block, &mut sums);
    }
    if let Some(block) = rest.first() {
        add_block(rows.map(|row| fields(load_part(&row[whole * BLOCK..]))), block, &mut sums);
    }
    sums.map(|sums| total(&sums))
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn dot_codes<const ROWS: usize>(rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
    dot::<false, ROWS>(rows, residuals)
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn dot_missing<const ROWS: usize>(rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
    dot::<true, ROWS>(rows, residuals)
}

/// All sums of the four samples' residuals, none, once or twice.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn build(samples: &[Lanes32; 4], table: &mut ResidualTable) {
    let copies = |sample: &Lanes32| {
        // SAFETY: the reference covers the 64 bytes that are read, and is aligned to as many.
        let once = unsafe { _mm512_load_si512(sample.0.as_ptr().cast()) };
        [_mm512_setzero_si512(), once, _mm512_add_epi32(once, once), _mm512_setzero_si512()]
    };
    let [first, second, third, fourth] = samples.each_ref().map(copies);
    let low: [__m512i; 16] = std::array::from_fn(|at| _mm512_add_epi32(first[at % 4], second[at / 4]));
    for (entries, fourth) in table.entries.as_chunks_mut::<64>().0.iter_mut().zip(fourth) {
        for (entries, third) in entries.as_chunks_mut::<16>().0.iter_mut().zip(third) {
            let high = _mm512_add_epi32(third, fourth);
            for (entry, &low) in entries.iter_mut().zip(&low) {
                // SAFETY: the reference covers the 64 bytes that are written, and is aligned to as many.
                unsafe { _mm512_store_si512(entry.0.as_mut_ptr().cast(), _mm512_add_epi32(low, high)) };
            }
        }
    }
}

/// The places of 16 entries in their tables, in bytes.
#[repr(C, align(32))]
struct Offsets([[u16; 4]; TABLES / 4]);

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn lookup(tables: &[ResidualTable; TABLES], rows: &[CopiedRow], at: usize, sums: &mut [Sums64]) {
    let mut offsets = Offsets([[0; 4]; TABLES / 4]);
    for (row, sums) in rows.iter().zip(sums) {
        let Some(row) = row.get(at..).and_then(<[u8]>::first_chunk::<TABLES>) else { return };
        // SAFETY: `row` covers the 16 bytes that are read and `offsets` the 32 that are written, aligned to as many.
        unsafe {
            let wide = _mm256_cvtepu8_epi16(_mm_loadu_si128(row.as_ptr().cast()));
            _mm256_store_si256((&raw mut offsets).cast(), _mm256_slli_epi16::<6>(wide));
        }
        let mut sum = _mm512_setzero_si512();
        for (tables, offsets) in tables.as_chunks::<4>().0.iter().zip(&offsets.0) {
            add_entries(&mut sum, tables, offsets);
        }
        let low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum));
        let high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64::<1>(sum));
        add_sums([low, high], sums);
    }
}

/// Adds an entry of each of four tables. One load for four offsets leaves the two load ports to the entries.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_entries(sum: &mut __m512i, tables: &[ResidualTable; 4], offsets: &[u16; 4]) {
    // SAFETY: the reference covers the 8 bytes of `offsets` that are read, and every offset is 64 times a byte, the
    // place of an entry of 64 bytes within its table.
    unsafe {
        asm!(
            "mov {rest}, qword ptr [{offsets}]",
            "movzx {entry:e}, {rest:x}",
            "shr {rest}, 16",
            "vpaddd {sum}, {sum}, [{tables} + {entry}]",
            "movzx {entry:e}, {rest:x}",
            "shr {rest}, 16",
            "vpaddd {sum}, {sum}, [{tables} + {entry} + {size}]",
            "movzx {entry:e}, {rest:x}",
            "shr {rest}, 16",
            "vpaddd {sum}, {sum}, [{tables} + {entry} + 2 * {size}]",
            "vpaddd {sum}, {sum}, [{tables} + {rest} + 3 * {size}]",
            offsets = in(reg) offsets,
            tables = in(reg) tables,
            size = const size_of::<ResidualTable>(),
            rest = out(reg) _,
            entry = out(reg) _,
            sum = inout(zmm_reg) *sum,
            options(pure, readonly, nostack),
        );
    }
}

/// Adds the residuals of the missing calls. The 32-bit words with one are listed without a branch, since nothing foretells
/// where they are.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn add_missing(row: &CopiedRow, samples: &[Lanes32], sums: &mut Sums64) {
    const WORDS: usize = 16;
    let mut numbers = [0_u32; COPIED / 4 + WORDS];
    let mut listed = 0;
    let mut number = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    for line in row[..COPIED].as_chunks::<64>().0 {
        let line = load(line);
        let both = _mm512_and_si512(line, _mm512_srli_epi32::<1>(line));
        let any = _mm512_test_epi32_mask(both, _mm512_set1_epi8(0x55));
        if let Some(place) = numbers.get_mut(listed..listed + WORDS) {
            let place = place.as_mut_ptr().cast();
            // SAFETY: `place` is the 64 bytes that are written; no alignment is asked for.
            unsafe { _mm512_storeu_si512(place, _mm512_maskz_compress_epi32(any, number)) };
        }
        listed += any.count_ones() as usize;
        number = _mm512_add_epi32(number, _mm512_set1_epi32(WORDS as i32));
    }
    let mut running = [_mm512_setzero_si512(); 2];
    for &number in &numbers[..listed] {
        let Some(bytes) = row[4 * number as usize..].first_chunk() else { return };
        let word = u32::from_le_bytes(*bytes);
        let mut missing = word & word >> 1 & 0x5555_5555;
        while missing != 0 {
            let sample = 16 * number + missing.trailing_zeros() / 2;
            if let Some(residuals) = samples.get(sample as usize) {
                for (running, residuals) in running.iter_mut().zip(residuals.0.as_chunks::<8>().0) {
                    // SAFETY: the reference covers the 32 bytes that are read, and is aligned to as many.
                    let residuals = unsafe { _mm256_load_si256(residuals.as_ptr().cast()) };
                    *running = _mm512_add_epi64(*running, _mm512_cvtepi32_epi64(residuals));
                }
            }
            missing &= missing - 1;
        }
    }
    if listed > 0 {
        add_sums(running, sums);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn add_sums(more: [__m512i; 2], sums: &mut Sums64) {
    for (sums, more) in sums.0.as_chunks_mut::<8>().0.iter_mut().zip(more) {
        let place = sums.as_mut_ptr().cast();
        // SAFETY: the reference covers the 64 bytes that are read and written, and is aligned to as many.
        unsafe { _mm512_store_si512(place, _mm512_add_epi64(_mm512_load_si512(place), more)) };
    }
}

impl AdjointPasses for Avx512 {
    const GROUP_FROM: usize = 9;
    const TABLES: usize = TABLES;
    const LISTED_OF_64: u64 = 8;

    fn prefetch(self, row: &[u8]) {
        prefetch(row);
    }

    fn any_missing(self, row: &[u8]) -> bool {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { any_missing(row) }
    }

    fn dot_codes<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { dot_codes(rows, residuals) }
    }

    fn dot_missing<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { dot_missing(rows, residuals) }
    }

    fn build_table(self, samples: &[Lanes32; 4], table: &mut ResidualTable) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { build(samples, table) }
    }

    fn lookup(self, tables: &[ResidualTable], rows: &[CopiedRow], at: usize, sums: &mut [Sums64]) {
        if let Some(tables) = tables.first_chunk() {
            // SAFETY: `self` exists only where `new` found the features.
            unsafe { lookup(tables, rows, at, sums) }
        }
    }

    fn list(self, part: &[u8], swapped: bool, plane: Plane, list: &mut List) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { listed::list(part, swapped, plane, list) }
    }

    fn add_listed(self, list: &[u16], samples: &[Lanes32], sums: &mut Sums64) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { listed::add(list, samples, sums) }
    }

    fn add_missing(self, row: &CopiedRow, samples: &[Lanes32], sums: &mut Sums64) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { add_missing(row, samples, sums) }
    }
}
