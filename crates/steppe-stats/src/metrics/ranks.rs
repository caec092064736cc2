//! Area under the receiver operating characteristic.

/// Probability that a case's prediction is above a control's, ties counting half (Mann-Whitney). `None` where a class is
/// absent or a prediction is NaN.
pub fn auc(case: &[bool], predicted: &[f64]) -> Option<f64> {
    if predicted.iter().any(|p| p.is_nan()) {
        return None;
    }
    let mut order: Vec<usize> = (0..predicted.len()).collect();
    order.sort_by(|a, b| predicted[*a].total_cmp(&predicted[*b]));
    let (mut below, mut pairs, mut cases) = (0_u64, 0_u64, 0_u64);
    // Twice the count of concordant pairs, so that ties stay whole numbers.
    for tied in order.chunk_by(|a, b| predicted[*a] == predicted[*b]) {
        let hits = tied.iter().filter(|sample| case[**sample]).count() as u64;
        let misses = tied.len() as u64 - hits;
        pairs += hits * (2 * below + misses);
        below += misses;
        cases += hits;
    }
    (cases > 0 && below > 0).then(|| pairs as f64 / (2 * cases * below) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_pairs_with_ties_half() {
        let case = [true, false, true, false, true];
        let predicted = [0.9, 0.5, 0.5, 0.1, 0.05];
        // Pairs: 0.9 beats both; 0.5 ties one and beats one; 0.05 beats none: 3.5 of 6.
        assert_eq!(auc(&case, &predicted), Some(3.5 / 6.0));
        assert_eq!(auc(&[true, true], &[1.0, 2.0]), None);
        assert_eq!(auc(&[true, false], &[-0.0, 0.0]), Some(0.5));
        assert_eq!(auc(&[true, false], &[f64::NAN, 0.0]), None);
    }
}
