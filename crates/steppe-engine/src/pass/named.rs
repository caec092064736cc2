//! Passes by name: what travels to a worker instead of weights and tables, and how the worker comes by them.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use datafusion::error::DataFusionError;
use steppe_kernels::Level;
use steppe_store::{Cohort, Location, TileCache};

use super::{PassContext, PassOperand, forward::BlockMasks};
use crate::{EngineError, SilentProgress};

/// Contexts that a worker holds at once: passes of one job follow one another, and few jobs run at a time.
const HELD: usize = 4;

/// A pass by the names of everything that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PassSpec {
    /// The cohort's folder or URL.
    pub cohort: String,
    /// The digest of its manifest: another version of the cohort is not summed by mistake.
    pub cohort_digest: String,
    /// The object that holds the operand.
    pub operand: String,
    /// BLAKE3 of that object, in hexadecimal.
    pub operand_blake3: String,
}

impl PassSpec {
    /// Puts an operand where workers find it, under its own hash, and names the pass over it. An object that is
    /// there already is the same one.
    ///
    /// # Errors
    /// When the object can not be written.
    pub fn publish(cohort: &Cohort, operand: &PassOperand, folder: &Location) -> Result<Self, EngineError> {
        let bytes = operand.to_bytes();
        let operand_blake3 = blake3::hash(&bytes).to_hex().to_string();
        let object = folder.absolute().child(&format!("{operand_blake3}.operand"));
        let bytes = bytes::Bytes::from(bytes);
        // One that an earlier attempt has left there may have been damaged since.
        if !object.put_if_absent_unsynced(bytes.clone())? && object.read()? != bytes {
            object.put(bytes)?;
        }
        Ok(Self {
            cohort: cohort.location().absolute().to_string(),
            cohort_digest: cohort.digest().to_owned(),
            operand: object.to_string(),
            operand_blake3,
        })
    }

    /// BLAKE3 over all names.
    pub fn digest(&self) -> blake3::Hash {
        let Self { cohort, cohort_digest, operand: _, operand_blake3 } = self;
        let mut hasher = blake3::Hasher::new();
        for text in [cohort, cohort_digest, operand_blake3] {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        hasher.finalize()
    }

    /// Opens the cohort and looks that it is the right one.
    fn open_cohort(&self, cache: Option<&TileCache>) -> Result<OpenCohort, EngineError> {
        let mut cohort = Cohort::open(&Location::parse(&self.cohort)?)?;
        if let Some(cache) = cache {
            cohort = cohort.with_tile_cache(cache);
        }
        if cohort.digest() != self.cohort_digest {
            return Err(EngineError::refused(
                format!("{}: the cohort has changed since the job was planned", self.cohort),
                "submit the job again; it will be a new one",
            ));
        }
        let samples = cohort.samples()?;
        let masks = PassContext::masks_of(cohort.blocks(), &samples);
        Ok(OpenCohort { location: self.cohort.clone(), cohort, masks })
    }

    /// Reads and checks the operand of a pass.
    fn load(&self, level: Level, open: OpenCohort) -> Result<PassContext, EngineError> {
        let bytes = Location::parse(&self.operand)?.read()?;
        let found = blake3::hash(&bytes).to_hex();
        if found.as_str() != self.operand_blake3 {
            return Err(steppe_store::StoreError::corrupt(
                &self.operand,
                "the operand's BLAKE3",
                &self.operand_blake3,
                found,
            )
            .into());
        }
        let operand = PassOperand::from_bytes(&bytes)
            .ok_or(EngineError::Internal("an operand of another version of steppe"))?;
        Ok(PassContext {
            operand,
            masks: open.masks,
            cohort: open.cohort,
            level,
            progress: Arc::new(SilentProgress),
        })
    }
}

type Slot = Arc<OnceLock<Result<Arc<PassContext>, Arc<DataFusionError>>>>;

/// A cohort that has been opened, with what every pass over it needs.
#[derive(Clone)]
struct OpenCohort {
    location: String,
    cohort: Cohort,
    masks: Vec<BlockMasks>,
}

/// The contexts that a worker has loaded: each once, however many of its tasks ask at the same time.
pub struct PassContexts {
    level: Level,
    cache: Option<TileCache>,
    /// Cohorts of the last passes, the latest first: a next pass over one of them reads nothing of it again.
    cohorts: Mutex<Vec<OpenCohort>>,
    /// The latest first.
    held: Mutex<Vec<(PassSpec, Slot)>>,
}

impl PassContexts {
    /// None yet; kernels run at `level`, and tiles of object stores are kept in `cache`.
    pub fn new(level: Level, cache: Option<TileCache>) -> Self {
        Self { level, cache, cohorts: Mutex::default(), held: Mutex::default() }
    }

    /// The context of a pass. Blocks while it is read.
    ///
    /// # Errors
    /// What the cohort or the operand could not be read for; the next call tries again.
    pub fn context(&self, spec: &PassSpec) -> Result<Arc<PassContext>, Arc<DataFusionError>> {
        let slot = self.slot(spec);
        let loaded = slot
            .get_or_init(|| self.load(spec).map(Arc::new).map_err(|error| Arc::new(error.into())))
            .clone();
        if loaded.is_err() {
            self.lock().retain(|(_, held)| !Arc::ptr_eq(held, &slot));
        }
        loaded
    }

    fn load(&self, spec: &PassSpec) -> Result<PassContext, EngineError> {
        let known =
            |open: &&OpenCohort| open.location == spec.cohort && open.cohort.digest() == spec.cohort_digest;
        let lock = || self.cohorts.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lock().iter().find(known).cloned();
        let open = match found {
            Some(open) => open,
            None => {
                let open = spec.open_cohort(self.cache.as_ref())?;
                let mut cohorts = lock();
                cohorts.insert(0, open.clone());
                cohorts.truncate(HELD);
                open
            }
        };
        spec.load(self.level, open)
    }

    fn slot(&self, spec: &PassSpec) -> Slot {
        let mut held = self.lock();
        let entry = match held.iter().position(|(known, _)| known == spec) {
            Some(at) => held.remove(at),
            None => (spec.clone(), Slot::default()),
        };
        let slot = Arc::clone(&entry.1);
        held.insert(0, entry);
        held.truncate(HELD);
        slot
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(PassSpec, Slot)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PassContexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PassContexts").field("held", &self.lock().len()).finish_non_exhaustive()
    }
}
