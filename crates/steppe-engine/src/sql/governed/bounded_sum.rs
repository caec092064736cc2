//! The hidden aggregate under a mean with noise.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{ArrayRef, AsArray},
        datatypes::{DataType, Float64Type, Int64Type},
    },
    error::Result,
    logical_expr::{Accumulator, AggregateUDF, Volatility, create_udaf},
    scalar::ScalarValue,
};
use steppe_privacy::noise::Bounds;

/// The aggregate: the sum of a column's values in steps of [`Bounds::steps`].
pub(super) fn bounded_sum(bounds: Bounds) -> Arc<AggregateUDF> {
    let sum = move |_: datafusion::logical_expr::function::AccumulatorArgs<'_>| {
        Ok(Box::new(BoundedSum { bounds, sum: 0 }) as Box<dyn Accumulator>)
    };
    Arc::new(create_udaf(
        "__steppe_bounded_sum",
        vec![DataType::Float64],
        Arc::new(DataType::Int64),
        Volatility::Immutable,
        Arc::new(sum),
        Arc::new(vec![DataType::Int64]),
    ))
}

#[derive(Debug)]
struct BoundedSum {
    bounds: Bounds,
    sum: i64,
}

impl Accumulator for BoundedSum {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in values.iter().flat_map(|values| values.as_primitive::<Float64Type>().iter().flatten()) {
            self.sum += self.bounds.steps(value);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let sums = states.iter().flat_map(|sums| sums.as_primitive::<Int64Type>().iter().flatten());
        self.sum += sums.sum::<i64>();
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.sum)))
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}
