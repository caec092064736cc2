//! Makes the data of a bench: `bench_data SAMPLES VARIANTS SCORES PREFIX`.

use std::{path::Path, process::ExitCode, time::Instant};

use steppe_simulate::{BenchSpec, simulate_bench};

#[expect(clippy::print_stderr, reason = "an example talks to its user")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u32> = arguments.iter().take(3).filter_map(|text| text.parse().ok()).collect();
    let ([samples, variants, scores], [_, _, _, prefix]) = (&numbers[..], &arguments[..]) else {
        eprintln!("usage: bench_data SAMPLES VARIANTS SCORES PREFIX");
        return ExitCode::from(2);
    };
    let spec = BenchSpec {
        seed: 1,
        samples: *samples,
        variants: *variants,
        missing_rate: 0.01,
        scores: *scores,
        overwrite: false,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let started = Instant::now();
    match simulate_bench(&spec, Path::new(prefix), &|_, _| {}) {
        Ok(files) => {
            for file in files {
                eprintln!("{}", file.display());
            }
            eprintln!("{:.2} s", started.elapsed().as_secs_f64());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
