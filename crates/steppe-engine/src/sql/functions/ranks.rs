//! Window functions of where a score stands among those of its partition.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{ArrayRef, AsArray, BooleanArray, Float64Array},
        datatypes::{DataType, Field, FieldRef, Float64Type},
    },
    error::{DataFusionError, Result},
    logical_expr::{
        LimitEffect, PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
        function::{PartitionEvaluatorArgs, WindowUDFFieldArgs},
    },
    physical_plan::PhysicalExpr,
};

use crate::EngineError;

/// What is told of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Percentile,
    Top,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Percentile => "percentile_in",
            Self::Top => "top_fraction",
        }
    }

    fn kind(self) -> DataType {
        match self {
            Self::Percentile => DataType::Float64,
            Self::Top => DataType::Boolean,
        }
    }

    fn arguments(self) -> usize {
        match self {
            Self::Percentile => 1,
            Self::Top => 2,
        }
    }
}

/// The window functions.
pub(super) fn windows() -> impl Iterator<Item = WindowUDF> {
    [Place::Percentile, Place::Top].into_iter().map(|place| {
        let signature = Signature::user_defined(Volatility::Immutable);
        WindowUDF::new_from_impl(Ranked { place, signature })
    })
}

/// The percentile of each value among those that are there: the share of values below, ties counting half.
fn percentiles(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> =
        values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))).collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut percentiles = vec![None; values.len()];
    let mut below = 0;
    for tied in order.chunk_by(|one, other| one.1 == other.1) {
        let percentile = 100.0 * (below as f64 + tied.len() as f64 / 2.0) / order.len() as f64;
        for &(at, _) in tied {
            percentiles[at] = Some(percentile);
        }
        below += tied.len();
    }
    percentiles
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Ranked {
    place: Place,
    signature: Signature,
}

impl WindowUDFImpl for Ranked {
    fn name(&self) -> &str {
        self.place.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        if arguments.len() != self.place.arguments() {
            return Err(DataFusionError::Plan(format!(
                "{} takes {} arguments, and {} are given",
                self.name(),
                self.place.arguments(),
                arguments.len()
            )));
        }
        Ok(vec![DataType::Float64; arguments.len()])
    }

    fn field(&self, arguments: WindowUDFFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(arguments.name(), self.place.kind(), true)))
    }

    fn partition_evaluator(
        &self,
        _arguments: PartitionEvaluatorArgs<'_>,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Evaluator))
    }

    fn limit_effect(&self, _arguments: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        LimitEffect::Unknown
    }
}

#[derive(Debug)]
struct Evaluator;

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
        let columns: Option<Vec<_>> =
            values.iter().map(|column| column.as_primitive_opt::<Float64Type>()).collect();
        let columns = columns
            .ok_or_else(|| DataFusionError::from(EngineError::Internal("scores that are no numbers")))?;
        let Some(scores) = columns.first() else {
            return Err(EngineError::Internal("a place of no score").into());
        };
        let there: Vec<Option<f64>> =
            scores.iter().map(|value| value.filter(|value| !value.is_nan())).collect();
        let percentiles = percentiles(&there);
        let Some(fractions) = columns.get(1) else {
            return Ok(Arc::new(Float64Array::from(percentiles)));
        };
        let is_top = percentiles.iter().zip(fractions.iter()).map(|(percentile, fraction)| {
            // Ties are all in or all out: in, if their middle is.
            Some((*percentile)? > 100.0 * (1.0 - fraction?))
        });
        Ok(Arc::new(is_top.collect::<BooleanArray>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_share_below_and_half_of_the_ties() {
        let found = percentiles(&[Some(1.0), None, Some(2.0), Some(2.0), Some(5.0)]);
        assert_eq!(found, [Some(12.5), None, Some(50.0), Some(50.0), Some(87.5)]);
        assert!(percentiles(&[None]).iter().all(Option::is_none));
    }
}
