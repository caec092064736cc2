//! The hidden aggregate that tells which people an answer is about.

use std::{hash::Hash, mem::size_of, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, Float64Array},
        compute::cast,
        datatypes::{DataType, Float64Type, UInt32Type},
    },
    error::{DataFusionError, Result},
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility, function::AccumulatorArgs,
    },
    scalar::ScalarValue,
};
use roaring::RoaringBitmap;

use crate::EngineError;

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
    fn of_arguments(count: usize) -> Self {
        Self { by_value: vec![Some(Vec::new()); count], ..Self::default() }
    }

    /// Adds a person with its arguments; a NaN argument is one value.
    fn add(&mut self, person: u32, arguments: impl Iterator<Item = Option<f64>>) {
        self.is_twice |= !self.people.insert(person);
        for (values, argument) in self.by_value.iter_mut().zip(arguments) {
            let Some(there) = values else { continue };
            let same = |value: f64| argument.is_some_and(|argument| argument.to_bits() == value.to_bits());
            match (there.iter().position(|(value, _)| same(*value)), argument) {
                (Some(at), _) => {
                    there[at].1.insert(person);
                }
                (None, Some(argument)) if there.len() < FEW_VALUES => {
                    there.push((argument, RoaringBitmap::from_iter([person])));
                }
                _ => *values = None,
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.is_twice |= other.is_twice || !self.people.is_disjoint(&other.people);
        self.people |= other.people;
        for (values, others) in self.by_value.iter_mut().zip(other.by_value) {
            *values = match (values.take(), others) {
                (Some(values), Some(others)) => joined(values, others),
                _ => None,
            };
        }
    }

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

fn joined(
    mut values: Vec<(f64, RoaringBitmap)>,
    others: Vec<(f64, RoaringBitmap)>,
) -> Option<Vec<(f64, RoaringBitmap)>> {
    for (value, people) in others {
        match values.iter_mut().find(|(there, _)| there.to_bits() == value.to_bits()) {
            Some((_, there)) => *there |= people,
            None => values.push((value, people)),
        }
    }
    (values.len() <= FEW_VALUES).then_some(values)
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
        let count = arguments.exprs.len().saturating_sub(1);
        Ok(Box::new(PeopleSetAccumulator(PeopleSet::of_arguments(count))))
    }
}

#[derive(Debug)]
struct PeopleSetAccumulator(PeopleSet);

/// An argument as numbers, where its type is one whose values a statistic can tell.
fn as_numbers(argument: &ArrayRef) -> Result<Option<Float64Array>> {
    let kind = argument.data_type();
    if !kind.is_numeric() && *kind != DataType::Boolean {
        return Ok(None);
    }
    Ok(Some(cast(argument, &DataType::Float64)?.as_primitive::<Float64Type>().clone()))
}

impl Accumulator for PeopleSetAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some((people, arguments)) = values.split_first() else { return Err(damaged()) };
        let people = people.as_primitive_opt::<UInt32Type>().ok_or_else(damaged)?;
        let numbers: Vec<Option<Float64Array>> = arguments.iter().map(as_numbers).collect::<Result<_>>()?;
        let nulls: Vec<_> = arguments.iter().map(Array::logical_nulls).collect();
        for (row, person) in people.iter().enumerate() {
            let has_all = nulls.iter().flatten().all(|nulls| nulls.is_valid(row));
            if let Some(person) = person.filter(|_| has_all) {
                let of_row = numbers.iter().map(|numbers| numbers.as_ref().map(|numbers| numbers.value(row)));
                self.0.add(person, of_row);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = states.first().and_then(|states| states.as_binary_opt::<i64>()).ok_or_else(damaged)?;
        for state in states.iter().flatten() {
            self.0.merge(PeopleSet::from_bytes(state)?);
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::LargeBinary(Some(self.0.to_bytes()?)))
    }

    fn size(&self) -> usize {
        let of_values = self.0.by_value.iter().flatten().flatten();
        let sets = of_values.map(|(_, people)| people).chain([&self.0.people]);
        size_of::<Self>() + sets.map(RoaringBitmap::serialized_size).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{BooleanArray, StringArray, UInt32Array};
    use proptest::prelude::*;

    use super::*;

    fn accumulated(rows: &[(u32, Option<bool>, Option<f64>)]) -> Result<PeopleSetAccumulator> {
        let mut accumulator = PeopleSetAccumulator(PeopleSet::of_arguments(2));
        let people: UInt32Array = rows.iter().map(|row| Some(row.0)).collect();
        let cases: BooleanArray = rows.iter().map(|row| row.1).collect();
        let values: Float64Array = rows.iter().map(|row| row.2).collect();
        accumulator.update_batch(&[Arc::new(people), Arc::new(cases), Arc::new(values)])?;
        Ok(accumulator)
    }

    #[test]
    fn people_are_those_with_all_arguments_and_few_values_have_sets_of_their_own() -> Result<()> {
        let rows = [
            (1, Some(true), Some(0.5)),
            (2, None, Some(1.0)),
            (3, Some(false), Some(2.0)),
            (4, Some(true), Some(3.0)),
            (5, Some(true), Some(4.0)),
        ];
        let set = accumulated(&rows)?.0;
        assert_eq!(set.people, RoaringBitmap::from_iter([1, 3, 4, 5]));
        let cases = vec![(1.0, RoaringBitmap::from_iter([1, 4, 5])), (0.0, RoaringBitmap::from_iter([3]))];
        assert_eq!(set.by_value, [Some(cases), None], "0.5, 2, 3 and 4 are many");
        assert!(!set.is_twice);
        assert!(accumulated(&[(1, Some(true), Some(1.0)), (1, Some(true), Some(2.0))])?.0.is_twice);
        Ok(())
    }

    #[test]
    fn texts_are_not_numbers() -> Result<()> {
        let mut accumulator = PeopleSetAccumulator(PeopleSet::of_arguments(1));
        let people = UInt32Array::from(vec![7, 8]);
        accumulator.update_batch(&[Arc::new(people), Arc::new(StringArray::from(vec![Some("a"), None]))])?;
        assert_eq!((accumulator.0.people.len(), &accumulator.0.by_value[0]), (1, &None));
        Ok(())
    }

    proptest! {
        #[test]
        fn parts_make_the_whole(
            rows in prop::collection::vec((0..40u32, any::<Option<bool>>(), prop::option::of(0..5u8)), 0..60),
            cut in 0..60usize,
        ) {
            let rows: Vec<_> = rows.into_iter().map(|(person, case, value)| (person, case, value.map(f64::from))).collect();
            let cut = cut.min(rows.len());
            let whole = accumulated(&rows)?.0;
            let read = |part: &PeopleSetAccumulator| PeopleSet::from_bytes(&part.0.to_bytes()?);
            // The later rows first: no order of rows is to be seen in the bytes.
            let mut parts = read(&accumulated(&rows[cut..])?)?;
            parts.merge(read(&accumulated(&rows[..cut])?)?);
            prop_assert_eq!(whole.to_bytes()?, parts.to_bytes()?);
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        for bytes in [&[][..], &[0], &[0, 1, 255], &[0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1]] {
            assert!(PeopleSet::from_bytes(bytes).is_err(), "{bytes:?}");
        }
    }
}
