/// Places for labels that each want to be at a coordinate: at least `gap` apart, within `low..=high`, in the order wanted,
/// and as near as that allows (least squares: labels in each other's way form a block around the mean of what they want).
/// `wanted` ascends. Where they do not fit, they run over the end.
pub(super) fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    // A block: number of labels, and the sum of where each would like the block's first label.
    let mut blocks: Vec<(usize, f64)> = Vec::new();
    let first_of = |&(size, sum): &(usize, f64)| {
        let last_start = (high - (size - 1) as f64 * gap).max(low);
        (sum / size as f64).clamp(low, last_start)
    };
    for &place in wanted {
        let mut block = (1, place);
        while let Some(before) = blocks.last() {
            if first_of(before) + before.0 as f64 * gap <= first_of(&block) {
                break;
            }
            block = (before.0 + block.0, before.1 + block.1 - (before.0 * block.0) as f64 * gap);
            blocks.pop();
        }
        blocks.push(block);
    }
    let places = |block: &(usize, f64)| {
        let first = first_of(block);
        (0..block.0).map(move |index| first + index as f64 * gap)
    };
    blocks.iter().flat_map(places).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbours_share_the_way() {
        assert_eq!(spread(&[0.0, 50.0, 52.0, 100.0], 10.0, 0.0, 100.0), [0.0, 46.0, 56.0, 100.0]);
    }

    proptest! {
        #[test]
        fn apart_within_and_still_when_free(mut wanted in prop::collection::vec(0.0..300.0, 0..20)) {
            wanted.sort_by(f64::total_cmp);
            let places = spread(&wanted, 13.0, 0.0, 300.0);
            prop_assert_eq!(places.len(), wanted.len());
            prop_assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 13.0 - 1e-9));
            prop_assert!(places.iter().all(|place| (-1e-9..300.0 + 1e-9).contains(place)));
            if wanted.windows(2).all(|pair| pair[1] - pair[0] >= 13.0) {
                prop_assert_eq!(places, wanted);
            }
        }
    }
}
