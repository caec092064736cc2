use std::path::Path;

use steppe_genome::{Chromosome, is_acgt};

use super::{BimRecord, id_hashes::IdHashes, position::Position};
use crate::{FileNote, NoteKind, note::NoteTally};

/// What is odd about the variants so far.
pub(super) struct Oddities {
    notes: NoteTally,
    /// What duplicate ids are found from; `None` where nobody asks for them.
    ids: Option<IdHashes>,
    /// Chromosome and position of the variant before.
    previous: (Chromosome, u32),
}

impl Oddities {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            notes: NoteTally::new(path),
            ids: Some(IdHashes::default()),
            previous: (Chromosome::Unplaced, 0),
        }
    }

    pub(super) fn forget_ids(&mut self) {
        self.ids = None;
    }

    pub(super) fn notes(&self) -> Vec<FileNote> {
        self.notes.to_notes()
    }

    pub(super) fn no_centimorgan_column(&mut self, variants: u64) {
        let detail = || format!("{variants} variants of five columns: chromosome, id, position, A1, A2");
        self.notes.add(NoteKind::NoCentimorganColumn, 1, detail);
    }

    /// Looks at one variant.
    pub(super) fn look(&mut self, line: u64, record: &BimRecord, position: Position) {
        self.look_at_place(line, record, position);
        self.look_at_order(line, record);
        self.look_at_id(line, &record.id);
        for allele in [&record.allele1, &record.allele2] {
            if !is_acgt(allele) {
                self.notes.add(NoteKind::UnusualAlleles, line, || format!("allele {}", shortened(allele)));
            }
        }
        if record.allele1 == record.allele2 {
            let detail = || format!("both alleles are {}", shortened(&record.allele1));
            self.notes.add(NoteKind::UnusualAlleles, line, detail);
        }
    }

    fn look_at_place(&mut self, line: u64, record: &BimRecord, position: Position) {
        let detail = || format!("variant {}", shortened(&record.id));
        match &record.chromosome {
            Chromosome::Unplaced => self.notes.add(NoteKind::UnplacedVariants, line, detail),
            Chromosome::Contig(name) => {
                self.notes.add(NoteKind::Contigs, line, || format!("contig {}", shortened(name)));
            }
            _ => {}
        }
        if position.value == 0 {
            self.notes.add(NoteKind::NoPosition, line, detail);
        }
        if position.scientific {
            let detail = || format!("read as {}; plink2 stops at the e", position.value);
            self.notes.add(NoteKind::ScientificPositions, line, detail);
        }
    }

    fn look_at_order(&mut self, line: u64, record: &BimRecord) {
        let (chromosome, position) = &mut self.previous;
        if *chromosome == record.chromosome {
            if record.position < *position {
                let detail = || format!("position {} after {position}", record.position);
                self.notes.add(NoteKind::UnsortedVariants, line, detail);
            }
        } else {
            if rank(&record.chromosome) < rank(chromosome) {
                let detail = || format!("chromosome {} after {chromosome}", record.chromosome);
                self.notes.add(NoteKind::UnsortedVariants, line, detail);
            }
            chromosome.clone_from(&record.chromosome);
        }
        *position = record.position;
    }

    fn look_at_id(&mut self, line: u64, id: &str) {
        if let Some(ids) = &mut self.ids {
            ids.push(id);
        }
        if id == "." {
            self.notes.add(NoteKind::MissingVariantIds, line, || "the id is .".to_owned());
            return;
        }
        if !id.is_ascii() {
            self.notes.add(NoteKind::NonAsciiIds, line, || shortened(id));
        }
    }

    /// What only the whole file shows: duplicate ids.
    pub(super) fn finish(&mut self) {
        let Some(ids) = self.ids.take() else { return };
        if let Some(last) = ids.last_checked() {
            let detail = || format!("duplicate ids were looked for in the first {last} lines only");
            self.notes.add(NoteKind::Other, last, detail);
        }
        for line in ids.repeated_lines() {
            self.notes.add(NoteKind::DuplicateVariantIds, line, || {
                format!("the id of line {line} stands before it")
            });
        }
    }
}

/// PLINK's order of chromosomes; contigs come last, in any order.
fn rank(chromosome: &Chromosome) -> u8 {
    match chromosome {
        Chromosome::Unplaced => 0,
        Chromosome::Autosome(number) => *number,
        Chromosome::X => 23,
        Chromosome::Y => 24,
        Chromosome::Par => 25,
        Chromosome::Mt => 26,
        Chromosome::Contig(_) => 27,
    }
}

/// The beginning of a text, for a note.
fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
