//! What a pass refuses.

/// Why a call was refused. Nothing was added when an error is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// A level's name is not known.
    #[error("unknown instruction set '{name}': expected scalar, avx2, avx512, amx or neon")]
    UnknownLevel {
        /// The name, shortened to 60 characters.
        name: String,
    },
    /// The rows are of another sample block than the sums.
    #[error("rows of {rows} samples were added to sums over {sums} samples")]
    Samples {
        /// Samples in a row.
        rows: usize,
        /// Samples of the sums.
        sums: usize,
    },
    /// Sums over so many samples could be too large.
    #[error("rows of {samples} samples: at most {most} are summed at once")]
    TooManySamples {
        /// Samples in a row.
        samples: usize,
        /// The most that are allowed.
        most: usize,
    },
    /// The stride is shorter than a row.
    #[error("the stride of {stride} bytes is shorter than a row of {row_bytes} bytes")]
    Stride {
        /// Bytes from a row's start to the next one's.
        stride: usize,
        /// Meaningful bytes of a row.
        row_bytes: usize,
    },
    /// The buffer ends before the last row does.
    #[error("{rows} rows need {needed} bytes, but the buffer holds {bytes}")]
    RowsTooShort {
        /// Rows named.
        rows: usize,
        /// Bytes that they take up (`usize::MAX` where that overflows).
        needed: usize,
        /// Bytes given.
        bytes: usize,
    },
    /// A table holds another number of lanes or entries than the sums and rows ask for.
    #[error(
        "the {kind} tables hold {entries} entries for {lanes} lanes: {rows} rows and {expected_lanes} lanes were expected"
    )]
    TableShape {
        /// `weight` or `count`.
        kind: &'static str,
        /// Entries given.
        entries: usize,
        /// Lanes given.
        lanes: usize,
        /// Rows of this call.
        rows: usize,
        /// Lanes of the sums.
        expected_lanes: usize,
    },
    /// A weight does not fit the fixed-point range.
    #[error("weight entry {value} (lane {lane}, row {row}) is outside ±(2^43 − 1): use a coarser scale")]
    WeightRange {
        /// Lane of the table.
        lane: usize,
        /// Row of this call.
        row: usize,
        /// The entry.
        value: i64,
    },
    /// A count is above 2.
    #[error("count entry of lane {lane}, row {row} is above 2 alleles or a dosage of 2")]
    CountRange {
        /// Lane of the table.
        lane: usize,
        /// Row of this call.
        row: usize,
    },
    /// A vector holds another number of values than the call asks for.
    #[error("{length} {what} were given, but {expected} were expected")]
    Length {
        /// What the vector holds.
        what: &'static str,
        /// Values given.
        length: usize,
        /// Values expected.
        expected: usize,
    },
    /// A residual does not fit the fixed-point range.
    #[error("a residual of column {column} is outside ±(2^23 − 1): use a coarser scale")]
    ResidualRange {
        /// Column of the residuals.
        column: usize,
    },
    /// A selection names a sample that the rows do not have.
    #[error("place {place} of the selection names a sample past the {samples} samples of a row")]
    SelectedSample {
        /// Place in the selection.
        place: usize,
        /// Samples of a row.
        samples: usize,
    },
}
