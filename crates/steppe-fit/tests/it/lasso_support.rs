//! Small cohorts, dense references, and a matrix that counts its passes.

use std::sync::atomic::{AtomicUsize, Ordering};

use nalgebra::DMatrix;
use steppe_fit::{
    GenotypeMatrix, GramSums, MatrixError, MemoryMatrix, PackedColumns, Products, ResidualPrecision,
    lasso::{LassoOptions, LassoPath, LassoProblem, Observer, PathPoint, Response, Role, Trait, fit_lasso},
};

/// A reproducible stream of numbers (Marsaglia's xorshift64).
pub(crate) struct Stream(u64);

impl Stream {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// A cohort with correlated variants and what phenotypes are made from.
pub(crate) struct Cohort {
    pub(crate) columns: PackedColumns,
    pub(crate) roles: Vec<Role>,
    pub(crate) risk: Vec<f64>,
    pub(crate) noise: Vec<f64>,
    pub(crate) covariates: DMatrix<f64>,
}

/// `samples` people, of whom every fifth validates, and `variants` in runs of eight correlated ones, 2 % missing.
pub(crate) fn cohort(samples: usize, variants: usize, seed: u64) -> Cohort {
    let mut stream = Stream::new(seed);
    let mut columns = PackedColumns::new(samples);
    let mut risk = vec![0.0; samples];
    let mut last = vec![0_u8; samples];
    for variant in 0..variants {
        let frequency = 0.08 + 0.4 * stream.uniform();
        let effect = if variant % 11 == 3 { 0.3 * stream.normal() } else { 0.0 };
        for (sample, code) in last.iter_mut().enumerate() {
            if variant % 8 == 0 || stream.uniform() > 0.6 {
                *code = (0..2).map(|_| u8::from(stream.uniform() < frequency)).sum();
            }
            risk[sample] += effect * f64::from(*code);
        }
        columns.push_codes(
            last.iter().map(|code| if stream.uniform() < 0.02 { 3 } else { *code }).collect::<Vec<_>>(),
        );
    }
    let roles = (0..samples).map(|s| if s % 5 == 4 { Role::Validate } else { Role::Train }).collect();
    let noise = (0..samples).map(|_| stream.normal()).collect();
    let covariates = DMatrix::from_fn(samples, 2, |_, c| stream.normal() * (1.0 + 9.0 * c as f64) + 3.0);
    Cohort { columns, roles, risk, noise, covariates }
}

impl Cohort {
    pub(crate) fn matrix(&self) -> MemoryMatrix {
        let reference: Vec<bool> = self.roles.iter().map(|role| *role == Role::Train).collect();
        MemoryMatrix::new(self.columns.clone(), &reference)
    }

    pub(crate) fn gaussian(&self, name: &str) -> Trait {
        let y = self.risk.iter().zip(&self.noise).map(|(risk, noise)| 4.0 + risk + noise).collect();
        self.with(name, Response::Gaussian(y))
    }

    pub(crate) fn binomial(&self, name: &str) -> Trait {
        let score = |(risk, noise): (&f64, &f64)| f64::from(u8::from(1.5 * risk + noise > 0.5));
        self.with(name, Response::Binomial(self.risk.iter().zip(&self.noise).map(score).collect()))
    }

    pub(crate) fn cox(&self, name: &str) -> Trait {
        let time =
            self.risk.iter().zip(&self.noise).map(|(r, e)| (10.0 * (0.4 * e - r).exp()).ceil()).collect();
        let event = self.noise.iter().map(|noise| noise.fract().abs() < 0.7).collect();
        self.with(name, Response::Cox { time, event })
    }

    pub(crate) fn with(&self, name: &str, response: Response) -> Trait {
        Trait {
            name: name.to_owned(),
            response,
            weights: Vec::new(),
            roles: self.roles.clone(),
            covariates: DMatrix::zeros(self.roles.len(), 0),
            lambdas: None,
        }
    }
}

pub(crate) fn fit(problem: &LassoProblem<'_>, traits: &[Trait], options: &LassoOptions) -> Vec<LassoPath> {
    let paths = fit_lasso(problem, traits, options, None, &mut ()).expect("the fit runs");
    paths.into_iter().map(|path| path.expect("the trait fits")).collect()
}

/// The variants' genotypes as floats, missing calls at the matrix's mean.
pub(crate) fn dense(columns: &PackedColumns, matrix: &dyn GenotypeMatrix) -> DMatrix<f64> {
    DMatrix::from_fn(columns.samples(), columns.len(), |sample, variant| {
        match columns.code(variant, sample) {
            3 => matrix.mean(variant),
            code => f64::from(code),
        }
    })
}

/// The problem as plain formulas over a dense matrix: an oracle of its own.
pub(crate) struct Dense<'a> {
    pub(crate) x: &'a DMatrix<f64>,
    pub(crate) input: &'a Trait,
    pub(crate) alpha: f64,
    /// On the coefficients as they are; standardisation is part of it for the lasso.
    pub(crate) l1: Vec<f64>,
    pub(crate) l2: Vec<f64>,
    /// Standard deviations, or 1.
    pub(crate) scale: Vec<f64>,
}

impl<'a> Dense<'a> {
    pub(crate) fn new(
        x: &'a DMatrix<f64>,
        input: &'a Trait,
        options: &LassoOptions,
        factors: &[f64],
    ) -> Self {
        let dense =
            Self { x, input, alpha: options.alpha, l1: Vec::new(), l2: Vec::new(), scale: Vec::new() };
        let weights = dense.weights();
        let deviation = |j: usize| {
            let column = x.column(j);
            let mean: f64 = column.iter().zip(&weights).map(|(x, w)| x * w).sum();
            column.iter().zip(&weights).map(|(x, w)| w * (x - mean) * (x - mean)).sum::<f64>().sqrt()
        };
        let sum: f64 = factors.iter().map(|factor| if factor.is_finite() { *factor } else { 1.0 }).sum();
        let factor = |j: usize| factors[j] * factors.len() as f64 / sum;
        let scale: Vec<f64> =
            (0..x.ncols()).map(|j| if options.standardize { deviation(j) } else { 1.0 }).collect();
        let l1 = (0..x.ncols()).map(|j| factor(j) * scale[j]).collect();
        let l2 = (0..x.ncols()).map(|j| factor(j) * scale[j] * scale[j]).collect();
        Self { l1, l2, scale, ..dense }
    }

    pub(crate) fn weights(&self) -> Vec<f64> {
        let given = |s: usize| self.input.weights.get(s).copied().unwrap_or(1.0);
        let roles = self.input.roles.iter().enumerate();
        let raw: Vec<f64> =
            roles.map(|(s, role)| if *role == Role::Train { given(s) } else { 0.0 }).collect();
        let total: f64 = raw.iter().sum();
        raw.iter().map(|w| w / total).collect()
    }

    pub(crate) fn predictor(&self, point: &PathPoint) -> Vec<f64> {
        let mut eta = vec![point.intercept; self.x.nrows()];
        for (s, eta) in eta.iter_mut().enumerate() {
            *eta += point
                .covariates
                .iter()
                .enumerate()
                .map(|(c, g)| g * self.input.covariates[(s, c)])
                .sum::<f64>();
            *eta +=
                point.coefficients.iter().map(|b| b.effect * self.x[(s, b.variant as usize)]).sum::<f64>();
        }
        eta
    }

    /// Loss and its negative gradient by the predictor, by the definition; quadratic time for Cox.
    pub(crate) fn loss(&self, eta: &[f64]) -> (f64, Vec<f64>) {
        let w = self.weights();
        let mut v = vec![0.0; eta.len()];
        let mut loss = 0.0;
        match &self.input.response {
            Response::Gaussian(y) => {
                for s in (0..eta.len()).filter(|s| w[*s] > 0.0) {
                    v[s] = w[s] * (y[s] - eta[s]);
                    loss += 0.5 * w[s] * (y[s] - eta[s]).powi(2);
                }
            }
            Response::Binomial(y) => {
                for s in (0..eta.len()).filter(|s| w[*s] > 0.0) {
                    v[s] = w[s] * (y[s] - 1.0 / (1.0 + (-eta[s]).exp()));
                    loss += w[s] * ((1.0 + eta[s].exp()).ln() - y[s] * eta[s]);
                }
            }
            Response::Cox { time, event } => {
                for i in (0..eta.len()).filter(|i| w[*i] > 0.0 && event[*i]) {
                    let risk: Vec<usize> = (0..eta.len()).filter(|j| time[*j] >= time[i]).collect();
                    let sum: f64 = risk.iter().map(|j| w[*j] * eta[*j].exp()).sum();
                    loss += w[i] * (sum.ln() - eta[i]);
                    v[i] += w[i];
                    risk.iter().for_each(|j| v[*j] -= w[i] * w[*j] * eta[*j].exp() / sum);
                }
            }
        }
        (loss, v)
    }

    pub(crate) fn objective(&self, point: &PathPoint) -> f64 {
        let penalty = |b: f64, j: usize| {
            point.lambda * (self.alpha * self.l1[j] * b.abs() + 0.5 * (1.0 - self.alpha) * self.l2[j] * b * b)
        };
        let terms = point.coefficients.iter().map(|b| penalty(b.effect, b.variant as usize));
        self.loss(&self.predictor(point)).0 + terms.sum::<f64>()
    }

    /// Largest violation of the optimality conditions over variants and covariates, relative to lambda, on the scale of
    /// the penalised coefficients.
    pub(crate) fn violation(&self, point: &PathPoint) -> f64 {
        let (_, v) = self.loss(&self.predictor(point));
        let mut beta = vec![0.0; self.x.ncols()];
        point.coefficients.iter().for_each(|b| beta[b.variant as usize] = b.effect);
        let mut worst = 0.0_f64;
        for (j, b) in beta.iter().enumerate().filter(|(j, _)| self.l1[*j].is_finite()) {
            let g: f64 = self.x.column(j).iter().zip(&v).map(|(x, v)| x * v).sum();
            let (l1, l2) = (self.alpha * self.l1[j], (1.0 - self.alpha) * self.l2[j]);
            let off = if *b == 0.0 {
                (g.abs() - point.lambda * l1).max(0.0)
            } else {
                (g - point.lambda * (l1 * b.signum() + l2 * b)).abs()
            };
            worst = worst.max(off / self.scale[j] / point.lambda);
        }
        worst
    }
}

impl Dense<'_> {
    /// The duality gap of a gaussian lasso without unpenalised variants, by the textbook: the residual, shrunk until no
    /// gradient is beyond its bound, is dual feasible.
    pub(crate) fn gaussian_gap(&self, point: &PathPoint) -> f64 {
        let Response::Gaussian(y) = &self.input.response else { return f64::NAN };
        let (w, eta) = (self.weights(), self.predictor(point));
        let mean: f64 = y.iter().zip(&w).map(|(y, w)| y * w).sum();
        let gradient =
            |j: usize| (0..eta.len()).map(|s| w[s] * (y[s] - eta[s]) * self.x[(s, j)]).sum::<f64>().abs();
        let shrink = (0..self.x.ncols()).map(|j| point.lambda * self.l1[j] / gradient(j)).fold(1.0, f64::min);
        let dual: f64 = (0..eta.len())
            .map(|s| {
                let u = shrink * (y[s] - eta[s]);
                0.5 * w[s] * ((y[s] - mean).powi(2) - (y[s] - mean - u).powi(2))
            })
            .sum();
        self.objective(point) - dual
    }
}

/// A matrix that counts passes and residual columns.
pub(crate) struct Counting<'a> {
    pub(crate) inner: &'a MemoryMatrix,
    pub(crate) adjoints: AtomicUsize,
    pub(crate) residuals: AtomicUsize,
}

impl<'a> Counting<'a> {
    pub(crate) fn new(inner: &'a MemoryMatrix) -> Self {
        Self { inner, adjoints: AtomicUsize::new(0), residuals: AtomicUsize::new(0) }
    }
}

impl GenotypeMatrix for Counting<'_> {
    fn samples(&self) -> usize {
        self.inner.samples()
    }

    fn variants(&self) -> usize {
        self.inner.variants()
    }

    fn counts(&self) -> &[[u64; 4]] {
        self.inner.counts()
    }

    fn adjoint(&self, residuals: &[&[f64]], precision: ResidualPrecision) -> Result<Products, MatrixError> {
        self.adjoints.fetch_add(1, Ordering::Relaxed);
        self.residuals.fetch_add(residuals.len(), Ordering::Relaxed);
        self.inner.adjoint(residuals, precision)
    }

    fn forward_tables(&self, tables: &[Vec<(u32, [f64; 4])>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        self.inner.forward_tables(tables)
    }

    fn select(&self, variants: &[u32]) -> Result<PackedColumns, MatrixError> {
        self.inner.select(variants)
    }

    fn gram(
        &self,
        variants: std::ops::Range<u32>,
        groups: &[u32],
        count: usize,
    ) -> Result<Vec<GramSums>, MatrixError> {
        self.inner.gram(variants, groups, count)
    }
}

/// Keeps every checkpoint, and stops the fit after some number of them.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) kept: Vec<steppe_fit::lasso::Checkpoint>,
    pub(crate) stop_after: Option<usize>,
    pub(crate) lambdas: Vec<(String, usize)>,
}

impl Observer for Recorder {
    fn progress(&mut self, progress: &steppe_fit::lasso::Progress<'_>) {
        self.lambdas.push((progress.name.to_owned(), progress.accepted));
    }

    fn checkpoint(
        &mut self,
        checkpoint: &steppe_fit::lasso::Checkpoint,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.kept.push(checkpoint.clone());
        Ok(())
    }

    fn cancelled(&self) -> bool {
        self.stop_after.is_some_and(|after| self.kept.len() >= after)
    }
}
