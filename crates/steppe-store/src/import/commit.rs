use steppe_formats::{
    FileNote,
    plink1::{BimRecord, open_bim},
};
use steppe_genome::Ploidy;

use super::{ImportOptions, genotypes::Genotypes, inputs::Inputs, journal::Journal, plan::Plan};
use crate::{
    Cohort, FileEntry, Manifest, NoteCount, SourceFile, StoreError,
    location::remove_temporaries,
    manifest::{FORMAT_VERSION, manifest_name},
    samples::SAMPLES_FILE,
    tile::FileWriter,
    variants::{VARIANTS_FILE, VariantRow, VariantsWriter},
};

/// Writes the tables, and then the manifest, which makes the cohort.
///
/// # Errors
/// A write that fails; another cohort that was finished at the same place meanwhile.
pub(super) fn commit(
    options: &ImportOptions,
    inputs: &Inputs,
    plan: &Plan,
    journal: Journal,
    genotypes: &Genotypes,
) -> Result<Cohort, StoreError> {
    let variants_file = write_variants(options, inputs, plan, &journal)?;
    let mut samples = FileWriter::create(&options.out, SAMPLES_FILE)?;
    samples.append(&inputs.samples.to_parquet()?)?;
    let samples_file = samples.finish()?;
    if options.progress.is_cancelled() {
        return Err(StoreError::Cancelled);
    }
    let manifest = manifest(options, inputs, plan, genotypes, samples_file, variants_file)?;
    let (bytes, digest) = manifest.to_bytes()?;
    options.out.child(&manifest_name(manifest.cohort_version)).put_if_absent(bytes.into())?;
    let cohort = Cohort::open(&options.out)?;
    if cohort.digest() != digest {
        return Err(StoreError::refused(
            format!("{}: another import finished a cohort here meanwhile", options.out),
            "choose another --out",
        ));
    }
    journal.remove()?;
    remove_temporaries(&options.out)?;
    Ok(cohort)
}

/// Reads the .bim files once more, and writes every variant with its counts and address.
fn write_variants(
    options: &ImportOptions,
    inputs: &Inputs,
    plan: &Plan,
    journal: &Journal,
) -> Result<FileEntry, StoreError> {
    let mut writer = VariantsWriter::new(FileWriter::create(&options.out, VARIANTS_FILE)?)?;
    let mut parts = plan.parts.iter().peekable();
    let mut record = BimRecord::default();
    for (fileset, input) in inputs.filesets.iter().enumerate() {
        let path = &input.fileset.paths.bim;
        let changed = || {
            StoreError::refused(
                format!("{}: it has changed during the import", path.display()),
                format!("remove {} and import again", options.out),
            )
        };
        let mut bim = open_bim(path)?.without_duplicate_check();
        while let Some(part) = parts.next_if(|part| part.fileset == fileset) {
            let counts = journal.counts(part)?;
            let group_rows = plan.layout.row_group_rows;
            for row in 0..part.part.variants {
                if !bim.read_into(&mut record)? {
                    return Err(changed());
                }
                let counted = counts.get(row as usize);
                let by_sex = record.chromosome.ploidy() != Ploidy::Diploid;
                writer.push(&VariantRow {
                    chromosome: &record.chromosome,
                    position: record.position,
                    id: &record.id,
                    counted_allele: &record.allele1,
                    other_allele: &record.allele2,
                    counts: counted.all,
                    founder_counts: counted.founders,
                    sex_counts: by_sex.then_some(counted.by_sex),
                    tile: [part.part.index, row / group_rows, row % group_rows],
                })?;
            }
        }
        if bim.read_into(&mut record)? || super::inputs::file_blake3(path)? != input.bim_blake3 {
            return Err(changed());
        }
    }
    writer.finish()
}

fn manifest(
    options: &ImportOptions,
    inputs: &Inputs,
    plan: &Plan,
    genotypes: &Genotypes,
    samples_file: FileEntry,
    variants_file: FileEntry,
) -> Result<Manifest, StoreError> {
    let blocks = 0..plan.blocks.len();
    let tiles = blocks.flat_map(|block| genotypes.parts.iter().filter_map(move |part| part.tiles.get(block)));
    Ok(Manifest {
        format_version: FORMAT_VERSION,
        cohort_version: 1,
        importer: concat!("steppe ", env!("CARGO_PKG_VERSION")).to_owned(),
        genome_build: options.build.as_str().to_owned(),
        samples: plan.samples,
        founders: inputs.samples.founders() as u32,
        variants: plan.variants,
        sample_ids_blake3: plan.sample_ids_blake3.clone(),
        layout: plan.layout,
        blocks: plan.blocks.clone(),
        parts: plan.parts.iter().map(|part| part.part.clone()).collect(),
        samples_file,
        variants_file,
        tiles: tiles.cloned().collect(),
        sources: sources(inputs, genotypes)?,
        notes: inputs.notes.iter().map(note).collect(),
    })
}

/// The .bed, .bim and .fam of every fileset.
fn sources(inputs: &Inputs, genotypes: &Genotypes) -> Result<Vec<SourceFile>, StoreError> {
    let mut sources = Vec::with_capacity(inputs.filesets.len() * 3);
    for (input, bed) in inputs.filesets.iter().zip(&genotypes.bed_blake3) {
        let paths = &input.fileset.paths;
        for (path, blake3) in
            [(&paths.bed, bed), (&paths.bim, &input.bim_blake3), (&paths.fam, &input.fam_blake3)]
        {
            let metadata = std::fs::metadata(path).map_err(StoreError::io(path, "can not look at it"))?;
            sources.push(SourceFile { name: name(path), bytes: metadata.len(), blake3: blake3.clone() });
        }
    }
    Ok(sources)
}

fn name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn note(note: &FileNote) -> NoteCount {
    NoteCount {
        file: name(&note.path),
        kind: note.kind.as_str().to_owned(),
        count: note.count,
        first_line: note.first_line,
        detail: note.detail.clone(),
    }
}
