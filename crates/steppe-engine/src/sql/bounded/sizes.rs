//! How large values are, row by row. A scalar is one row that stands for all.

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray},
        compute::cast,
        datatypes::{DataType, Int64Type},
    },
    error::Result,
    logical_expr::ColumnarValue,
};

/// An argument whose values are asked for by row.
pub(super) struct Column {
    values: ArrayRef,
    one: bool,
    /// Bytes of a row's value; those of nested values share their array's evenly.
    even: usize,
}

impl Column {
    pub(super) fn of(argument: &ColumnarValue) -> Result<Self> {
        let (values, one) = match argument {
            ColumnarValue::Array(values) => (values.clone(), false),
            ColumnarValue::Scalar(value) => (value.to_array()?, true),
        };
        let even = values.get_array_memory_size().div_ceil(values.len().max(1));
        Ok(Self { values, one, even })
    }

    fn row(&self, row: usize) -> usize {
        if self.one { 0 } else { row }
    }

    /// Bytes of a value.
    pub(super) fn bytes(&self, row: usize) -> usize {
        let row = self.row(row);
        if row >= self.values.len() || self.values.is_null(row) {
            return 0;
        }
        match self.values.data_type() {
            DataType::Utf8 => self.values.as_string::<i32>().value_length(row) as usize,
            DataType::LargeUtf8 => self.values.as_string::<i64>().value_length(row) as usize,
            DataType::Utf8View => self.values.as_string_view().value(row).len(),
            DataType::Binary => self.values.as_binary::<i32>().value_length(row) as usize,
            DataType::LargeBinary => self.values.as_binary::<i64>().value_length(row) as usize,
            DataType::BinaryView => self.values.as_binary_view().value(row).len(),
            _ => self.even,
        }
    }

    /// Elements of a list.
    pub(super) fn elements(&self, row: usize) -> usize {
        let row = self.row(row);
        if row >= self.values.len() || self.values.is_null(row) {
            return 0;
        }
        match self.values.data_type() {
            DataType::List(_) => self.values.as_list::<i32>().value_length(row) as usize,
            DataType::LargeList(_) => self.values.as_list::<i64>().value_length(row) as usize,
            DataType::FixedSizeList(_, length) => usize::try_from(*length).unwrap_or(0),
            _ => 1,
        }
    }
}

/// An argument that counts something.
pub(super) struct Counts {
    values: ArrayRef,
    one: bool,
}

impl Counts {
    /// # Errors
    /// An argument that is no number.
    pub(super) fn of(argument: &ColumnarValue) -> Result<Self> {
        let (values, one) = match argument {
            ColumnarValue::Array(values) => (values.clone(), false),
            ColumnarValue::Scalar(value) => (value.to_array()?, true),
        };
        Ok(Self { values: cast(&values, &DataType::Int64)?, one })
    }

    pub(super) fn get(&self, row: usize) -> Option<i64> {
        let row = if self.one { 0 } else { row };
        let values = self.values.as_primitive::<Int64Type>();
        (row < values.len() && values.is_valid(row)).then(|| values.value(row))
    }

    /// A count; below zero there is nothing.
    pub(super) fn count(&self, row: usize) -> usize {
        self.get(row).map_or(0, |count| usize::try_from(count).unwrap_or(0))
    }
}
