//! A stored cohort with what goes wrong in real data, its traits, and what a block ridge of them should be, from dense
//! arithmetic: explicit folds, explicit residuals, LU, no algebra on sums.

use std::path::{Path, PathBuf};

use nalgebra::{DMatrix, DVector};
use steppe_fit::ridge::CrossValidation;
use steppe_fitjob::{CovariateOptions, InputOptions, RidgeJobOptions, RidgeValidation};
use steppe_genome::Chromosome;
use steppe_simulate::{SmallFileset, SmallOptions, random_fileset};

use super::{
    stored::Stored,
    support::{Stream, file},
};

pub(crate) const SAMPLES: usize = 210;
const VARIANTS: usize = 90;
pub(crate) const BLOCK: usize = 11;
pub(crate) const FOLDS: usize = 4;

/// The variant that does not vary, the one without calls, and the one that the first covariate is a copy of.
pub(crate) const MONOMORPHIC: usize = 4;
pub(crate) const NO_CALLS: usize = 17;
pub(crate) const COVARIATE: usize = 30;

pub(crate) struct Scene {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) stored: Stored,
    pub(crate) fileset: SmallFileset,
    pub(crate) covariates: Vec<Vec<f64>>,
    /// `qt`; `qm` with missing values; `cc`, 1 for a case.
    pub(crate) traits: [Vec<f64>; 3],
    pub(crate) options: RidgeJobOptions,
}

impl Scene {
    /// Three autosomes and X; the phenotype file has a flat column and one of categories too.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let chromosomes = [1, 2, 22].map(Chromosome::Autosome).into_iter().chain([Chromosome::X]);
        let how = SmallOptions {
            missing_rate: 0.02,
            chromosomes: chromosomes.collect(),
            ..SmallOptions::default()
        };
        let mut fileset = random_fileset(5, SAMPLES, VARIANTS, &how);
        fileset.codes[MONOMORPHIC].fill(1);
        fileset.codes[NO_CALLS].fill(3);
        fileset.codes[COVARIATE].iter_mut().for_each(|code| *code %= 3);
        let paths = fileset.write(&folder.path().join("small")).expect("a fileset");
        let stored = Stored::import(paths, &folder.path().join("cohort"));
        let mut stream = Stream::new(8);
        let age = (0..SAMPLES).map(|_| 40.0 + (10.0 * stream.normal()).round()).collect();
        let copy = fileset.codes[COVARIATE].iter().map(|code| f64::from(*code)).collect();
        let covariates = vec![copy, age];
        let traits = traits(&fileset, &covariates, &mut stream);
        let options = options(&folder, &fileset, &covariates, &traits);
        Self { folder, stored, fileset, covariates, traits, options }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The variants that take part.
    pub(crate) fn used(&self) -> Vec<usize> {
        let on_autosome = |at: &usize| matches!(self.fileset.bim[*at].chromosome, Chromosome::Autosome(_));
        (0..VARIANTS).filter(on_autosome).filter(|at| ![MONOMORPHIC, NO_CALLS].contains(at)).collect()
    }

    pub(crate) fn chromosome(&self, variant: usize) -> u32 {
        match self.fileset.bim[variant].chromosome {
            Chromosome::Autosome(number) => u32::from(number),
            _ => panic!("an autosome"),
        }
    }

    pub(crate) fn validation(&self) -> CrossValidation {
        CrossValidation::folds(&[true; SAMPLES], FOLDS, self.options.seed)
    }

    /// Genotypes of the variants that take part; a missing call is the variant's mean.
    pub(crate) fn genotypes(&self) -> DMatrix<f64> {
        let columns: Vec<DVector<f64>> = self
            .used()
            .into_iter()
            .map(|variant| {
                let codes = &self.fileset.codes[variant];
                let called: Vec<f64> = codes.iter().filter(|c| **c < 3).map(|c| f64::from(*c)).collect();
                let mean = called.iter().sum::<f64>() / called.len() as f64;
                DVector::from_fn(SAMPLES, |i, _| if codes[i] == 3 { mean } else { f64::from(codes[i]) })
            })
            .collect();
        DMatrix::from_columns(&columns)
    }
}

fn traits(fileset: &SmallFileset, covariates: &[Vec<f64>], stream: &mut Stream) -> [Vec<f64>; 3] {
    let genetic: Vec<f64> = (0..SAMPLES)
        .map(|sample| {
            let codes = fileset.codes.iter().step_by(6).map(|codes| codes[sample]);
            codes.filter(|code| *code < 3).map(|code| 0.4 * f64::from(code)).sum()
        })
        .collect();
    let mut one = || -> Vec<f64> {
        genetic.iter().zip(&covariates[1]).map(|(g, age)| g + 0.05 * age + 1.2 * stream.normal()).collect()
    };
    let (first, mut second, third) = (one(), one(), one());
    second.iter_mut().step_by(11).for_each(|value| *value = f64::NAN);
    let mean = third.iter().sum::<f64>() / SAMPLES as f64;
    let mut binary: Vec<f64> = third.iter().map(|value| f64::from(u8::from(*value > mean))).collect();
    binary.iter_mut().skip(3).step_by(17).for_each(|value| *value = f64::NAN);
    [first, second, binary]
}

fn options(
    folder: &tempfile::TempDir,
    fileset: &SmallFileset,
    covariates: &[Vec<f64>],
    [first, second, binary]: &[Vec<f64>; 3],
) -> RidgeJobOptions {
    let id = |sample: usize| format!("{}\t{}", fileset.fam[sample].family_id, fileset.fam[sample].sample_id);
    let number = |value: f64| if value.is_nan() { "NA".to_owned() } else { value.to_string() };
    let rows: String = (0..SAMPLES)
        .map(|s| {
            let colour = ["red", "blue"][s % 2];
            let case = number(binary[s] + 1.0);
            format!("{}\t{}\t{}\t{case}\t7\t{colour}\n", id(s), number(first[s]), number(second[s]))
        })
        .collect();
    let pheno = file(folder.path(), "pheno.tsv", &format!("#FID\tIID\tqt\tqm\tcc\tflat\tcolour\n{rows}"));
    let rows: String =
        (0..SAMPLES).map(|s| format!("{}\t{}\t{}\n", id(s), covariates[0][s], covariates[1][s])).collect();
    let covar = file(folder.path(), "covar.tsv", &format!("#FID\tIID\tcopy\tage\n{rows}"));
    let mut input = InputOptions::new(pheno);
    input.covariates = Some(CovariateOptions { file: covar, names: Vec::new(), categorical: Vec::new() });
    RidgeJobOptions {
        block_size: BLOCK,
        validation: RidgeValidation::Folds(FOLDS),
        ..RidgeJobOptions::new(input)
    }
}

/// A trait's dense fit.
pub(crate) struct Dense {
    /// Mean squared error of each penalty of level 1.
    pub(crate) losses: Vec<f64>,
    pub(crate) chosen: usize,
    /// Prediction of each sample by the model that did not see it, without each chromosome, samples x chromosomes.
    pub(crate) loco: DMatrix<f64>,
    /// The covariates' part of the trait plus the mean over folds of the models' predictions, in the trait's units.
    pub(crate) portable: DVector<f64>,
}

/// The stacked block ridge of a quantitative trait, whose missing values count as its mean.
pub(crate) fn dense(scene: &Scene, values: &[f64]) -> Dense {
    let CrossValidation::Folds { fold_of_sample, .. } = scene.validation() else { panic!("folds") };
    let fold = |sample: usize| fold_of_sample[sample] as usize;
    let outside = |of: usize| (0..SAMPLES).filter(|s| fold(*s) != of).collect::<Vec<_>>();
    let z = DMatrix::from_fn(SAMPLES, 3, |i, j| if j == 0 { 1.0 } else { scene.covariates[j - 1][i] });
    let hat = &z * (z.transpose() * &z).try_inverse().expect("independent") * z.transpose();
    let deviation = |column: &DVector<f64>| column.norm() / (SAMPLES as f64 - 3.0).sqrt();
    let x = scene.genotypes();
    let mut x = &x - &hat * &x;
    for mut column in x.column_iter_mut() {
        let own = deviation(&column.clone_owned());
        column *= if own > 1e-6 { 1.0 / own } else { 0.0 };
    }
    let seen: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let mean = seen.iter().sum::<f64>() / seen.len() as f64;
    let y = DVector::from_fn(SAMPLES, |i, _| if values[i].is_nan() { mean } else { values[i] });
    let null = &hat * &y;
    let residual = &y - &null;
    let scale = deviation(&residual);
    let y = residual / scale;
    let (blocks, shares) = (blocks(scene), &scene.options.level0_shares);
    let width = blocks.len() * shares.len();
    let mut models = vec![DMatrix::zeros(SAMPLES, width); FOLDS];
    for (of, predicted) in models.iter_mut().enumerate() {
        let rows = outside(of);
        for (b, (members, _)) in blocks.iter().enumerate() {
            let own = x.select_columns(members);
            for (j, share) in shares.iter().enumerate() {
                let penalty = x.ncols() as f64 * (1.0 - share) / share;
                let weights = ridge(&own.select_rows(&rows), &y.select_rows(&rows), penalty);
                predicted.set_column(b * shares.len() + j, &(&own * weights));
            }
        }
    }
    let mut w = DMatrix::from_fn(SAMPLES, width, |i, j| models[fold(i)][(i, j)]);
    for j in 0..width {
        let column = w.column(j).clone_owned();
        let centre = column.mean();
        let spread = (column.map(|v| (v - centre).powi(2)).sum() / (SAMPLES as f64 - 1.0)).sqrt();
        w.column_mut(j).apply(|value| *value = (*value - centre) / spread);
        models.iter_mut().for_each(|of| of.column_mut(j).apply(|value| *value = (*value - centre) / spread));
    }
    let stacked: Vec<Vec<DVector<f64>>> = (scene.options.level1_shares.iter())
        .map(|share| {
            let penalty = width as f64 * (1.0 - share) / share;
            let one = |rows: Vec<usize>| ridge(&w.select_rows(&rows), &y.select_rows(&rows), penalty);
            (0..FOLDS).map(|of| one(outside(of))).collect()
        })
        .collect();
    let error = |betas: &Vec<DVector<f64>>| {
        let miss = |i: usize| (y[i] - w.row(i).transpose().dot(&betas[fold(i)])).powi(2);
        (0..SAMPLES).map(miss).sum::<f64>() / SAMPLES as f64
    };
    let losses: Vec<f64> = stacked.iter().map(error).collect();
    let chosen = (0..losses.len()).min_by(|a, b| losses[*a].total_cmp(&losses[*b])).expect("penalties");
    let betas = &stacked[chosen];
    let loco = DMatrix::from_fn(SAMPLES, 3, |i, chromosome| {
        let other = (0..width).filter(|j| blocks[j / shares.len()].1 != chromosome);
        other.map(|j| w[(i, j)] * betas[fold(i)][j]).sum()
    });
    let predicted = models.iter().zip(betas).map(|(of, beta)| of * beta * (scale / FOLDS as f64));
    let portable = predicted.fold(null, |sum, more| sum + more);
    Dense { losses, chosen, loco, portable }
}

/// Places among the variants that take part, and chromosome, of each block.
fn blocks(scene: &Scene) -> Vec<(Vec<usize>, usize)> {
    let chromosomes: Vec<u32> = scene.used().into_iter().map(|variant| scene.chromosome(variant)).collect();
    let of = |(place, number): (usize, u32)| {
        let own: Vec<usize> = (0..chromosomes.len()).filter(|at| chromosomes[*at] == number).collect();
        own.chunks(BLOCK).map(|run| (run.to_vec(), place)).collect::<Vec<_>>()
    };
    [1, 2, 22].into_iter().enumerate().flat_map(of).collect()
}

fn ridge(x: &DMatrix<f64>, y: &DVector<f64>, penalty: f64) -> DVector<f64> {
    let products = x.transpose() * x + DMatrix::identity(x.ncols(), x.ncols()) * penalty;
    products.lu().solve(&(x.transpose() * y)).expect("regular")
}

/// A chromosome and the predictions without it; `None` is NA.
pub(crate) type Predictions = (u32, Vec<Option<f64>>);

/// A file of predictions: `FID_IID` of each sample, and a row by chromosome.
pub(crate) fn loco(path: &Path) -> (Vec<String>, Vec<Predictions>) {
    let text = std::fs::read_to_string(path).expect("predictions");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split_whitespace().collect();
    assert_eq!(header[0], "FID_IID");
    let row = |line: &str| {
        let mut cells = line.split_whitespace();
        let chromosome = cells.next().and_then(|cell| cell.parse().ok()).expect("a chromosome");
        let value = |cell: &str| (cell != "NA").then(|| cell.parse().expect("a number"));
        (chromosome, cells.map(value).collect())
    };
    (header[1..].iter().map(|id| (*id).to_owned()).collect(), lines.map(row).collect())
}
