mod seal;

use serde::{Deserialize, Serialize};
use steppe_genome::GenomeBuild;

use crate::{Codec, SampleBlock, StoreError, TileLayout};
pub(crate) use seal::{open_sealed, seal};

/// The version of the store's format that this program writes and reads.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// Where the manifest of the first version of a cohort lies.
pub(crate) const MANIFEST_FOLDER: &str = "manifest";

/// What a cohort is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the store's format.
    pub format_version: u32,
    /// The version of the cohort; a later one may add sample blocks or variants.
    pub cohort_version: u32,
    /// The program that made it.
    pub importer: String,
    /// The genome build of all positions, by its PGS Catalog name.
    pub genome_build: String,
    /// How many samples there are.
    pub samples: u32,
    /// How many of them are founders.
    pub founders: u32,
    /// How many variants there are.
    pub variants: u32,
    /// BLAKE3 of the ordered sample ids: `family id, tab, sample id, line feed` for each; every part repeats it.
    pub sample_ids_blake3: String,
    /// The sizes that the matrix is cut into.
    pub layout: TileLayout,
    /// The sample blocks.
    pub blocks: Vec<SampleBlock>,
    /// The runs of variants.
    pub parts: Vec<Part>,
    /// samples.parquet.
    pub samples_file: FileEntry,
    /// variants.parquet.
    pub variants_file: FileEntry,
    /// The genotype files, by block and part.
    pub tiles: Vec<TileFile>,
    /// The files that were imported.
    pub sources: Vec<SourceFile>,
    /// What was odd in them, counted per kind.
    pub notes: Vec<NoteCount>,
}

/// A run of variants that is stored in one file a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The number of the part.
    pub index: u32,
    /// Its first variant, in matrix order.
    pub first_variant: u32,
    /// How many variants it has.
    pub variants: u32,
    /// The chromosome of all of them; `None` where a file jumps between chromosomes so often that parts may not
    /// follow them.
    pub chromosome: Option<String>,
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its name, relative to the cohort.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its content, in hexadecimal.
    pub blake3: String,
}

/// A file of genotypes: one block x one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileFile {
    /// The file.
    pub file: FileEntry,
    /// The block of samples.
    pub block: u32,
    /// The run of variants.
    pub part: u32,
    /// XXH3-128 of everything outside its row groups: the leading magic, then page indexes and footer.
    pub frame_xxh3: String,
    /// Its row groups, in order; they lie end to end.
    pub row_groups: Vec<RowGroupEntry>,
}

/// A row group of a genotype file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowGroupEntry {
    /// Where its bytes start in the file.
    pub offset: u64,
    /// How many bytes they are, page headers included.
    pub bytes: u64,
    /// XXH3-128 of these bytes, in hexadecimal.
    pub xxh3: String,
    /// Its first variant, in matrix order.
    pub first_variant: u32,
    /// How many variants it has.
    pub rows: u32,
}

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its name, without the folder: a cohort's identity does not depend on where its sources lay.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its content, in hexadecimal.
    pub blake3: String,
}

/// Something odd in the sources that was read all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteCount {
    /// The source file, without the folder.
    pub file: String,
    /// What it is, by its stable name.
    pub kind: String,
    /// How often.
    pub count: u64,
    /// The first 1-based line; 0 where the file as a whole is meant.
    pub first_line: u64,
    /// An example or an explanation.
    pub detail: String,
}

impl Manifest {
    /// The genome build of all positions.
    ///
    /// # Errors
    /// A build that this program does not know.
    pub fn genome_build(&self) -> Result<GenomeBuild, StoreError> {
        self.genome_build.parse().map_err(|_| {
            StoreError::refused(
                format!("the cohort's genome build is {:?}", self.genome_build),
                "read it with the version of steppe that made it, or import the files again",
            )
        })
    }

    /// How genotype pages are compressed.
    pub fn codec(&self) -> Codec {
        self.layout.codec
    }

    /// The bytes of all stored files, the manifest aside.
    pub fn stored_bytes(&self) -> u64 {
        let tables = self.samples_file.bytes + self.variants_file.bytes;
        tables + self.tiles.iter().map(|tile| tile.file.bytes).sum::<u64>()
    }

    /// Writes the manifest with its own hash; the second value is that hash, the cohort's identity.
    pub(crate) fn to_bytes(&self) -> Result<(Vec<u8>, String), StoreError> {
        let body =
            serde_json::to_vec(self).map_err(|_| StoreError::Internal("a manifest that is no JSON"))?;
        Ok(seal("manifest", &body))
    }

    /// Reads and checks a manifest; the second value is its hash.
    pub(crate) fn from_bytes(file: &str, bytes: &[u8]) -> Result<(Self, String), StoreError> {
        let (body, digest) = open_sealed("manifest", file, bytes)?;
        let manifest: Self = serde_json::from_slice(body).map_err(|error| {
            StoreError::refused(
                format!("{file}: it is no manifest that this version of steppe reads: {error}"),
                "use the version of steppe that made the cohort, or import the files again",
            )
        })?;
        manifest.check(file)?;
        Ok((manifest, digest))
    }

    /// Refuses what readers rely on and a hash does not promise: a manifest may be well sealed and still wrong.
    fn check(&self, file: &str) -> Result<(), StoreError> {
        let wrong = |place: String, expected: String, found: String| {
            Err(StoreError::corrupt(file, place, expected, found))
        };
        if self.format_version != FORMAT_VERSION {
            return Err(StoreError::refused(
                format!("{file}: format version {} is not {FORMAT_VERSION}", self.format_version),
                "use the version of steppe that made the cohort, or import the files again",
            ));
        }
        let mut sample = 0u64;
        for (index, block) in self.blocks.iter().enumerate() {
            let fits = block.index as usize == index
                && u64::from(block.first_sample) == sample
                && block.stride == self.layout.stride
                && block.stride >= (block.samples as usize).div_ceil(4);
            if !fits {
                return wrong(format!("block {index}"), "blocks end to end".to_owned(), format!("{block:?}"));
            }
            sample += u64::from(block.samples);
        }
        if sample != u64::from(self.samples) {
            return wrong("blocks".to_owned(), format!("{} samples", self.samples), sample.to_string());
        }
        let mut variant = 0u64;
        for (index, part) in self.parts.iter().enumerate() {
            if part.index as usize != index || u64::from(part.first_variant) != variant {
                return wrong(format!("part {index}"), "parts end to end".to_owned(), format!("{part:?}"));
            }
            variant += u64::from(part.variants);
        }
        if variant != u64::from(self.variants) {
            return wrong("parts".to_owned(), format!("{} variants", self.variants), variant.to_string());
        }
        if self.tiles.len() != self.blocks.len() * self.parts.len() || self.layout.page_rows == 0 {
            return wrong(
                "tiles".to_owned(),
                "one file a block and part".to_owned(),
                self.tiles.len().to_string(),
            );
        }
        self.tiles.iter().enumerate().try_for_each(|(index, tile)| self.check_tile(file, index, tile))
    }

    fn check_tile(&self, file: &str, index: usize, tile: &TileFile) -> Result<(), StoreError> {
        let place = (index / self.parts.len().max(1), index % self.parts.len().max(1));
        let wrong =
            |expected: &str| Err(StoreError::corrupt(file, &tile.file.path, expected, "something else"));
        if (tile.block as usize, tile.part as usize) != place {
            return wrong("files by block and part");
        }
        let part = &self.parts[place.1];
        let (mut offset, mut variant) = (4u64, u64::from(part.first_variant));
        for group in &tile.row_groups {
            if group.offset != offset || u64::from(group.first_variant) != variant || group.rows == 0 {
                return wrong("row groups end to end");
            }
            if crate::hash::parse_hex128(&group.xxh3).is_none() {
                return wrong("hashes of 32 hexadecimal digits");
            }
            offset = match offset.checked_add(group.bytes) {
                Some(end) if end <= tile.file.bytes => end,
                _ => return wrong("row groups within the file"),
            };
            variant += u64::from(group.rows);
        }
        if variant != u64::from(part.first_variant) + u64::from(part.variants) {
            return wrong("row groups that make up the part");
        }
        Ok(())
    }
}

/// The name of a manifest's file.
pub(crate) fn manifest_name(version: u32) -> String {
    format!("{MANIFEST_FOLDER}/{version:08}.json")
}
