//! What will be tested: each trait is looked at by itself, and quantitative traits with the same samples are put
//! together.

use steppe_stats::linear_algebra::dot;

use super::{
    design::{Complete, Design},
    input::{AssocOptions, AssocTrait, Covariate, SkipReason, TraitKind, TraitSummary},
    linear::{LinearGroup, Outcome},
    logistic::LogisticTrait,
};

/// Residuals whose squares are below this part of the trait's own are rounding.
const EXPLAINED: f64 = 1e-24;

/// Traits ready to be tested.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) linear: Vec<LinearGroup>,
    pub(super) logistic: Vec<LogisticTrait>,
    pub(super) summaries: Vec<TraitSummary>,
}

/// What all traits share.
#[derive(Clone, Copy, Debug)]
struct Shared<'a> {
    total: usize,
    covariates: &'a [Covariate<'a>],
    options: &'a AssocOptions,
}

impl Plan {
    /// Looks at all traits. A trait that can not be tested has its reason in its summary.
    pub(super) fn new(
        total: usize,
        traits: &[AssocTrait<'_>],
        covariates: &[Covariate<'_>],
        options: &AssocOptions,
    ) -> Self {
        let mut plan = Self::default();
        let shared = Shared { total, covariates, options };
        for (index, one) in traits.iter().enumerate() {
            let mut complete = Complete::choose(one.values, covariates, one.kind);
            let values: Vec<f64> =
                complete.samples.iter().map(|&sample| one.values[sample as usize]).collect();
            let mut summary = describe(one, &complete, &values);
            summary.skipped = unfit(&values, one.kind, complete.covariates() + 2);
            if summary.skipped.is_none() {
                match one.kind {
                    TraitKind::Quantitative => {
                        summary.skipped = plan.add_quantitative(index, &values, &mut complete, shared);
                    }
                    TraitKind::Binary => {
                        summary.separated = plan.add_binary(index, values, &mut complete, shared);
                    }
                }
            }
            summary.dropped = complete.dropped;
            plan.summaries.push(summary);
        }
        plan
    }

    fn add_binary(
        &mut self,
        index: usize,
        cases: Vec<f64>,
        complete: &mut Complete,
        shared: Shared<'_>,
    ) -> bool {
        let design = Design::new(complete, shared.covariates, shared.total, shared.options.limits);
        let one = LogisticTrait::new(index, design, cases);
        let separated = one.is_separated();
        self.logistic.push(one);
        separated
    }

    fn add_quantitative(
        &mut self,
        index: usize,
        values: &[f64],
        complete: &mut Complete,
        shared: Shared<'_>,
    ) -> Option<SkipReason> {
        let same = |group: &LinearGroup| group.design.mask.samples() == complete.samples;
        let place = if let Some(place) = self.linear.iter().position(same) {
            let first = self.linear[place].first;
            complete.dropped.clone_from(&self.summaries[first].dropped);
            place
        } else {
            let design = Design::new(complete, shared.covariates, shared.total, shared.options.limits);
            self.linear.push(LinearGroup { design, outcomes: Vec::new(), first: index });
            self.linear.len() - 1
        };
        let group = &mut self.linear[place];
        let residual = group.design.residual(values);
        let sum_of_squares = dot(&residual, &residual);
        if sum_of_squares <= EXPLAINED * dot(values, values) {
            return Some(SkipReason::Explained);
        }
        group.outcomes.push(Outcome { index, residual, sum_of_squares });
        None
    }
}

fn describe(one: &AssocTrait<'_>, complete: &Complete, values: &[f64]) -> TraitSummary {
    let cases = || values.iter().filter(|value| **value == 1.0).count();
    TraitSummary {
        name: one.name.to_owned(),
        kind: one.kind,
        samples: complete.samples.len(),
        cases: (one.kind == TraitKind::Binary).then(cases),
        missing_trait: complete.missing_trait,
        missing_covariate: complete.missing_covariate,
        singled_out: complete.singled_out,
        dropped: Vec::new(),
        separated: false,
        skipped: None,
    }
}

/// What rules a trait out before its covariates are looked at.
fn unfit(values: &[f64], kind: TraitKind, predictors: usize) -> Option<SkipReason> {
    let samples = values.len();
    if samples == 0 {
        return Some(SkipReason::NoSamples);
    }
    if kind == TraitKind::Binary && values.iter().any(|value| *value != 0.0 && *value != 1.0) {
        return Some(SkipReason::NotBinary);
    }
    if values.windows(2).all(|pair| pair[0] == pair[1]) {
        return Some(SkipReason::Constant);
    }
    (samples <= predictors).then_some(SkipReason::TooFewSamples { samples, predictors })
}
