//! Odds by tenths of a prediction in a group.

use steppe_stats::metrics::{GroupTable, SortedScores};

use super::{
    DecileRow, EvaluationOptions, IntervalMethod, Metric, Reason, Status,
    cohort::{Cohort, Model},
    gates,
    groups::Group,
};

const TENTHS: usize = 10;
/// The middle fifth, that the other tenths are compared to.
const MIDDLE: [usize; 2] = [4, 5];

/// Cases and controls of each tenth.
type Counts = [[f64; 2]; TENTHS];

/// The tenths of every prediction of a binary outcome, each against the middle fifth. Where there are too few cases for the
/// odds ratio of the top decile, the tenths have counts and the reason.
pub(super) fn rows(cohort: &Cohort, group: &Group, options: &EvaluationOptions, z: f64) -> Vec<DecileRow> {
    if !cohort.is_binary {
        return Vec::new();
    }
    let of = |model: &Model| {
        let reason = gates::reason(Metric::OddsRatioTopDecileMiddle, cohort, &[model], None, options);
        let counts = model.sorted.as_ref().map_or([[0.0; 2]; TENTHS], |sorted| counts(sorted, cohort));
        let row = |tenth: usize| DecileRow {
            grouping: group.grouping,
            group: group.label.clone(),
            model: model.name.clone(),
            ..of_tenth(tenth, &counts, reason.clone(), z)
        };
        (0..TENTHS).map(row).collect::<Vec<DecileRow>>()
    };
    cohort.models.iter().flat_map(of).collect()
}

fn counts(sorted: &SortedScores, cohort: &Cohort) -> Counts {
    let shares: Vec<f64> = (1..TENTHS).map(|tenth| tenth as f64 / TENTHS as f64).collect();
    let ones = vec![1.0; cohort.n];
    let mut counts = [[0.0; 2]; TENTHS];
    sorted.for_each_bin(&sorted.quantiles(&ones, &shares), |person, bin| {
        counts[bin][usize::from(!cohort.case[person])] += 1.0;
    });
    counts
}

/// A tenth's row, without names.
fn of_tenth(tenth: usize, counts: &Counts, reason: Option<Reason>, z: f64) -> DecileRow {
    let [cases, controls] = counts[tenth];
    let row = DecileRow {
        grouping: super::Grouping::All,
        group: String::new(),
        model: String::new(),
        decile: tenth + 1,
        n: (cases + controls) as usize,
        cases: cases as usize,
        odds_ratio: None,
        lower: None,
        upper: None,
        status: Status::Undefined,
        reason: None,
        method: None,
    };
    if let Some(reason) = reason {
        return DecileRow { status: reason.status(), reason: Some(reason), ..row };
    }
    if MIDDLE.contains(&tenth) && row.n > 0 {
        return DecileRow { odds_ratio: Some(1.0), status: Status::Ok, ..row };
    }
    let middle = |class: usize| MIDDLE.iter().map(|tenth| counts[*tenth][class]).sum();
    let table = GroupTable { cases, controls, reference_cases: middle(0), reference_controls: middle(1) };
    let Some(ln) = table.log_odds(table.needs_firth()) else {
        return DecileRow { reason: Some(Reason::EmptyGroup), ..row };
    };
    DecileRow {
        odds_ratio: Some(ln.estimate.exp()),
        lower: Some((ln.estimate - z * ln.standard_error).exp()),
        upper: Some((ln.estimate + z * ln.standard_error).exp()),
        status: Status::Ok,
        method: Some(if ln.firth { IntervalMethod::Firth } else { IntervalMethod::Wald }),
        ..row
    }
}
