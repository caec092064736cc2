use std::{
    fs::File,
    path::{Path, PathBuf},
};

use steppe_formats::{
    FileNote,
    plink1::{Fileset, FilesetPaths},
};
use steppe_genome::Chromosome;

use super::{duplicates::VariantHashes, sample_order::SampleOrder};
use crate::{SampleTable, StoreError};

/// Bytes of a .bed before its rows.
const BED_HEADER_BYTES: u64 = 3;

/// All filesets, checked on their own and against each other.
pub(super) struct Inputs {
    pub(super) filesets: Vec<InputFileset>,
    pub(super) samples: SampleTable,
    pub(super) notes: Vec<FileNote>,
}

/// One fileset.
pub(super) struct InputFileset {
    pub(super) fileset: Fileset,
    /// Where each sample of the matrix is in this fileset; `None` where the order is the same.
    pub(super) order: Option<SampleOrder>,
    /// Its variants, as runs of one chromosome.
    pub(super) runs: Vec<ChromosomeRun>,
    pub(super) bim_blake3: String,
    pub(super) fam_blake3: String,
}

/// Variants of one chromosome that follow each other.
pub(super) struct ChromosomeRun {
    pub(super) chromosome: Chromosome,
    pub(super) variants: u32,
}

impl Inputs {
    /// Reads all .fam and .bim through and looks at every .bed.
    ///
    /// # Errors
    /// A file that can not be used; filesets of different samples, or with the same variants.
    pub(super) fn open(paths: &[FilesetPaths]) -> Result<Self, StoreError> {
        let several = paths.len() > 1;
        let mut filesets: Vec<InputFileset> = Vec::with_capacity(paths.len());
        let mut hashes = VariantHashes::default();
        let mut variants = 0u64;
        for paths in paths {
            let opened = InputFileset::open(paths, several.then_some(&mut hashes))?;
            variants += opened.fileset.bed.variants() as u64;
            filesets.push(opened);
        }
        if u32::try_from(variants).is_err() {
            return Err(StoreError::refused(
                format!("{variants} variants are more than a cohort can have ({})", u32::MAX),
                "import them as several cohorts",
            ));
        }
        let Some((first, others)) = filesets.split_first_mut() else {
            return Err(StoreError::Internal("an import without filesets"));
        };
        for other in others {
            other.order = SampleOrder::between(&first.fileset, &other.fileset)?;
        }
        hashes.refuse_duplicates(&filesets)?;
        let samples = sample_table(&filesets[0].fileset);
        let notes = filesets
            .iter()
            .flat_map(|input| input.fileset.fam.notes.iter().chain(&input.fileset.bim_notes).cloned())
            .collect();
        Ok(Self { filesets, samples, notes })
    }

    /// Bytes of all .bed files.
    pub(super) fn bed_bytes(&self) -> u64 {
        self.filesets.iter().map(InputFileset::bed_bytes).sum()
    }

    /// Filesets whose samples had to be reordered, and how many samples moved.
    pub(super) fn reordered(&self) -> Vec<(PathBuf, u64)> {
        self.filesets
            .iter()
            .filter_map(|input| Some((input.fileset.paths.fam.clone(), input.order.as_ref()?.moved)))
            .collect()
    }
}

impl InputFileset {
    fn open(paths: &FilesetPaths, mut hashes: Option<&mut VariantHashes>) -> Result<Self, StoreError> {
        let mut runs: Vec<ChromosomeRun> = Vec::new();
        let fileset = Fileset::open(paths, |record| {
            match runs.last_mut() {
                Some(run) if run.chromosome == record.chromosome => run.variants += 1,
                _ => runs.push(ChromosomeRun { chromosome: record.chromosome.clone(), variants: 1 }),
            }
            if let Some(hashes) = &mut hashes {
                hashes.push(record);
            }
        })?;
        if let Some(hashes) = hashes {
            hashes.end_fileset();
        }
        if u32::try_from(fileset.fam.records.len()).is_err() {
            return Err(StoreError::refused(
                format!("{}: more samples than a cohort can have", paths.fam.display()),
                "import them as several cohorts",
            ));
        }
        let (bim_blake3, fam_blake3) = (file_blake3(&paths.bim)?, file_blake3(&paths.fam)?);
        Ok(Self { fileset, order: None, runs, bim_blake3, fam_blake3 })
    }

    /// The size of the .bed.
    pub(super) fn bed_bytes(&self) -> u64 {
        let bed = &self.fileset.bed;
        BED_HEADER_BYTES + bed.row_bytes() as u64 * bed.variants() as u64
    }
}

fn sample_table(fileset: &Fileset) -> SampleTable {
    let mut table = SampleTable::default();
    for record in &fileset.fam.records {
        table.family_id.push(&record.family_id);
        table.sample_id.push(&record.sample_id);
        table.sex.push(record.sex);
        table.father.push(&record.father_id);
        table.mother.push(&record.mother_id);
        table.founder.push(record.is_founder());
        table.phenotype.push(&record.phenotype);
    }
    table
}

/// BLAKE3 of a local file as it lies on disk.
pub(super) fn file_blake3(path: &Path) -> Result<String, StoreError> {
    let file = File::open(path).map_err(StoreError::io(path, "can not open"))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(StoreError::io(path, "can not read"))?;
    Ok(hasher.finalize().to_hex().to_string())
}
