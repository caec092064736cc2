use std::{
    collections::BTreeMap,
    fs::File,
    ops::Range,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
};

use super::{
    ImportOptions,
    inputs::{InputFileset, Inputs},
    journal::{FinishedPart, Journal},
    plan::{Plan, PlannedPart},
    stripe::{BlockMasks, Stripe, StripeShape, VariantCounts},
    turnstile::Turnstile,
};
use crate::{
    StoreError, TileFile,
    hash::{Xxh3Hasher, hex128},
    tile::{PagePayload, PartWriter},
};

/// How every .bed starts.
const BED_HEADER: [u8; 3] = [0x6C, 0x1B, 0x01];
/// Bytes of a .bed that are read at once where they are only hashed.
const HASH_BYTES: usize = 4 << 20;

/// The genotypes of a cohort, written.
pub(super) struct Genotypes {
    /// By part, then block.
    pub(super) parts: Vec<FinishedPart>,
    /// BLAKE3 of every .bed.
    pub(super) bed_blake3: Vec<String>,
    /// Parts that were there already.
    pub(super) resumed: usize,
}

/// Writes all parts, those that the journal has aside.
///
/// # Errors
/// A .bed that can not be read, or is another than the one that finished parts were made of; a write that fails; a
/// request to stop.
pub(super) fn write(
    options: &ImportOptions,
    inputs: &Inputs,
    plan: &Plan,
    journal: &Journal,
) -> Result<Genotypes, StoreError> {
    let masks = BlockMasks::of(&plan.blocks, &inputs.samples, plan.all_founders);
    let writer = GenotypeWriter { options, plan, journal, masks: &masks };
    let mut written =
        Genotypes { parts: Vec::with_capacity(plan.parts.len()), bed_blake3: Vec::new(), resumed: 0 };
    let mut hashers: BTreeMap<usize, blake3::Hasher> = BTreeMap::new();
    for part in &plan.parts {
        let input = &inputs.filesets[part.fileset];
        let mut bed = hashers.remove(&part.fileset).unwrap_or_else(|| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&BED_HEADER);
            hasher
        });
        let finished = match journal.finished(part.part.index)? {
            Some(finished) => {
                check_source(options, part, input, &finished, &mut bed)?;
                written.resumed += 1;
                finished
            }
            None => writer.write_part(part, input, &mut bed)?,
        };
        written.parts.push(finished);
        hashers.insert(part.fileset, bed);
    }
    written.bed_blake3 = hashers.into_values().map(|hasher| hasher.finalize().to_hex().to_string()).collect();
    Ok(written)
}

/// Hashes the rows of the .bed that a finished part was made of, and refuses them when they have changed since.
fn check_source(
    options: &ImportOptions,
    part: &PlannedPart,
    input: &InputFileset,
    finished: &FinishedPart,
    bed: &mut blake3::Hasher,
) -> Result<(), StoreError> {
    let reader = &input.fileset.bed;
    let step = (HASH_BYTES / reader.row_bytes().max(1)).max(1);
    let rows = part.part.variants as usize;
    let mut hasher = Xxh3Hasher::new();
    let mut buffer = Vec::new();
    for start in (0..rows).step_by(step) {
        let count = step.min(rows - start);
        buffer.resize(count * reader.row_bytes(), 0);
        reader.read_rows(part.first_row + start, count, &mut buffer)?;
        hasher.write(&buffer);
        bed.update(&buffer);
        options.progress.advance(count as u64, buffer.len() as u64);
        if options.progress.is_cancelled() {
            return Err(StoreError::Cancelled);
        }
    }
    if hex128(hasher.finish_128()) == finished.source_xxh3 {
        return Ok(());
    }
    Err(StoreError::refused(
        format!("{}: it has changed since the import was interrupted", reader.path().display()),
        format!("remove {} and import again, or choose another --out", options.out),
    ))
}

/// What the threads that write one part share. They take stripes in order, and pass the turnstiles in that order.
struct PartJob<'a> {
    options: &'a ImportOptions,
    part: &'a PlannedPart,
    input: &'a InputFileset,
    shape: StripeShape<'a>,
    starts: Vec<u32>,
    next: AtomicUsize,
    source: Turnstile<SourceHashes<'a>>,
    writers: Vec<Turnstile<PartWriter>>,
    counts: Turnstile<Vec<VariantCounts>>,
    failure: Mutex<Option<StoreError>>,
    closed: AtomicBool,
}

struct SourceHashes<'a> {
    bed: &'a mut blake3::Hasher,
    part: Xxh3Hasher,
}

/// What writing a part takes, whichever it is.
struct GenotypeWriter<'a> {
    options: &'a ImportOptions,
    plan: &'a Plan,
    journal: &'a Journal,
    masks: &'a [BlockMasks],
}

impl GenotypeWriter<'_> {
    fn write_part(
        &self,
        part: &PlannedPart,
        input: &InputFileset,
        bed: &mut blake3::Hasher,
    ) -> Result<FinishedPart, StoreError> {
        let Self { options, plan, masks, .. } = *self;
        let writers = plan
            .blocks
            .iter()
            .map(|&block| PartWriter::create(&options.out, plan.identity_of(part, block)).map(Turnstile::new))
            .collect::<Result<_, _>>()?;
        let order = input.order.as_ref();
        let job = PartJob {
            options,
            part,
            input,
            shape: StripeShape { plan, masks, order, by_sex: part.by_sex, level: options.level },
            starts: plan.page_starts(&part.part),
            next: AtomicUsize::new(0),
            source: Turnstile::new(SourceHashes { bed, part: Xxh3Hasher::new() }),
            writers,
            counts: Turnstile::new(Vec::with_capacity(part.part.variants as usize)),
            failure: Mutex::new(None),
            closed: AtomicBool::new(false),
        };
        let affordable = (options.memory_bytes / Stripe::bytes(plan).max(1)).max(1) as usize;
        let threads = options.threads.max(1).min(affordable).min(job.starts.len().max(1));
        let (written, to_flush) = mpsc::channel();
        std::thread::scope(|scope| {
            let job = &job;
            scope.spawn(move || job.flush(&to_flush));
            for _ in 1..threads {
                let written = written.clone();
                scope.spawn(move || job.work(&written));
            }
            job.work(&written);
            drop(written);
        });
        if let Some(failure) = job.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure);
        }
        let source_xxh3 = hex128(job.source.into_value().part.finish_128());
        let writers = job.writers.into_iter().map(Turnstile::into_value).collect();
        let tiles = finish_files(writers, options.threads)?;
        self.journal.finish(part.part.index, tiles, source_xxh3, &job.counts.into_value())
    }
}

/// Completes the files of a part, several at once: each waits for the disk.
fn finish_files(writers: Vec<PartWriter>, threads: usize) -> Result<Vec<TileFile>, StoreError> {
    let queue = Mutex::new(writers.into_iter().enumerate());
    let finish = || {
        let mut finished = Vec::new();
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((number, writer)) = next else { return Ok(finished) };
            finished.push((number, writer.finish()?));
        }
    };
    let mut tiles = std::thread::scope(|scope| {
        let others: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(finish)).collect();
        let mut tiles = Vec::new();
        for other in others {
            tiles
                .extend(other.join().unwrap_or(Err(StoreError::Internal("a thread of the import stopped")))?);
        }
        Ok::<_, StoreError>(tiles)
    })?;
    tiles.sort_by_key(|&(number, _)| number);
    Ok(tiles.into_iter().map(|(_, tile)| tile).collect())
}

impl PartJob<'_> {
    /// Takes stripes until there are no more, or something fails.
    fn work(&self, written: &Sender<Arc<File>>) {
        let closing = CloseUnlessDone { job: self, done: false };
        match self.write_stripes(written) {
            Ok(()) => closing.done(),
            Err(error) => self.fail(error),
        }
    }

    /// Brings row groups to the disk while others are made. The system tells of a failed write only once, so that it
    /// must not be missed here.
    fn flush(&self, written: &Receiver<Arc<File>>) {
        for file in written {
            if let Err(source) = file.sync_data() {
                let path = PathBuf::from(self.options.out.to_string());
                self.fail(StoreError::Io { path, action: "can not write", source });
                self.close();
            }
        }
    }

    /// Threads that were sent away say that they were cancelled: the first to fail knows why.
    fn fail(&self, error: StoreError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    fn write_stripes(&self, written: &Sender<Arc<File>>) -> Result<(), StoreError> {
        let mut stripe = Stripe::default();
        loop {
            let ticket = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(&start) = self.starts.get(ticket) else { return Ok(()) };
            if self.closed.load(Ordering::Relaxed) || self.options.progress.is_cancelled() {
                return Err(StoreError::Cancelled);
            }
            let end = self.starts.get(ticket + 1).copied().unwrap_or(self.part.part.variants);
            self.write_stripe(&mut stripe, ticket, start..end, written)?;
        }
    }

    fn write_stripe(
        &self,
        stripe: &mut Stripe,
        ticket: usize,
        range: Range<u32>,
        written: &Sender<Arc<File>>,
    ) -> Result<(), StoreError> {
        let (start, rows) = (range.start, range.len());
        let reader = &self.input.fileset.bed;
        stripe.bed.resize(rows * reader.row_bytes(), 0);
        reader.read_rows(self.part.first_row + start as usize, rows, &mut stripe.bed)?;
        self.source.pass(ticket, |hashes| {
            hashes.bed.update(&stripe.bed);
            hashes.part.write(&stripe.bed);
            Ok(())
        })?;
        let first_variant = self.part.part.first_variant + start;
        stripe.make(&self.shape, first_variant, rows)?;
        for (writer, page) in self.writers.iter().zip(&stripe.pages) {
            let payload = PagePayload { first_variant, bytes: page.payload(), checksums: &page.checksums };
            if let Some(file) = writer.pass(ticket, |writer| writer.append(&payload))? {
                // The receiver lives as long as any worker.
                let _ = written.send(file);
            }
        }
        self.counts.pass(ticket, |counts| {
            counts.extend_from_slice(&stripe.counts);
            Ok(())
        })?;
        self.options.progress.advance(rows as u64, stripe.bed.len() as u64);
        Ok(())
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.source.close();
        self.writers.iter().for_each(Turnstile::close);
        self.counts.close();
    }
}

/// Sends the other threads away when one fails, a panic included: its ticket will never pass.
struct CloseUnlessDone<'a, 'job> {
    job: &'a PartJob<'job>,
    done: bool,
}

impl CloseUnlessDone<'_, '_> {
    fn done(mut self) {
        self.done = true;
    }
}

impl Drop for CloseUnlessDone<'_, '_> {
    fn drop(&mut self) {
        if !self.done {
            self.job.close();
        }
    }
}
