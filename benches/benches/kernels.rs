//! The passes of every level beside the memory bandwidth of the same run. Throughput is in genotypes (a
//! quarter byte each), or genotypes times lanes where there are many lanes.
//!
//! `resident` rows fit the second-level cache; `streamed` rows come from memory.

// `criterion_group!` makes a public function.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use steppe_kernels::{
    CountEntry, CountTable, ForwardSums, Level, Rows, Tables, WeightTable, count_codes, recode_bed,
};

/// Samples of a block as the store writes them: 4,032 bytes a row.
const SAMPLES: usize = 16_128;
const ROW: usize = SAMPLES / 4;
/// 1 MiB of rows.
const RESIDENT: usize = 256;
/// 504 MiB of rows: more than the caches of any machine that we know.
const STREAMED: usize = 131_072;

/// Rows of which about 70 % of the genotypes are 0 and 1 % missing, as common and rare variants together are.
fn genotypes(rows: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut code = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match state >> 57 {
            0..90 => 0,
            90..115 => 1,
            115..127 => 2,
            _ => 3,
        }
    };
    let pattern: Vec<u8> = (0..1_048_573).map(|_| code() | code() << 2 | code() << 4 | code() << 6).collect();
    pattern.iter().copied().cycle().take(rows * ROW).collect()
}

/// Additive scores; of two neighbouring variants one has the other allele as its effect allele.
fn weight_tables(lanes: usize, rows: usize) -> Vec<WeightTable> {
    let weight = |at: usize| (at as i64 * 2_654_435_761 % (1 << 42)) - (1 << 41);
    (0..lanes * rows)
        .map(|at| {
            if at % 2 == 0 {
                [0, weight(at), 2 * weight(at), weight(at) / 3]
            } else {
                [2 * weight(at), weight(at), 0, weight(at) / 3]
            }
        })
        .collect()
}

fn count_tables(lanes: usize, rows: usize) -> Vec<CountTable> {
    let entry = |alleles, dosage| CountEntry { alleles, dosage };
    (0..lanes * rows)
        .map(|at| {
            if at % 2 == 0 {
                [entry(2, 0), entry(2, 1), entry(2, 2), entry(0, 0)]
            } else {
                [entry(2, 2), entry(2, 1), entry(2, 0), entry(0, 0)]
            }
        })
        .collect()
}

fn levels() -> impl Iterator<Item = Level> {
    Level::all().iter().copied().filter(|level| level.is_available())
}

fn group<'a>(criterion: &'a mut Criterion, name: &str, genotypes: usize) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(genotypes as u64));
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group
}

/// The sum of a buffer's words, eight at a time: no pass can read faster.
fn sum(bytes: &[u8]) -> u64 {
    let mut lanes = [0_u64; 32];
    for block in bytes.as_chunks::<256>().0 {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
            *lane = lane.wrapping_add(u64::from_le_bytes(*word));
        }
    }
    lanes.iter().fold(0, |sum, &lane| sum.wrapping_add(lane))
}

fn bandwidth(criterion: &mut Criterion, bytes: &[u8]) {
    let mut group = group(criterion, "memory/read", bytes.len() * 4);
    group.bench_function("streamed", |bencher| bencher.iter(|| sum(black_box(bytes))));
}

fn forward(criterion: &mut Criterion, name: &str, bytes: &[u8], [weight_lanes, count_lanes]: [usize; 2]) {
    // What a caller adds at once: as many rows as a row group's page holds, times a few.
    let rows = RESIDENT.min(bytes.len() / ROW);
    let (weights, counts) = (weight_tables(weight_lanes, rows), count_tables(count_lanes, rows));
    let tables = Tables { weights: &weights, weight_lanes, counts: &counts, count_lanes };
    let mut group = group(criterion, name, bytes.len() * 4 * weight_lanes.max(1));
    for level in levels() {
        let mut sums = ForwardSums::new(level, SAMPLES, weight_lanes, count_lanes);
        group.bench_function(level.name(), |bencher| {
            bencher.iter(|| {
                for bytes in bytes.chunks(rows * ROW) {
                    let rows = Rows { bytes, stride: ROW, rows, samples: SAMPLES };
                    assert_eq!(sums.add(black_box(rows), &tables), Ok(()));
                }
            });
        });
    }
}

fn counts(criterion: &mut Criterion, name: &str, bytes: &[u8]) {
    let mut group = group(criterion, name, bytes.len() * 4);
    for level in levels() {
        let count = |row| count_codes(level, row, SAMPLES)[3];
        group.bench_function(level.name(), |bencher| {
            bencher.iter(|| black_box(bytes).chunks(ROW).map(count).sum::<u64>());
        });
    }
}

fn recode(criterion: &mut Criterion, name: &str, bytes: &[u8]) {
    let mut group = group(criterion, name, bytes.len() * 4);
    let mut tile = vec![0; RESIDENT * ROW];
    for level in levels() {
        group.bench_function(level.name(), |bencher| {
            bencher.iter(|| {
                for bytes in black_box(bytes).chunks(RESIDENT * ROW) {
                    for (bed, tile) in bytes.chunks(ROW).zip(tile.chunks_mut(ROW)) {
                        recode_bed(level, bed, tile, SAMPLES);
                    }
                }
            });
        });
    }
    group.bench_function("memcpy", |bencher| {
        bencher.iter(|| {
            black_box(bytes).chunks(RESIDENT * ROW).for_each(|bytes| tile.copy_from_slice(black_box(bytes)));
        });
    });
}

fn kernels(criterion: &mut Criterion) {
    let bytes = genotypes(STREAMED);
    let resident = &bytes[..RESIDENT * ROW];
    bandwidth(criterion, &bytes);
    forward(criterion, "forward 1 weight 1 count/resident", resident, [1, 1]);
    forward(criterion, "forward 1 weight 1 count/streamed", &bytes, [1, 1]);
    forward(criterion, "forward 1 weight 0 counts/resident", resident, [1, 0]);
    forward(criterion, "forward 0 weights 1 count/resident", resident, [0, 1]);
    forward(criterion, "forward 2 weights/resident", resident, [2, 0]);
    forward(criterion, "forward 4 weights/resident", resident, [4, 0]);
    forward(criterion, "forward 8 weights/resident", resident, [8, 0]);
    forward(criterion, "forward 10 weights 1 count/resident", resident, [10, 1]);
    forward(criterion, "forward 100 weights 1 count/resident", resident, [100, 1]);
    counts(criterion, "count_codes/resident", resident);
    counts(criterion, "count_codes/streamed", &bytes);
    recode(criterion, "recode_bed/resident", resident);
    recode(criterion, "recode_bed/streamed", &bytes);
}

criterion_group!(benches, kernels);
criterion_main!(benches);
