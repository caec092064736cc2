//! Against R's `glm` and a plain double-precision Firth regression in R; `expected/assoc/oracle.R` made the values.

use steppe_fit::assoc::{AssocOptions, Firth, TestedAllele, TraitKind};

use super::{
    assoc_plink2::small,
    assoc_support::{associate, expected, glm},
};

/// Largest distance of effects in standard errors, and of standard errors relative, with the rows compared.
fn distance(firth: Firth, effect: &str, standard_error: &str) -> (usize, f64, f64) {
    let (cohort, traits, covariates) = small();
    let options = AssocOptions { firth, tested: TestedAllele::Counted, ..AssocOptions::default() };
    let (results, _) = associate(&cohort.matrix, &traits, &covariates, options);
    let mut worst = (0, 0.0, 0.0);
    for row in glm(&expected().join("oracle.tsv")) {
        let place = traits.iter().position(|(name, ..)| *name == row["TRAIT"]).expect("a trait");
        assert_eq!(traits[place].1, TraitKind::Binary);
        let variant = cohort.variants.iter().position(|id| *id == row["ID"]).expect("a variant");
        let (Ok(beta), Ok(se)) = (row[effect].parse::<f64>(), row[standard_error].parse::<f64>()) else {
            continue;
        };
        let Ok(estimate) = results[place][variant].outcome else { continue };
        if estimate.unfinished {
            continue;
        }
        worst.0 += 1;
        worst.1 = f64::max(worst.1, (estimate.beta - beta).abs() / se);
        worst.2 = f64::max(worst.2, (estimate.standard_error / se - 1.0).abs());
    }
    worst
}

#[test]
fn logistic_regression_equals_glm() {
    // Stops as plink2 does: the standard error is the one before the last step, which is below 1e-4.
    let (rows, effect, standard_error) = distance(Firth::Never, "LOGISTIC_BETA", "LOGISTIC_SE");
    eprintln!("glm: {rows} rows, effect {effect:.1e} SE, standard error {standard_error:.1e}");
    assert!(rows > 450, "{rows} rows");
    assert!(effect < 1e-8 && standard_error < 3e-5);
}

#[test]
fn firth_regression_equals_a_plain_one() {
    let (rows, effect, standard_error) = distance(Firth::Always, "FIRTH_BETA", "FIRTH_SE");
    eprintln!("Firth: {rows} rows, effect {effect:.1e} SE, standard error {standard_error:.1e}");
    assert!(rows > 550, "{rows} rows");
    assert!(effect < 1e-8 && standard_error < 1e-8);
}
