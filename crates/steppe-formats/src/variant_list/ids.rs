use std::path::{Path, PathBuf};

use steppe_genome::StringColumn;

use crate::{FileNote, FormatError, Malformed, NoteKind, note::NoteTally, text::LineReader};

/// A set of variant ids: each once, sorted, in two allocations.
#[derive(Debug, Clone)]
pub struct VariantList {
    /// The file.
    pub path: PathBuf,
    /// What is odd about the file.
    pub notes: Vec<FileNote>,
    ids: Ids,
}

impl VariantList {
    /// Whether a variant is on the list.
    pub fn contains(&self, id: &str) -> bool {
        self.ids.find(id).is_some()
    }

    /// How many different ids there are.
    pub fn len(&self) -> usize {
        self.ids.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads a list (plain, gzip or zstd) as plink2 does: every word of every line is an id, also of a header.
///
/// # Errors
/// The file can not be read or is not UTF-8 text, or has no ids.
pub fn read_variant_list(path: &Path) -> Result<VariantList, FormatError> {
    let mut lines = LineReader::open(path)?;
    let mut notes = NoteTally::new(path);
    let mut ids = StringColumn::new();
    let mut line_of = Vec::new();
    while let Some((line, text)) = lines.next_line()? {
        for id in text.split_ascii_whitespace() {
            ids.push(id);
            line_of.push(line);
        }
    }
    let (ids, repeated) = Ids::new(path, ids)?;
    if ids.order.is_empty() {
        let remedy = "give a text file with one variant id per line";
        return Err(Malformed::new(path, "the list is empty", remedy).into());
    }
    let mut lines_repeated: Vec<u64> = repeated.iter().map(|&(_, second)| line_of[second]).collect();
    lines_repeated.sort_unstable();
    for line in lines_repeated {
        notes.add(NoteKind::DuplicateVariantIds, line, || "an id that was there before".to_owned());
    }
    let mut all = lines.notes();
    all.extend(notes.to_notes());
    Ok(VariantList { path: path.to_owned(), notes: all, ids })
}

/// Ids that can be looked up.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub(super) ids: StringColumn,
    /// Rows of `ids` in order of the ids, the first of each id only.
    order: Vec<u32>,
}

impl Ids {
    /// Sorts the ids; gives the pairs of rows (an earlier and this) of ids that are there again.
    pub(super) fn new(path: &Path, ids: StringColumn) -> Result<(Self, Vec<(usize, usize)>), FormatError> {
        let count = u32::try_from(ids.len())
            .map_err(|_| Malformed::new(path, "the file has more than 2^32 ids", "split it by chromosome"))?;
        let mut order: Vec<u32> = (0..count).collect();
        // Stable: of equal ids the first in the file stays first.
        order.sort_by(|&one, &other| ids.get(one as usize).cmp(ids.get(other as usize)));
        let mut repeated = Vec::new();
        order.dedup_by(|next, kept| {
            let same = ids.get(*next as usize) == ids.get(*kept as usize);
            if same {
                repeated.push((*kept as usize, *next as usize));
            }
            same
        });
        Ok((Self { ids, order }, repeated))
    }

    /// The row of an id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        let at = self.order.binary_search_by(|&row| self.ids.get(row as usize).cmp(id)).ok()?;
        Some(self.order[at] as usize)
    }

    /// How many different ids there are.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }
}
