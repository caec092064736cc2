//! Rows of which few genotypes differ from the commonest one: only the residuals of those others are summed, sample by
//! sample. Most variants of a sequenced or imputed cohort are such rows. Missing calls of any row are listed too.

use super::dense::Call;
use super::residuals::Group;
use super::{AdjointPasses, AdjointSum, Sums64};
use crate::passes::Passes;

/// Bytes of a row whose samples are listed at once. The residuals of its samples, for 16 columns, stay in the second-level
/// cache while many rows are summed.
const PART: usize = 1024;

/// Room for the numbers of a part's samples, and for what a vector writes past the end.
pub(crate) const ROOM: usize = 4 * PART + 64;

/// Numbers that are held at once.
const HELD: usize = 16 * ROOM;

/// A part of a row as copies of the allele that is not the common one, and which bits of its fields are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plane {
    /// The low bit: one copy, or a missing call.
    Low,
    /// The high bit: two copies, or a missing call.
    High,
    /// Both: a missing call.
    Both,
}

/// What is known of a row before it is summed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Whether the commonest genotype is two copies.
    swapped: bool,
    /// Whether it is summed sample by sample.
    listed: bool,
    /// Which planes are listed, in the order of [`PLANES`]: the others have no sample, or are not wanted.
    planes: [bool; 3],
}

const PLANES: [Plane; 3] = [Plane::Low, Plane::High, Plane::Both];

impl Kind {
    /// Looks at a row, of which so many of 1024 genotypes may differ from the commonest where it is to be listed. What pads
    /// its last byte is looked at too: it changes the way, and no sum.
    pub(super) fn of<P: Passes>(passes: P, row: &[u8], listed_of_1024: u64) -> Self {
        let [zero, one, two, missing] = passes.count(row, None);
        let swapped = two > zero;
        let rare = zero.min(two);
        let samples = 4 * row.len() as u64;
        let listed = 1024 * (one + rare + missing) <= listed_of_1024 * samples;
        let planes = [listed && one + missing > 0, listed && rare + missing > 0, missing > 0];
        Self { swapped, listed, planes }
    }
}

/// A part of a row whose samples are listed: where the numbers of each plane end. They start where those of the one before
/// end.
struct Entry {
    row: usize,
    kind: Kind,
    ends: [usize; 3],
}

/// Lists of a part of some rows, which all groups of columns share.
pub(super) struct Lists {
    batch: Vec<(usize, Kind)>,
    numbers: Vec<u16>,
    entries: Vec<Entry>,
}

impl Lists {
    pub(super) fn new() -> Self {
        Self { batch: Vec::new(), numbers: vec![0; HELD], entries: Vec::new() }
    }

    /// The rows of the last batch of which only missing calls were listed.
    pub(super) fn dense(&self) -> impl Iterator<Item = usize> {
        self.batch.iter().filter(|(_, kind)| !kind.listed).map(|(row, _)| *row)
    }

    /// Adds the sums of the listed rows, and the missing calls of the others.
    pub(super) fn add<P: AdjointPasses>(
        &mut self,
        passes: P,
        call: &Call<'_>,
        batch: impl Iterator<Item = (usize, Kind)>,
        out: &mut [AdjointSum],
    ) {
        let columns = call.residuals.columns();
        self.batch.clear();
        self.batch.extend(batch);
        for at in (0..call.rows.row_bytes()).step_by(PART) {
            for index in 0..self.batch.len() {
                let (row, kind) = self.batch[index];
                if at == 0 {
                    passes.prefetch(&out[row * columns..][..columns]);
                }
                if kind.listed || kind.planes.contains(&true) {
                    let bytes = &call.row(row)[at..];
                    self.list(passes, &bytes[..bytes.len().min(PART)], row, kind);
                }
                if HELD - self.used() < 3 * ROOM {
                    self.flush(passes, call, at, out);
                }
            }
            self.flush(passes, call, at, out);
        }
    }

    /// Numbers in use.
    fn used(&self) -> usize {
        self.entries.last().map_or(0, |entry| entry.ends[2])
    }

    /// Lists a part of a row.
    fn list<P: AdjointPasses>(&mut self, passes: P, part: &[u8], row: usize, kind: Kind) {
        let mut end = self.used();
        let mut ends = [0; 3];
        for ((plane, wanted), plane_end) in PLANES.into_iter().zip(kind.planes).zip(&mut ends) {
            if wanted && let Some(room) = self.numbers[end..].first_chunk_mut() {
                end += passes.list(part, kind.swapped, plane, room);
            }
            *plane_end = end;
        }
        self.entries.push(Entry { row, kind, ends });
    }

    /// Adds the residuals of the listed samples, and forgets the lists. `at` is where the part starts.
    fn flush<P: AdjointPasses>(&mut self, passes: P, call: &Call<'_>, at: usize, out: &mut [AdjointSum]) {
        let columns = call.residuals.columns();
        for group in call.residuals.groups() {
            let samples = &group.samples[at..];
            let samples = samples[..samples.len().min(PART)].as_flattened();
            let mut start = 0;
            for Entry { row, kind, ends } in &self.entries {
                let mut planes = [Sums64::ZERO; 3];
                for (sums, &end) in planes.iter_mut().zip(ends) {
                    if start < end {
                        passes.add_listed(&self.numbers[start..end], samples, sums);
                    }
                    start = end;
                }
                let out = &mut out[row * columns + group.first..][..group.columns];
                add_planes(*kind, &planes, (at == 0).then_some(&group), out);
            }
        }
        self.entries.clear();
    }
}

/// Adds what the planes of a part say. `first` is the group's, with the row's first part.
fn add_planes(
    kind: Kind,
    [low, high, missing]: &[Sums64; 3],
    first: Option<&Group<'_>>,
    out: &mut [AdjointSum],
) {
    let mut codes = Sums64::ZERO;
    if kind.listed {
        for (lane, codes) in codes.0.iter_mut().enumerate() {
            *codes = low.0[lane] + 2 * high.0[lane] - 3 * missing.0[lane];
        }
    }
    if kind.listed && kind.swapped {
        // As if all genotypes were two copies, and less from there.
        for (lane, codes) in codes.0.iter_mut().enumerate() {
            *codes = 2 * first.map_or(0, |group| group.total.0[lane]) - 2 * missing.0[lane] - *codes;
        }
    }
    for ((out, codes), missing) in out.iter_mut().zip(&codes.0).zip(&missing.0) {
        out.codes = out.codes.wrapping_add(*codes);
        out.missing = out.missing.wrapping_add(*missing);
    }
}
