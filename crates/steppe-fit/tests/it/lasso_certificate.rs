//! Certificates, by dense arithmetic that shares no code with the fit.

use steppe_fit::lasso::{LambdaPath, LassoOptions, LassoProblem, Trait};

use super::lasso_support::{Dense, cohort, dense, fit};

fn options(alpha: f64, tolerance: f64) -> LassoOptions {
    LassoOptions {
        alpha,
        tolerance,
        lambdas: LambdaPath::Auto { count: 15, ratio: Some(0.1) },
        strong_size: 30,
        batch: 5,
        stopping_lag: None,
        ..LassoOptions::default()
    }
}

fn check(input: &Trait, options: &LassoOptions) {
    let cohort = cohort(200, 300, 5);
    let matrix = cohort.matrix();
    let x = dense(&cohort.columns, &matrix);
    let path = fit(&LassoProblem::new(&matrix), std::slice::from_ref(input), options).remove(0);
    let exact =
        LassoOptions { tolerance: 1e-8, lambdas: LambdaPath::Given(path.lambdas.clone()), ..options.clone() };
    let optimum = fit(&LassoProblem::new(&matrix), std::slice::from_ref(input), &exact).remove(0);
    let oracle = Dense::new(&x, input, options, &vec![1.0; x.ncols()]);
    assert_eq!(path.points.len(), 15);
    assert!(path.points.last().unwrap().coefficients.len() > 10);
    for (point, best) in path.points.iter().zip(&optimum.points) {
        let told = point.certificate;
        assert!(told.violation <= options.tolerance, "{told:?}");
        assert!((told.violation - oracle.violation(point)).abs() <= 1e-8, "{told:?}");
        let (own, best) = (oracle.objective(point), oracle.objective(best));
        assert!((told.objective - own).abs() <= 1e-10 * own.abs().max(1.0), "{told:?} {own}");
        // Covariates are optimal to the tolerance, which tells in the second order.
        assert!(own - best <= told.gap + 1e-8, "{told:?}: {} above the optimum", own - best);
        assert!(told.gap <= 20.0 * options.tolerance * own.abs(), "the gap says little: {told:?}");
        if matches!(input.response, steppe_fit::lasso::Response::Gaussian(_)) && options.alpha == 1.0 {
            assert!((told.gap - oracle.gaussian_gap(point)).abs() <= 1e-9, "{told:?}");
        }
    }
    // At the first lambda no variant is in the model, and just below it one is.
    assert!(path.points[0].coefficients.len() <= 1);
    assert!(options.alpha < 1.0 || !path.points[1].coefficients.is_empty());
}

#[test]
fn gaussian() {
    let cohort = cohort(200, 300, 5);
    check(&cohort.gaussian("a"), &options(1.0, 1e-3));
    check(&Trait { covariates: cohort.covariates.clone(), ..cohort.gaussian("a") }, &options(1.0, 1e-3));
    check(&cohort.gaussian("a"), &options(0.4, 1e-3));
}

#[test]
fn binomial() {
    let cohort = cohort(200, 300, 5);
    check(&cohort.binomial("a"), &options(1.0, 1e-3));
    check(&Trait { covariates: cohort.covariates.clone(), ..cohort.binomial("a") }, &options(0.5, 1e-3));
}

#[test]
fn cox() {
    let cohort = cohort(200, 300, 5);
    check(&cohort.cox("a"), &options(1.0, 1e-3));
    check(&Trait { covariates: cohort.covariates.clone(), ..cohort.cox("a") }, &options(0.5, 1e-3));
}

#[test]
fn standardised_and_weighted() {
    let cohort = cohort(200, 300, 5);
    let weights = cohort.noise.iter().map(|noise| 0.5 + noise * noise).collect();
    let input = Trait { weights, ..cohort.gaussian("a") };
    check(&input, &LassoOptions { standardize: true, ..options(1.0, 1e-3) });
}
