//! Shared effects plus a population's own part equal the lasso on the doubled columns.

use steppe_fit::{
    MemoryMatrix, PackedColumns,
    lasso::{LambdaPath, LassoOptions, LassoProblem, Populations, Response, Role},
};

use super::lasso_support::{Stream, cohort, fit};

#[test]
fn equals_a_fit_on_explicit_columns() {
    let cohort = cohort(180, 60, 13);
    let of: Vec<u32> = (0..180).map(|sample| if sample % 7 == 0 { u32::MAX } else { sample % 2 }).collect();
    // Complete genotypes, so that a column of one population has the same values in both fits.
    let mut stream = Stream::new(4);
    let codes: Vec<Vec<u8>> = (0..60)
        .map(|_| (0..180).map(|_| (0..2).map(|_| u8::from(stream.uniform() < 0.3)).sum()).collect())
        .collect();
    let (mut plain, mut explicit) = (PackedColumns::new(180), PackedColumns::new(180));
    for codes in &codes {
        plain.push_codes(codes.iter().copied());
        explicit.push_codes(codes.iter().copied());
        for population in 0..2 {
            explicit.push_codes(codes.iter().zip(&of).map(|(c, of)| if *of == population { *c } else { 0 }));
        }
    }
    let mut y = cohort.noise.clone();
    for (sample, y) in y.iter_mut().enumerate() {
        *y += 0.7 * f64::from(codes[5][sample])
            + if of[sample] == 1 { 0.9 * f64::from(codes[20][sample]) } else { 0.0 };
    }
    let reference: Vec<bool> = cohort.roles.iter().map(|role| *role == Role::Train).collect();
    let (plain, explicit) = (MemoryMatrix::new(plain, &reference), MemoryMatrix::new(explicit, &reference));
    let input = cohort.with("a", Response::Gaussian(y));
    let options = LassoOptions {
        lambdas: LambdaPath::Auto { count: 12, ratio: Some(0.1) },
        rescale_penalty_factors: false,
        strong_size: 20,
        batch: 4,
        tolerance: 1e-7,
        stopping_lag: None,
        ..LassoOptions::default()
    };
    let mut problem = LassoProblem::new(&plain);
    problem.populations = Some(Populations { of: &of, count: 2, factor: 1.3 });
    let own = fit(&problem, std::slice::from_ref(&input), &options).remove(0);
    let factors: Vec<f64> = (0..180).map(|column| if column % 3 == 0 { 1.0 } else { 1.3 }).collect();
    let mut problem = LassoProblem::new(&explicit);
    problem.penalty_factors = Some(&factors);
    let expected = fit(&problem, &[input], &options).remove(0);
    for (own, expected) in own.points.iter().zip(&expected.points) {
        assert!((own.lambda - expected.lambda).abs() < 1e-12);
        let column = |b: &steppe_fit::lasso::Coefficient| 3 * b.variant + b.population.map_or(0, |k| k + 1);
        let columns: Vec<u32> = own.coefficients.iter().map(column).collect();
        assert_eq!(columns, expected.coefficients.iter().map(|b| b.variant).collect::<Vec<_>>());
        for (own, expected) in own.coefficients.iter().zip(&expected.coefficients) {
            assert!((own.effect - expected.effect).abs() < 1e-6);
        }
    }
    let last = own.points.last().unwrap();
    let effect = |variant, population| {
        last.coefficients
            .iter()
            .find(|b| b.variant == variant && b.population == population)
            .map_or(0.0, |b| b.effect)
    };
    // The effect that one population alone has is found as its own part.
    assert!(effect(5, None) > 0.3 && effect(20, Some(1)) > effect(20, None).abs());
    assert!(effect(20, Some(0)).abs() < 0.2);
}
