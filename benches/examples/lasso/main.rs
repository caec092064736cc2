//! One lasso path over a .bed file, for `lasso.sh`: prints what it cost as one line of JSON.
//!
//! lasso PREFIX PHENO TRAIT FAMILY LAMBDAS RATIO THREADS [OUT]
//!
//! PREFIX names a .bed, .bim and .fam file, all of whose samples train, in the order of the rows of PHENO (with a header;
//! TRAIT is one of its columns, or several with commas, whose paths share passes; FAMILY gaussian, or binomial with the values 1 and 2). Of one trait, OUT gets a row `lambda intercept`
//! per lambda and a row `lambda variant effect` per coefficient: the variant counted from 0, the effect per copy of A1.

#[path = "../common/bed.rs"]
mod bed;
#[path = "../common/column.rs"]
mod column;
#[path = "../common/cpu.rs"]
mod cpu;
#[path = "../common/lines.rs"]
mod lines;
#[path = "../common/peak.rs"]
mod peak;

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    ops::Range,
    path::Path,
    sync::Mutex,
    time::Instant,
};

use bed::BedMatrix;
use column::values;
use cpu::cpu_seconds;
use lines::lines;
use nalgebra::DMatrix;
use peak::peak;
use steppe_fit::{
    GenotypeMatrix, GramSums, MatrixError, PackedColumns, Products, ResidualPrecision,
    lasso::{LambdaPath, LassoOptions, LassoPath, LassoProblem, Observer, Response, Role, Trait, fit_lasso},
};
use steppe_kernels::Level;

/// Adjoint passes, their columns of residuals, and seconds.
#[derive(Default)]
struct Passes {
    count: usize,
    columns: usize,
    cpu: f64,
    wall: f64,
}

/// A matrix whose adjoint passes are counted.
struct Counted {
    matrix: BedMatrix,
    passes: Mutex<Passes>,
}

impl GenotypeMatrix for Counted {
    fn samples(&self) -> usize {
        self.matrix.samples()
    }

    fn variants(&self) -> usize {
        self.matrix.variants()
    }

    fn counts(&self) -> &[[u64; 4]] {
        self.matrix.counts()
    }

    fn adjoint(&self, residuals: &[&[f64]], precision: ResidualPrecision) -> Result<Products, MatrixError> {
        let (cpu, wall) = (cpu_seconds(), Instant::now());
        let products = self.matrix.adjoint(residuals, precision);
        if let Ok(mut passes) = self.passes.lock() {
            passes.count += 1;
            passes.columns += residuals.len();
            passes.cpu += cpu_seconds() - cpu;
            passes.wall += wall.elapsed().as_secs_f64();
        }
        products
    }

    fn forward_tables(&self, tables: &[Vec<(u32, [f64; 4])>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        self.matrix.forward_tables(tables)
    }

    fn select(&self, variants: &[u32]) -> Result<PackedColumns, MatrixError> {
        self.matrix.select(variants)
    }

    fn gram(
        &self,
        variants: Range<u32>,
        groups: &[u32],
        group_count: usize,
    ) -> Result<Vec<GramSums>, MatrixError> {
        self.matrix.gram(variants, groups, group_count)
    }
}

struct Silent;

impl Observer for Silent {}

fn response(family: &str, values: Vec<f64>) -> Result<Response, String> {
    match family {
        "gaussian" => Ok(Response::Gaussian(values)),
        "binomial" => Ok(Response::Binomial(values.into_iter().map(|value| value - 1.0).collect())),
        _ => Err(format!("unknown family {family}; give gaussian or binomial")),
    }
}

fn write(path: &LassoPath, to: &Path) -> Result<(), Box<dyn Error>> {
    let mut rows = String::new();
    for point in &path.points {
        writeln!(rows, "{} {}", point.lambda, point.intercept)?;
        for coefficient in &point.coefficients {
            writeln!(rows, "{} {} {}", point.lambda, coefficient.variant, coefficient.effect)?;
        }
    }
    Ok(fs::write(to, rows)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [prefix, pheno, name, family, count, ratio, threads, out @ ..] = arguments.as_slice() else {
        return Err("lasso PREFIX PHENO TRAIT FAMILY LAMBDAS RATIO THREADS [OUT]".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?;
    let (samples, variants) = (lines(&format!("{prefix}.fam"))?, lines(&format!("{prefix}.bim"))?);
    let input = |name: &str| -> Result<Trait, Box<dyn Error>> {
        Ok(Trait {
            name: name.to_owned(),
            response: response(family, values(pheno, name)?)?,
            weights: Vec::new(),
            roles: vec![Role::Train; samples],
            covariates: DMatrix::zeros(samples, 0),
            lambdas: None,
        })
    };
    let inputs = name.split(',').map(input).collect::<Result<Vec<_>, _>>()?;
    let lambdas = LambdaPath::Auto { count: count.parse()?, ratio: Some(ratio.parse()?) };
    let options = LassoOptions { lambdas, standardize: true, stopping_lag: None, ..LassoOptions::default() };
    let level = std::env::var("LEVEL").ok().map_or(Ok(Level::best()), |level| level.parse())?;
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let matrix = BedMatrix::open(Path::new(&format!("{prefix}.bed")), samples, variants, level)?;
    let matrix = Counted { matrix, passes: Mutex::default() };
    let reference = vec![true; samples];
    let problem = LassoProblem { reference: Some(&reference), ..LassoProblem::new(&matrix) };
    let paths = fit_lasso(&problem, &inputs, &options, None, &mut Silent)?;
    let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
    let paths = paths.into_iter().collect::<Result<Vec<_>, _>>()?;
    if let ([out], [path]) = (out, paths.as_slice()) {
        write(path, Path::new(out))?;
    }
    let points = || paths.iter().flat_map(|path| &path.points);
    let worst = points().map(|point| point.certificate.violation).fold(0.0, f64::max);
    let last = paths.iter().filter_map(|path| path.points.last());
    let active: usize = last.map(|point| point.coefficients.len()).sum();
    let passes = matrix.passes.into_inner().unwrap_or_default();
    writeln!(
        io::stdout(),
        r#"{{"wall": {wall:.3}, "cpu": {cpu:.2}, "peak_mib": {:.0}, "active": {active}, "violation": {worst:.1e}, "lambdas": {}, "passes": {}, "columns": {}, "pass_wall": {:.3}, "pass_cpu": {:.2}}}"#,
        peak(),
        points().count(),
        passes.count,
        passes.columns,
        passes.wall,
        passes.cpu,
    )?;
    Ok(())
}
