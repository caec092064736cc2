mod buffer;
mod open_tile;
mod remote_tile;
mod scan;
mod select;

use std::{fmt, sync::Arc};

use steppe_kernels::Rows;

use crate::{Codec, Location, Manifest, RowGroup, SampleBlock, StoreError, TileCache, TileFile};
use buffer::AlignedBuffer;
use open_tile::OpenTile;

/// Reads and verifies genotypes; cheap to clone, and shared between threads.
#[derive(Clone, Debug)]
pub struct TileReader(Arc<Tiles>);

/// What readers know of a cohort's genotype files.
pub(crate) struct Tiles {
    location: Location,
    manifest: Arc<Manifest>,
    cache: Option<TileCache>,
}

impl Tiles {
    pub(crate) fn new(location: &Location, manifest: Arc<Manifest>, cache: Option<TileCache>) -> Arc<Self> {
        Arc::new(Self { location: location.clone(), manifest, cache })
    }

    /// The file that a row group is in, and its number.
    fn tile(&self, group: &RowGroup) -> Result<(usize, &TileFile), StoreError> {
        let parts = self.manifest.parts.len();
        let index = group.block as usize * parts + group.part as usize;
        match self.manifest.tiles.get(index) {
            Some(tile) if (group.part as usize) < parts => Ok((index, tile)),
            _ => Err(StoreError::Internal("a row group of another cohort")),
        }
    }
}

impl fmt::Debug for Tiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tiles")
            .field("location", &self.location)
            .field("files", &self.manifest.tiles.len())
            .field("cache", &self.cache)
            .finish()
    }
}

/// Buffers of one thread, and the file that it read last; reuse it from row group to row group.
#[derive(Default)]
pub struct Scratch {
    raw: AlignedBuffer,
    rows: AlignedBuffer,
    open: Option<(usize, Arc<OpenTile>)>,
    decoder: Option<zstd::bulk::Decompressor<'static>>,
}

impl Scratch {
    /// Empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> Result<&mut zstd::bulk::Decompressor<'static>, StoreError> {
        if self.decoder.is_none() {
            let decoder = zstd::bulk::Decompressor::new();
            self.decoder = Some(decoder.map_err(|_| StoreError::Internal("no memory for a zstd decoder"))?);
        }
        self.decoder.as_mut().ok_or(StoreError::Internal("no zstd decoder"))
    }
}

/// Takes a run of rows: the first variant, and the rows of it and those after it.
pub(crate) type EachRun<'a> = dyn FnMut(u32, Rows<'_>) -> Result<(), StoreError> + 'a;
/// Takes some rows and the variant of each.
pub(crate) type EachSelection<'a> = dyn FnMut(&[u32], Rows<'_>) -> Result<(), StoreError> + 'a;

impl TileReader {
    pub(crate) fn new(tiles: Arc<Tiles>) -> Self {
        Self(tiles)
    }

    /// Hands all rows of a row group to `each`, in order, in runs that fit into a cache.
    ///
    /// Bytes are hashed as they pass; the hash is compared after the last run. Only when this returns without an
    /// error may anything that was made of the rows count.
    ///
    /// # Errors
    /// The file can not be read, its bytes are not those that were written, or `each` fails.
    pub fn scan(
        &self,
        group: &RowGroup,
        scratch: &mut Scratch,
        each: &mut EachRun<'_>,
    ) -> Result<(), StoreError> {
        let tile = self.open(group, scratch)?;
        scan::scan(self, &tile, group, scratch, each)
    }

    /// Hands the rows of some variants of a row group to `each`, in order: only these are read, and each is checked
    /// by its own checksum. Where a cache has the whole row group, they are taken from it; what is fetched for a
    /// selection is not cached.
    ///
    /// # Errors
    /// Variants that are not ascending or not in the row group; a file that can not be read; a row that is not what
    /// was written; `each` fails.
    pub fn select(
        &self,
        group: &RowGroup,
        variants: &[u32],
        scratch: &mut Scratch,
        each: &mut EachSelection<'_>,
    ) -> Result<(), StoreError> {
        let inside =
            |&variant: &u32| variant >= group.first_variant && variant - group.first_variant < group.rows;
        if !variants.iter().all(inside) || !variants.is_sorted_by(|one, next| one < next) {
            return Err(StoreError::Internal("variants that are not ascending or not in the row group"));
        }
        if variants.is_empty() {
            return Ok(());
        }
        let tile = self.open(group, scratch)?;
        select::select(self, &tile, group, variants, scratch, each)
    }

    /// Compares the checksums of all rows of a row group with the stored ones.
    pub(crate) fn check_checksums(
        &self,
        group: &RowGroup,
        found: &[u64],
        scratch: &mut Scratch,
    ) -> Result<(), StoreError> {
        let tile = self.open(group, scratch)?;
        select::check_checksums(&tile, group, found)
    }

    /// The file of a row group, its frame checked: the one that `scratch` holds, or opened now.
    fn open(&self, group: &RowGroup, scratch: &mut Scratch) -> Result<Arc<OpenTile>, StoreError> {
        let (index, entry) = self.0.tile(group)?;
        if let Some((open, tile)) = &scratch.open
            && *open == index
        {
            return Ok(Arc::clone(tile));
        }
        let tiles = &self.0;
        let stride = self.block(group).stride;
        let tile = OpenTile::open(&tiles.location, entry, stride, self.codec(), tiles.cache.as_ref())?;
        let tile = Arc::new(tile);
        scratch.open = Some((index, Arc::clone(&tile)));
        Ok(tile)
    }

    fn codec(&self) -> Codec {
        self.0.manifest.codec()
    }

    fn block(&self, group: &RowGroup) -> &SampleBlock {
        &self.0.manifest.blocks[group.block as usize]
    }
}
