//! The hidden aggregate that tells which people an answer is about.

mod accumulators;
mod gathering;

use std::{hash::Hash, sync::Arc};

use datafusion::{
    arrow::datatypes::DataType,
    error::{DataFusionError, Result},
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
        function::AccumulatorArgs,
    },
};
use roaring::RoaringBitmap;

use crate::EngineError;
use accumulators::{ManyGroups, OneGroup};

/// Values of an argument up to which the people of each are an answered set of their own: from a count, a sum and a sum
/// of squares the people of three values can be calculated.
const FEW_VALUES: usize = 3;

/// In place of a number of values: there are more than [`FEW_VALUES`].
const MANY: u8 = u8::MAX;

/// The people of a group whose arguments are all there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PeopleSet {
    /// Their numbers.
    pub(super) people: RoaringBitmap,
    /// Whether somebody came twice.
    pub(super) is_twice: bool,
    /// Of each argument its people by value; `None` where there are many values.
    pub(super) by_value: Vec<Option<Vec<(f64, RoaringBitmap)>>>,
}

impl PeopleSet {
    /// The values in their order, whatever rows came first: what is decided on the sets may depend on it.
    fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![u8::from(self.is_twice), self.by_value.len() as u8];
        put(&mut bytes, &self.people)?;
        for values in &self.by_value {
            bytes.push(values.as_ref().map_or(MANY, |values| values.len() as u8));
            let mut values: Vec<&(f64, RoaringBitmap)> = values.iter().flatten().collect();
            values.sort_by(|one, other| one.0.total_cmp(&other.0));
            for (value, people) in values {
                bytes.extend(value.to_le_bytes());
                put(&mut bytes, people)?;
            }
        }
        Ok(bytes)
    }

    /// Reads what the aggregate gave.
    ///
    /// # Errors
    /// Bytes that it did not give.
    pub(super) fn from_bytes(mut bytes: &[u8]) -> Result<Self> {
        let rest = &mut bytes;
        let (is_twice, arguments) = (take::<1>(rest)?[0] != 0, take::<1>(rest)?[0]);
        let people = take_set(rest)?;
        let mut by_value = Vec::with_capacity(usize::from(arguments));
        for _ in 0..arguments {
            let count = take::<1>(rest)?[0];
            let mut values = Vec::new();
            for _ in 0..if count == MANY { 0 } else { count } {
                values.push((f64::from_le_bytes(take::<8>(rest)?), take_set(rest)?));
            }
            by_value.push((count != MANY).then_some(values));
        }
        Ok(Self { people, is_twice, by_value })
    }
}

fn damaged() -> DataFusionError {
    EngineError::Internal("a set of people that can not be read").into()
}

fn put(bytes: &mut Vec<u8>, people: &RoaringBitmap) -> Result<()> {
    bytes.extend((people.serialized_size() as u64).to_le_bytes());
    Ok(people.serialize_into(bytes)?)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
    *bytes = rest;
    Ok(*first)
}

fn take_set(bytes: &mut &[u8]) -> Result<RoaringBitmap> {
    let length = u64::from_le_bytes(take::<8>(bytes)?) as usize;
    let (set, rest) = bytes.split_at_checked(length).ok_or_else(damaged)?;
    *bytes = rest;
    RoaringBitmap::deserialize_from(set).map_err(|_| damaged())
}

/// `people_set(person, argument…)`: the people of rows whose arguments are all there, as bytes of a [`PeopleSet`].
#[derive(Debug, PartialEq, Eq, Hash)]
struct PeopleSetFunction {
    signature: Signature,
}

/// The aggregate.
pub(super) fn people_set() -> Arc<AggregateUDF> {
    let signature = Signature::variadic_any(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(PeopleSetFunction { signature }))
}

impl AggregateUDFImpl for PeopleSetFunction {
    fn name(&self) -> &str {
        "__steppe_people_set"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::LargeBinary)
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup::of_arguments(arguments.exprs.len().saturating_sub(1))))
    }

    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(ManyGroups::of_arguments(arguments.exprs.len().saturating_sub(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_are_refused() {
        for bytes in [&[][..], &[0], &[0, 1, 255], &[0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1]] {
            assert!(PeopleSet::from_bytes(bytes).is_err(), "{bytes:?}");
        }
    }
}
