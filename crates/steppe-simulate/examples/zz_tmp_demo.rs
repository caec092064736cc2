use std::{path::Path, time::Instant};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let t = Instant::now();
    let spec = steppe_simulate::CohortSpec {
        threads: a[2].parse().unwrap(),
        overwrite: true,
        ..steppe_simulate::CohortSpec::demo()
    };
    steppe_simulate::simulate_cohort(&spec, Path::new(&a[1]), &|_, _| {}).unwrap();
    eprintln!("{:.2} s", t.elapsed().as_secs_f64());
}
