//! An association that is stopped anywhere goes on from the runs of variants that were kept, and ends in the same bits.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    ops::ControlFlow,
    sync::atomic::{AtomicUsize, Ordering},
};

use steppe_fit::{
    FitError, GenotypeMatrix, GramSums, MatrixError, MemoryMatrix, PackedColumns, Products,
    ResidualPrecision, StorageError,
    assoc::{AssocCheckpoint, AssocOptions, AssocResult, AssocTrait, Association, Covariate, TraitKind},
};

use super::assoc_plink2::small;

/// Keeps runs in memory, in bytes as a store would, and refuses to keep one twice.
#[derive(Default)]
struct Kept {
    runs: RefCell<BTreeMap<(usize, usize), Vec<u8>>>,
    full: bool,
}

impl AssocCheckpoint for Kept {
    fn load(&self, batch: usize, first: usize) -> Result<Option<Vec<Vec<AssocResult>>>, StorageError> {
        let runs = self.runs.borrow();
        Ok(runs.get(&(batch, first)).map(|bytes| ciborium::from_reader(bytes.as_slice())).transpose()?)
    }

    fn save(&self, batch: usize, first: usize, rows: &[Vec<AssocResult>]) -> Result<(), StorageError> {
        if self.full {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull).into());
        }
        let mut bytes = Vec::new();
        ciborium::into_writer(rows, &mut bytes)?;
        let before = self.runs.borrow_mut().insert((batch, first), bytes);
        assert!(before.is_none(), "batch {batch}, variant {first}: tested again");
        Ok(())
    }
}

/// Counts passes.
struct Counting<'a> {
    matrix: &'a MemoryMatrix,
    adjoints: AtomicUsize,
}

impl GenotypeMatrix for Counting<'_> {
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
        self.adjoints.fetch_add(1, Ordering::Relaxed);
        self.matrix.adjoint(residuals, precision)
    }

    fn forward(&self, weights: &[Vec<(u32, f64)>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        self.matrix.forward(weights)
    }

    fn select(&self, variants: &[u32]) -> Result<PackedColumns, MatrixError> {
        self.matrix.select(variants)
    }

    fn gram(
        &self,
        variants: std::ops::Range<u32>,
        groups: &[u32],
        count: usize,
    ) -> Result<Vec<GramSums>, MatrixError> {
        self.matrix.gram(variants, groups, count)
    }
}

/// Runs until so many chunks were handed on; a result per trait and variant.
fn run(
    plan: &Association,
    matrix: &dyn GenotypeMatrix,
    kept: &Kept,
    most: usize,
) -> Result<(bool, Vec<(usize, AssocResult)>), FitError> {
    let (mut results, mut chunks) = (Vec::new(), 0);
    let ended = plan.resume(matrix, Some(kept), &mut |chunk| {
        results.extend(chunk.results.iter().map(|result| (chunk.trait_index, *result)));
        chunks += 1;
        if chunks == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok((ended.is_continue(), results))
}

fn text(results: &[(usize, AssocResult)]) -> Vec<String> {
    // Debug tells every bit of a number that is none but NaN's, of which there is one here.
    results.iter().map(|result| format!("{result:?}")).collect()
}

#[test]
fn every_stop_goes_on_to_the_same_bits() {
    let (cohort, traits, covariates) = small();
    let given: Vec<AssocTrait<'_>> =
        traits.iter().map(|(name, kind, values)| AssocTrait { name, kind: *kind, values }).collect();
    let of: Vec<Covariate<'_>> = covariates.iter().map(|(name, values)| Covariate { name, values }).collect();
    let options = AssocOptions { chunk: 100, columns: 8, binary_traits: 1, ..AssocOptions::default() };
    let plan = Association::plan(cohort.matrix.samples(), &given, &of, options).expect("a plan");
    let counting = || Counting { matrix: &cohort.matrix, adjoints: AtomicUsize::new(0) };
    let matrix = counting();
    let whole_kept = Kept::default();
    let (ended, whole) = run(&plan, &matrix, &whole_kept, usize::MAX).expect("a run");
    assert!(ended);
    let passes = matrix.adjoints.load(Ordering::Relaxed);
    let chunks = 4 * traits.len();
    let binary = traits.iter().filter(|(_, kind, _)| *kind == TraitKind::Binary).count();
    assert!(passes > 0 && binary > 1, "{passes} passes, {binary} binary traits");
    for stop in 1..chunks {
        let kept = Kept::default();
        let (ended, _) = run(&plan, &counting(), &kept, stop).expect("a run");
        assert!(!ended, "stopped after {stop} of {chunks}");
        let before = kept.runs.borrow().len();
        let (ended, rest) = run(&plan, &counting(), &kept, usize::MAX).expect("a run");
        assert!(ended && before > 0 && kept.runs.borrow().len() == whole_kept.runs.borrow().len());
        assert_eq!(text(&rest), text(&whole), "stopped after {stop}");
    }
    // What is whole needs no pass.
    let matrix = counting();
    let (_, again) = run(&plan, &matrix, &whole_kept, usize::MAX).expect("a run");
    assert_eq!(text(&again), text(&whole));
    assert_eq!(matrix.adjoints.load(Ordering::Relaxed), 0);
}

#[test]
fn a_full_store_and_runs_of_another_association_are_errors() {
    let (cohort, traits, _) = small();
    let (name, kind, values) = &traits[0];
    let one = [AssocTrait { name, kind: *kind, values }];
    let plan = |chunk| {
        let options = AssocOptions { chunk, ..AssocOptions::default() };
        Association::plan(values.len(), &one, &[], options).expect("a plan")
    };
    let full = Kept { full: true, ..Kept::default() };
    let error = run(&plan(100), &cohort.matrix, &full, usize::MAX).expect_err("a full store");
    assert!(matches!(error, FitError::Checkpoint { block: 0, .. }), "{error}");
    let kept = Kept::default();
    run(&plan(100), &cohort.matrix, &kept, 2).expect("a run");
    let error = run(&plan(50), &cohort.matrix, &kept, usize::MAX).expect_err("other runs");
    assert!(matches!(error, FitError::CheckpointOfAnotherFit { block: 0 }), "{error}");
}
