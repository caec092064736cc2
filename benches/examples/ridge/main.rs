//! Level 0 of a stacked block ridge over a .bed file, for `ridge.sh`: prints what it cost as one line of JSON.
//!
//! ridge PREFIX PHENO TRAIT VARIANTS BLOCK THREADS
//!
//! All samples of PREFIX.bed train, in the order of the rows of PHENO; of its variants the first VARIANTS. Intercept only,
//! five folds in turn, five shares. R2 is of the out-of-fold predictions, mean over blocks, for each share.

#[path = "../common/bed.rs"]
mod bed;
#[path = "../common/column.rs"]
mod column;
#[path = "../common/cpu.rs"]
mod cpu;
#[path = "../common/peak.rs"]
mod peak;

use std::{
    collections::HashMap,
    error::Error,
    fs,
    io::{self, Write as _},
    path::Path,
    sync::Mutex,
    time::Instant,
};

use bed::BedMatrix;
use column::values;
use cpu::cpu_seconds;
use peak::peak;
use steppe_fit::{
    GenotypeMatrix as _, StorageError,
    ridge::{
        CrossValidation, FittedBlock, RidgeCheckpoint, RidgeControl, RidgeData, RidgeFamily, RidgeOptions,
        RidgeProgress, RidgeTrait, fit_ridge,
    },
};
use steppe_kernels::Level;

const FOLDS: usize = 5;

/// Sums the squared correlations of each block's predictions with the trait.
struct Correlations {
    /// The trait in the order of the predictions' rows, centred.
    trait_values: Vec<f64>,
    sums: Mutex<Vec<f64>>,
}

impl RidgeCheckpoint for Correlations {
    fn load(&self, _: usize) -> Result<Option<FittedBlock>, StorageError> {
        Ok(None)
    }

    fn save(&self, _: usize, fitted: &FittedBlock) -> Result<(), StorageError> {
        let square: f64 = self.trait_values.iter().map(|y| y * y).sum();
        let mut sums = self.sums.lock().map_err(|_| "a thread failed")?;
        sums.resize(fitted.predictions.ncols(), 0.0);
        for (sum, column) in sums.iter_mut().zip(fitted.predictions.column_iter()) {
            let own: f64 = column.iter().map(|value| value * value).sum();
            let both: f64 = column.iter().zip(&self.trait_values).map(|(value, y)| value * y).sum();
            *sum += both * both / (own * square);
        }
        Ok(())
    }
}

/// A number for each chromosome, in the order in which they come.
fn chromosomes(bim: &str, variants: usize) -> io::Result<Vec<u32>> {
    let mut numbers = HashMap::new();
    let table = fs::read_to_string(bim)?;
    let names = table.lines().take(variants).map(|line| line.split_whitespace().next().unwrap_or_default());
    let mut number = |name| {
        let next = numbers.len() as u32;
        *numbers.entry(name).or_insert(next)
    };
    Ok(names.map(&mut number).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [prefix, pheno, name, variants, block, threads] = arguments.as_slice() else {
        return Err("ridge PREFIX PHENO TRAIT VARIANTS BLOCK THREADS".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?;
    let y = values(pheno, name)?;
    let samples = y.len();
    let chromosomes = chromosomes(&format!("{prefix}.bim"), variants.parse()?)?;
    let fold_of_sample: Vec<u32> = (0..samples).map(|sample| (sample % FOLDS) as u32).collect();
    let mean = y.iter().sum::<f64>() / samples as f64;
    let rows = (0..FOLDS).flat_map(|fold| y.iter().skip(fold).step_by(FOLDS));
    let correlations =
        Correlations { trait_values: rows.map(|y| y - mean).collect(), sums: Mutex::default() };
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let level = std::env::var("LEVEL").ok().map_or(Ok(Level::best()), |level| level.parse())?;
    let matrix = BedMatrix::open(Path::new(&format!("{prefix}.bed")), samples, chromosomes.len(), level)?;
    let done = Mutex::new((f64::NAN, f64::NAN));
    let progress = |progress| {
        if let (RidgeProgress::Level0 { done: now, blocks }, Ok(mut done)) = (progress, done.lock())
            && now == blocks
        {
            *done = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        }
    };
    let data = RidgeData {
        chromosomes: &chromosomes,
        covariates: &[],
        traits: &[RidgeTrait { values: y, family: RidgeFamily::Gaussian }],
        validation: &CrossValidation::Folds { fold_of_sample, folds: FOLDS },
    };
    let options = RidgeOptions { block_size: block.parse()?, ..RidgeOptions::default() };
    let control =
        RidgeControl { progress: Some(&progress), cancelled: None, checkpoint: Some(&correlations) };
    let fit = fit_ridge(&matrix, &data, &options, &control)?;
    let (wall, cpu) = *done.lock().map_err(|_| "a thread failed")?;
    let sums = correlations.sums.lock().map_err(|_| "a thread failed")?;
    let r2: Vec<String> = sums.iter().map(|sum| format!("{:.6}", sum / fit.blocks as f64)).collect();
    writeln!(
        io::stdout(),
        r#"{{"wall": {wall:.3}, "cpu": {cpu:.2}, "peak_mib": {:.0}, "blocks": {}, "variants": {}, "r2": [{}]}}"#,
        peak(),
        fit.blocks,
        matrix.variants(),
        r2.join(", "),
    )?;
    Ok(())
}
