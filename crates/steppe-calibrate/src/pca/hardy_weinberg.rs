//! Tests of Hardy-Weinberg proportions, from the counts of the three genotypes.

use steppe_stats::distributions::chi_square_upper;

/// P of the exact test (Wigginton, Cutler, Abecasis 2005): the probability, given the allele counts, of every number of
/// heterozygotes that is as likely as the one seen or less. 1 where the variant does not vary.
#[must_use]
pub fn hardy_weinberg_exact(homozygous: [u64; 2], heterozygous: u64) -> f64 {
    let people = homozygous[0] + homozygous[1] + heterozygous;
    let rare = 2 * homozygous[0].min(homozygous[1]) + heterozygous;
    let common = 2 * people - rare;
    if rare == 0 {
        return 1.0;
    }
    // Start at the likeliest number, of the parity that the allele count has, and walk to both sides by ratios.
    let expected = (rare as f64 * common as f64 / (2 * people) as f64) as u64;
    let middle = (expected + (expected + rare) % 2).min(rare);
    let mut weights = vec![(middle, 1.0)];
    walk(&mut weights, middle, |hets| {
        let (rare_homs, common_homs) = ((rare - hets) / 2, (common - hets) / 2);
        (hets >= 2).then(|| {
            let ratio =
                hets as f64 * (hets - 1) as f64 / (4.0 * (rare_homs + 1) as f64 * (common_homs + 1) as f64);
            (hets - 2, ratio)
        })
    });
    walk(&mut weights, middle, |hets| {
        let (rare_homs, common_homs) = ((rare - hets) / 2, (common - hets) / 2);
        (rare_homs > 0).then(|| {
            let ratio = 4.0 * rare_homs as f64 * common_homs as f64 / ((hets + 2) as f64 * (hets + 1) as f64);
            (hets + 2, ratio)
        })
    });
    // Numbers that are equally likely come out of other products and differ in the last digits.
    let seen = weights.iter().find(|(hets, _)| *hets == heterozygous).map_or(0.0, |(_, weight)| *weight);
    let limit = seen * (1.0 + 1e-11);
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let tail: f64 = weights.iter().filter(|(_, weight)| *weight <= limit).map(|(_, weight)| weight).sum();
    (tail / total).min(1.0)
}

/// Adds the weights from the middle on, each from the one before it by its ratio.
fn walk(weights: &mut Vec<(u64, f64)>, middle: u64, next: impl Fn(u64) -> Option<(u64, f64)>) {
    let (mut hets, mut weight) = (middle, 1.0);
    while let Some((following, ratio)) = next(hets) {
        hets = following;
        weight *= ratio;
        weights.push((hets, weight));
    }
}

/// P of the chi-square test with one degree of freedom, without correction for continuity. 1 where the variant does not
/// vary.
#[must_use]
pub fn hardy_weinberg_chi_square(homozygous: [u64; 2], heterozygous: u64) -> f64 {
    let people = (homozygous[0] + homozygous[1] + heterozygous) as f64;
    let first = (2 * homozygous[0] + heterozygous) as f64;
    let second = (2 * homozygous[1] + heterozygous) as f64;
    if first == 0.0 || second == 0.0 {
        return 1.0;
    }
    // All three terms of the statistic are one: n (1 − observed / expected heterozygosity)².
    let excess = 1.0 - 2.0 * people * heterozygous as f64 / (first * second);
    chi_square_upper(people * excess * excess, 1.0)
}
