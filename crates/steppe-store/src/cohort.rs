use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use steppe_genome::Chromosome;

use crate::{
    CohortVariants, FileEntry, Location, Manifest, SampleBlock, SampleTable, StoreError, TileCache,
    TileReader,
    checked_file::CheckedFile,
    hash::parse_hex128,
    manifest::{MANIFEST_FOLDER, manifest_name},
    reader::Tiles,
    variants::{Wanted, read_variants},
};

/// A cohort that has been opened: its manifest is read and checked, nothing else.
#[derive(Debug, Clone)]
pub struct Cohort(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    location: Location,
    manifest: Arc<Manifest>,
    digest: String,
    row_groups: Arc<[RowGroup]>,
    cache: Option<TileCache>,
    tiles: OnceLock<TileReader>,
}

/// A run of rows of one genotype file: the unit that is read and verified at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowGroup {
    /// The block of samples.
    pub block: u32,
    /// The run of variants that the file holds.
    pub part: u32,
    /// Its number within the file.
    pub row_group: u32,
    /// Its first variant, in matrix order.
    pub first_variant: u32,
    /// How many variants it has.
    pub rows: u32,
    /// Where its bytes start in the file.
    pub offset: u64,
    /// How many bytes they are.
    pub bytes: u64,
    /// XXH3-128 of these bytes.
    pub xxh3: u128,
}

impl Cohort {
    /// Opens the newest version of the cohort at a location, and checks its manifest.
    ///
    /// # Errors
    /// Nothing is there, its manifest is corrupt, or of a format that this program does not read.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        let no_cohort = || StoreError::NoCohort { location: location.to_string() };
        let versions = location.child(MANIFEST_FOLDER).list()?;
        let version = versions
            .iter()
            .filter_map(|name| name.strip_suffix(".json")?.parse::<u32>().ok())
            .max()
            .ok_or_else(no_cohort)?;
        let name = manifest_name(version);
        let (manifest, digest) = Manifest::from_bytes(&name, &location.child(&name).read()?)?;
        if manifest.cohort_version != version {
            return Err(StoreError::corrupt(&name, "cohort_version", version, manifest.cohort_version));
        }
        let row_groups = row_groups(&manifest)?;
        Ok(Self(Arc::new(Opened {
            location: location.clone(),
            manifest: Arc::new(manifest),
            digest,
            row_groups: row_groups.into(),
            cache: None,
            tiles: OnceLock::new(),
        })))
    }

    /// The same cohort, whose readers keep what they fetch from an object store in a cache, and look there first. A
    /// cohort on a local disk is read in place as before.
    #[must_use]
    pub fn with_tile_cache(&self, cache: &TileCache) -> Self {
        self.reading_through(Some(cache.clone()))
    }

    /// The same cohort, whose readers see what is stored and not what is cached.
    pub(crate) fn without_tile_cache(&self) -> Self {
        self.reading_through(None)
    }

    fn reading_through(&self, cache: Option<TileCache>) -> Self {
        Self(Arc::new(Opened {
            location: self.0.location.clone(),
            manifest: Arc::clone(&self.0.manifest),
            digest: self.0.digest.clone(),
            row_groups: Arc::clone(&self.0.row_groups),
            cache,
            tiles: OnceLock::new(),
        }))
    }

    /// Where the cohort lies.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// What the cohort is made of.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// BLAKE3 of the manifest, in hexadecimal: the identity of the cohort.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Reads the samples and checks them against the manifest.
    ///
    /// # Errors
    /// The file is not there, or corrupt.
    pub fn samples(&self) -> Result<SampleTable, StoreError> {
        let manifest = self.manifest();
        let table = SampleTable::from_parquet(self.read_checked(&manifest.samples_file)?)?;
        let file = &manifest.samples_file.path;
        if table.len() != manifest.samples as usize {
            return Err(StoreError::corrupt(file, "rows", manifest.samples, table.len()));
        }
        let ids = table.ids_blake3();
        if ids != manifest.sample_ids_blake3 {
            return Err(StoreError::corrupt(file, "sample ids", &manifest.sample_ids_blake3, ids));
        }
        Ok(table)
    }

    /// Reads the variants and checks them against the manifest.
    ///
    /// # Errors
    /// The file is not there, or corrupt.
    pub fn variants(&self) -> Result<CohortVariants, StoreError> {
        self.read_variants(None)
    }

    /// Reads the variants that are wanted, by chromosome, position and id; the others take no memory.
    ///
    /// # Errors
    /// As [`Self::variants`].
    pub fn variants_where(
        &self,
        wanted: &dyn Fn(&Chromosome, u32, &str) -> bool,
    ) -> Result<CohortVariants, StoreError> {
        self.read_variants(Some(wanted))
    }

    fn read_variants(&self, wanted: Option<Wanted<'_>>) -> Result<CohortVariants, StoreError> {
        let manifest = self.manifest();
        let file = CheckedFile::open(&self.0.location, &manifest.variants_file)?;
        let (variants, found) = read_variants(&file, manifest.founders == manifest.samples, wanted)
            .map_err(|error| file.failure().unwrap_or(error))?;
        if found != u64::from(manifest.variants) {
            return Err(StoreError::corrupt(&manifest.variants_file.path, "rows", manifest.variants, found));
        }
        Ok(variants)
    }

    /// The sample blocks, by index.
    pub fn blocks(&self) -> &[SampleBlock] {
        &self.0.manifest.blocks
    }

    /// All row groups, sorted by block and first variant.
    pub fn row_groups(&self) -> &[RowGroup] {
        &self.0.row_groups
    }

    /// A reader of genotypes; all readers of a cohort share what they know of its files.
    pub fn reader(&self) -> TileReader {
        self.0
            .tiles
            .get_or_init(|| {
                let manifest = Arc::clone(&self.0.manifest);
                TileReader::new(Tiles::new(&self.0.location, manifest, self.0.cache.clone()))
            })
            .clone()
    }

    /// Reads a small file whole and checks its size and hash.
    fn read_checked(&self, file: &FileEntry) -> Result<Bytes, StoreError> {
        let bytes = self.0.location.child(&file.path).read()?;
        if bytes.len() as u64 != file.bytes {
            return Err(StoreError::corrupt(&file.path, "its size", file.bytes, bytes.len()));
        }
        let found = crate::hash::blake3_hex(&bytes);
        if found != file.blake3 {
            return Err(StoreError::corrupt(&file.path, "its content", &file.blake3, found));
        }
        Ok(bytes)
    }
}

fn row_groups(manifest: &Manifest) -> Result<Vec<RowGroup>, StoreError> {
    let mut groups = Vec::with_capacity(manifest.tiles.iter().map(|tile| tile.row_groups.len()).sum());
    for tile in &manifest.tiles {
        for (row_group, entry) in (0u32..).zip(&tile.row_groups) {
            let xxh3 = parse_hex128(&entry.xxh3)
                .ok_or(StoreError::Internal("a manifest was used without being checked"))?;
            groups.push(RowGroup {
                block: tile.block,
                part: tile.part,
                row_group,
                first_variant: entry.first_variant,
                rows: entry.rows,
                offset: entry.offset,
                bytes: entry.bytes,
                xxh3,
            });
        }
    }
    Ok(groups)
}
