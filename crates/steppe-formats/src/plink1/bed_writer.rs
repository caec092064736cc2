use std::{io, path::Path};

use super::bed::HEADER;
use crate::{FormatError, output::Output};

/// The .bed byte of a byte of four tile codes: 0 → `11`, 1 → `10`, 2 → `00`, 3 → `01`.
const BED_OF_TILE: [u8; 256] = {
    let codes = [0b11_u8, 0b10, 0b00, 0b01];
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut shift = 0;
        while shift < 8 {
            table[byte] |= codes[(byte >> shift) & 3] << shift;
            shift += 2;
        }
        byte += 1;
    }
    table
};

/// Writes a variant-major .bed; the file gets its name when it is finished.
#[derive(Debug)]
pub struct BedWriter {
    output: Output,
    samples: usize,
    row: Vec<u8>,
    rows: u64,
}

impl BedWriter {
    /// Starts a .bed of `samples` samples.
    ///
    /// # Errors
    /// The file can not be created.
    pub fn create(path: &Path, samples: usize) -> Result<Self, FormatError> {
        let mut output = Output::create(path)?;
        output.write(|file| file.write_all(&HEADER))?;
        Ok(Self { output, samples, row: vec![0; samples.div_ceil(4)], rows: 0 })
    }

    /// Writes one variant from .bed codes; bits past the last sample are written as 0.
    ///
    /// # Errors
    /// The row is shorter than a quarter of the samples, or the file can not be written.
    pub fn write_row(&mut self, bed: &[u8]) -> Result<(), FormatError> {
        let bytes = self.checked(bed)?;
        self.row.copy_from_slice(bytes);
        self.write_buffered()
    }

    /// Writes one variant from tile codes (copies of A1, 3 for missing).
    ///
    /// # Errors
    /// As [`Self::write_row`].
    pub fn write_tile_row(&mut self, tile: &[u8]) -> Result<(), FormatError> {
        let bytes = self.checked(tile)?;
        for (out, &byte) in self.row.iter_mut().zip(bytes) {
            *out = BED_OF_TILE[usize::from(byte)];
        }
        self.write_buffered()
    }

    /// How many variants were written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Completes the file.
    ///
    /// # Errors
    /// The file can not be written.
    pub fn finish(self) -> Result<(), FormatError> {
        self.output.finish()
    }

    fn checked<'a>(&self, row: &'a [u8]) -> Result<&'a [u8], FormatError> {
        row.get(..self.row.len()).ok_or_else(|| {
            let problem = format!(
                "a row has {} bytes, and {} samples need {}",
                row.len(),
                self.samples,
                self.row.len()
            );
            let error = io::Error::new(io::ErrorKind::InvalidInput, problem);
            FormatError::io(self.output.path(), "can not write", error)
        })
    }

    fn write_buffered(&mut self) -> Result<(), FormatError> {
        let used = self.samples % 4;
        if let (1.., Some(last)) = (used, self.row.last_mut()) {
            *last &= (1 << (2 * used)) - 1;
        }
        let row = &self.row;
        self.output.write(|file| file.write_all(row))?;
        self.rows += 1;
        Ok(())
    }
}
