use std::fmt::Write;

use steppe_formats::plink1::{BimRecord, open_bim};

use super::inputs::InputFileset;
use crate::{StoreError, hash::Xxh3Hasher};

/// Finds variants that two filesets share, by a 128-bit hash of each: 16 bytes a variant.
#[derive(Default)]
pub(super) struct VariantHashes {
    hashes: Vec<u128>,
    /// Where the current fileset starts in `hashes`.
    start: usize,
    text: String,
}

impl VariantHashes {
    /// Takes the next variant of a fileset.
    pub(super) fn push(&mut self, record: &BimRecord) {
        self.hashes.push(hash(record, &mut self.text));
    }

    /// What a fileset repeats within itself is no concern here.
    pub(super) fn end_fileset(&mut self) {
        let mut own = self.hashes.split_off(self.start);
        own.sort_unstable();
        own.dedup();
        self.hashes.append(&mut own);
        self.start = self.hashes.len();
    }

    /// # Errors
    /// A chromosome, position, alleles and id that two filesets have.
    pub(super) fn refuse_duplicates(mut self, filesets: &[InputFileset]) -> Result<(), StoreError> {
        self.hashes.sort_unstable();
        let twice = self.hashes.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        match twice {
            Some(twice) => Err(self.describe(twice, filesets)),
            None => Ok(()),
        }
    }

    /// Reads the .bim files again for the places of one variant.
    fn describe(&mut self, twice: u128, filesets: &[InputFileset]) -> StoreError {
        let mut places = Vec::new();
        let mut name = String::new();
        for input in filesets {
            let path = &input.fileset.paths.bim;
            let Ok(mut bim) = open_bim(path) else { continue };
            let mut record = BimRecord::default();
            while matches!(bim.read_into(&mut record), Ok(true)) {
                if hash(&record, &mut self.text) == twice {
                    places.push(format!("{}:{}", path.display(), bim.line()));
                    let BimRecord { chromosome, id, position, allele1, allele2 } = &record;
                    name = format!("{id} ({chromosome}:{position} {allele1} {allele2})");
                    break;
                }
            }
        }
        StoreError::refused(
            format!("variant {name} is in several filesets: {}", places.join(" and ")),
            "give each variant in one fileset only",
        )
    }
}

fn hash(record: &BimRecord, text: &mut String) -> u128 {
    let BimRecord { chromosome, id, position, allele1, allele2 } = record;
    text.clear();
    // Writing to a string does not fail; no field has a tab in it.
    let _ = write!(text, "{}\t{position}\t{id}\t{allele1}\t{allele2}", chromosome.label());
    Xxh3Hasher::oneshot(text.as_bytes())
}
