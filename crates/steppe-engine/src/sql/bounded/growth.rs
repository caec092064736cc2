use datafusion::{
    arrow::{
        compute::cast,
        datatypes::{DataType, IntervalUnit, TimeUnit},
    },
    common::exec_err,
    error::Result,
    logical_expr::ColumnarValue,
    scalar::ScalarValue,
};

use super::{
    MOST_BYTES,
    sizes::{Column, Counts},
};

/// Nanoseconds of a day; of a month at least 28 of them.
const DAY: i128 = 86_400_000_000_000;
/// Bytes of an element of a list that is a number.
const ELEMENT: usize = 8;

/// How an answer's size follows from the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Growth {
    /// All arguments, one after the other, with room for what a change of encoding adds.
    Joined,
    /// The second and following, with the first between them.
    JoinedBy,
    /// The first, as often as the second says.
    Repeated,
    /// As many characters as the second says.
    Padded,
    /// The first, with the third in the place of every match of the second.
    Replaced,
    /// The elements of the first, with the second between them.
    ListJoined,
    /// A list of the first, as often as the second says.
    ListRepeated,
    /// A list of as many elements as the second says.
    ListResized,
    /// A list from the first to the second by steps of the third.
    Ranged,
}

impl Growth {
    /// Bytes of the answer for all rows, at most.
    pub(super) fn bytes(self, arguments: &[ColumnarValue], rows: usize) -> Result<usize> {
        // Constants are worked out once, not once a row.
        let constant = arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { rows.min(1) } else { rows };
        if self == Self::Ranged {
            return ranged(arguments, rows);
        }
        let columns = arguments.iter().map(Column::of).collect::<Result<Vec<_>>>()?;
        let total =
            |of: &dyn Fn(usize) -> usize| (0..rows).fold(0, |sum: usize, row| sum.saturating_add(of(row)));
        let column = |index: usize, row: usize| columns.get(index).map_or(0, |column| column.bytes(row));
        let all = |row: usize| columns.iter().map(|column| column.bytes(row)).sum::<usize>();
        let counts = match (self, arguments.get(1)) {
            (Self::Repeated | Self::Padded | Self::ListRepeated | Self::ListResized, Some(count)) => {
                Some(Counts::of(count)?)
            }
            _ => None,
        };
        let count = |row: usize| counts.as_ref().map_or(0, |counts| counts.count(row));
        Ok(match self {
            Self::Joined => total(&|row| all(row).saturating_mul(2)),
            Self::JoinedBy => {
                total(&|row| all(row).saturating_add(column(0, row).saturating_mul(arguments.len())))
            }
            Self::Repeated => total(&|row| column(0, row).saturating_mul(count(row))),
            // A character has up to four bytes.
            Self::Padded => total(&|row| count(row).saturating_mul(4)),
            // Matches do not overlap, and an empty one fits before every character and at the end.
            Self::Replaced => {
                total(&|row| (column(0, row) + 1).saturating_mul(column(2, row).saturating_add(1)))
            }
            Self::ListJoined => {
                let elements = |row: usize| columns.first().map_or(0, |list| list.elements(row));
                total(&|row| all(row).saturating_add(elements(row).saturating_mul(column(1, row) + ELEMENT)))
            }
            Self::ListRepeated => total(&|row| column(0, row).max(ELEMENT).saturating_mul(count(row))),
            Self::ListResized => total(&|row| {
                column(2, row).max(ELEMENT).saturating_mul(count(row)).saturating_add(column(0, row))
            }),
            Self::Ranged => 0,
        })
    }
}

/// Refuses an answer that is too large.
pub(super) fn check(name: &str, bytes: usize) -> Result<()> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let most = MOST_BYTES >> 20;
    exec_err!("{name} would make more than {most} MiB in one step; give it less to make")
}

/// A range of numbers has a start of 0 where one argument is given; one of times has all three.
fn ranged(arguments: &[ColumnarValue], rows: usize) -> Result<usize> {
    let kinds: Vec<DataType> = arguments.iter().map(ColumnarValue::data_type).collect();
    let is_time =
        |kind: &DataType| matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..));
    let (first, last, step) = match arguments {
        [last] => (None, last, None),
        [first, last] => (Some(first), last, None),
        [first, last, step] => (Some(first), last, Some(step)),
        _ => return Ok(0),
    };
    let times = kinds.iter().any(is_time);
    let start = first.map(|first| position(first, times)).transpose()?;
    let stop = position(last, times)?;
    let steps = step.map(|step| if times { span(step) } else { Counts::of(step) }).transpose()?;
    let mut bytes = 0usize;
    for row in 0..rows {
        let from = start.as_ref().map_or(Some(0), |start| start.get(row));
        let by = steps.as_ref().map_or(Some(if times { i64::MAX } else { 1 }), |steps| steps.get(row));
        let (Some(from), Some(to), Some(by)) = (from, stop.get(row), by) else { continue };
        let apart = (i128::from(to) - i128::from(from)).unsigned_abs();
        let steps = apart / i128::from(by).unsigned_abs().max(1) + 1;
        bytes = bytes.saturating_add(usize::try_from(steps).unwrap_or(usize::MAX).saturating_mul(ELEMENT));
    }
    Ok(bytes)
}

/// Where a range begins or ends; times in microseconds, so that all of them fit.
fn position(argument: &ColumnarValue, times: bool) -> Result<Counts> {
    if !times {
        return Counts::of(argument);
    }
    let values = match argument {
        ColumnarValue::Array(values) => values.clone(),
        ColumnarValue::Scalar(value) => value.to_array()?,
    };
    let micros = cast(&values, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
    Counts::of(&match argument {
        ColumnarValue::Array(_) => ColumnarValue::Array(micros),
        ColumnarValue::Scalar(_) => ColumnarValue::Scalar(ScalarValue::try_from_array(&micros, 0)?),
    })
}

/// The least length of a step in microseconds. Steps by column are taken as one microsecond long.
fn span(step: &ColumnarValue) -> Result<Counts> {
    let nanoseconds = match step {
        ColumnarValue::Scalar(ScalarValue::IntervalMonthDayNano(Some(step))) => {
            i128::from(step.months) * 28 * DAY + i128::from(step.days) * DAY + i128::from(step.nanoseconds)
        }
        ColumnarValue::Scalar(ScalarValue::IntervalDayTime(Some(step))) => {
            i128::from(step.days) * DAY + i128::from(step.milliseconds) * 1_000_000
        }
        ColumnarValue::Scalar(ScalarValue::IntervalYearMonth(Some(months))) => i128::from(*months) * 28 * DAY,
        other => match other.data_type() {
            DataType::Interval(
                IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano,
            ) => 1000,
            kind => return exec_err!("a range of times needs an interval for its step, not {kind}"),
        },
    };
    let micros = i64::try_from(nanoseconds / 1000).unwrap_or(i64::MAX);
    Counts::of(&ColumnarValue::Scalar(ScalarValue::Int64(Some(micros))))
}
