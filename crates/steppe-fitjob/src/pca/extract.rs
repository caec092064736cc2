//! The chosen variants as a cohort of their own, for as long as the job runs: each pass then reads these variants alone.

use std::{path::PathBuf, sync::Arc};

use steppe_engine::EngineError;
use steppe_fit::GenotypeMatrix;
use steppe_formats::plink1::{BedWriter, BimRecord, BimWriter, FamRecord, FilesetPaths, write_fam};
use steppe_genome::{GenomeBuild, Sex, VariantTable};
use steppe_kernels::Level;
use steppe_store::{Codec, Cohort, ImportOptions, Location, NoProgress, import};

/// Variants that are copied at once.
const RUN: usize = 256;
/// Memory of the import, in bytes.
const MEMORY: u64 = 256 << 20;

/// A cohort of some variants; it goes when it is dropped.
pub(super) struct Extract {
    pub(super) cohort: Cohort,
    _places: Places,
}

impl Extract {
    /// Copies some variants of all samples of a matrix: by way of a folder of this machine to a place in a store, if
    /// there is one.
    pub(super) fn new(
        (folder, store): (PathBuf, Option<Location>),
        matrix: &dyn GenotypeMatrix,
        table: &dyn VariantTable,
        variants: &[u32],
        (build, level, threads): (GenomeBuild, Level, usize),
    ) -> Result<Self, EngineError> {
        let places = Places { folder, store };
        let folder = &places.folder;
        std::fs::create_dir_all(folder).map_err(EngineError::write(folder.display().to_string()))?;
        let fileset = FilesetPaths::from_prefix(&folder.join("variants"));
        write_fileset(&fileset, matrix, table, variants)?;
        if let Some(store) = &places.store {
            // What a coordinator has left that was killed.
            store.delete_all()?;
        }
        let out = places.store.clone().unwrap_or_else(|| Location::local(folder.join("cohort")));
        import(&ImportOptions {
            filesets: vec![fileset.clone()],
            out: out.clone(),
            build,
            block_samples: None,
            threads,
            memory_bytes: MEMORY,
            codec: Codec::Uncompressed,
            level,
            progress: Arc::new(NoProgress),
        })?;
        std::fs::remove_file(&fileset.bed).map_err(EngineError::write(fileset.bed.display().to_string()))?;
        Ok(Self { cohort: Cohort::open(&out)?, _places: places })
    }
}

/// Places of the job alone; they go when this is dropped.
struct Places {
    folder: PathBuf,
    store: Option<Location>,
}

impl Drop for Places {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some(store) = &self.store {
            let _ = store.delete_all();
        }
    }
}

fn write_fileset(
    fileset: &FilesetPaths,
    matrix: &dyn GenotypeMatrix,
    table: &dyn VariantTable,
    variants: &[u32],
) -> Result<(), EngineError> {
    // Nobody sees them: people have numbers for names.
    let person = |at: usize| FamRecord {
        family_id: "0".to_owned(),
        sample_id: (at + 1).to_string(),
        father_id: "0".to_owned(),
        mother_id: "0".to_owned(),
        sex: Sex::Unknown,
        phenotype: "-9".to_owned(),
    };
    write_fam(&fileset.fam, &(0..matrix.samples()).map(person).collect::<Vec<_>>())?;
    let mut bim = BimWriter::create(&fileset.bim)?;
    let mut bed = BedWriter::create(&fileset.bed, matrix.samples())?;
    for run in variants.chunks(RUN) {
        let columns = matrix.select(run).map_err(steppe_fit::FitError::from)?;
        for (at, &variant) in run.iter().enumerate() {
            let variant = variant as usize;
            bim.write(&BimRecord {
                chromosome: table.chromosome(variant).clone(),
                id: table.id(variant).to_owned(),
                position: table.position(variant),
                allele1: table.counted_allele(variant).to_owned(),
                allele2: table.other_allele(variant).to_owned(),
            })?;
            bed.write_tile_row(columns.column(at))?;
        }
    }
    bim.finish()?;
    Ok(bed.finish()?)
}
