use std::io::{Read, Write};

use bytes::Bytes;
use foyer::{Code, Error, Result};

use crate::{TileFile, hash::parse_hex128};

/// The piece of a file that is no row group.
const FRAME: u32 = u32::MAX;

/// A piece of a genotype file, named by content: the same bytes have the same key in every cohort and version, and
/// other bytes another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TileKey {
    /// BLAKE3 of the file.
    file: [u8; 32],
    /// The number of the row group.
    piece: u32,
    /// XXH3-128 of the piece, as the manifest has it.
    xxh3: u128,
}

impl TileKey {
    /// A row group; `None` where the manifest names no hash of the file.
    pub(crate) fn row_group(file: &TileFile, row_group: u32, xxh3: u128) -> Option<Self> {
        Some(Self { file: file_hash(file)?, piece: row_group, xxh3 })
    }

    /// What is around the row groups; `None` where the manifest names no hash of it.
    pub(crate) fn frame(file: &TileFile) -> Option<Self> {
        Some(Self { file: file_hash(file)?, piece: FRAME, xxh3: parse_hex128(&file.frame_xxh3)? })
    }
}

fn file_hash(file: &TileFile) -> Option<[u8; 32]> {
    blake3::Hash::from_hex(&file.file.blake3).ok().map(Into::into)
}

#[cfg(test)]
impl TileKey {
    /// A key of a piece that no file has.
    pub(super) fn of_test(file: u8, piece: u32, xxh3: u128) -> Self {
        Self { file: [file; 32], piece, xxh3 }
    }
}

impl Code for TileKey {
    fn encode(&self, writer: &mut impl Write) -> Result<()> {
        let fields = [&self.file[..], &self.piece.to_le_bytes(), &self.xxh3.to_le_bytes()];
        fields.into_iter().try_for_each(|field| writer.write_all(field)).map_err(Error::io_error)
    }

    fn decode(reader: &mut impl Read) -> Result<Self> {
        let (mut file, mut piece, mut xxh3) = ([0; 32], [0; 4], [0; 16]);
        for field in [&mut file[..], &mut piece, &mut xxh3] {
            reader.read_exact(field).map_err(Error::io_error)?;
        }
        Ok(Self { file, piece: u32::from_le_bytes(piece), xxh3: u128::from_le_bytes(xxh3) })
    }

    fn estimated_size(&self) -> usize {
        32 + 4 + 16
    }
}

/// The bytes of a piece. They are the rest of an entry on disk: a length that a disk has changed is never believed.
pub(super) struct TileBytes(pub(super) Bytes);

impl Code for TileBytes {
    fn encode(&self, writer: &mut impl Write) -> Result<()> {
        writer.write_all(&self.0).map_err(Error::io_error)
    }

    fn decode(reader: &mut impl Read) -> Result<Self> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(Error::io_error)?;
        Ok(Self(bytes.into()))
    }

    fn estimated_size(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let key =
            TileKey { file: std::array::from_fn(|byte| byte as u8), piece: 0xA1B2_C3D4, xxh3: 7 << 100 };
        let mut written = Vec::new();
        key.encode(&mut written).expect("memory");
        assert_eq!(written.len(), key.estimated_size());
        assert_eq!(TileKey::decode(&mut &written[..]).expect("a key"), key);
        assert!(TileKey::decode(&mut &written[..51]).is_err());
        for length in [0, 1, 4096, 70_000] {
            let tile = TileBytes(vec![length as u8; length].into());
            let mut written = Vec::new();
            tile.encode(&mut written).expect("memory");
            assert_eq!(written.len(), tile.estimated_size());
            assert_eq!(TileBytes::decode(&mut &written[..]).expect("a tile").0, tile.0);
        }
    }
}
