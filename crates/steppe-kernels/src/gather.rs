//! One selection of samples applied to many rows.

use crate::dispatch::with_passes;
use crate::error::KernelError;
use crate::level::Level;
use crate::rows::Rows;

/// Samples of a word.
const WORD: usize = 32;

/// A compiled selection of samples. Ascending ones are the fastest: their samples are picked word by word.
#[derive(Clone, Debug)]
pub struct SampleGather {
    level: Level,
    samples: usize,
    selected: usize,
    plan: Plan,
}

#[derive(Clone, Debug)]
enum Plan {
    /// Strictly ascending: the words that hold a selected sample.
    Picks(Vec<Pick>),
    /// Any order: where each place of the output comes from.
    Places(Vec<u32>),
}

/// The selected samples of one word of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    /// Number of the word in the row.
    pub(crate) word: u32,
    /// Selected samples.
    pub(crate) count: u32,
    /// 0b11 for each selected sample.
    pub(crate) mask: u64,
}

/// What an instruction set provides for gathering.
pub(crate) trait GatherPasses: Copy {
    /// Whether `pick` is faster than going sample by sample.
    fn picks(self) -> bool;
    /// Writes the picked samples one after another to `out`, eight bytes at a time: `out` has room for them and seven
    /// bytes more. `row` holds eight bytes for each word.
    fn pick(self, row: &[[u8; 8]], picks: &[Pick], out: &mut [u8]);
    /// One byte for each sample of the row: its code.
    fn unpack(self, row: &[u8], codes: &mut [[u8; 4]]);
}

impl SampleGather {
    /// Compiles a selection for rows of `samples` samples: place `i` of the output is sample `indices[i]`. A sample may be
    /// selected more than once.
    ///
    /// # Errors
    /// An index that is not below `samples`.
    pub fn new(level: Level, samples: usize, indices: &[u32]) -> Result<Self, KernelError> {
        if let Some(place) = indices.iter().position(|&index| index as usize >= samples) {
            return Err(KernelError::SelectedSample { place, samples });
        }
        let ascending = indices.windows(2).all(|pair| pair[0] < pair[1]);
        let picks = ascending && with_passes!(level, passes => passes.picks());
        let plan = if picks { Plan::Picks(to_picks(indices)) } else { Plan::Places(indices.to_vec()) };
        Ok(Self { level, samples, selected: indices.len(), plan })
    }

    /// Samples of a row that is gathered from.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Samples selected.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Gathers all rows. Row `i` of the result starts at `out[i * stride]`; what lies between it and the next one becomes 0.
    ///
    /// # Errors
    /// Rows of another number of samples, a stride shorter than a result, or `out` not `rows * stride` bytes long; nothing
    /// is written then.
    pub fn gather(&self, rows: Rows<'_>, out: &mut [u8], stride: usize) -> Result<(), KernelError> {
        if rows.samples != self.samples {
            return Err(KernelError::Samples { rows: rows.samples, sums: self.samples });
        }
        rows.check()?;
        let row_bytes = self.selected.div_ceil(4);
        if stride < row_bytes {
            return Err(KernelError::Stride { stride, row_bytes });
        }
        let expected = rows.rows.saturating_mul(stride);
        if out.len() != expected {
            return Err(KernelError::Length { what: "bytes of gathered rows", length: out.len(), expected });
        }
        let mut scratch = Scratch::default();
        for (row, out) in out.chunks_mut(stride.max(1)).enumerate() {
            let row = &rows.bytes[row * rows.stride..][..rows.row_bytes()];
            let (out, padding) = out.split_at_mut(row_bytes);
            with_passes!(self.level, passes => match &self.plan {
                Plan::Picks(picks) => scratch.pick(passes, row, picks, out),
                Plan::Places(places) => scratch.place(passes, row, places, out),
            });
            padding.fill(0);
        }
        Ok(())
    }
}

/// Buffers of one call.
#[derive(Default)]
struct Scratch {
    words: Vec<[u8; 8]>,
    picked: Vec<u8>,
    codes: Vec<[u8; 4]>,
}

impl Scratch {
    fn pick<P: GatherPasses>(&mut self, passes: P, row: &[u8], picks: &[Pick], out: &mut [u8]) {
        let (words, rest) = row.as_chunks();
        self.picked.resize(out.len() + 8, 0);
        // The last word may be cut short, and then is picked from a copy of the row.
        let words = if rest.is_empty() {
            words
        } else {
            self.words.clear();
            self.words.extend_from_slice(words);
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.words.push(last);
            &self.words
        };
        passes.pick(words, picks, &mut self.picked);
        out.copy_from_slice(&self.picked[..out.len()]);
    }

    fn place<P: GatherPasses>(&mut self, passes: P, row: &[u8], places: &[u32], out: &mut [u8]) {
        self.codes.resize(row.len(), [0; 4]);
        passes.unpack(row, &mut self.codes);
        let codes = self.codes.as_flattened();
        let code = |place: u32| codes[place as usize];
        let (fours, rest) = places.as_chunks::<4>();
        for (out, &[a, b, c, d]) in out.iter_mut().zip(fours) {
            *out = code(a) | code(b) << 2 | code(c) << 4 | code(d) << 6;
        }
        if let Some(last) = out.get_mut(fours.len()) {
            *last = rest.iter().rev().fold(0, |byte, &place| byte << 2 | code(place));
        }
    }
}

fn to_picks(indices: &[u32]) -> Vec<Pick> {
    let word_of = |index: u32| index / WORD as u32;
    let pick = |indices: &[u32]| Pick {
        word: word_of(indices[0]),
        count: indices.len() as u32,
        mask: indices.iter().fold(0, |mask, index| mask | 3 << (2 * (index % WORD as u32))),
    };
    indices.chunk_by(|&left, &right| word_of(left) == word_of(right)).map(pick).collect()
}
