//! Columns of texts, as runs of rows with the same text: files mostly have the rows of a score, or of a place, together.

use std::ops::Range;

use datafusion::{
    arrow::{
        array::{Array, AsArray, StringViewArray},
        compute::cast,
        datatypes::DataType,
    },
    error::Result,
};

/// Bytes of a text that its view holds itself.
const INLINE: u32 = 12;

/// A column as texts; numbers as they are written.
///
/// # Errors
/// A column that has no texts.
pub(super) fn texts(column: &dyn Array) -> Result<StringViewArray> {
    Ok(cast(column, &DataType::Utf8View)?.as_string_view().clone())
}

/// Rows one after another that are the same in every one of some columns.
pub(super) fn runs(columns: &[&StringViewArray], rows: usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut begin = 0;
    for row in 1..=rows {
        if row == rows || !columns.iter().all(|column| is_as_before(column, row)) {
            runs.push(begin..row);
            begin = row;
        }
    }
    runs
}

fn is_as_before(column: &StringViewArray, row: usize) -> bool {
    if column.is_null(row) || column.is_null(row - 1) {
        return column.is_null(row) == column.is_null(row - 1);
    }
    let (before, view) = (column.views()[row - 1], column.views()[row]);
    // The low half of a view is the length. Short texts are in their views, long ones may be in two places.
    before == view || ((view as u32) > INLINE && column.value(row - 1) == column.value(row))
}

/// The text of a row, unless it is missing.
pub(super) fn text(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_run_ends_where_any_column_changes() -> Result<()> {
        let long = "a text of more than twelve bytes";
        let other = "a text of more than twelve other";
        let ones = texts(&StringArray::from(vec![Some("x"), Some("x"), None, None, Some(""), Some("x")]))?;
        let twos = texts(&StringArray::from(vec![long, long, long, other, other, other]))?;
        assert_eq!(runs(&[&ones], 6), [0..2, 2..4, 4..5, 5..6]);
        assert_eq!(runs(&[&ones, &twos], 6), [0..2, 2..3, 3..4, 4..5, 5..6]);
        assert_eq!(runs(&[&twos], 6), [0..3, 3..6]);
        assert!(runs(&[&twos], 0).is_empty());
        assert_eq!((text(&ones, 0), text(&ones, 2), text(&ones, 4)), (Some("x"), None, Some("")));
        assert_eq!(text(&texts(&Int64Array::from(vec![7]))?, 0), Some("7"));
        Ok(())
    }
}
