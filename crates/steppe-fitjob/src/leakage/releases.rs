//! The precisions at which a score is measured.

use steppe_privacy::leakage::{Release, Variant, simulated_scores};

use super::LeakageOptions;

/// People whose scores percentiles are read from: more than the steps of any grid need.
const PEOPLE_OF_PERCENTILES: usize = 20_000;

/// A precision with its name in tables.
pub(super) struct NamedRelease {
    pub(super) name: String,
    pub(super) release: Release,
}

/// All precisions of a score, from the finest.
pub(super) fn releases(variants: &[Variant], options: &LeakageOptions) -> Vec<NamedRelease> {
    let mut decimals = options.decimals.clone();
    decimals.sort_unstable_by(|one, other| other.cmp(one));
    decimals.dedup();
    let mut all = vec![NamedRelease { name: "raw".to_owned(), release: Release::Raw }];
    all.extend(decimals.into_iter().map(|decimals| NamedRelease {
        name: format!("decimals:{decimals}"),
        release: Release::Decimals(decimals),
    }));
    let (mean, deviation) = moments(variants);
    all.push(NamedRelease {
        name: "z:1".to_owned(),
        release: Release::Standardised { decimals: 1, mean, deviation },
    });
    let grid = options.percentile_grid;
    // Other people than those who are attacked.
    let scores = simulated_scores(variants, PEOPLE_OF_PERCENTILES, options.seed.wrapping_add(1));
    all.push(NamedRelease {
        name: format!("percentile:{grid}"),
        release: Release::percentiles(grid, &scores),
    });
    all
}

/// Mean and standard deviation of a score under Hardy–Weinberg equilibrium and independence.
fn moments(variants: &[Variant]) -> (f64, f64) {
    let mean = variants.iter().map(|of| 2.0 * of.frequency * of.weight).sum();
    let variance: f64 =
        variants.iter().map(|of| 2.0 * of.frequency * (1.0 - of.frequency) * of.weight * of.weight).sum();
    (mean, variance.sqrt())
}
