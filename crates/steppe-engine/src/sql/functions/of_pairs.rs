//! Aggregates of a score and a case status.

use std::mem::size_of;

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray},
        datatypes::{DataType, Float64Type},
    },
    error::{DataFusionError, Result},
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility, function::AccumulatorArgs,
    },
    scalar::ScalarValue,
};
use steppe_stats::{
    metrics::{auc, liability_r2, odds_ratio_per_sd, r_squared, sd_of},
    regression::LogisticModel,
};

use crate::EngineError;

/// What is calculated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Measure {
    Auc,
    OddsRatioPerSd,
    LiabilityR2,
}

impl Measure {
    const ALL: [Self; 3] = [Self::Auc, Self::OddsRatioPerSd, Self::LiabilityR2];

    fn name(self) -> &'static str {
        match self {
            Self::Auc => "auc",
            Self::OddsRatioPerSd => "odds_ratio_per_sd",
            Self::LiabilityR2 => "liability_r2",
        }
    }

    fn arguments(self) -> usize {
        match self {
            Self::Auc | Self::OddsRatioPerSd => 2,
            Self::LiabilityR2 => 3,
        }
    }

    /// The measure; `None` where it is not defined, as with cases alone.
    fn of(self, pairs: &Pairs) -> Option<f64> {
        let Pairs { scores, cases, prevalence } = pairs;
        let numbers = || -> Vec<f64> { cases.iter().map(|case| f64::from(u8::from(*case))).collect() };
        match self {
            Self::Auc => auc(cases, scores),
            Self::OddsRatioPerSd => {
                let weights = vec![1.0; scores.len()];
                let sd = sd_of(scores, &weights)?;
                let (design, cases) = ([vec![1.0; scores.len()]], numbers());
                let model = LogisticModel {
                    design: &design,
                    predictor: scores,
                    cases: &cases,
                    weights: &weights,
                    offset: None,
                };
                Some(odds_ratio_per_sd(&model, sd).ok()?.estimate.exp())
            }
            Self::LiabilityR2 => {
                let share = cases.iter().filter(|case| **case).count() as f64 / cases.len() as f64;
                liability_r2(r_squared(&numbers(), scores)?, (*prevalence)?, share)
            }
        }
    }
}

/// The aggregates.
pub(super) fn aggregates() -> impl Iterator<Item = AggregateUDF> {
    let signature = || Signature::user_defined(Volatility::Immutable);
    Measure::ALL
        .into_iter()
        .map(move |measure| AggregateUDF::new_from_impl(OfPairs { measure, signature: signature() }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OfPairs {
    measure: Measure,
    signature: Signature,
}

impl AggregateUDFImpl for OfPairs {
    fn name(&self) -> &str {
        self.measure.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        if arguments.len() != self.measure.arguments() {
            return Err(DataFusionError::Plan(format!(
                "{} takes {} arguments, and {} are given",
                self.name(),
                self.measure.arguments(),
                arguments.len()
            )));
        }
        Ok(vec![DataType::Float64; arguments.len()])
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(PairsAccumulator { measure: self.measure, pairs: Pairs::default() }))
    }

    fn state_fields(
        &self,
        arguments: datafusion::logical_expr::function::StateFieldsArgs<'_>,
    ) -> Result<Vec<datafusion::arrow::datatypes::FieldRef>> {
        let name = datafusion::logical_expr::utils::format_state_name(arguments.name, "pairs");
        Ok(vec![datafusion::arrow::datatypes::Field::new(name, DataType::LargeBinary, true).into()])
    }
}

/// Scores with case status, and the prevalence that was given.
#[derive(Debug, Default)]
struct Pairs {
    scores: Vec<f64>,
    cases: Vec<bool>,
    prevalence: Option<f64>,
}

impl Pairs {
    /// The prevalence if any (NaN is none), then each score with its case status.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.prevalence.unwrap_or(f64::NAN).to_le_bytes().to_vec();
        for (score, case) in self.scores.iter().zip(&self.cases) {
            bytes.extend(score.to_le_bytes());
            bytes.push(u8::from(*case));
        }
        bytes
    }

    fn add_bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let (prevalence, mut rest) = bytes.split_first_chunk::<8>()?;
        let prevalence = f64::from_le_bytes(*prevalence);
        self.prevalence = self.prevalence.or(Some(prevalence).filter(|value| !value.is_nan()));
        while let Some((pair, after)) = rest.split_first_chunk::<9>() {
            let (score, case) = pair.split_first_chunk::<8>()?;
            self.scores.push(f64::from_le_bytes(*score));
            self.cases.push(case != [0]);
            rest = after;
        }
        rest.is_empty().then_some(())
    }
}

#[derive(Debug)]
struct PairsAccumulator {
    measure: Measure,
    pairs: Pairs,
}

fn damaged() -> DataFusionError {
    EngineError::Internal("scores and cases that can not be read").into()
}

impl Accumulator for PairsAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let columns: Option<Vec<_>> =
            values.iter().map(|column| column.as_primitive_opt::<Float64Type>()).collect();
        let columns = columns.ok_or_else(damaged)?;
        let [scores, cases, rest @ ..] = &columns[..] else { return Err(damaged()) };
        for row in 0..scores.len() {
            if columns.iter().any(|column| column.is_null(row)) {
                continue;
            }
            let case = cases.value(row);
            if case != 0.0 && case != 1.0 {
                return Err(EngineError::refused(
                    format!("{}: its second argument is neither 0 nor 1", self.measure.name()),
                    "give a truth value, such as status = 2",
                )
                .into());
            }
            self.pairs.scores.push(scores.value(row));
            self.pairs.cases.push(case == 1.0);
            if let Some(prevalence) = rest.first() {
                self.pairs.prevalence = Some(prevalence.value(row));
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = states.first().and_then(|states| states.as_binary_opt::<i64>()).ok_or_else(damaged)?;
        for state in states.iter().flatten() {
            self.pairs.add_bytes(state).ok_or_else(damaged)?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::LargeBinary(Some(self.pairs.to_bytes()))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.measure.of(&self.pairs)))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.pairs.scores.capacity() * size_of::<f64>() + self.pairs.cases.capacity()
    }
}
