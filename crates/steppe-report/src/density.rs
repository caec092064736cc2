use crate::plot::Ridge;

/// Places at which a density is computed.
const PLACES: usize = 128;
/// How far beyond the smallest and largest value it reaches, in bandwidths.
const BEYOND: f64 = 3.0;

/// The distribution of a score in one group: what a plot needs of it, and not one person's value. Compute it with
/// [`Density::of`], or fill it with a density from elsewhere.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Density {
    /// People.
    pub people: u64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation, with n − 1.
    pub sd: f64,
    /// Value and density, by ascending value; empty where fewer than two values differ.
    pub points: Vec<(f64, f64)>,
}

impl Density {
    /// Kernel density of the finite values, at 128 places: Gaussian kernel, bandwidth 0.9 min(SD, IQR/1.34) n^(−1/5)
    /// (Silverman, "Density Estimation for Statistics and Data Analysis", 1986, equation 3.31). Nothing without a finite
    /// value; without spread, mean and SD only.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let n = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let squares: f64 = sorted.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = if sorted.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 };
        let quartiles = (quantile(&sorted, 0.75) - quantile(&sorted, 0.25)) / 1.34;
        let spread = if quartiles > 0.0 { sd.min(quartiles) } else { sd };
        let bandwidth = 0.9 * spread * n.powf(-0.2);
        let mut density = Self { people: sorted.len() as u64, mean, sd, points: Vec::new() };
        if bandwidth.is_normal() && (last - first).is_finite() {
            let (low, high) = (first - BEYOND * bandwidth, last + BEYOND * bandwidth);
            let place = |index: usize| low + (high - low) * index as f64 / (PLACES - 1) as f64;
            density.points =
                (0..PLACES).map(place).map(|x| (x, kernel_mean(&sorted, x, bandwidth))).collect();
        }
        Some(density)
    }

    pub(crate) fn ridge(&self) -> Ridge {
        Ridge { points: self.points.clone(), mean: self.mean, sd: self.sd }
    }
}

/// Mean of the kernel over the values that are near enough to count.
fn kernel_mean(sorted: &[f64], x: f64, bandwidth: f64) -> f64 {
    let reach = 8.0 * bandwidth;
    let from = sorted.partition_point(|&value| value < x - reach);
    let to = sorted.partition_point(|&value| value <= x + reach);
    let kernel = |value: &f64| (-0.5 * ((x - value) / bandwidth).powi(2)).exp();
    let scale = sorted.len() as f64 * bandwidth * (2.0 * std::f64::consts::PI).sqrt();
    sorted[from..to].iter().map(kernel).sum::<f64>() / scale
}

/// Linear between the order statistics (type 7 of Hyndman and Fan, 1996).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn density_of_four_values() {
        // R: v <- c(-1, 0, 0.5, 2); b <- bw.nrd0(v); mean(dnorm((0.375 - v) / b)) / b
        let at_mean = 0.323_480_575;
        let density = Density::of(&[2.0, -1.0, f64::NAN, 0.0, 0.5]).expect("a density");
        assert_eq!((density.people, density.mean, density.sd), (4, 0.375, 1.25));
        let nearest =
            density.points.iter().min_by(|a, b| (a.0 - 0.375).abs().total_cmp(&(b.0 - 0.375).abs()));
        assert!((nearest.expect("points").1 - at_mean).abs() < 1e-3);
    }

    #[test]
    fn without_spread_there_is_no_curve() {
        assert_eq!(Density::of(&[]), None);
        assert_eq!(Density::of(&[f64::NAN]), None);
        for values in [&[3.0][..], &[3.0, 3.0]] {
            let density = Density::of(values).expect("a mean");
            assert_eq!((density.mean, density.sd, density.points.len()), (3.0, 0.0, 0));
        }
    }

    proptest! {
        #[test]
        fn the_area_is_one(values in prop::collection::vec(-5.0..5.0, 3..60)) {
            let density = Density::of(&values).expect("a density");
            prop_assume!(density.sd > 0.05);
            let area: f64 = density.points.windows(2).map(|p| (p[1].0 - p[0].0) * (p[0].1 + p[1].1) / 2.0).sum();
            prop_assert!((area - 1.0).abs() < 0.02, "{area}");
        }
    }
}
