use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Something odd in a file that was read all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNote {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub kind: NoteKind,
    /// How often it occurs.
    pub count: u64,
    /// The first 1-based line where it occurs; 0 where the file as a whole is meant.
    pub first_line: u64,
    /// An example or an explanation, for people.
    pub detail: String,
}

/// The oddities that real files have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NoteKind {
    /// Lines end in CR LF.
    CrlfLineEndings,
    /// The file starts with a UTF-8 byte-order mark.
    ByteOrderMark,
    /// The last line has no line end.
    NoFinalNewline,
    /// Ids with characters outside ASCII.
    NonAsciiIds,
    /// Variants are not in chromosome and position order.
    UnsortedVariants,
    /// Variant ids that occur more than once.
    DuplicateVariantIds,
    /// Variants without an id (`.`).
    MissingVariantIds,
    /// Alleles such as `0`, `I`, `D`, `*`, symbolic alleles: kept, matched only where they can be.
    UnusualAlleles,
    /// Chromosome 0: kept, never matched by position.
    UnplacedVariants,
    /// Contigs outside 1–22, X, Y, XY, MT: kept, never matched by position.
    Contigs,
    /// Positions that are zero or negative: kept, never matched by position.
    NoPosition,
    /// Positions such as `5e+05`, read as 500000 (plink2 reads 5).
    ScientificPositions,
    /// The .bim has no centimorgan column.
    NoCentimorganColumn,
    /// Phenotypes that are neither a number nor a known missing code.
    OddPhenotypes,
    /// Samples without a sex.
    UnknownSex,
    /// Alleles in lower case, read as upper case.
    LowerCaseAlleles,
    /// Rows that say the same thing twice; the first counts.
    DuplicateRows,
    /// A header key or column that is not in the format's specification.
    UnknownField,
    /// Rows whose harmonisation failed: kept with the reason, never matched by position.
    FailedHarmonisation,
    /// Anything else that a reader wants to say.
    Other,
}

impl NoteKind {
    /// A stable name for logs and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrlfLineEndings => "crlf_line_endings",
            Self::ByteOrderMark => "byte_order_mark",
            Self::NoFinalNewline => "no_final_newline",
            Self::NonAsciiIds => "non_ascii_ids",
            Self::UnsortedVariants => "unsorted_variants",
            Self::DuplicateVariantIds => "duplicate_variant_ids",
            Self::MissingVariantIds => "missing_variant_ids",
            Self::UnusualAlleles => "unusual_alleles",
            Self::UnplacedVariants => "unplaced_variants",
            Self::Contigs => "contigs",
            Self::NoPosition => "no_position",
            Self::ScientificPositions => "scientific_positions",
            Self::NoCentimorganColumn => "no_centimorgan_column",
            Self::OddPhenotypes => "odd_phenotypes",
            Self::UnknownSex => "unknown_sex",
            Self::LowerCaseAlleles => "lower_case_alleles",
            Self::DuplicateRows => "duplicate_rows",
            Self::UnknownField => "unknown_field",
            Self::FailedHarmonisation => "failed_harmonisation",
            Self::Other => "other",
        }
    }
}

/// Counts oddities while a file is read: how often, and an example of the first.
#[derive(Debug)]
pub(crate) struct NoteTally {
    path: PathBuf,
    notes: BTreeMap<NoteKind, FileNote>,
}

impl NoteTally {
    /// No oddity of `path` yet.
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), notes: BTreeMap::new() }
    }

    /// Counts one; `detail` is only asked for the first of its kind. `line` is 1-based, 0 for the file as a whole.
    pub(crate) fn add(&mut self, kind: NoteKind, line: u64, detail: impl FnOnce() -> String) {
        match self.notes.get_mut(&kind) {
            Some(note) => note.count += 1,
            None => {
                let note =
                    FileNote { path: self.path.clone(), kind, count: 1, first_line: line, detail: detail() };
                self.notes.insert(kind, note);
            }
        }
    }

    /// The notes so far, in the order of [`NoteKind`].
    pub(crate) fn to_notes(&self) -> Vec<FileNote> {
        self.notes.values().cloned().collect()
    }
}
