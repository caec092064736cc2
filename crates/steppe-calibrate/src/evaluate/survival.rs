//! How well predictions order people by the time of an event: Harrell's concordance, with intervals by resamples.

use rayon::prelude::*;
use steppe_stats::{
    metrics::c_index,
    resampling::{Bootstrap, Stream},
};

use super::{
    EvaluationOptions, IntervalMethod, Metric, MetricRow, Reason, Status,
    cohort::{Cohort, Model},
    groups::Group,
    resamples::Replicates,
    rows::blank,
    statistic::pairs,
};

/// Concordance of every prediction and differences of pairs. Covariates say only who is complete.
pub(super) fn rows(cohort: &Cohort, group: &Group, options: &EvaluationOptions) -> Vec<MetricRow> {
    let Some(events) = &cohort.events else { return Vec::new() };
    let everyone: Vec<usize> = (0..cohort.n).collect();
    let values = concordances(cohort, events, &everyone);
    let open = cohort.models.iter().any(|model| reason(cohort, model, options).is_none());
    let replicates = if open { resampled(cohort, events, options) } else { Vec::new() };
    let of_resample = |value: &dyn Fn(&[f64]) -> f64| {
        let values = replicates.iter().map(|values| value(values)).filter(|value| value.is_finite());
        Replicates::new(values.collect(), options.resamples)
    };
    let form = Form { cohort, group, options };
    let single = cohort.models.iter().enumerate().map(|(at, model)| {
        let row = form.row(Metric::CIndex, model, None);
        match reason(cohort, model, options) {
            Some(reason) => without(row, reason),
            None => form.filled(row, values[at], &of_resample(&|values| values[at])),
        }
    });
    let double = pairs(cohort, options).into_iter().map(|(one, other)| {
        let models = [&cohort.models[one], &cohort.models[other]];
        let row = form.row(Metric::CIndexDifference, models[0], Some(models[1]));
        match models.iter().find_map(|model| reason(cohort, model, options)) {
            Some(reason) => without(row, reason),
            None => {
                let difference = |values: &[f64]| values[one] - values[other];
                form.filled(row, difference(&values), &of_resample(&difference))
            }
        }
    });
    single.chain(double).collect()
}

/// Why a prediction has no concordance here.
fn reason(cohort: &Cohort, model: &Model, options: &EvaluationOptions) -> Option<Reason> {
    let needed = options.minimal.discrimination;
    if model.is_absent {
        Some(Reason::NoValues)
    } else if cohort.cases < needed {
        Some(Reason::TooFewCases { found: cohort.cases, needed })
    } else {
        model.is_constant.then_some(Reason::ConstantPrediction)
    }
}

/// Each prediction's concordance in some people, of whom some may come more than once; NaN where it is not defined.
fn concordances(cohort: &Cohort, events: &[bool], people: &[usize]) -> Vec<f64> {
    let time: Vec<f64> = people.iter().map(|person| cohort.outcome[*person]).collect();
    let event: Vec<bool> = people.iter().map(|person| events[*person]).collect();
    let of = |model: &Model| {
        let risk: Vec<f64> = people.iter().map(|person| model.values[*person]).collect();
        c_index(&time, &event, &risk).unwrap_or(f64::NAN)
    };
    cohort.models.iter().map(of).collect()
}

/// The concordances of each resample, which keeps the number of events.
fn resampled(cohort: &Cohort, events: &[bool], options: &EvaluationOptions) -> Vec<Vec<f64>> {
    let bootstrap = Bootstrap::new(cohort.n, Some(events), cohort.family.as_deref());
    let one = |index: usize| {
        let mut counts = Vec::new();
        bootstrap.draw(&mut Stream::new(options.seed, 0, index as u64), &mut counts);
        let times = |(person, count): (usize, &f64)| std::iter::repeat_n(person, *count as usize);
        let people: Vec<usize> = counts.iter().enumerate().flat_map(times).collect();
        concordances(cohort, events, &people)
    };
    (0..options.resamples).into_par_iter().map(one).collect()
}

/// What a group's rows share.
struct Form<'a> {
    cohort: &'a Cohort,
    group: &'a Group,
    options: &'a EvaluationOptions,
}

impl Form<'_> {
    fn row(&self, metric: Metric, model: &Model, versus: Option<&Model>) -> MetricRow {
        MetricRow {
            model: Some(model.name.clone()),
            versus: versus.map(|model| model.name.clone()),
            cases: Some(self.cohort.cases),
            ..blank(self.cohort, self.group, metric)
        }
    }

    fn filled(&self, row: MetricRow, estimate: f64, replicates: &Replicates) -> MetricRow {
        if !estimate.is_finite() {
            return without(row, Reason::NotANumber);
        }
        let row = MetricRow { estimate: Some(estimate), status: Status::Ok, ..row };
        if self.options.resamples == 0 {
            return row;
        }
        let method = Some(IntervalMethod::BootstrapStratified);
        match replicates.percentiles(self.options.confidence, false) {
            Ok(found) => MetricRow {
                lower: Some(found.lower),
                upper: Some(found.upper),
                standard_error: Some(found.standard_error),
                method,
                ..row
            },
            Err(undefined) => {
                let reason = Reason::UndefinedResamples { undefined, of: self.options.resamples };
                MetricRow { reason: Some(reason), method, ..row }
            }
        }
    }
}

fn without(row: MetricRow, reason: Reason) -> MetricRow {
    MetricRow { status: reason.status(), reason: Some(reason), ..row }
}
