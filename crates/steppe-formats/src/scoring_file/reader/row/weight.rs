use super::cells::Cells;
use crate::{
    FormatError,
    scoring_file::{reader::columns::Role, weights::parse_weight},
};

/// The forms in which a row gives its weight.
#[derive(Debug, Clone, Copy)]
pub(super) enum WeightForm {
    /// `effect_weight`.
    Weight(f64),
    /// The natural logarithm of the ratio in this column.
    Logarithm(usize, f64),
    /// One weight per dosage.
    Dosage([f64; 3]),
}

impl WeightForm {
    /// |weight|, or the largest of the three.
    pub(super) fn magnitude(self) -> f64 {
        match self {
            Self::Weight(weight) | Self::Logarithm(_, weight) => weight.abs(),
            Self::Dosage(weights) => weights.iter().fold(0.0, |largest, weight| weight.abs().max(largest)),
        }
    }
}

/// A finite number in a column.
pub(super) fn number(cells: &Cells<'_>, column: usize) -> Result<f64, FormatError> {
    parse_weight(cells.cell(column)).map_err(|bad| cells.place(bad.on(cells.path), Some(column)))
}

/// The weight of a row: `effect_weight` where it has one, else the dosage weights, else the logarithm of OR or HR.
pub(super) fn weight_form(cells: &Cells<'_>) -> Result<WeightForm, FormatError> {
    let effect_weight = cells.layout.weights.first().copied();
    if let Some(column) = effect_weight.filter(|&column| !cells.cell(column).is_empty()) {
        return Ok(WeightForm::Weight(number(cells, column)?));
    }
    let at = |role| cells.layout.at(role);
    let dosages = [Role::Dosage0, Role::Dosage1, Role::Dosage2].map(at);
    if let [Some(zero), Some(one), Some(two)] = dosages
        && [zero, one, two].iter().any(|&column| !cells.cell(column).is_empty())
    {
        return Ok(WeightForm::Dosage([number(cells, zero)?, number(cells, one)?, number(cells, two)?]));
    }
    let given = |role| at(role).filter(|&column| !cells.cell(column).is_empty());
    match (given(Role::OddsRatio), given(Role::HazardRatio)) {
        (Some(_), Some(_)) => {
            let remedy = "give effect_weight, or only one of OR and HR";
            Err(cells.bad(Role::HazardRatio, "the row has no effect_weight, and both OR and HR", remedy))
        }
        (Some(column), None) | (None, Some(column)) => logarithm(cells, column),
        (None, None) => {
            // Without any weight in the row, the empty cell of the first weight column is what is wrong.
            let ratio = at(Role::OddsRatio).or(at(Role::HazardRatio));
            let column = effect_weight.or(dosages[0]).or(ratio).unwrap_or_default();
            number(cells, column).map(WeightForm::Weight)
        }
    }
}

fn logarithm(cells: &Cells<'_>, column: usize) -> Result<WeightForm, FormatError> {
    let ratio = number(cells, column)?;
    if ratio <= 0.0 {
        let problem = "a ratio that is not positive has no logarithm";
        let malformed = crate::Malformed::new(cells.path, problem, "give a positive ratio, or effect_weight");
        return Err(cells.place(malformed, Some(column)));
    }
    Ok(WeightForm::Logarithm(column, ratio.ln()))
}
