//! Accumulators of people sets: of one group, and of many.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, LargeBinaryBuilder, UInt32Array},
        buffer::NullBuffer,
        compute::cast,
        datatypes::{DataType, Float64Type, UInt32Type},
    },
    error::Result,
    logical_expr::{Accumulator, EmitTo, GroupsAccumulator},
    scalar::ScalarValue,
};

use super::{PeopleSet, damaged, gathering::Gathering};

/// Rows of people with arguments.
struct Rows<'a> {
    people: &'a UInt32Array,
    /// Where the type is one whose values a statistic can tell.
    numbers: Vec<Option<Float64Array>>,
    nulls: Vec<NullBuffer>,
}

impl<'a> Rows<'a> {
    fn of(values: &'a [ArrayRef]) -> Result<Self> {
        let Some((people, arguments)) = values.split_first() else { return Err(damaged()) };
        let people = people.as_primitive_opt::<UInt32Type>().ok_or_else(damaged)?;
        let numbers = arguments.iter().map(as_numbers).collect::<Result<_>>()?;
        let nulls = arguments.iter().filter_map(Array::logical_nulls).collect();
        Ok(Self { people, numbers, nulls })
    }

    /// The person of a row all of whose arguments are there.
    fn person(&self, row: usize) -> Option<u32> {
        let is_there = self.people.is_valid(row) && self.nulls.iter().all(|nulls| nulls.is_valid(row));
        is_there.then(|| self.people.value(row))
    }

    fn arguments(&self, row: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.numbers.iter().map(move |numbers| numbers.as_ref().map(|numbers| numbers.value(row)))
    }
}

fn as_numbers(argument: &ArrayRef) -> Result<Option<Float64Array>> {
    let kind = argument.data_type();
    if !kind.is_numeric() && *kind != DataType::Boolean {
        return Ok(None);
    }
    Ok(Some(cast(argument, &DataType::Float64)?.as_primitive::<Float64Type>().clone()))
}

/// The set of one group.
#[derive(Debug)]
pub(super) struct OneGroup {
    arguments: usize,
    set: Gathering,
    bytes: usize,
}

impl OneGroup {
    pub(super) fn of_arguments(arguments: usize) -> Self {
        Self { arguments, set: Gathering::of_arguments(arguments), bytes: 0 }
    }

    fn take(&mut self) -> PeopleSet {
        let taken = self.set.finish();
        *self = Self::of_arguments(self.arguments);
        taken
    }
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = Rows::of(values)?;
        for row in 0..rows.people.len() {
            if let Some(person) = rows.person(row) {
                self.bytes += self.set.add(person, rows.arguments(row));
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = states.first().and_then(|states| states.as_binary_opt::<i64>()).ok_or_else(damaged)?;
        for state in states.iter().flatten() {
            self.bytes += self.set.merge(PeopleSet::from_bytes(state)?);
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::LargeBinary(Some(self.take().to_bytes()?)))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.bytes
    }
}

/// The sets of many groups.
#[derive(Debug)]
pub(super) struct ManyGroups {
    arguments: usize,
    sets: Vec<Gathering>,
    bytes: usize,
}

impl ManyGroups {
    pub(super) fn of_arguments(arguments: usize) -> Self {
        Self { arguments, sets: Vec::new(), bytes: 0 }
    }

    fn grow(&mut self, groups: usize) {
        let new = groups.saturating_sub(self.sets.len());
        self.bytes += new * (size_of::<Gathering>() + self.arguments * size_of::<Option<Vec<f64>>>());
        self.sets.resize_with(groups.max(self.sets.len()), || Gathering::of_arguments(self.arguments));
    }

    fn each(
        &mut self,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        mut act: impl FnMut(&mut Gathering, usize) -> Result<usize>,
    ) -> Result<()> {
        for (row, &group) in groups.iter().enumerate() {
            if filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row)) {
                let set = self.sets.get_mut(group).ok_or_else(damaged)?;
                self.bytes += act(set, row)?;
            }
        }
        Ok(())
    }
}

impl GroupsAccumulator for ManyGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.grow(total);
        let rows = Rows::of(values)?;
        self.each(groups, filter, |set, row| {
            Ok(rows.person(row).map_or(0, |person| set.add(person, rows.arguments(row))))
        })
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let states = states.first().and_then(|states| states.as_binary_opt::<i64>()).ok_or_else(damaged)?;
        self.each(groups, None, |set, row| match states.is_valid(row) {
            true => Ok(set.merge(PeopleSet::from_bytes(states.value(row))?)),
            false => Ok(0),
        })
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let count = values.first().map_or(0, Array::len);
        let mut each = Self::of_arguments(self.arguments);
        each.update_batch(values, &(0..count).collect::<Vec<_>>(), filter, count)?;
        each.state(EmitTo::All)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut bytes = LargeBinaryBuilder::new();
        let sets = emit_to.take_needed(&mut self.sets);
        let share = self.bytes / (sets.len() + self.sets.len()).max(1);
        self.bytes = share * self.sets.len();
        for mut set in sets {
            bytes.append_value(set.finish().to_bytes()?);
        }
        Ok(Arc::new(bytes.finish()))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.bytes
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::StringArray;
    use proptest::prelude::*;
    use roaring::RoaringBitmap;

    use super::*;

    type Row = (u32, Option<bool>, Option<f64>);

    fn columns(rows: &[Row]) -> [ArrayRef; 3] {
        let people: UInt32Array = rows.iter().map(|row| Some(row.0)).collect();
        let cases: BooleanArray = rows.iter().map(|row| row.1).collect();
        let values: Float64Array = rows.iter().map(|row| row.2).collect();
        [Arc::new(people), Arc::new(cases), Arc::new(values)]
    }

    fn accumulated(rows: &[Row]) -> Result<PeopleSet> {
        let mut accumulator = OneGroup::of_arguments(2);
        accumulator.update_batch(&columns(rows))?;
        Ok(accumulator.take())
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
        let set = accumulated(&rows)?;
        assert_eq!(set.people, RoaringBitmap::from_iter([1, 3, 4, 5]));
        let cases = vec![(1.0, RoaringBitmap::from_iter([1, 4, 5])), (0.0, RoaringBitmap::from_iter([3]))];
        assert_eq!(set.by_value, [Some(cases), None], "0.5, 2, 3 and 4 are many");
        assert!(!set.is_twice);
        assert!(accumulated(&[(1, Some(true), Some(1.0)), (1, Some(true), Some(2.0))])?.is_twice);
        Ok(())
    }

    #[test]
    fn texts_are_not_numbers() -> Result<()> {
        let mut accumulator = OneGroup::of_arguments(1);
        let people = UInt32Array::from(vec![7, 8]);
        accumulator.update_batch(&[Arc::new(people), Arc::new(StringArray::from(vec![Some("a"), None]))])?;
        let set = accumulator.take();
        assert_eq!((set.people.len(), &set.by_value[0]), (1, &None));
        Ok(())
    }

    #[test]
    fn memory_is_counted() -> Result<()> {
        let mut accumulator = ManyGroups::of_arguments(2);
        let rows: Vec<Row> = (0..50_000).map(|at| (at * 2, Some(at % 3 == 0), Some(f64::from(at)))).collect();
        let groups: Vec<usize> = (0..rows.len()).map(|at| at % 5).collect();
        let empty = accumulator.size();
        accumulator.update_batch(&columns(&rows), &groups, None, 5)?;
        let full = accumulator.size();
        let state = accumulator.state(EmitTo::First(2))?;
        assert!(full - empty > 2 * state[0].get_array_memory_size() && full - empty < 4 << 20, "{full}");
        assert!(accumulator.size() < full);
        accumulator.evaluate(EmitTo::All)?;
        assert_eq!(accumulator.size(), empty);
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
            let whole = accumulated(&rows)?.to_bytes()?;
            // The later rows first: no order of rows is to be seen in the bytes.
            let mut parts = Gathering::of_arguments(2);
            for part in [&rows[cut..], &rows[..cut]] {
                parts.merge(PeopleSet::from_bytes(&accumulated(part)?.to_bytes()?)?);
            }
            prop_assert_eq!(whole, parts.finish().to_bytes()?);
        }

        #[test]
        fn groups_are_as_if_each_were_alone(
            rows in prop::collection::vec((0..40u32, any::<Option<bool>>(), prop::option::of(0..5u8), 0..3usize, any::<Option<bool>>()), 0..60),
            cut in 0..60usize,
        ) {
            let cut = cut.min(rows.len());
            let mut last = ManyGroups::of_arguments(2);
            for (at, part) in [&rows[..cut], &rows[cut..]].into_iter().enumerate() {
                let mut many = ManyGroups::of_arguments(2);
                let groups: Vec<usize> = part.iter().map(|row| row.3).collect();
                let filter: BooleanArray = part.iter().map(|row| row.4).collect();
                let of_part: Vec<Row> = part.iter().map(|row| (row.0, row.1, row.2.map(f64::from))).collect();
                if at == 1 {
                    // Without groups of its own.
                    let states = many.convert_to_state(&columns(&of_part), Some(&filter))?;
                    last.merge_batch(&states, &groups, 3)?;
                    continue;
                }
                many.update_batch(&columns(&of_part), &groups, Some(&filter), 3)?;
                let mut states = many.state(EmitTo::First(1))?;
                last.merge_batch(&states, &[0], 3)?;
                states = many.state(EmitTo::All)?;
                last.merge_batch(&states, &[1, 2], 3)?;
            }
            let found = last.evaluate(EmitTo::All)?;
            for group in 0..3 {
                let alone: Vec<Row> = rows.iter().filter(|row| row.3 == group && row.4 == Some(true))
                    .map(|row| (row.0, row.1, row.2.map(f64::from))).collect();
                prop_assert_eq!(found.as_binary::<i64>().value(group), accumulated(&alone)?.to_bytes()?);
            }
        }
    }
}
