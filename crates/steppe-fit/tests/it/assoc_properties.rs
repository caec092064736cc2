//! What holds on any data: threads and batches do not matter, a missing call is a missing sample, bad input stops
//! nothing but itself.

use std::ops::ControlFlow;

use steppe_fit::{
    FitError, GenotypeMatrix, MemoryMatrix, PackedColumns,
    assoc::{
        AssocCode, AssocOptions, AssocResult, AssocTrait, Association, Covariate, DropReason, SkipReason,
        TraitKind,
    },
};

use super::{assoc_plink2::small, assoc_support::associate};

fn bits(results: &[Vec<AssocResult>]) -> Vec<[u64; 4]> {
    let numbers = |result: &AssocResult| match result.outcome {
        Ok(e) => [e.beta, e.standard_error, e.statistic, e.p].map(f64::to_bits),
        Err(code) => [code as u64; 4],
    };
    results.iter().flatten().map(numbers).collect()
}

#[test]
fn threads_and_chunks_and_batches_change_no_bit() {
    let (cohort, traits, covariates) = small();
    let run = |threads: usize, chunk: usize, columns: usize| {
        let options =
            AssocOptions { chunk, columns, binary_traits: columns.div_ceil(8), ..AssocOptions::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        bits(&pool.install(|| associate(&cohort.matrix, &traits, &covariates, options).0))
    };
    let plain = run(1, 512, 64);
    for (threads, chunk, columns) in [(4, 512, 64), (3, 7, 64), (2, 100, 1), (2, 320, 8)] {
        assert!(run(threads, chunk, columns) == plain, "{threads} threads, chunk {chunk}, {columns} columns");
    }
}

/// A missing call and a missing phenotype of the same sample leave the same regression.
#[test]
fn a_missing_call_takes_its_sample_out() {
    let (cohort, traits, covariates) = small();
    let samples = cohort.matrix.samples();
    let packed = cohort.matrix.select(&(0..320).collect::<Vec<u32>>()).expect("columns");
    let mut compared = 0;
    for variant in (0..320).filter(|v| cohort.matrix.counts()[*v][3] > 0) {
        let codes: Vec<u8> = (0..samples).map(|sample| packed.code(variant, sample)).collect();
        let one = |codes: &[u8]| {
            let mut columns = PackedColumns::new(samples);
            columns.push_codes(codes.iter().copied());
            MemoryMatrix::new(columns, &vec![true; samples])
        };
        let without: Vec<_> = traits
            .iter()
            .map(|(name, kind, values)| {
                let value = |(v, code): (&f64, &u8)| if *code == 3 { f64::NAN } else { *v };
                (name.clone(), *kind, values.iter().zip(&codes).map(value).collect())
            })
            .collect();
        // The sample that has no phenotype may have any genotype.
        let filled: Vec<u8> = codes.iter().map(|code| code % 3).collect();
        // The counted allele is tested on both sides: what is the minor one depends on the filling.
        let options =
            AssocOptions { tested: steppe_fit::assoc::TestedAllele::Counted, ..AssocOptions::default() };
        let (a, _) = associate(&one(&codes), &traits, &covariates, options);
        let (b, _) = associate(&one(&filled), &without, &covariates, options);
        for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
            let (Ok(x), Ok(y)) = (a.outcome, b.outcome) else { continue };
            assert_eq!(a.samples, b.samples);
            // Logistic fits stop after a step below 1e-4 of standardised covariates, whose scale the samples set.
            let close = |p: f64, q: f64| (p - q).abs() <= 1e-7 * y.standard_error;
            assert!(close(x.beta, y.beta), "variant {variant}: {x:?} {y:?}");
            compared += 1;
        }
    }
    assert!(compared > 700, "{compared}");
}

#[test]
fn a_bad_trait_stops_no_other() {
    let (cohort, traits, mut covariates) = small();
    let n = cohort.matrix.samples();
    let good = traits[0].clone();
    let few: Vec<f64> = (0..n).map(|i| if i < 6 { i as f64 } else { f64::NAN }).collect();
    let traits = vec![
        ("flat".to_owned(), TraitKind::Quantitative, vec![3.0; n]),
        ("none".to_owned(), TraitKind::Quantitative, vec![f64::NAN; n]),
        ("three".to_owned(), TraitKind::Binary, (0..n).map(|i| (i % 3) as f64).collect()),
        ("few".to_owned(), TraitKind::Quantitative, few),
        (
            "age".to_owned(),
            TraitKind::Quantitative,
            covariates[0].1.iter().map(|age| 2.0 * age + 1.0).collect(),
        ),
        good,
    ];
    let sum = covariates[0].1.iter().zip(&covariates[2].1).map(|(a, b)| a + b).collect();
    covariates.push(("SUM".to_owned(), sum));
    let (results, summaries) = associate(&cohort.matrix, &traits, &covariates, AssocOptions::default());
    let reasons: Vec<Option<SkipReason>> = summaries.iter().map(|summary| summary.skipped).collect();
    // Six samples for intercept, genotype and five covariates: COPY has one value among them.
    let few = SkipReason::TooFewSamples { samples: 6, predictors: 7 };
    let expected =
        [SkipReason::Constant, SkipReason::NoSamples, SkipReason::NotBinary, few, SkipReason::Explained];
    assert_eq!(reasons[..5], expected.map(Some));
    assert_eq!(reasons[5], None);
    assert!(results[..5].iter().all(Vec::is_empty));
    assert_eq!(results[5].len(), 320);
    let dropped: Vec<(&str, DropReason)> =
        summaries[5].dropped.iter().map(|one| (one.name.as_str(), one.reason)).collect();
    assert_eq!(dropped, [("FLAT", DropReason::Constant), ("SUM", DropReason::Collinear)]);
    // Without the sum the regression is the one that never had it.
    covariates.pop();
    let (without, _) = associate(&cohort.matrix, &traits[5..], &covariates, AssocOptions::default());
    assert!(bits(&results[5..]) == bits(&without));
}

#[test]
fn an_empty_matrix_and_a_lone_genotype_are_tested() {
    let columns = PackedColumns::new(10);
    let none = MemoryMatrix::new(columns.clone(), &[true; 10]);
    let values: Vec<f64> = (0..10).map(f64::from).collect();
    let traits = [("t".to_owned(), TraitKind::Quantitative, values)];
    let (results, _) = associate(&none, &traits, &[], AssocOptions::default());
    assert!(results[0].is_empty());
    let mut columns = columns;
    columns.push_codes([0, 0, 1, 0, 1, 2, 1, 1, 2, 2]);
    columns.push_codes([1; 10]);
    let two = MemoryMatrix::new(columns, &[true; 10]);
    let (results, _) = associate(&two, &traits, &[], AssocOptions::default());
    // R: summary(lm(0:9 ~ c(0,0,1,0,1,2,1,1,2,2))).
    let estimate = results[0][0].outcome.expect("an estimate");
    assert!((estimate.beta - 3.0).abs() < 1e-12, "{estimate:?}");
    assert!((estimate.standard_error - 0.770_551_750_371).abs() < 1e-11, "{estimate:?}");
    assert_eq!(results[0][1].outcome, Err(AssocCode::ConstantGenotype));
}

#[test]
fn a_run_can_be_stopped_and_lengths_are_checked() {
    let (cohort, traits, covariates) = small();
    let values = &traits[0].2;
    let one = [AssocTrait { name: "Q1", kind: TraitKind::Quantitative, values }];
    let options = AssocOptions { chunk: 10, ..AssocOptions::default() };
    let plan = Association::plan(values.len(), &one, &[], options).expect("a plan");
    let mut chunks = 0;
    let end = plan.run(&cohort.matrix, &mut |_| {
        chunks += 1;
        if chunks == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(end, Ok(ControlFlow::Break(()))) && chunks == 3);
    let short = [Covariate { name: "AGE", values: &covariates[0].1[1..] }];
    let error = Association::plan(values.len(), &one, &short, options).expect_err("too short");
    assert!(matches!(&error, FitError::ValueCount { name, .. } if name == "AGE"), "{error}");
}
