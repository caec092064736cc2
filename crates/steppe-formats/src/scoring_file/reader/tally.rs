//! Counts of what is odd, each with its first line and an example.

use std::path::Path;

use crate::{FileNote, NoteKind};

struct Oddity {
    kind: NoteKind,
    label: &'static str,
    count: u64,
    first_line: u64,
    example: String,
}

/// The oddities of one file so far.
#[derive(Default)]
pub(super) struct Tally {
    oddities: Vec<Oddity>,
}

impl Tally {
    /// Counts one occurrence; the first is kept as the example.
    pub(super) fn add(&mut self, kind: NoteKind, label: &'static str, line: u64, example: &str) {
        if let Some(oddity) =
            self.oddities.iter_mut().find(|oddity| oddity.kind == kind && oddity.label == label)
        {
            oddity.count += 1;
            return;
        }
        let example = example.chars().take(60).collect();
        self.oddities.push(Oddity { kind, label, count: 1, first_line: line, example });
    }

    /// The notes, in the order in which they were met.
    pub(super) fn into_notes(self, path: &Path) -> Vec<FileNote> {
        let note = |oddity: Oddity| FileNote {
            path: path.to_owned(),
            kind: oddity.kind,
            count: oddity.count,
            first_line: oddity.first_line,
            detail: match oddity.example.as_str() {
                "" => oddity.label.to_owned(),
                example => format!("{}, first {example:?}", oddity.label),
            },
        };
        self.oddities.into_iter().map(note).collect()
    }
}
