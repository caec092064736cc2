use std::{
    fs::File,
    io::Read,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use steppe_genome::VariantTable;
use steppe_kernels::{Level, count_codes};

use crate::{Cohort, CohortVariants, Location, Scratch, StoreError, TileFile, hash::row_checksum};

/// Bytes that are read at once where they are only hashed.
const STEP: usize = 8 << 20;

/// Watches a verification, from several threads.
pub trait VerifyProgress: Sync {
    /// So many bytes are to be read.
    fn start(&self, bytes: u64) {
        let _ = bytes;
    }

    /// So many more bytes have been read.
    fn advance(&self, bytes: u64) {
        let _ = bytes;
    }

    /// Whether the verification shall stop.
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl VerifyProgress for crate::NoProgress {}

/// What a verification has read and found in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Files, the manifest included.
    pub files: u64,
    /// Their bytes, the manifest aside.
    pub bytes: u64,
    /// Row groups.
    pub row_groups: u64,
    /// Rows: variants x blocks.
    pub rows: u64,
}

/// Reads a whole cohort on all processors: every file's BLAKE3, every row group's and frame's XXH3, every row's
/// checksum, and the genotype counts of every variant against variants.parquet.
///
/// # Errors
/// The first file that is not what was written; a request to stop.
pub fn verify(cohort: &Cohort, progress: &dyn VerifyProgress) -> Result<VerifyReport, StoreError> {
    let manifest = cohort.manifest();
    progress.start(2 * manifest.stored_bytes());
    let samples = cohort.samples()?;
    // What is stored is verified, not what is cached.
    let cohort = &cohort.without_tile_cache();
    let variants = cohort.variants()?;
    if samples.founders() != manifest.founders as usize {
        let file = &manifest.samples_file.path;
        return Err(StoreError::corrupt(file, "founders", manifest.founders, samples.founders()));
    }
    progress.advance(2 * (manifest.samples_file.bytes + manifest.variants_file.bytes));
    let job = VerifyJob {
        cohort,
        variants: &variants,
        progress,
        next: AtomicUsize::new(0),
        failure: Mutex::new(None),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 1..threads.min(manifest.parts.len()) {
            scope.spawn(|| job.work());
        }
        job.work();
    });
    if let Some(failure) = job.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(failure);
    }
    let groups = cohort.row_groups();
    Ok(VerifyReport {
        files: 3 + manifest.tiles.len() as u64,
        bytes: manifest.stored_bytes(),
        row_groups: groups.len() as u64,
        rows: groups.iter().map(|group| u64::from(group.rows)).sum(),
    })
}

struct VerifyJob<'a> {
    cohort: &'a Cohort,
    variants: &'a CohortVariants,
    progress: &'a dyn VerifyProgress,
    next: AtomicUsize,
    failure: Mutex<Option<StoreError>>,
}

impl VerifyJob<'_> {
    /// Takes parts until there are no more, or something fails.
    fn work(&self) {
        let mut scratch = Scratch::new();
        let parts = self.cohort.manifest().parts.len();
        let failure = || self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            if part >= parts || failure().is_some() {
                return;
            }
            if let Err(error) = self.verify_part(part, &mut scratch) {
                failure().get_or_insert(error);
                return;
            }
        }
    }

    /// All blocks of one run of variants.
    fn verify_part(&self, index: usize, scratch: &mut Scratch) -> Result<(), StoreError> {
        let manifest = self.cohort.manifest();
        let part = &manifest.parts[index];
        let mut counts = vec![[0u64; 4]; part.variants as usize];
        for tile in manifest.tiles.iter().filter(|tile| tile.part as usize == index) {
            self.verify_file(tile)?;
            self.verify_rows(tile, part.first_variant, &mut counts, scratch)?;
            self.progress.advance(tile.file.bytes);
        }
        for (row, counted) in counts.iter().enumerate() {
            let variant = part.first_variant as usize + row;
            let stored = self.variants.counts(variant);
            if stored.map(u64::from) != *counted {
                let place = format!("the counts of variant {variant} ({})", self.variants.id(variant));
                return Err(StoreError::corrupt(
                    &manifest.variants_file.path,
                    place,
                    format!("{stored:?}"),
                    format!("{counted:?}"),
                ));
            }
        }
        Ok(())
    }

    fn verify_file(&self, tile: &TileFile) -> Result<(), StoreError> {
        let file = &tile.file;
        let found = file_blake3(&self.cohort.location().child(&file.path), file.bytes, &mut |bytes| {
            self.progress.advance(bytes);
        })?;
        if found == file.blake3 {
            return Ok(());
        }
        Err(StoreError::corrupt(&file.path, "its content", &file.blake3, found))
    }

    fn verify_rows(
        &self,
        tile: &TileFile,
        first_variant: u32,
        counts: &mut [[u64; 4]],
        scratch: &mut Scratch,
    ) -> Result<(), StoreError> {
        let reader = self.cohort.reader();
        let of_tile = |group: &&crate::RowGroup| group.block == tile.block && group.part == tile.part;
        for group in self.cohort.row_groups().iter().filter(of_tile) {
            if self.progress.is_cancelled() {
                return Err(StoreError::Cancelled);
            }
            let mut checksums = Vec::with_capacity(group.rows as usize);
            reader.scan(group, scratch, &mut |first, rows| {
                for (row, codes) in rows.bytes.chunks_exact(rows.stride).enumerate() {
                    let variant = first + row as u32;
                    let sums = &mut counts[(variant - first_variant) as usize];
                    for (sum, count) in sums.iter_mut().zip(count_codes(Level::best(), codes, rows.samples)) {
                        *sum += count;
                    }
                    checksums.push(row_checksum(tile.block, variant, codes));
                }
                Ok(())
            })?;
            reader.check_checksums(group, &checksums, scratch)?;
        }
        Ok(())
    }
}

/// BLAKE3 of a stored file, read in steps; `each` is told of every step's bytes.
///
/// # Errors
/// It is not there, or has another size than `bytes`.
pub(crate) fn file_blake3(
    location: &Location,
    bytes: u64,
    each: &mut dyn FnMut(u64),
) -> Result<String, StoreError> {
    let found = location.size()?;
    if found != Some(bytes) {
        let found = found.map_or("nothing".to_owned(), |found| found.to_string());
        return Err(StoreError::corrupt(&location.to_string(), "its size", bytes, found));
    }
    let mut hasher = blake3::Hasher::new();
    if let Some(path) = location.local_path() {
        let failed = |action| StoreError::io(path, action);
        let mut file = File::open(path).map_err(failed("can not open"))?;
        let mut buffer = vec![0; STEP.min(bytes as usize)];
        loop {
            let read = file.read(&mut buffer).map_err(failed("can not read"))?;
            if read == 0 {
                return Ok(hasher.finalize().to_hex().to_string());
            }
            hasher.update(&buffer[..read]);
            each(read as u64);
        }
    }
    let mut position = 0;
    while position < bytes {
        let step = (bytes - position).min(STEP as u64);
        hasher.update(&location.read_range(position, step as usize)?);
        each(step);
        position += step;
    }
    Ok(hasher.finalize().to_hex().to_string())
}
