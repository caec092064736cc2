use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    plan::{Plan, PlannedPart},
    stripe::VariantCounts,
};
use crate::{
    FileEntry, Location, SexCounts, StoreError, TileFile,
    hash::blake3_hex,
    manifest::{open_sealed, seal},
};

/// Where an unfinished import keeps what it has finished, relative to the cohort.
pub(super) const JOURNAL_FOLDER: &str = "import.state";
const PLAN_FILE: &str = "plan.json";
/// Bytes of a variant's counts.
const COUNTS_BYTES: usize = 16 * size_of::<u32>();

/// What an unfinished import has finished.
pub(super) struct Journal {
    out: Location,
    folder: Location,
}

/// A finished part: the same run of variants in every block.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FinishedPart {
    pub(super) tiles: Vec<TileFile>,
    /// XXH3-128 of the rows of the .bed that it was made of.
    pub(super) source_xxh3: String,
    /// BLAKE3 of the counts' file.
    pub(super) counts_blake3: String,
}

impl Journal {
    /// Starts a journal, or goes on with that of an interrupted import of the same inputs.
    ///
    /// # Errors
    /// The output holds something else.
    pub(super) fn open(out: &Location, plan: &Plan) -> Result<Self, StoreError> {
        let folder = out.child(JOURNAL_FOLDER);
        let file = folder.child(PLAN_FILE);
        if !file.exists()? {
            refuse_occupied(out)?;
            let (sealed, _) = seal("plan", format!("\"{}\"", plan.identity).as_bytes());
            file.put_if_absent(sealed.into())?;
        }
        let found = file.read()?;
        let matches = open_sealed("plan", PLAN_FILE, &found)
            .is_ok_and(|(body, _)| body == format!("\"{}\"", plan.identity).as_bytes());
        if matches {
            return Ok(Self { out: out.clone(), folder });
        }
        Err(StoreError::refused(
            format!("{out}: an unfinished import of other files or with other options is here"),
            format!("choose another --out, or remove {out} if nothing else needs it"),
        ))
    }

    /// A part that was finished and whose files are still what they were.
    pub(super) fn finished(&self, part: u32) -> Result<Option<FinishedPart>, StoreError> {
        let file = self.folder.child(&record_name(part));
        if !file.exists()? {
            return Ok(None);
        }
        let bytes = file.read()?;
        let record: Option<FinishedPart> = open_sealed("part", &record_name(part), &bytes)
            .ok()
            .and_then(|(body, _)| serde_json::from_slice(body).ok());
        let Some(record) = record else { return Ok(None) };
        let counts = self.folder.child(&counts_name(part));
        let whole = counts.exists()?
            && blake3_hex(&counts.read()?) == record.counts_blake3
            && record.tiles.iter().all(|tile| is_whole(&self.out, &tile.file));
        Ok(whole.then_some(record))
    }

    /// Notes that a part is finished; its files are there.
    pub(super) fn finish(
        &self,
        part: u32,
        tiles: Vec<TileFile>,
        source_xxh3: String,
        counts: &[VariantCounts],
    ) -> Result<FinishedPart, StoreError> {
        let mut bytes = Vec::with_capacity(counts.len() * COUNTS_BYTES);
        for VariantCounts { all, founders, by_sex } in counts {
            for number in [all, founders, &by_sex.male, &by_sex.female].into_iter().flatten() {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        let record = FinishedPart { tiles, source_xxh3, counts_blake3: blake3_hex(&bytes) };
        self.folder.child(&counts_name(part)).put(bytes.into())?;
        let body =
            serde_json::to_vec(&record).map_err(|_| StoreError::Internal("a journal that is no JSON"))?;
        let (sealed, _) = seal("part", &body);
        self.folder.child(&record_name(part)).put(sealed.into())?;
        Ok(record)
    }

    /// The counts of a finished part.
    pub(super) fn counts(&self, part: &PlannedPart) -> Result<CountsOfPart, StoreError> {
        let bytes = self.folder.child(&counts_name(part.part.index)).read()?;
        if bytes.len() != part.part.variants as usize * COUNTS_BYTES {
            return Err(StoreError::Internal("the counts of a part are of another number of variants"));
        }
        Ok(CountsOfPart { bytes })
    }

    /// Removes the journal, after the commit.
    pub(super) fn remove(self) -> Result<(), StoreError> {
        self.folder.delete_all()
    }
}

/// The counts of a part's variants.
pub(super) struct CountsOfPart {
    bytes: Bytes,
}

impl CountsOfPart {
    pub(super) fn get(&self, variant: usize) -> VariantCounts {
        let bytes = &self.bytes[variant * COUNTS_BYTES..][..COUNTS_BYTES];
        let four = |place: usize| {
            let mut numbers = [0; 4];
            for (number, bytes) in numbers.iter_mut().zip(bytes[place * 16..][..16].chunks_exact(4)) {
                *number = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            numbers
        };
        VariantCounts {
            all: four(0),
            founders: four(1),
            by_sex: SexCounts { male: four(2), female: four(3) },
        }
    }
}

fn record_name(part: u32) -> String {
    format!("{part:05}.json")
}

fn counts_name(part: u32) -> String {
    format!("{part:05}.counts")
}

/// Whether a file is there with its size and hash.
fn is_whole(out: &Location, file: &FileEntry) -> bool {
    crate::verify::file_blake3(&out.child(&file.path), file.bytes, &mut |_| ())
        .is_ok_and(|found| found == file.blake3)
}

/// A new import only goes to a place where nothing is.
fn refuse_occupied(out: &Location) -> Result<(), StoreError> {
    let occupied = match out.local_path() {
        Some(path) if path.is_file() => true,
        Some(path) => match std::fs::read_dir(path) {
            Ok(entries) => entries.flatten().any(|entry| entry.file_name() != JOURNAL_FOLDER),
            Err(_) => false,
        },
        None => out.list()?.iter().any(|name| !name.starts_with(JOURNAL_FOLDER)),
    };
    if occupied {
        return Err(StoreError::refused(
            format!("{out}: something else is here already, and no cohort"),
            "choose a folder that does not exist yet, or is empty",
        ));
    }
    Ok(())
}
