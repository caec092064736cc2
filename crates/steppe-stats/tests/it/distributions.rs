//! Tail probabilities against R and mpmath; the commands are in `tests/fixtures/distributions`.

use steppe_stats::distributions::{
    chi_square_upper, ln_chi_square_upper, ln_normal_two_sided, ln_t_two_sided, normal_two_sided, t_two_sided,
};

/// Largest error of ln P, relative to ln P or, where |ln P| is below one, absolute.
/// An error of ln P is the relative error of P.
fn check(table: &str, tolerance: f64) {
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [name, statistic, df, expected] = cells[..] else { panic!("bad row: {line}") };
        let number =
            |text: &str| if text == "NA" { f64::NAN } else { text.parse::<f64>().expect("a number") };
        let (x, df, expected) = (number(statistic), number(df), number(expected));
        let (p, ln_p) = match name {
            "normal" => (normal_two_sided(x), ln_normal_two_sided(x)),
            "t" => (t_two_sided(x, df), ln_t_two_sided(x, df)),
            "chi_square" => (chi_square_upper(x, df), ln_chi_square_upper(x, df)),
            other => panic!("no function {other}"),
        };
        let error = (ln_p - expected).abs() / expected.abs().max(1.0);
        assert!(error <= tolerance, "{line}: ln P = {ln_p}, error {error:.1e}");
        if expected > -700.0 {
            // Exponentiation turns the absolute error of ln P into a relative error of P.
            let error = (p / expected.exp() - 1.0).abs();
            assert!(error <= tolerance * expected.abs().max(1.0), "{line}: P = {p}, error {error:.1e}");
        }
        rows += 1;
    }
    assert!(rows > 60, "{rows} rows");
}

#[test]
fn equals_r() {
    check(include_str!("../fixtures/distributions/r.tsv"), 2e-13);
}

#[test]
fn equals_mpmath_at_the_ends_of_the_range() {
    check(include_str!("../fixtures/distributions/mpmath.tsv"), 2e-14);
}

#[test]
fn arguments_without_meaning_are_nan_and_limits_hold() {
    for (t, df) in [(f64::NAN, 5.0), (1.0, f64::NAN), (1.0, 0.0), (1.0, -3.0)] {
        assert!(t_two_sided(t, df).is_nan());
        assert!(chi_square_upper(t, df).is_nan());
    }
    assert!(chi_square_upper(1.0, f64::INFINITY).is_nan());
    assert!(normal_two_sided(f64::NAN).is_nan() && ln_normal_two_sided(f64::NAN).is_nan());
    assert_eq!(normal_two_sided(f64::NEG_INFINITY), 0.0);
    assert_eq!(ln_normal_two_sided(f64::INFINITY), f64::NEG_INFINITY);
    assert_eq!((t_two_sided(0.0, 4.0), t_two_sided(f64::INFINITY, 4.0)), (1.0, 0.0));
    assert_eq!(t_two_sided(-2.5, 10.0), t_two_sided(2.5, 10.0));
    assert_eq!((chi_square_upper(0.0, 3.0), chi_square_upper(-1.0, 3.0)), (1.0, 1.0));
    assert_eq!(chi_square_upper(f64::INFINITY, 3.0), 0.0);
    assert!((t_two_sided(1.96, f64::INFINITY) - normal_two_sided(1.96)).abs() < 1e-15);
}

#[test]
fn every_branch_ends_and_the_tail_falls_everywhere() {
    for df in [1e-3, 0.5, 1.0, 24.0, 24.1, 1e4, 1e8, 1e300] {
        let mut last = 0.1;
        for step in 0..400 {
            let t = 1e-3 * 1.08_f64.powi(step);
            let ln_p = ln_t_two_sided(t, df);
            assert!(ln_p <= last + 1e-14, "t = {t}, df = {df}: {ln_p} after {last}");
            last = ln_p;
        }
    }
}
