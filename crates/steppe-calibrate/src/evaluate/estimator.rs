//! A group's metrics on a resample of its people, or on the people themselves: all from scores sorted once, sums of
//! products, and Newton steps from the regressions of the whole group.

use steppe_stats::{
    metrics::{
        ExplainedVariance, NestedModels, SortedScores, ThresholdTable, brier, expected_calibration_error,
        expected_over_observed, liability_r2, nagelkerke_r2, net_reclassification, reliability_bins,
        scaled_brier, sd_of,
    },
    regression::{LogisticFit, LogisticModel, LogisticNewton},
};

use super::{
    EvaluationOptions, Metric,
    cohort::{Cohort, Model},
    fits::{Fits, covariates_model, score_model, top_tables},
    resamples::{Part, Resample},
    statistic::Statistic,
    sums::Sums,
};

/// Metrics of one prediction, NaN where there are none.
type Row = [f64; Metric::COUNT];

/// Computes statistics.
pub(super) struct Estimator<'a> {
    pub(super) cohort: &'a Cohort,
    pub(super) fits: &'a Fits,
    pub(super) statistics: &'a [Statistic],
    pub(super) prevalence: Option<f64>,
    pub(super) options: &'a EvaluationOptions,
    /// Which metrics of which model have numbers; the covariates' come last.
    open: Vec<[bool; Metric::COUNT]>,
}

impl<'a> Estimator<'a> {
    pub(super) fn new(
        cohort: &'a Cohort,
        fits: &'a Fits,
        statistics: &'a [Statistic],
        prevalence: Option<f64>,
        options: &'a EvaluationOptions,
    ) -> Self {
        let mut open = vec![[false; Metric::COUNT]; cohort.models.len() + 1];
        for statistic in statistics.iter().filter(|statistic| statistic.closed.is_none()) {
            open[statistic.model.unwrap_or(cohort.models.len())][statistic.metric as usize] = true;
        }
        Self { cohort, fits, statistics, prevalence, options, open }
    }

    /// Sets the values of a part's statistics, NaN where one is not defined.
    pub(super) fn estimate(
        &self,
        resample: &Resample,
        part: Part,
        newton: &mut LogisticNewton,
        values: &mut [f64],
    ) {
        let mut rows = vec![[f64::NAN; Metric::COUNT]; self.open.len()];
        if !self.cohort.is_binary || part == Part::Stratified {
            self.shares_of_variance(resample, &mut rows);
        }
        for (index, row) in rows.iter_mut().enumerate() {
            match part {
                Part::Stratified => {
                    self.ranks(index, resample, row);
                    self.odds(index, resample, newton, row);
                }
                Part::Plain if self.cohort.is_binary => self.risk(index, resample, newton, row),
                Part::Plain => {}
            }
        }
        self.nagelkerke_gain(resample, newton, &mut rows);
        for (statistic, value) in self.statistics.iter().zip(values) {
            if Part::of(statistic.metric, self.cohort) == part && statistic.closed.is_none() {
                *value = self.value(statistic, resample, &rows);
            }
        }
    }

    fn is_open(&self, index: usize, metrics: &[Metric]) -> bool {
        metrics.iter().any(|metric| self.open[index][*metric as usize])
    }

    /// What goes by rank: areas and top deciles.
    fn ranks(&self, index: usize, resample: &Resample, row: &mut Row) {
        let area =
            |sorted: &SortedScores| sorted.auc(&resample.cases, &resample.controls).unwrap_or(f64::NAN);
        let Some(model) = self.cohort.models.get(index) else {
            if let (true, Some((_, sorted))) =
                (self.is_open(index, &[Metric::AucCovariates]), &self.fits.covariates_score)
            {
                row[Metric::AucCovariates as usize] = area(sorted);
            }
            return;
        };
        let Some(sorted) = &model.sorted else { return };
        if self.is_open(index, &[Metric::Auc]) {
            row[Metric::Auc as usize] = area(sorted);
        }
        let (full, base) = (&self.fits.models[index].full_score, &self.fits.covariates_score);
        if let (true, Some((_, full)), Some((_, base))) =
            (self.is_open(index, &[Metric::AucGain]), full, base)
        {
            row[Metric::AucFull as usize] = area(full);
            row[Metric::AucGain as usize] = row[Metric::AucFull as usize] - area(base);
        }
        if self.is_open(index, &[Metric::OddsRatioTopDecile]) {
            let tables = top_tables(sorted, &self.cohort.outcome, &resample.weights);
            let whole = &self.fits.models[index].top;
            let metrics = [Metric::OddsRatioTopDecile, Metric::OddsRatioTopDecileMiddle];
            for ((metric, table), whole) in metrics.into_iter().zip(tables).zip(whole) {
                let odds = table.log_odds(whole.needs_firth());
                row[metric as usize] = odds.map_or(f64::NAN, |odds| odds.estimate.exp());
            }
        }
    }

    /// Odds ratios and Nagelkerke's R², by logistic regression.
    fn odds(&self, index: usize, resample: &Resample, newton: &mut LogisticNewton, row: &mut Row) {
        let Some(model) = self.cohort.models.get(index) else { return };
        if !self.is_open(index, &[Metric::OddsRatioPerSd, Metric::R2Nagelkerke]) {
            return;
        }
        let sd = sd_of(&model.standard, &resample.controls).unwrap_or(f64::NAN);
        let fits = &self.fits.models[index];
        let null = null_log_likelihood(resample);
        let alone = score_model(self.cohort, model, 1, &resample.weights);
        if let Some(beta) = refit(&alone, fits.alone.as_ref(), newton) {
            row[Metric::OddsRatioPerSd as usize] = (beta[1] * sd).exp();
            if self.is_open(index, &[Metric::R2Nagelkerke]) {
                let r2 = nagelkerke_r2(null, alone.log_likelihood(beta), resample.total);
                row[Metric::R2Nagelkerke as usize] = r2.unwrap_or(f64::NAN);
            }
        }
        if self.cohort.has_covariates() {
            let full = score_model(self.cohort, model, self.cohort.design.len(), &resample.weights);
            if let Some(beta) = refit(&full, fits.full.as_ref(), newton) {
                row[Metric::OddsRatioPerSdAdjusted as usize] = (beta[beta.len() - 1] * sd).exp();
                if self.is_open(index, &[Metric::R2NagelkerkeIncremental]) {
                    let r2 = nagelkerke_r2(null, full.log_likelihood(beta), resample.total);
                    row[Metric::R2NagelkerkeIncremental as usize] = r2.unwrap_or(f64::NAN);
                }
            }
        }
    }

    /// Takes the covariates' own part out of Nagelkerke's R² of the full models.
    fn nagelkerke_gain(&self, resample: &Resample, newton: &mut LogisticNewton, rows: &mut [Row]) {
        let place = Metric::R2NagelkerkeIncremental as usize;
        if rows.iter().all(|row| row[place].is_nan()) {
            return;
        }
        let base = covariates_model(self.cohort, &resample.weights).and_then(|model| {
            let beta = refit(&model, self.fits.covariates.as_ref(), newton)?;
            nagelkerke_r2(null_log_likelihood(resample), model.log_likelihood(beta), resample.total)
        });
        rows.iter_mut().for_each(|row| row[place] -= base.unwrap_or(f64::NAN));
    }

    /// All kinds of R² by least squares, from one pass over the people.
    fn shares_of_variance(&self, resample: &Resample, rows: &mut [Row]) {
        let models = &self.cohort.models;
        let open = |index: usize| self.is_open(index, &[Metric::R2, Metric::EffectPerSd]);
        if (0..models.len()).all(|index| !open(index)) && !self.is_open(models.len(), &[Metric::R2Covariates])
        {
            return;
        }
        let sums = Sums::new(self.cohort, resample);
        let Some(nested) = NestedModels::new(&sums.products, &sums.with_outcome, sums.outcome) else {
            return;
        };
        rows[models.len()][Metric::R2Covariates as usize] = nested.covariates();
        for (index, row) in rows[..models.len()].iter_mut().enumerate().filter(|(index, _)| open(*index)) {
            let score = &sums.scores[index];
            let Some(explained) = nested.explained(&score.with_design, score.with_outcome, score.with_itself)
            else {
                continue;
            };
            self.set_shares(&explained, resample, row);
            let n = resample.total;
            let variance = (score.with_itself - score.with_design[0] * score.with_design[0] / n) / (n - 1.0);
            row[Metric::EffectPerSd as usize] =
                explained.coefficient * variance.sqrt() * self.outcome_scale();
        }
    }

    fn set_shares(&self, explained: &ExplainedVariance, resample: &Resample, row: &mut Row) {
        row[Metric::R2 as usize] = explained.score;
        row[Metric::R2Full as usize] = explained.full;
        row[Metric::R2Incremental as usize] = explained.incremental;
        row[Metric::R2Partial as usize] = explained.partial;
        let liability = |r2| {
            let prevalence = self.prevalence?;
            liability_r2(r2, prevalence, resample.total_cases / resample.total)
        };
        row[Metric::R2Liability as usize] = liability(explained.score).unwrap_or(f64::NAN);
        row[Metric::R2LiabilityIncremental as usize] = liability(explained.incremental).unwrap_or(f64::NAN);
    }

    /// Share that a prediction explains of what covariates leave; NaN where there is none.
    pub(super) fn partial_r2(&self, index: usize, resample: &Resample) -> f64 {
        let mut rows = vec![[f64::NAN; Metric::COUNT]; self.open.len()];
        self.shares_of_variance(resample, &mut rows);
        rows[index][Metric::R2Partial as usize]
    }

    /// Standard deviation of the outcome that its standardised form was divided by.
    fn outcome_scale(&self) -> f64 {
        let n = self.cohort.n as f64;
        let mean = self.cohort.outcome.iter().sum::<f64>() / n;
        let squares: f64 = self.cohort.outcome.iter().map(|value| (value - mean) * (value - mean)).sum();
        (squares / n).sqrt()
    }

    /// Calibration and accuracy of risks.
    fn risk(&self, index: usize, resample: &Resample, newton: &mut LogisticNewton, row: &mut Row) {
        let Some(model) = self.cohort.models.get(index) else { return };
        if !self.is_open(index, &[Metric::Brier]) {
            return;
        }
        let (outcome, weights) = (&self.cohort.outcome, &resample.weights);
        let or_nan = |value: Option<f64>| value.unwrap_or(f64::NAN);
        row[Metric::Brier as usize] = or_nan(brier(outcome, &model.values, weights));
        row[Metric::ScaledBrier as usize] = or_nan(scaled_brier(outcome, &model.values, weights));
        row[Metric::ExpectedOverObserved as usize] =
            or_nan(expected_over_observed(outcome, &model.values, weights));
        if let (true, Some(sorted)) = (self.is_open(index, &[Metric::CalibrationError]), &model.sorted) {
            let bins =
                reliability_bins(sorted, &model.values, outcome, weights, self.options.reliability_bins);
            row[Metric::CalibrationError as usize] = or_nan(expected_calibration_error(&bins));
        }
        if let Some(logits) = &model.logits {
            self.calibration(index, logits, weights, newton, row);
        }
    }

    fn calibration(
        &self,
        index: usize,
        logits: &[f64],
        weights: &[f64],
        newton: &mut LogisticNewton,
        row: &mut Row,
    ) {
        let (fits, ones) = (&self.fits.models[index], &self.cohort.design[0]);
        let cases = &self.cohort.outcome;
        let large = LogisticModel { design: &[], predictor: ones, cases, weights, offset: Some(logits) };
        if let Some(beta) = refit(&large, fits.intercept.as_ref(), newton) {
            row[Metric::CalibrationIntercept as usize] = beta[0];
        }
        if self.is_open(index, &[Metric::CalibrationSlope]) {
            let design = &self.cohort.design[..1];
            let slope = LogisticModel { design, predictor: logits, cases, weights, offset: None };
            if let Some(beta) = refit(&slope, fits.slope.as_ref(), newton) {
                row[Metric::CalibrationSlope as usize] = beta[1];
            }
        }
    }

    fn value(&self, statistic: &Statistic, resample: &Resample, rows: &[Row]) -> f64 {
        let models = &self.cohort.models;
        let Some(index) = statistic.model else { return rows[models.len()][statistic.metric as usize] };
        if let Some(threshold) = statistic.threshold {
            let outcome = &self.cohort.outcome;
            let table = ThresholdTable::new(outcome, &models[index].values, &resample.weights, threshold);
            let (part, whole) = share(statistic.metric, &table);
            return part / whole;
        }
        let Some(versus) = statistic.versus else { return rows[index][statistic.metric as usize] };
        let difference = |metric: Metric| rows[index][metric as usize] - rows[versus][metric as usize];
        match statistic.metric {
            Metric::AucDifference => difference(Metric::Auc),
            Metric::R2Difference => difference(Metric::R2),
            Metric::R2IncrementalDifference => difference(Metric::R2Incremental),
            Metric::BrierDifference => difference(Metric::Brier),
            metric => self
                .reclassification(metric, [&models[index], &models[versus]], resample)
                .map_or(f64::NAN, |(value, _)| value),
        }
    }

    /// A part of the net reclassification, and its standard error.
    pub(super) fn reclassification(
        &self,
        metric: Metric,
        [new, old]: [&Model; 2],
        resample: &Resample,
    ) -> Option<(f64, f64)> {
        use Metric as M;
        let continuous = matches!(
            metric,
            M::ContinuousReclassification
                | M::ContinuousReclassificationCases
                | M::ContinuousReclassificationControls
        );
        let thresholds = if continuous { &[] } else { self.options.thresholds.as_slice() };
        let outcome = &self.cohort.outcome;
        let found = net_reclassification(outcome, &new.values, &old.values, &resample.weights, thresholds)?;
        Some(match metric {
            M::NetReclassificationCases | M::ContinuousReclassificationCases => {
                (found.of_cases, found.of_cases_error)
            }
            M::NetReclassificationControls | M::ContinuousReclassificationControls => {
                (found.of_controls, found.of_controls_error)
            }
            _ => (found.net(), found.net_error()),
        })
    }
}

/// The counts that a share at a threshold is of.
pub(super) fn share(metric: Metric, table: &ThresholdTable) -> (f64, f64) {
    match metric {
        Metric::Sensitivity => table.sensitivity(),
        Metric::Specificity => table.specificity(),
        _ => table.positive_predictive_value(),
    }
}

/// Coefficients on a resample, from those of the whole group. `None` where these have none.
fn refit<'n>(
    model: &LogisticModel<'_>,
    whole: Option<&LogisticFit>,
    newton: &'n mut LogisticNewton,
) -> Option<&'n [f64]> {
    newton.maximise(model, &whole?.coefficients).ok()
}

/// Log-likelihood of the intercept alone.
fn null_log_likelihood(resample: &Resample) -> f64 {
    let (cases, controls) = (resample.total_cases, resample.total - resample.total_cases);
    cases * (cases / resample.total).ln() + controls * (controls / resample.total).ln()
}
