use std::{fs::File, sync::Arc};

use super::{
    CHECKSUM, FileWriter, GENOTYPES, NARROW_PAGE_ROWS, VARIANT_INDEX,
    footer::{ColumnPages, Footer},
    page_header::plain_page_header,
    tile_name,
};
use crate::{
    Location, RowGroupEntry, SampleBlock, StoreError, TileFile, TileLayout,
    hash::{Xxh3Hasher, hex128},
};

const MAGIC: &[u8; 4] = b"PAR1";

/// Which file of which cohort is written.
#[derive(Clone)]
pub(crate) struct PartIdentity {
    pub(crate) block: SampleBlock,
    pub(crate) part: u32,
    pub(crate) first_variant: u32,
    pub(crate) variants: u32,
    pub(crate) layout: TileLayout,
    pub(crate) sample_ids_blake3: String,
}

/// Writes the genotype file of one block and part, page after page.
pub(crate) struct PartWriter {
    identity: PartIdentity,
    file: FileWriter,
    footer: Footer,
    frame: Xxh3Hasher,
    group: Option<OpenGroup>,
    row_groups: Vec<RowGroupEntry>,
}

/// A row group that is being written.
struct OpenGroup {
    first_variant: u32,
    rows: usize,
    filled: usize,
    offset: u64,
    hasher: Xxh3Hasher,
    columns: [ColumnPages; 3],
    checksums: Vec<u8>,
}

/// The payload of one page of genotypes, as it goes to the file.
pub(crate) struct PagePayload<'a> {
    pub(crate) first_variant: u32,
    /// Compressed as the layout says.
    pub(crate) bytes: &'a [u8],
    /// One a row.
    pub(crate) checksums: &'a [u64],
}

impl PartWriter {
    pub(crate) fn create(cohort: &Location, identity: PartIdentity) -> Result<Self, StoreError> {
        let name = tile_name(identity.block.index, identity.part);
        let mut file = FileWriter::create(cohort, &name)?;
        let footer =
            Footer::new(identity.block.stride, identity.layout.codec).map_err(StoreError::parquet(&name))?;
        let mut frame = Xxh3Hasher::new();
        file.append(MAGIC)?;
        frame.write(MAGIC);
        Ok(Self { identity, file, footer, frame, group: None, row_groups: Vec::new() })
    }

    /// Appends the next page of genotypes. After the last one of a row group, gives the file, where it is local, for
    /// another thread to bring to the disk.
    pub(crate) fn append(&mut self, page: &PagePayload<'_>) -> Result<Option<Arc<File>>, StoreError> {
        let mut group = match self.group.take() {
            Some(group) => group,
            None => self.open_group(page.first_variant)?,
        };
        let rows = page.checksums.len();
        let uncompressed = rows * self.identity.block.stride;
        group.write_page(&mut self.file, GENOTYPES, rows, uncompressed, page.bytes)?;
        group.checksums.extend(page.checksums.iter().flat_map(|checksum| checksum.to_le_bytes()));
        group.filled += rows;
        if group.filled < group.rows {
            self.group = Some(group);
            return Ok(None);
        }
        self.close_group(group)?;
        Ok(self.file.local_file())
    }

    fn open_group(&mut self, first_variant: u32) -> Result<OpenGroup, StoreError> {
        let end = self.identity.first_variant + self.identity.variants;
        let rows = self.identity.layout.row_group_rows.min(end - first_variant) as usize;
        let mut group = OpenGroup {
            first_variant,
            rows,
            filled: 0,
            offset: self.file.position(),
            hasher: Xxh3Hasher::new(),
            columns: Default::default(),
            checksums: Vec::with_capacity(rows * size_of::<u64>()),
        };
        let indices: Vec<u8> =
            (first_variant..first_variant + rows as u32).flat_map(u32::to_le_bytes).collect();
        group.write_narrow(&mut self.file, VARIANT_INDEX, &indices, size_of::<u32>())?;
        Ok(group)
    }

    fn close_group(&mut self, mut group: OpenGroup) -> Result<(), StoreError> {
        let checksums = std::mem::take(&mut group.checksums);
        group.write_narrow(&mut self.file, CHECKSUM, &checksums, size_of::<u64>())?;
        self.footer.push(group.rows, &group.columns).map_err(StoreError::parquet(self.file.name()))?;
        self.row_groups.push(RowGroupEntry {
            offset: group.offset,
            bytes: self.file.position() - group.offset,
            xxh3: hex128(group.hasher.finish_128()),
            first_variant: group.first_variant,
            rows: group.rows as u32,
        });
        Ok(())
    }

    /// Completes the file; it is there when this returns.
    pub(crate) fn finish(mut self) -> Result<TileFile, StoreError> {
        if self.group.is_some() {
            return Err(StoreError::Internal("a part ended within a row group"));
        }
        let identity = &self.identity;
        let key_values = [
            ("steppe.format_version", crate::manifest::FORMAT_VERSION.to_string()),
            ("steppe.sample_ids_blake3", identity.sample_ids_blake3.clone()),
            ("steppe.block", identity.block.index.to_string()),
            ("steppe.first_sample", identity.block.first_sample.to_string()),
            ("steppe.samples", identity.block.samples.to_string()),
            ("steppe.part", identity.part.to_string()),
            ("steppe.first_variant", identity.first_variant.to_string()),
            (
                "steppe.genotypes",
                "2-bit codes, 4 samples a byte, little end first: copies of the counted allele, 3 = missing; padding 0"
                    .to_owned(),
            ),
            ("steppe.checksum", "XXH3-64 of the row's genotypes, seed = block << 32 | variant_index".to_owned()),
        ];
        let key_values = key_values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let tail = self
            .footer
            .into_bytes(self.file.position(), key_values)
            .map_err(StoreError::parquet(self.file.name()))?;
        self.file.append(&tail)?;
        self.frame.write(&tail);
        Ok(TileFile {
            block: self.identity.block.index,
            part: self.identity.part,
            frame_xxh3: hex128(self.frame.finish_128()),
            row_groups: self.row_groups,
            file: self.file.finish()?,
        })
    }
}

impl OpenGroup {
    fn write_page(
        &mut self,
        file: &mut FileWriter,
        column: usize,
        rows: usize,
        uncompressed: usize,
        payload: &[u8],
    ) -> Result<(), StoreError> {
        let header = plain_page_header(rows, uncompressed, payload.len());
        let pages = &mut self.columns[column];
        pages.pages.push((file.position(), header.len() + payload.len(), rows));
        pages.uncompressed += header.len() + uncompressed;
        for bytes in [&header, payload] {
            file.append(bytes)?;
            self.hasher.write(bytes);
        }
        Ok(())
    }

    /// Writes a column of little-endian numbers of `width` bytes.
    fn write_narrow(
        &mut self,
        file: &mut FileWriter,
        column: usize,
        values: &[u8],
        width: usize,
    ) -> Result<(), StoreError> {
        values
            .chunks(NARROW_PAGE_ROWS * width)
            .try_for_each(|page| self.write_page(file, column, page.len() / width, page.len(), page))
    }
}
