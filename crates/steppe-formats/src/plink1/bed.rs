use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::{FormatError, Malformed};

/// Magic number and mode byte of a variant-major .bed.
pub(super) const HEADER: [u8; 3] = [0x6C, 0x1B, 0x01];

/// Genotypes of a .bed, read by position: threads share one reader.
#[derive(Debug)]
pub struct BedReader {
    path: PathBuf,
    file: PositionedFile,
    samples: usize,
    variants: usize,
    row_bytes: usize,
}

/// Opens a .bed of `samples` samples (rows of the .fam) and `variants` variants (rows of the .bim).
///
/// # Errors
/// The file can not be opened; its magic number is another one; it is sample-major; its length is not exactly that
/// of the counts.
pub fn open_bed(path: &Path, samples: usize, variants: usize) -> Result<BedReader, FormatError> {
    let mut file = File::open(path).map_err(|error| FormatError::io(path, "can not open", error))?;
    let metadata = file.metadata().map_err(|error| FormatError::io(path, "can not read", error))?;
    if !metadata.is_file() {
        return Err(Malformed::new(path, "it is not a regular file", "give a .bed on a disk").into());
    }
    let mut header = Vec::with_capacity(HEADER.len());
    file.by_ref()
        .take(HEADER.len() as u64)
        .read_to_end(&mut header)
        .map_err(|error| FormatError::io(path, "can not read", error))?;
    check_header(path, &header)?;
    let row_bytes = samples.div_ceil(4);
    check_length(path, metadata.len(), samples, variants)?;
    Ok(BedReader { path: path.to_owned(), file: PositionedFile::new(file), samples, variants, row_bytes })
}

impl BedReader {
    /// The bytes of one variant's row: four samples a byte, rounded up.
    pub fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// How many samples a row has.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// How many rows there are.
    pub fn variants(&self) -> usize {
        self.variants
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads rows `first..first + rows` as they stand (.bed codes) into `into`, which is exactly
    /// `rows * row_bytes()` long. Bits past the last sample are as the file has them.
    ///
    /// # Errors
    /// The rows are not in the file, `into` has another length, or the file can not be read (any more).
    pub fn read_rows(&self, first: usize, rows: usize, into: &mut [u8]) -> Result<(), FormatError> {
        let inside = first.checked_add(rows).is_some_and(|end| end <= self.variants);
        if !inside || rows.checked_mul(self.row_bytes) != Some(into.len()) {
            let problem = format!(
                "{rows} rows from row {first} asked into {} bytes, of {} rows of {} bytes",
                into.len(),
                self.variants,
                self.row_bytes
            );
            return Err(FormatError::io(
                &self.path,
                "can not read",
                io::Error::new(io::ErrorKind::InvalidInput, problem),
            ));
        }
        let offset = HEADER.len() as u64 + first as u64 * self.row_bytes as u64;
        self.file.read_exact_at(into, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                let remedy = "let no other program write to it, and start again";
                Malformed::new(&self.path, "the file became shorter while it was read", remedy).into()
            }
            _ => FormatError::io(&self.path, "can not read", error),
        })
    }
}

/// Refuses what does not start like a variant-major .bed.
fn check_header(path: &Path, header: &[u8]) -> Result<(), FormatError> {
    let (problem, remedy) = match header {
        [0x6C, 0x1B, 0x01] => return Ok(()),
        [0x6C, 0x1B, 0x00] => (
            "the genotypes are sample-major (mode byte 0)".to_owned(),
            "make it variant-major: plink1.9 --bfile PREFIX --make-bed --out NEW",
        ),
        [0x6C, 0x1B, mode] => (
            format!("the mode byte is {mode}, not 1; a plink2 .pgen starts so"),
            "give a PLINK 1 .bed: plink2 --pfile PREFIX --make-bed --out NEW",
        ),
        [0x1F, 0x8B, ..] | [0x28, 0xB5, 0x2F] => {
            ("the .bed is compressed".to_owned(), "decompress it: a .bed is read by position")
        }
        short if short.len() < HEADER.len() => (
            format!("the file has {} bytes, less than a .bed's header", short.len()),
            "copy or make the fileset again",
        ),
        _ => (
            "the magic number of a .bed is missing (the first bytes are not 6c 1b)".to_owned(),
            "give a PLINK 1 .bed, as plink2 --make-bed writes it",
        ),
    };
    let bytes = header.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    Err(Malformed::new(path, problem, remedy).field("header").value(&bytes).into())
}

/// Refuses any length but the exact one, and says what would fit.
fn check_length(path: &Path, length: u64, samples: usize, variants: usize) -> Result<(), FormatError> {
    let row_bytes = samples.div_ceil(4) as u128;
    let expected = HEADER.len() as u128 + row_bytes * variants as u128;
    let found = u128::from(length);
    if found == expected {
        return Ok(());
    }
    let body = found.saturating_sub(HEADER.len() as u128);
    let fits = row_bytes > 0 && body % row_bytes == 0;
    let problem = if found < expected {
        format!("the file is truncated: {found} bytes, and {expected} are needed")
    } else {
        format!("the file is too long: {found} bytes, and {expected} are needed")
    };
    let rows =
        if fits { format!(" (the bytes are those of {} variants)", body / row_bytes) } else { String::new() };
    let problem =
        format!("{problem} for {samples} samples of the .fam and {variants} variants of the .bim{rows}");
    Err(Malformed::new(path, problem, "give the .bed, .bim and .fam that were written together").into())
}

#[cfg(unix)]
#[derive(Debug)]
struct PositionedFile(File);

#[cfg(unix)]
impl PositionedFile {
    fn new(file: File) -> Self {
        Self(file)
    }

    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, into, offset)
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
struct PositionedFile(std::sync::Mutex<File>);

#[cfg(not(unix))]
impl PositionedFile {
    fn new(file: File) -> Self {
        Self(std::sync::Mutex::new(file))
    }

    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        use std::io::{Seek, SeekFrom};
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(bytes: &[u8], samples: usize, variants: usize) -> Result<BedReader, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.bed");
        std::fs::write(&path, bytes).unwrap();
        open_bed(&path, samples, variants).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_come_as_they_stand() {
        let bed = opened(&[0x6C, 0x1B, 1, 1, 2, 3, 4, 5, 6], 5, 3).unwrap();
        assert_eq!((bed.row_bytes(), bed.samples(), bed.variants()), (2, 5, 3));
        let mut rows = [0; 4];
        bed.read_rows(1, 2, &mut rows).unwrap();
        assert_eq!(rows, [3, 4, 5, 6]);
        assert!(bed.read_rows(2, 2, &mut rows).is_err());
        assert!(bed.read_rows(0, 1, &mut rows).is_err());
        assert!(bed.read_rows(usize::MAX, 2, &mut rows).is_err());
        bed.read_rows(3, 0, &mut []).unwrap();
    }

    #[test]
    fn another_header_or_length_is_refused() {
        for (bytes, message) in [
            (&[][..], "0 bytes"),
            (&[0x6C, 0x1B], "2 bytes"),
            (&[0x6C, 0x1B, 0, 0], "sample-major"),
            (&[0x6C, 0x1B, 2, 0], "mode byte is 2"),
            (&[0x1B, 0x6C, 1, 0], "magic"),
            (&[0x1F, 0x8B, 8, 0], "compressed"),
            (&[0x6C, 0x1B, 1], "truncated"),
            (&[0x6C, 0x1B, 1, 0, 0], "too long: 5 bytes, and 4 are needed"),
        ] {
            let error = opened(bytes, 3, 1).unwrap_err();
            assert!(error.contains(message) && error.contains("x.bed"), "{error}");
        }
        assert!(opened(&HEADER, usize::MAX, usize::MAX).is_err());
    }
}
