//! Adjoint passes over a .bed file in memory, for `adjoint.sh`: what a pass with so many residuals costs, as lines of JSON.
//!
//! adjoint PREFIX THREADS RUNS RESIDUALS…
//!
//! The rows are recoded and in memory before the clock starts, as adelie's are; reading, checking and rounding residuals are
//! not counted. LEVEL forces an instruction set.

#[path = "../common/cpu.rs"]
mod cpu;
#[path = "../common/lines.rs"]
mod lines;

use std::{
    error::Error,
    fs,
    io::{self, Write as _},
    time::Instant,
};

use cpu::cpu_seconds;
use lines::lines;
use rayon::prelude::*;
use steppe_kernels::{AdjointResiduals, AdjointSum, Level, Rows, adjoint, recode_bed};

/// Bytes before the first row: the magic number and the mode.
const HEADER: usize = 3;

/// Rows of a task.
const ROWS: usize = 8192;

/// Columns of residuals like those of a trait: a bell from sums of uniform numbers, scaled to 24 bits.
fn residuals(samples: usize, columns: usize) -> Vec<Vec<i32>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 43) as i32 - (1 << 20)
    };
    (0..columns).map(|_| (0..samples).map(|_| (0..7).map(|_| uniform()).sum()).collect()).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [prefix, threads, runs, counts @ ..] = arguments.as_slice() else {
        return Err("adjoint PREFIX THREADS RUNS RESIDUALS…".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?;
    let level = std::env::var("LEVEL").ok().map_or(Ok(Level::best()), |level| level.parse())?;
    let samples = lines(&format!("{prefix}.fam"))?;
    let stride = samples.div_ceil(4);
    let raw = fs::read(format!("{prefix}.bed"))?;
    let raw = raw.get(HEADER..).ok_or("the .bed file is too short")?;
    let mut codes = vec![0; raw.len()];
    for (raw, codes) in raw.chunks(stride).zip(codes.chunks_mut(stride)) {
        recode_bed(level, raw, codes, samples);
    }
    let variants = codes.len() / stride;
    for count in counts {
        let columns = residuals(samples, count.parse()?);
        let columns: Vec<&[i32]> = columns.iter().map(Vec::as_slice).collect();
        let prepared = AdjointResiduals::new(level, samples, &columns)?;
        let mut sums = vec![AdjointSum::default(); variants * columns.len()];
        let (mut seconds, cpu) = (Vec::new(), cpu_seconds());
        for _ in 0..runs.parse::<usize>()? {
            sums.fill(AdjointSum::default());
            let start = Instant::now();
            let tasks = codes.par_chunks(ROWS * stride).zip(sums.par_chunks_mut(ROWS * columns.len()));
            tasks.try_for_each(|(bytes, sums)| {
                adjoint(Rows { bytes, stride, rows: bytes.len() / stride, samples }, &prepared, sums)
            })?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        // Clearing the sums counts too; it is a hundredth.
        let cpu = (cpu_seconds() - cpu) / seconds.len() as f64;
        seconds.sort_by(f64::total_cmp);
        let (median, least) = (seconds[seconds.len() / 2], seconds[0]);
        let products = (samples * variants * columns.len()) as f64;
        writeln!(
            io::stdout(),
            r#"{{"residuals": {count}, "level": "{level}", "median": {median:.5}, "least": {least:.5}, "cpu": {cpu:.5}, "giga_per_s": {:.1}}}"#,
            products / cpu / 1e9,
        )?;
    }
    Ok(())
}
