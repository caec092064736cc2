//! Partial sums as objects: what a partition has done, kept so that nobody has to do it again.
//!
//! ```text
//! "STEPPEP2"  BLAKE3 of all that follows
//! the pass's digest (32 bytes)  u32 partition  u32 keys
//! per key: u32 key  u64 sums  u64 counts  i64[sums]  u32[counts] alleles  u32[counts] dosages
//! ```
//! Little end first. The digest ties the object to one pass: its cohort, its operand and its partitions.

use bytes::Bytes;
use steppe_store::{Location, StoreError};

use super::{Descriptor, PartialSums, PassSpec, little_end};
use crate::EngineError;

const MAGIC: &[u8; 8] = b"STEPPEP2";
const HASH: usize = blake3::OUT_LEN;
/// Magic and hash.
const HEADER: usize = MAGIC.len() + HASH;

/// Where the partial sums of one pass are committed.
#[derive(Debug, Clone)]
pub struct Partials {
    folder: Location,
    pass: [u8; HASH],
}

impl Partials {
    /// The partials of a pass under a job's folder. Other partitions of the same work are another pass.
    pub fn of(folder: &Location, spec: &PassSpec, partitions: &[Descriptor]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(spec.digest().as_bytes());
        for descriptor in partitions {
            hasher.update(&(descriptor.tiles.len() as u64).to_le_bytes());
            descriptor.tiles.iter().for_each(|tile| {
                hasher.update(&tile.to_le_bytes());
            });
        }
        let pass = hasher.finalize();
        Self { folder: folder.absolute().child(&pass.to_hex().as_str()[..16]), pass: *pass.as_bytes() }
    }

    /// The same from their names, as they travel in a plan.
    ///
    /// # Errors
    /// A folder that is no location, or a digest of another length.
    pub fn named(folder: &str, pass: &[u8]) -> Result<Self, EngineError> {
        let pass =
            pass.try_into().map_err(|_| EngineError::Internal("a pass's digest has another length"))?;
        Ok(Self { folder: Location::parse(folder)?, pass })
    }

    /// The folder as text.
    pub fn folder(&self) -> String {
        self.folder.to_string()
    }

    /// The digest of the pass.
    pub fn pass(&self) -> &[u8; HASH] {
        &self.pass
    }

    fn object(&self, partition: u32) -> Location {
        self.folder.child(&format!("{partition:06}.sums"))
    }

    /// The partitions that are done, ascending.
    ///
    /// # Errors
    /// When the folder can not be listed.
    pub fn done(&self) -> Result<Vec<u32>, EngineError> {
        let mut done: Vec<u32> =
            self.folder.list()?.iter().filter_map(|name| name.strip_suffix(".sums")?.parse().ok()).collect();
        done.sort_unstable();
        Ok(done)
    }

    /// Whether a partition is done.
    ///
    /// # Errors
    /// When the store does not answer.
    pub fn has(&self, partition: u32) -> Result<bool, EngineError> {
        Ok(self.object(partition).exists()?)
    }

    /// Commits the sums of a partition; false when they were there before. Both are the same sums: they are integers.
    ///
    /// # Errors
    /// When the object can not be written.
    pub fn commit(&self, partition: u32, keys: &[PartialSums]) -> Result<bool, EngineError> {
        let mut object = Vec::with_capacity(HEADER + HASH + 8 + keys.iter().map(bytes_of).sum::<usize>());
        object.extend_from_slice(MAGIC);
        // The hash of what follows goes here at the end.
        object.extend_from_slice(&[0; HASH]);
        object.extend_from_slice(&self.pass);
        object.extend_from_slice(&partition.to_le_bytes());
        object.extend_from_slice(&(keys.len() as u32).to_le_bytes());
        for sums in keys {
            object.extend_from_slice(&sums.key.to_le_bytes());
            object.extend_from_slice(&(sums.sums.len() as u64).to_le_bytes());
            object.extend_from_slice(&(sums.alleles.len() as u64).to_le_bytes());
            little_end::put(&mut object, sums.sums.iter(), |sum| sum.to_le_bytes());
            for counts in [&sums.alleles, &sums.dosage] {
                little_end::put(&mut object, counts.iter(), |count| count.to_le_bytes());
            }
        }
        let hash = blake3::hash(&object[HEADER..]);
        object[MAGIC.len()..HEADER].copy_from_slice(hash.as_bytes());
        // What a loss of power takes is computed again.
        Ok(self.object(partition).put_if_absent_unsynced(object.into())?)
    }

    /// Reads a partition's sums back.
    ///
    /// # Errors
    /// An object that is not there, is corrupt, or belongs to another pass.
    pub fn read(&self, partition: u32) -> Result<Vec<PartialSums>, EngineError> {
        let object = self.object(partition);
        let bytes = object.read()?;
        let corrupt = |place: &str, expected: String, found: String| {
            EngineError::from(StoreError::corrupt(&object.to_string(), place, expected, found))
        };
        let Some(([magic, stored], body)) = header(&bytes) else {
            return Err(corrupt(
                "its beginning",
                format!("{} bytes", MAGIC.len() + HASH),
                bytes.len().to_string(),
            ));
        };
        let found = blake3::hash(body);
        if magic != MAGIC || stored != found.as_bytes() {
            return Err(corrupt("its BLAKE3", hex(stored), found.to_hex().to_string()));
        }
        match Body(body).sums(&self.pass, partition) {
            Some(sums) => Ok(sums),
            None => Err(corrupt("its pass", hex(&self.pass), hex(&body[..HASH.min(body.len())]))),
        }
    }

    /// Forgets a partition's sums.
    ///
    /// # Errors
    /// When the store does not let go of them.
    pub fn discard(&self, partition: u32) -> Result<(), EngineError> {
        Ok(self.object(partition).delete()?)
    }

    /// Removes everything: the pass is merged, or given up.
    ///
    /// # Errors
    /// When the store does not let go of it.
    pub fn remove(&self) -> Result<(), EngineError> {
        Ok(self.folder.delete_all()?)
    }
}

fn bytes_of(sums: &PartialSums) -> usize {
    20 + 8 * (sums.sums.len() + sums.alleles.len())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Magic and hash, and what follows them.
fn header(bytes: &Bytes) -> Option<([&[u8]; 2], &[u8])> {
    let (magic, rest) = bytes.split_at_checked(MAGIC.len())?;
    let (hash, body) = rest.split_at_checked(HASH)?;
    Some(([magic, hash], body))
}

/// The unread part of a body.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn sums(mut self, pass: &[u8], partition: u32) -> Option<Vec<PartialSums>> {
        if self.take(HASH)? != pass || self.number()? != partition {
            return None;
        }
        let count = self.number()?;
        let sums: Option<Vec<PartialSums>> = (0..count).map(|_| self.sums_of_key()).collect();
        sums.filter(|_| self.0.is_empty())
    }

    fn sums_of_key(&mut self) -> Option<PartialSums> {
        let key = self.number()?;
        let (sums, counts) = (self.length()?, self.length()?);
        Some(PartialSums {
            key,
            sums: self.array(sums, i64::from_le_bytes)?,
            alleles: self.array(counts, u32::from_le_bytes)?,
            dosage: self.array(counts, u32::from_le_bytes)?,
        })
    }

    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(*self.take(4)?.first_chunk()?))
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(*self.take(8)?.first_chunk()?)).ok()
    }

    fn array<T, const N: usize>(&mut self, count: usize, number_of: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        Some(little_end::get(self.take(count.checked_mul(N)?)?, number_of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> PassSpec {
        PassSpec {
            cohort: "cohort".into(),
            cohort_digest: "c0".into(),
            operand: "operand".into(),
            operand_blake3: "0b".into(),
        }
    }

    fn sums() -> Vec<PartialSums> {
        [2, 5].map(|key| PartialSums { key, sums: vec![-1, 9], alleles: vec![4], dosage: vec![3] }).into()
    }

    fn folder(temporary: &tempfile::TempDir) -> Location {
        Location::local(temporary.path())
    }

    #[test]
    fn sums_are_committed_once_and_come_back() {
        let temporary = tempfile::tempdir().expect("a folder");
        let partitions = [Descriptor { partition: 0, tiles: vec![1, 2] }];
        let partials = Partials::of(&folder(&temporary), &spec(), &partitions);
        assert!(partials.done().expect("a list").is_empty());
        assert!(partials.commit(0, &sums()).expect("committed"));
        assert!(!partials.commit(0, &sums()).expect("there already"));
        assert!(partials.commit(12, &[]).expect("committed"));
        assert_eq!(partials.done().expect("a list"), [0, 12]);
        assert_eq!(partials.read(0).expect("sums"), sums());
        assert_eq!(partials.read(12).expect("no sums"), []);
        let same = Partials::named(&partials.folder(), partials.pass()).expect("names");
        assert_eq!(same.read(0).expect("sums"), sums());
        partials.remove().expect("removed");
        assert!(partials.done().expect("a list").is_empty());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let temporary = tempfile::tempdir().expect("a folder");
        let partials = Partials::of(&folder(&temporary), &spec(), &[]);
        partials.commit(3, &sums()).expect("committed");
        let path = partials.object(3).local_path().expect("a path").to_owned();
        let whole = std::fs::read(&path).expect("bytes");
        for bit in 0..8 * whole.len() {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, flipped).expect("written");
            let error = partials.read(3).expect_err("a flipped bit");
            assert!(matches!(error, EngineError::Store(StoreError::Corrupt { .. })), "{error}");
        }
        for end in 0..whole.len() {
            std::fs::write(&path, &whole[..end]).expect("written");
            assert!(partials.read(3).is_err());
        }
    }

    #[test]
    fn sums_of_another_pass_or_partition_are_refused() {
        let temporary = tempfile::tempdir().expect("a folder");
        let ours = Partials::of(&folder(&temporary), &spec(), &[]);
        let other = PassSpec { operand_blake3: "0c".into(), ..spec() };
        let theirs = Partials::of(&folder(&temporary), &other, &[]);
        assert_ne!(ours.folder(), theirs.folder());
        ours.commit(1, &sums()).expect("committed");
        let path = |partials: &Partials, at| partials.object(at).local_path().expect("a path").to_owned();
        std::fs::create_dir_all(theirs.folder.local_path().expect("a path")).expect("a folder");
        std::fs::copy(path(&ours, 1), path(&ours, 2)).expect("copied");
        std::fs::copy(path(&ours, 1), path(&theirs, 1)).expect("copied");
        assert!(ours.read(2).is_err());
        assert!(theirs.read(1).is_err());
    }
}
