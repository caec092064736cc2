//! What every way to sum the rows that are not listed has in common.

use super::residuals::AdjointResiduals;
use super::{AdjointPasses, AdjointSum};
use crate::rows::Rows;

/// A form of columns of residuals, besides the lanes that lists need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// The lanes.
    Lanes,
    /// A column's bytes one after another.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    Blocks,
    /// The bytes of columns side by side.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    Tiles,
}

/// A way to sum rows of which many genotypes differ, with its buffers.
pub(crate) trait DensePass<P>: Default {
    /// Rows of one call at most.
    const ROWS: usize;
    /// How it wants the columns.
    const OPERAND: Operand;

    /// Adds Σ code × residual over the calls of the `dense` rows, which are numbers of `rows`, for the columns that
    /// are summed in groups; and Σ residual over the missing calls, where no row is listed. `ahead` are rows that are read
    /// next.
    fn add(
        &mut self,
        passes: P,
        call: &Call<'_>,
        dense: &[usize],
        ahead: &mut Ahead<'_>,
        out: &mut [AdjointSum],
    );
}

/// What a call of the pass is about.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) residuals: &'a AdjointResiduals,
}

impl<'a> Call<'a> {
    /// The bytes of a row.
    pub(super) fn row(&self, row: usize) -> &'a [u8] {
        &self.rows.bytes[row * self.rows.stride..][..self.rows.row_bytes()]
    }
}

/// Rows that are asked for in small pieces while others are summed, so that neither waits for the other.
pub(crate) struct Ahead<'a> {
    call: Call<'a>,
    /// The row that is asked for next, and from which byte on.
    row: usize,
    at: usize,
    /// Rows from here on are left for later.
    end: usize,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(call: Call<'a>) -> Self {
        Self { call, row: 0, at: 0, end: 0 }
    }

    /// Asks for no row before `first`, and for none from `end` on.
    pub(super) fn set(&mut self, first: usize, end: usize) {
        if self.row < first {
            (self.row, self.at) = (first, 0);
        }
        self.end = end.min(self.call.rows.rows);
    }

    /// The next so many bytes, for a pass that asks for them by itself.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn take(&mut self, bytes: usize) -> &'a [u8] {
        let stride = self.call.rows.stride;
        let start = self.row * stride + self.at;
        let end = self.call.rows.bytes.len().min(self.end * stride).min(start + bytes);
        (self.row, self.at) = (end.max(start) / stride, end.max(start) % stride);
        self.call.rows.bytes.get(start..end).unwrap_or_default()
    }

    /// Asks for about so many bytes of a row, in whole lines of the caches.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    pub(super) fn step<P: AdjointPasses>(&mut self, passes: P, bytes: usize) {
        if self.row >= self.end {
            return;
        }
        let rest = &self.call.row(self.row)[self.at..];
        let bytes = bytes.next_multiple_of(64).min(rest.len());
        passes.prefetch(&rest[..bytes]);
        self.at += bytes;
        if bytes == rest.len() {
            (self.row, self.at) = (self.row + 1, 0);
        }
    }
}
