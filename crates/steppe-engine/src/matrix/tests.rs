//! The engine's matrix beside the plain one in memory.

use std::sync::Arc;

use proptest::prelude::*;
use steppe_fit::{
    GenotypeMatrix, MemoryMatrix, PackedColumns, ResidualPrecision, VariantSubset,
    ridge::{CrossValidation, RidgeControl, RidgeData, RidgeFamily, RidgeOptions, RidgeTrait, fit_ridge},
};
use steppe_genome::GenomeBuild;
use steppe_kernels::Level;
use steppe_simulate::{SmallFileset, SmallOptions, random_fileset};
use steppe_store::{Codec, Cohort, ImportOptions, Location, NoProgress, import};

use super::*;
use crate::{LocalEngine, SilentProgress, pass::TileOrder};

const SAMPLES: usize = 500;
const VARIANTS: usize = 150;

struct Scene {
    _folder: tempfile::TempDir,
    fileset: SmallFileset,
    cohort: Cohort,
}

impl Scene {
    /// A cohort in blocks of 200 samples, 3 of them.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SmallOptions { missing_rate: 0.02, ..SmallOptions::default() };
        let fileset = random_fileset(11, SAMPLES, VARIANTS, &options);
        let paths = fileset.write(&folder.path().join("small")).expect("a fileset");
        let out = Location::local(folder.path().join("cohort"));
        import(&ImportOptions {
            filesets: vec![paths],
            out: out.clone(),
            build: GenomeBuild::Grch38,
            block_samples: Some(200),
            threads: 2,
            memory_bytes: 1 << 30,
            codec: Codec::Uncompressed,
            level: Level::best(),
            progress: Arc::new(NoProgress),
        })
        .expect("an import");
        let cohort = Cohort::open(&out).expect("a cohort");
        Self { _folder: folder, fileset, cohort }
    }

    fn memory(&self, samples: &[u32], reference: &[bool]) -> MemoryMatrix {
        let mut columns = PackedColumns::new(samples.len());
        for codes in &self.fileset.codes {
            columns.push_codes(samples.iter().map(|&sample| codes[sample as usize]));
        }
        MemoryMatrix::new(columns, reference)
    }

    fn matrix<'a>(
        &self,
        engine: &'a LocalEngine,
        samples: &[u32],
        reference: &[bool],
        level: Level,
    ) -> EngineMatrix<'a> {
        EngineMatrix::new(engine, &self.cohort, samples, reference, level, Arc::new(SilentProgress))
            .expect("a matrix")
    }
}

/// Some of the samples, one block of them hardly at all, and some of these as reference.
fn selection() -> (Vec<u32>, Vec<bool>) {
    let samples: Vec<u32> =
        (0..SAMPLES as u32).filter(|at| at % 3 != 1 && (*at < 200 || *at > 390)).collect();
    let reference = samples.iter().map(|sample| sample % 5 != 0).collect();
    (samples, reference)
}

fn residual(samples: usize, seed: f64) -> Vec<f64> {
    (0..samples).map(|at| ((at as f64 + seed) * 1.618).sin() * (1.0 + seed)).collect()
}

fn engine(threads: usize) -> LocalEngine {
    LocalEngine::new(threads).expect("threads")
}

#[test]
fn passes_give_what_the_plain_matrix_gives() {
    let scene = Scene::new();
    let (samples, reference) = selection();
    let (engine, plain) = (engine(2), scene.memory(&samples, &reference));
    let matrix = scene.matrix(&engine, &samples, &reference, Level::best());
    assert_eq!((matrix.samples(), matrix.variants()), (plain.samples(), plain.variants()));
    assert_eq!(matrix.counts(), plain.counts());
    for columns in [1, 3, 20] {
        let residuals: Vec<Vec<f64>> =
            (0..columns).map(|at| residual(samples.len(), f64::from(at))).collect();
        let residuals: Vec<&[f64]> = residuals.iter().map(Vec::as_slice).collect();
        let expected = plain.adjoint(&residuals, ResidualPrecision::Full).expect("products");
        for (precision, bits) in [(ResidualPrecision::Screening, 23), (ResidualPrecision::Full, 44)] {
            let found = matrix.adjoint(&residuals, precision).expect("products");
            assert_eq!(found.columns, expected.columns);
            let bound = 2.0 * samples.len() as f64 * f64::from(columns + 1) / 2f64.powi(bits);
            for (found, expected) in found.values.iter().zip(&expected.values) {
                assert!((found - expected).abs() <= bound, "{found} {expected}");
            }
        }
    }
    let weights = vec![vec![(0, 0.25), (7, -1.5), (149, 3.0)], Vec::new(), vec![(3, 1e-7)]];
    let (found, expected) = (matrix.forward(&weights).expect("sums"), plain.forward(&weights).expect("sums"));
    assert_eq!(found.len(), 3);
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-6), "{found} {expected}");
    }
    let some: Vec<u32> = (0..VARIANTS as u32).filter(|at| at % 4 != 2).collect();
    for variants in [&some[..], &[], &[5], &[148, 149]] {
        assert_eq!(matrix.select(variants).expect("columns"), plain.select(variants).expect("columns"));
    }
    let groups: Vec<u32> =
        samples.iter().map(|sample| if sample % 7 == 0 { u32::MAX } else { sample % 3 }).collect();
    let (found, expected) =
        (matrix.gram(20..61, &groups, 3).expect("sums"), plain.gram(20..61, &groups, 3).expect("sums"));
    assert_eq!(found, expected);
}

#[test]
fn the_same_bits_for_any_threads_order_and_level() {
    let scene = Scene::new();
    let (samples, reference) = selection();
    let residuals = [residual(samples.len(), 0.3), residual(samples.len(), 2.0)];
    let residuals: Vec<&[f64]> = residuals.iter().map(Vec::as_slice).collect();
    let of = |engine: &LocalEngine, level| {
        let matrix = scene.matrix(engine, &samples, &reference, level);
        let products = matrix.adjoint(&residuals, ResidualPrecision::Full).expect("products");
        (products.values, matrix.forward(&[vec![(1, 0.1), (80, 0.7)]]).expect("sums"))
    };
    let first = of(&engine(1), Level::Scalar);
    for (threads, seed) in [(1, 1), (2, 2), (7, 3)] {
        let engine = engine(threads).with_tile_order(TileOrder::Shuffled(seed));
        assert_eq!(of(&engine, Level::best()), first, "{threads} threads");
    }
}

/// An engine that says that its passes run in other processes.
struct Elsewhere(LocalEngine);

impl Engine for Elsewhere {
    fn run(
        &self,
        context: Arc<PassContext>,
        wanted: &dyn Fn(u32) -> bool,
    ) -> Result<Vec<PartialSums>, EngineError> {
        // What a worker gets is what it reads.
        let operand = PassOperand::from_bytes(&context.operand.to_bytes()).expect("an operand");
        let (cohort, progress) = (context.cohort.clone(), Arc::clone(&context.progress));
        let level = context.level;
        self.0.run(Arc::new(PassContext { cohort, operand, masks: Vec::new(), level, progress }), wanted)
    }

    fn is_elsewhere(&self) -> bool {
        true
    }
}

#[test]
fn work_on_runs_of_variants_gives_the_same_bits_elsewhere() {
    let scene = Scene::new();
    let (samples, reference) = selection();
    let validation = CrossValidation::folds(&vec![true; samples.len()], 4, 1);
    let traits = vec![RidgeTrait { values: residual(samples.len(), 1.0), family: RidgeFamily::Gaussian }];
    let variants: Vec<u32> = (0..VARIANTS as u32).filter(|at| at % 9 != 4).collect();
    let chromosomes: Vec<u32> = variants.iter().map(|at| 1 + at / 90).collect();
    let fit = |engine: &dyn Engine| {
        let progress = Arc::new(SilentProgress);
        let matrix = EngineMatrix::new(engine, &scene.cohort, &samples, &reference, Level::best(), progress)
            .expect("a matrix");
        let some = VariantSubset::new(&matrix, variants.clone(), Level::best()).expect("variants");
        let data = RidgeData {
            chromosomes: &chromosomes,
            covariates: &[residual(samples.len(), 3.0)],
            traits: &traits,
            validation: &validation,
        };
        let options = RidgeOptions { block_size: 11, ..RidgeOptions::default() };
        let fit = fit_ridge(&some, &data, &options, &RidgeControl::default()).expect("a fit");
        let of = fit.traits[0].as_ref().expect("a trait");
        (of.loco.clone(), of.weights.clone())
    };
    let expected = fit(&engine(2));
    assert!(expected.1.iter().any(|weight| *weight != 0.0));
    for (threads, seed) in [(1, 5), (3, 6)] {
        let engine = Elsewhere(engine(threads).with_tile_order(TileOrder::Shuffled(seed)));
        assert_eq!(fit(&engine), expected);
    }
}

#[test]
fn samples_that_are_not_there_are_refused() {
    let scene = Scene::new();
    let engine = engine(1);
    for samples in [vec![3, 2], vec![2, 2], vec![SAMPLES as u32]] {
        let reference = vec![true; samples.len()];
        let progress = Arc::new(SilentProgress);
        assert!(
            EngineMatrix::new(&engine, &scene.cohort, &samples, &reference, Level::Scalar, progress).is_err()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_samples_are_selected(picked in proptest::collection::btree_set(0..SAMPLES as u32, 1..60)) {
        let scene = Scene::new();
        let samples: Vec<u32> = picked.into_iter().collect();
        let reference = vec![true; samples.len()];
        let engine = engine(1);
        let matrix = scene.matrix(&engine, &samples, &reference, Level::best());
        let plain = scene.memory(&samples, &reference);
        let all: Vec<u32> = (0..VARIANTS as u32).collect();
        prop_assert_eq!(matrix.counts(), plain.counts());
        prop_assert_eq!(matrix.select(&all).expect("columns"), plain.select(&all).expect("columns"));
    }
}
