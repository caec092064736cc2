//! The stacked block ridge against a plain one on dense floats: explicit folds, explicit residuals, LU instead of
//! Cholesky, no algebra on sums. A fold of each sample alone is leave-one-out.

use nalgebra::{DMatrix, DVector};
use steppe_fit::GenotypeMatrix;
use steppe_fit::ridge::{
    CrossValidation, DropReason, RidgeControl, RidgeData, RidgeFamily, RidgeFit, RidgeOptions, RidgeTrait,
    fit_ridge,
};

use super::ridge_support::{COVARIATE, Kept, MONOMORPHIC, NO_CALLS, Small, small};

const BLOCK: usize = 11;

/// A dense fit of one trait; samples are in the matrix' order.
struct Dense {
    /// Standardised predictions of level 0, samples x (block, ridge).
    level0: DMatrix<f64>,
    /// Loss of each penalty of level 1.
    losses: Vec<f64>,
    chosen: usize,
    /// Left-out part of each chromosome, samples x chromosomes.
    parts: DMatrix<f64>,
    /// The covariates' part of the trait or of the log odds, plus the mean over folds of the models' predictions.
    average: DVector<f64>,
}

/// What level 1 of a trait fits.
struct Target {
    values: DVector<f64>,
    offset: DVector<f64>,
    /// The covariates' part.
    null: DVector<f64>,
    /// A unit of level 1 in the trait's units.
    unit: f64,
    /// Samples that count.
    counted: Vec<usize>,
    binary: bool,
}

struct Reference<'a> {
    data: &'a Small,
    fold: &'a [usize],
    folds: usize,
}

impl Reference<'_> {
    fn covariates(&self) -> DMatrix<f64> {
        let c = &self.data.covariates;
        DMatrix::from_fn(self.data.samples(), 3, |i, j| if j == 0 { 1.0 } else { c[j - 1][i] })
    }

    fn project(&self, y: &DMatrix<f64>) -> DMatrix<f64> {
        let z = self.covariates();
        &z * (z.transpose() * &z).try_inverse().expect("independent") * (z.transpose() * y)
    }

    /// Standardised residual genotypes; a variant that takes no part is 0.
    fn genotypes(&self) -> DMatrix<f64> {
        let (n, m) = (self.data.samples(), self.data.chromosomes.len());
        let codes = self.data.matrix.select(&(0..m as u32).collect::<Vec<_>>()).expect("codes");
        let x = DMatrix::from_fn(n, m, |i, v| match codes.code(v, i) {
            3 => self.data.matrix.mean(v),
            code => f64::from(code),
        });
        let mut x = &x - self.project(&x);
        for mut column in x.column_iter_mut() {
            let deviation = column.norm() / (n as f64 - 3.0).sqrt();
            column *= if deviation > 1e-6 { 1.0 / deviation } else { 0.0 };
        }
        x
    }

    fn outside(&self, fold: usize) -> Vec<usize> {
        (0..self.fold.len()).filter(|i| self.fold[*i] != fold).collect()
    }

    fn target(&self, of: &RidgeTrait) -> (Target, DVector<f64>) {
        let n = self.data.samples();
        let binary = of.family == RidgeFamily::Binomial;
        let seen: Vec<f64> = of.values.iter().copied().filter(|v| !v.is_nan()).collect();
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        let y = DMatrix::from_fn(n, 1, |i, _| if of.values[i].is_nan() { mean } else { of.values[i] });
        let counted: Vec<usize> = (0..n).filter(|i| !binary || !of.values[*i].is_nan()).collect();
        let along = self.project(&y).column(0).into_owned();
        let (y, mut residual) = (y.column(0).into_owned(), DVector::zeros(n));
        counted.iter().for_each(|i| residual[*i] = y[*i] - along[*i]);
        let scale = residual.norm() / (counted.len() as f64 - 3.0).sqrt();
        residual /= scale;
        if !binary {
            let (values, offset) = (residual.clone(), DVector::zeros(n));
            return (Target { values, offset, null: along, unit: scale, counted, binary }, residual);
        }
        let z = self.covariates();
        let none = DVector::zeros(n);
        let offset = &z * newton(&z, (y.as_slice(), &none), &counted, 0.0, (DVector::zeros(3), 30));
        (Target { values: y, null: offset.clone(), offset, unit: 1.0, counted, binary }, residual)
    }

    /// The model of level 1 without a fold. A row alone is left out by one Newton step from all rows, as in regenie.
    fn level1(&self, level0: &DMatrix<f64>, of: &Target, fold: usize, penalty: f64) -> DVector<f64> {
        let rows: Vec<usize> = of.counted.iter().copied().filter(|i| self.fold[*i] != fold).collect();
        if !of.binary {
            return ridge(&level0.select_rows(&rows), &of.values.select_rows(&rows), penalty);
        }
        let (data, zero) = ((of.values.as_slice(), &of.offset), DVector::zeros(level0.ncols()));
        if self.folds < self.fold.len() {
            return newton(level0, data, &rows, penalty, (zero, 30));
        }
        let of_all = newton(level0, data, &of.counted, penalty, (zero, 30));
        newton(level0, data, &rows, penalty, (of_all, 1))
    }

    fn fit(&self, of: &RidgeTrait, options: &RidgeOptions) -> Dense {
        let (target, residual) = self.target(of);
        let (level0, averages) = self.level0(&residual, &target.counted, options);
        let factor = if target.binary { 3.0 / std::f64::consts::PI.powi(2) } else { 1.0 };
        let mut best: Option<(f64, usize, DMatrix<f64>)> = None;
        let mut losses = Vec::new();
        for (at, h) in options.level1_shares.iter().enumerate() {
            let penalty = level0.ncols() as f64 * (1.0 - h) / h * factor;
            let models: Vec<DVector<f64>> =
                (0..self.folds).map(|fold| self.level1(&level0, &target, fold, penalty)).collect();
            let models = DMatrix::from_columns(&models);
            let loss = target.counted.iter().map(|i| {
                let eta = target.offset[*i] + level0.row(*i).transpose().dot(&models.column(self.fold[*i]));
                let y = target.values[*i];
                if target.binary { (1.0 + ((1.0 - 2.0 * y) * eta).exp()).ln() } else { (y - eta).powi(2) }
            });
            let loss = loss.sum::<f64>() / target.counted.len() as f64;
            losses.push(loss);
            if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
                best = Some((loss, at, models));
            }
        }
        let (_, chosen, models) = best.expect("penalties");
        let chromosomes = blocks(self.data).iter().map(|(_, c)| *c).collect::<Vec<_>>();
        let mut parts = DMatrix::zeros(level0.nrows(), 3);
        for (i, column) in
            (0..level0.nrows()).flat_map(|i| (0..level0.ncols()).map(move |column| (i, column)))
        {
            let part = level0[(i, column)] * models[(column, self.fold[i])];
            parts[(i, chromosomes[column / options.level0_shares.len()])] += part;
        }
        let mut average = target.null;
        for (fold, of_fold) in averages.iter().enumerate() {
            average += of_fold * models.column(fold) * (target.unit / self.folds as f64);
        }
        Dense { level0, losses, chosen, parts, average }
    }

    /// Out-of-fold predictions, and each fold's model on all samples, standardised likewise.
    fn level0(
        &self,
        residual: &DVector<f64>,
        counted: &[usize],
        options: &RidgeOptions,
    ) -> (DMatrix<f64>, Vec<DMatrix<f64>>) {
        let x = self.genotypes();
        let counts = self.data.matrix.counts();
        let markers = counts.iter().filter(|c| c[..3].iter().filter(|n| **n > 0).count() > 1).count();
        let (n, ridges) = (x.nrows(), options.level0_shares.len());
        let blocks = blocks(self.data);
        let mut all = vec![DMatrix::zeros(n, blocks.len() * ridges); self.folds];
        for (b, (variants, _)) in blocks.iter().enumerate() {
            let of_block = x.select_columns(variants);
            for (fold, all) in all.iter_mut().enumerate() {
                let rows = self.outside(fold);
                let (own, right) = (of_block.select_rows(&rows), residual.select_rows(&rows));
                for (j, h) in options.level0_shares.iter().enumerate() {
                    let weights = ridge(&own, &right, markers as f64 * (1.0 - h) / h);
                    all.set_column(b * ridges + j, &(&of_block * weights));
                }
            }
        }
        let mut left_out = DMatrix::from_fn(n, blocks.len() * ridges, |i, j| all[self.fold[i]][(i, j)]);
        for j in 0..left_out.ncols() {
            let values: Vec<f64> = counted.iter().map(|i| left_out[(*i, j)]).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
            let deviation = (square / (values.len() as f64 - 1.0)).sqrt();
            for i in 0..n {
                left_out[(i, j)] =
                    if counted.contains(&i) { (left_out[(i, j)] - mean) / deviation } else { 0.0 };
            }
            for of_fold in &mut all {
                of_fold.column_mut(j).apply(|value| *value = (*value - mean) / deviation);
            }
        }
        (left_out, all)
    }
}

/// Variants and chromosome of each block.
fn blocks(data: &Small) -> Vec<(Vec<usize>, usize)> {
    let mut blocks = Vec::new();
    for (place, chromosome) in [7, 8, 22].iter().enumerate() {
        let own: Vec<usize> =
            (0..data.chromosomes.len()).filter(|v| data.chromosomes[*v] == *chromosome).collect();
        blocks.extend(own.chunks(BLOCK).map(|run| (run.to_vec(), place)));
    }
    blocks
}

fn ridge(x: &DMatrix<f64>, y: &DVector<f64>, penalty: f64) -> DVector<f64> {
    let size = x.ncols();
    let products = x.transpose() * x + DMatrix::identity(size, size) * penalty;
    products.lu().solve(&(x.transpose() * y)).expect("regular")
}

/// Newton's steps of ridge logistic regression on some rows.
fn newton(
    x: &DMatrix<f64>,
    (y, offset): (&[f64], &DVector<f64>),
    rows: &[usize],
    penalty: f64,
    (start, steps): (DVector<f64>, usize),
) -> DVector<f64> {
    let (x, y) = (x.select_rows(rows), DVector::from_iterator(rows.len(), rows.iter().map(|i| y[*i])));
    let offset = offset.select_rows(rows);
    let mut beta = start;
    for _ in 0..steps {
        let p = (&offset + &x * &beta).map(|eta| 1.0 / (1.0 + (-eta).exp()));
        let mut weighted = x.clone();
        (0..rows.len()).for_each(|i| weighted.row_mut(i).scale_mut(p[i] * (1.0 - p[i])));
        let hessian = x.transpose() * weighted + DMatrix::identity(x.ncols(), x.ncols()) * penalty;
        let step = hessian.lu().solve(&(x.transpose() * (&y - p) - &beta * penalty)).expect("regular");
        beta += step;
    }
    beta
}

fn options() -> RidgeOptions {
    RidgeOptions { block_size: BLOCK, ..RidgeOptions::default() }
}

fn fit(data: &Small, validation: &CrossValidation, kept: Option<&Kept>) -> RidgeFit {
    let given = RidgeData {
        chromosomes: &data.chromosomes,
        covariates: &data.covariates,
        traits: &data.traits,
        validation,
    };
    let control = RidgeControl { checkpoint: kept.map(|kept| kept as _), ..RidgeControl::default() };
    fit_ridge(&data.matrix, &given, &options(), &control).expect("fitted")
}

fn largest(left: impl IntoIterator<Item = f64>, right: impl IntoIterator<Item = f64>) -> f64 {
    left.into_iter().zip(right).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn folds_equal_the_dense_reference() {
    let data = small(150, 70, 5);
    let validation = CrossValidation::folds(&[true; 150], 4, 1);
    let CrossValidation::Folds { fold_of_sample, .. } = &validation else { panic!("folds") };
    let fold: Vec<usize> = fold_of_sample.iter().map(|fold| *fold as usize).collect();
    let kept = Kept::default();
    let fitted = fit(&data, &validation, Some(&kept));
    assert_eq!(fitted.chromosomes, [7, 8, 22]);
    assert_eq!(fitted.blocks, blocks(&data).len());
    let expected = [
        (MONOMORPHIC, DropReason::Monomorphic),
        (NO_CALLS, DropReason::NoCalls),
        (COVARIATE, DropReason::LowVariance),
    ];
    assert_eq!(fitted.dropped_variants, expected);
    let mut order: Vec<usize> = (0..150).collect();
    order.sort_by_key(|i| (fold[*i], *i));
    let reference = Reference { data: &data, fold: &fold, folds: 4 };
    for (place, of) in data.traits.iter().enumerate() {
        let dense = reference.fit(of, &options());
        let own = fitted.traits[place].as_ref().expect("fitted");
        for block in 0..fitted.blocks {
            let predictions = kept.block(block).predictions;
            for j in 0..5 {
                let found = predictions.column(place * 5 + j).into_owned();
                let wanted = order.iter().map(|i| dense.level0[(*i, block * 5 + j)]);
                assert!(
                    largest(found.iter().copied(), wanted) < 1e-8,
                    "trait {place} block {block} ridge {j}"
                );
            }
        }
        let losses = own.scores.iter().map(|score| score.mean_log_loss.unwrap_or(score.mean_squared_error));
        assert!(largest(losses, dense.losses.iter().copied()) < 1e-8, "trait {place}");
        assert_eq!(own.chosen, dense.chosen, "trait {place}");
        check_predictions(&data, &fitted, place, &dense);
    }
    assert_eq!(fitted.traits[1].as_ref().expect("fitted").missing, 14);
}

/// LOCO predictors, and the identity of weights and fold-averaged models.
fn check_predictions(data: &Small, fitted: &RidgeFit, place: usize, dense: &Dense) {
    let own = fitted.traits[place].as_ref().expect("fitted");
    let counted = |i: &usize| place != 2 || !data.traits[2].values[*i].is_nan();
    for chromosome in 0..3 {
        let rows = || (0..data.samples()).filter(counted);
        let wanted = rows().map(|i| dense.parts.row(i).sum() - dense.parts[(i, chromosome)]);
        let found = rows().map(|i| own.loco[chromosome][i]);
        assert!(largest(found, wanted) < 1e-7, "trait {place} chromosome {chromosome}");
    }
    let weights = (0..).zip(own.weights.iter().copied()).filter(|(_, weight)| *weight != 0.0).collect();
    let mut made = data.matrix.forward(&[weights]).expect("forward").remove(0);
    for (i, value) in made.iter_mut().enumerate() {
        *value += own.covariate_effects[0];
        *value += (0..2).map(|c| own.covariate_effects[c + 1] * data.covariates[c][i]).sum::<f64>();
    }
    assert!(largest(made, dense.average.iter().copied()) < 1e-7, "trait {place}");
}

#[test]
fn leaving_one_out_equals_a_refit_without_each_sample() {
    let data = small(60, 35, 9);
    let fold: Vec<usize> = (0..60).collect();
    let fitted = fit(&data, &CrossValidation::LeaveOneOut { training: vec![true; 60] }, None);
    let reference = Reference { data: &data, fold: &fold, folds: 60 };
    for (place, of) in data.traits.iter().enumerate() {
        let dense = reference.fit(of, &options());
        let own = fitted.traits[place].as_ref().expect("fitted");
        let losses = own.scores.iter().map(|score| score.mean_log_loss.unwrap_or(score.mean_squared_error));
        assert!(largest(losses, dense.losses.iter().copied()) < 1e-8, "trait {place}");
        assert_eq!(own.chosen, dense.chosen, "trait {place}");
        for chromosome in 0..3 {
            let rows = || (0..60).filter(|i| place != 2 || !of.values[*i].is_nan());
            let wanted = rows().map(|i| dense.parts.row(i).sum() - dense.parts[(i, chromosome)]);
            let found = rows().map(|i| own.loco[chromosome][i]);
            assert!(largest(found, wanted) < 1e-7, "trait {place} {chromosome}");
        }
    }
}

#[test]
fn samples_outside_the_training_set_are_predicted_by_the_weights() {
    let data = small(120, 70, 3);
    let training: Vec<bool> = (0..120).map(|i| i % 6 != 0).collect();
    let fitted = fit(&data, &CrossValidation::folds(&training, 3, 2), None);
    let own = fitted.traits[0].as_ref().expect("fitted");
    let z = |i: usize| DVector::from_column_slice(&[1.0, data.covariates[0][i], data.covariates[1][i]]);
    let rows: Vec<usize> = (0..120).filter(|i| training[*i]).collect();
    let all = DMatrix::from_fn(120, 3, |i, j| z(i)[j]);
    let (zt, yt) =
        (all.select_rows(&rows), DVector::from_fn(rows.len(), |r, _| data.traits[0].values[rows[r]]));
    let null = (zt.transpose() * &zt).lu().solve(&(zt.transpose() * yt)).expect("regular");
    let weights = (0..).zip(own.weights.iter().copied()).collect();
    let scores = data.matrix.forward(&[weights]).expect("forward").remove(0);
    let effects = DVector::from_column_slice(&own.covariate_effects);
    let outside = || (0..120).filter(|i| !training[*i]);
    let wanted =
        outside().map(|i| (scores[i] + z(i).dot(&effects) - z(i).dot(&null)) / own.residual_deviation);
    assert!(largest(outside().map(|i| own.prediction[i]), wanted) < 1e-9);
    let parts = |i: usize| (0..3).map(|c| own.prediction[i] - own.loco[c][i]).sum::<f64>();
    assert!(largest((0..120).map(parts), own.prediction.iter().copied()) < 1e-12);
}
