//! The passes of a fit on every level: adjoint, gram, packed columns, selection of samples. Throughput is in genotypes,
//! times columns of residuals or pairs of rows where there are many.

// `criterion_group!` makes a public function.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use steppe_kernels::{
    AdjointResiduals, AdjointSum, GramPanel, Level, Rows, SampleGather, adjoint, column_add,
    column_add_weighted, column_dot, column_moments, gram, gram_symmetric,
};

/// Samples of a training cohort: 2,500 bytes a row.
const SAMPLES: usize = 10_000;

/// Rows of which five of eight are rare, and `missing` of 1000 calls are missing.
fn genotypes(rows: usize, samples: usize, missing: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut row = |row: usize| -> Vec<u8> {
        let allele = [1_311, 1_311, 1_311, 1_311, 1_311, 6_554, 16_384, 26_214][row % 8];
        let mut code = || {
            let random = next();
            let copies = u8::from(random & 0xffff < allele) + u8::from(random >> 16 & 0xffff < allele);
            if (random >> 32) % 1000 < missing { 3 } else { copies }
        };
        (0..samples.div_ceil(4)).map(|_| code() | code() << 2 | code() << 4 | code() << 6).collect()
    };
    (0..rows).flat_map(&mut row).collect()
}

fn rows(bytes: &[u8], samples: usize) -> Rows<'_> {
    let stride = samples.div_ceil(4);
    Rows { bytes, stride, rows: bytes.len() / stride, samples }
}

fn levels() -> impl Iterator<Item = Level> {
    Level::all().iter().copied().filter(|level| level.is_available())
}

fn group<'a>(criterion: &'a mut Criterion, name: &str, units: usize) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(units as u64));
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group
}

fn adjoints(criterion: &mut Criterion, name: &str, bytes: &[u8], samples: usize, columns: usize) {
    let rows = rows(bytes, samples);
    let residual = |at: usize| (at as i64 * 2_654_435_761 % (1 << 23)) as i32 - (1 << 22);
    let residuals: Vec<Vec<i32>> = (0..columns)
        .map(|column| (0..samples).map(|sample| residual(column * samples + sample)).collect())
        .collect();
    let residuals: Vec<&[i32]> = residuals.iter().map(Vec::as_slice).collect();
    let mut sums = vec![AdjointSum::default(); rows.rows * columns];
    let mut group = group(criterion, name, rows.rows * samples * columns);
    for level in levels() {
        let Ok(residuals) = AdjointResiduals::new(level, samples, &residuals) else { continue };
        group.bench_function(level.name(), |bencher| {
            bencher.iter(|| assert_eq!(adjoint(black_box(rows), &residuals, &mut sums), Ok(())));
        });
    }
}

fn grams(criterion: &mut Criterion, name: &str, bytes: &[u8], samples: usize) {
    let rows = rows(bytes, samples);
    let pairs = rows.rows * rows.rows;
    for level in levels() {
        let Ok(panel) = GramPanel::new(level, rows) else { continue };
        let mut whole = group(criterion, &format!("gram {name}"), pairs * samples);
        whole.bench_function(level.name(), |bencher| bencher.iter(|| gram(black_box(&panel), &panel)));
        whole.finish();
        let mut half = group(criterion, &format!("gram_symmetric {name}"), pairs * samples / 2);
        half.bench_function(level.name(), |bencher| bencher.iter(|| gram_symmetric(black_box(&panel))));
    }
}

/// Values that start at a cache line, as a solver should keep them.
struct Aligned {
    values: Vec<f64>,
    start: usize,
}

impl Aligned {
    fn new(length: usize) -> Self {
        let values: Vec<f64> = (0..length + 8).map(|at| (at * 7919 % 1009) as f64 / 77.0 - 6.5).collect();
        let start = values.as_ptr().align_offset(64).min(8);
        Self { values, start }
    }

    fn get(&mut self) -> &mut [f64] {
        let end = self.values.len() - 8 + self.start;
        &mut self.values[self.start..end]
    }
}

fn columns(criterion: &mut Criterion, name: &str, bytes: &[u8]) {
    const TABLE: [f64; 4] = [-1e-9, 1e-9, 2e-9, 0.0];
    let (mut values, mut weights) = (Aligned::new(SAMPLES), Aligned::new(SAMPLES));
    let (values, weights) = (values.get(), weights.get());
    let columns = || black_box(bytes).chunks(SAMPLES / 4);
    for level in levels() {
        let mut group = group(criterion, &format!("column {name}/{level}"), bytes.len() * 4);
        group.bench_function("dot", |bencher| {
            bencher.iter(|| {
                columns().map(|column| column_dot(level, column, SAMPLES, values).codes).sum::<f64>()
            });
        });
        group.bench_function("moments", |bencher| {
            bencher.iter(|| {
                columns().map(|column| column_moments(level, column, SAMPLES, values)[1]).sum::<f64>()
            });
        });
        group.bench_function("add", |bencher| {
            bencher.iter(|| columns().for_each(|column| column_add(level, column, SAMPLES, TABLE, values)));
        });
        group.bench_function("add_weighted", |bencher| {
            bencher.iter(|| {
                columns()
                    .for_each(|column| column_add_weighted(level, column, SAMPLES, TABLE, weights, values));
            });
        });
    }
}

fn gathers(criterion: &mut Criterion, name: &str, bytes: &[u8], samples: usize, indices: &[u32]) {
    let rows = rows(bytes, samples);
    let stride = indices.len().div_ceil(4);
    let mut gathered = vec![0; rows.rows * stride];
    let mut group = group(criterion, name, rows.rows * samples);
    for level in levels() {
        let Ok(gather) = SampleGather::new(level, samples, indices) else { continue };
        group.bench_function(level.name(), |bencher| {
            bencher.iter(|| assert_eq!(gather.gather(black_box(rows), &mut gathered, stride), Ok(())));
        });
    }
}

fn kernels(criterion: &mut Criterion) {
    let (called, some_missing) = (genotypes(4096, SAMPLES, 0), genotypes(4096, SAMPLES, 10));
    let part = |bytes: &[u8], rows: usize| bytes[..rows * SAMPLES / 4].to_vec();
    for (name, bytes) in [("none missing", &called), ("1 % missing", &some_missing)] {
        adjoints(criterion, &format!("adjoint 1 residual, {name}"), &part(bytes, 256), SAMPLES, 1);
        adjoints(criterion, &format!("adjoint 16 residuals, {name}"), bytes, SAMPLES, 16);
        grams(criterion, &format!("512 x 512, {name}"), &part(bytes, 512), SAMPLES);
        columns(criterion, name, &part(bytes, 8));
    }
    let wide = genotypes(64, 100_000, 10);
    let half: Vec<u32> = (0..100_000).step_by(2).collect();
    let reversed: Vec<u32> = half.iter().rev().copied().collect();
    gathers(criterion, "gather every other sample", &wide, 100_000, &half);
    gathers(criterion, "gather every other sample, reversed", &wide, 100_000, &reversed);
}

criterion_group!(benches, kernels);
criterion_main!(benches);
