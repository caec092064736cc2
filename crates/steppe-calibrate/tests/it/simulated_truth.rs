//! Random numbers and populations with a known truth.

use nalgebra::DMatrix;

/// SplitMix64 with normal deviates by Box and Muller's transform.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// People around centres in two components, with two more that are noise.
pub(super) struct Cloud {
    pub(super) pcs: DMatrix<f64>,
    pub(super) population: Vec<usize>,
}

pub(super) fn clouds(random: &mut Random, centres: &[[f64; 2]], people: &[usize]) -> Cloud {
    let (mut rows, mut population) = (Vec::new(), Vec::new());
    for (index, (centre, n)) in centres.iter().zip(people).enumerate() {
        for _ in 0..*n {
            rows.extend([centre[0] + 0.03 * random.normal(), centre[1] + 0.03 * random.normal()]);
            rows.extend([0.03 * random.normal(), 0.03 * random.normal()]);
            population.push(index);
        }
    }
    Cloud { pcs: DMatrix::from_row_slice(population.len(), 4, &rows), population }
}

pub(super) fn row(matrix: &DMatrix<f64>, index: usize) -> Vec<f64> {
    matrix.row(index).iter().copied().collect()
}

pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt())
}
