//! Lists of samples to keep or to remove, as plink2's `--keep` and `--remove` take them.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::{
    FileNote, FormatError, Malformed, NoteKind,
    note::NoteTally,
    text::{Fields, LineReader},
};

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SampleSelector {
    /// The family id; `None` where the list has sample ids only, which then selects the sample in any family.
    pub family_id: Option<String>,
    /// The sample id.
    pub sample_id: String,
}

impl SampleSelector {
    /// Whether it means this sample.
    pub fn matches(&self, family_id: &str, sample_id: &str) -> bool {
        self.sample_id == sample_id && self.family_id.as_deref().is_none_or(|family| family == family_id)
    }
}

/// The samples that a file lists.
#[derive(Debug, Clone)]
pub struct SampleList {
    /// The file.
    pub path: PathBuf,
    /// One per line, in the file's order, repetitions left out.
    pub selectors: Vec<SampleSelector>,
    /// What is odd about the file.
    pub notes: Vec<FileNote>,
    /// Selectors by sample id.
    by_sample: HashMap<String, Vec<usize>>,
}

impl SampleList {
    /// The first selector that means this sample, as an index into [`Self::selectors`].
    pub fn find(&self, family_id: &str, sample_id: &str) -> Option<usize> {
        let rows = self.by_sample.get(sample_id)?;
        rows.iter().copied().find(|&row| self.selectors[row].matches(family_id, sample_id))
    }

    /// Whether a sample is on the list.
    pub fn contains(&self, family_id: &str, sample_id: &str) -> bool {
        self.find(family_id, sample_id).is_some()
    }
}

/// Which columns the lines have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Sample,
    FamilyAndSample,
}

/// Reads a list (plain, gzip or zstd; columns separated by blanks): one column, sample ids, or two or more, family
/// and sample ids. A header of `#FID IID` or `#IID` (the `#` may be missing) tells which, whatever columns follow.
///
/// A list of sample ids means samples of any family. plink2 means family `0` there, and silently finds nobody else.
///
/// # Errors
/// The file can not be read or is not UTF-8 text; another header; a row with fewer columns than the others.
pub fn read_sample_list(path: &Path) -> Result<SampleList, FormatError> {
    let mut lines = LineReader::open(path)?;
    let mut notes = NoteTally::new(path);
    let mut layout = None;
    let mut list = SampleList {
        path: path.to_owned(),
        selectors: Vec::new(),
        notes: Vec::new(),
        by_sample: HashMap::new(),
    };
    while let Some((line, text)) = lines.next_row()? {
        let fields = Fields::<2>::split(path, line, text)?;
        let columns = match layout {
            Some(layout) => layout,
            None => {
                let header = layout_of_header(path, line, text, fields.values)?;
                let first = if fields.count == 1 { Layout::Sample } else { Layout::FamilyAndSample };
                let known = *layout.insert(header.unwrap_or(first));
                if header.is_some() {
                    continue;
                }
                known
            }
        };
        let selector = match (columns, fields.values) {
            (Layout::Sample, [sample, _]) => SampleSelector { family_id: None, sample_id: sample.to_owned() },
            (Layout::FamilyAndSample, [family, sample]) if fields.count > 1 => {
                SampleSelector { family_id: Some(family.to_owned()), sample_id: sample.to_owned() }
            }
            _ => return Err(one_column(path, line, text)),
        };
        list.push(selector, line, &mut notes);
    }
    list.notes = lines.notes();
    list.notes.extend(notes.to_notes());
    Ok(list)
}

impl SampleList {
    fn push(&mut self, selector: SampleSelector, line: u64, notes: &mut NoteTally) {
        let rows = self.by_sample.entry(selector.sample_id.clone()).or_default();
        if rows.iter().any(|&row| self.selectors[row] == selector) {
            notes.add(NoteKind::DuplicateRows, line, || format!("sample {}", selector.sample_id));
            return;
        }
        rows.push(self.selectors.len());
        self.selectors.push(selector);
    }
}

/// What a header says; `None` where the first line is a sample.
fn layout_of_header(
    path: &Path,
    line: u64,
    text: &str,
    values: [&str; 2],
) -> Result<Option<Layout>, FormatError> {
    match values {
        ["#FID" | "FID", "IID"] => Ok(Some(Layout::FamilyAndSample)),
        ["#IID", _] | ["IID", ""] => Ok(Some(Layout::Sample)),
        [first, _] if first.starts_with('#') => {
            let remedy = "start the list with #FID IID or #IID, or without a header";
            Err(Malformed::new(path, "the header is not known", remedy).line(line).value(text).into())
        }
        _ => Ok(None),
    }
}

fn one_column(path: &Path, line: u64, text: &str) -> FormatError {
    let remedy = "give family and sample id in every row, or the sample id alone in every row";
    Malformed::new(path, "the row has one column, and rows before it have two", remedy)
        .line(line)
        .value(text)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SampleList, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keep.txt");
        std::fs::write(&path, text).unwrap();
        read_sample_list(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn headers_and_columns() {
        for text in ["f a\n0 c\n", "#FID\tIID\nf\ta\n0\tc\n", "FID IID\nf a\n0 c\n", "f a 1 x\n0 c\n"] {
            let list = read(text).unwrap();
            assert_eq!(list.selectors.len(), 2, "{text}");
            assert!(list.contains("f", "a") && list.contains("0", "c") && !list.contains("g", "a"));
        }
        for text in ["a\nc\n", "#IID\na\nc\n", "IID\na\nc\n", "#IID SID\na 0\nc 0\n"] {
            let list = read(text).unwrap();
            assert_eq!(list.selectors.len(), 2, "{text}");
            assert_eq!(
                (list.find("f", "a"), list.find("0", "c"), list.find("f", "b")),
                (Some(0), Some(1), None)
            );
        }
        assert!(read("").unwrap().selectors.is_empty());
    }

    #[test]
    fn repetitions_are_noted() {
        let list = read("f a\nf a\ng a\n").unwrap();
        assert_eq!(list.selectors.len(), 2);
        assert_eq!((list.notes[0].kind, list.notes[0].first_line), (NoteKind::DuplicateRows, 2));
    }

    #[test]
    fn broken_lists_are_refused() {
        for (text, message) in [
            ("f a\nb\n", "keep.txt:2: the row has one column"),
            ("#SAMPLE\na\n", "header is not known"),
            ("a\n\nb\n", "keep.txt:2: a blank line"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
        // A list without families whose later rows have more columns: the first column is the id.
        assert_eq!(read("a\nb c\n").unwrap().selectors[1].sample_id, "b");
    }
}
