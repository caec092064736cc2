//! What all text readers share: lines of a plain, gzip or zstd file, in bounded memory.

mod fields;

use std::{
    fs::File,
    io::{self, BufReader, Chain, Cursor, Read},
    path::{Path, PathBuf},
};

pub(crate) use fields::Fields;

use crate::{FileNote, FormatError, Malformed, NoteKind, note::NoteTally};

/// The longest line that is read; a longer one is no line of a text format.
const LONGEST_LINE: usize = 64 << 20;

/// How much is read at a time.
const CHUNK: usize = 256 << 10;

/// Lines of a UTF-8 text file, plain or compressed (gzip with any number of members, zstd), told by the first bytes
/// and not by the name.
///
/// ```ignore
/// let mut lines = LineReader::open(path)?;
/// while let Some((number, line)) = lines.next_line()? {
///     // `number` is 1-based; `line` has no line end and no byte-order mark
/// }
/// notes.extend(lines.notes()); // byte-order mark, CR LF, no final newline
/// ```
///
/// Memory is one buffer, as long as the longest line needs and never beyond 64 MiB. Blank lines are yielded.
///
/// Errors (with the line, where it is known): the file can not be opened or read; NUL bytes; UTF-16 or other text
/// that is not UTF-8; a line of more than 64 MiB; compressed data that is cut off, damaged or followed by
/// something else.
pub(crate) struct LineReader {
    path: PathBuf,
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// The unread bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    at_end: bool,
    compression: Compression,
    line: u64,
    notes: NoteTally,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

/// A file whose first bytes were looked at.
type Peeked = Chain<Cursor<Vec<u8>>, File>;

impl LineReader {
    /// Opens a file and looks at its first bytes.
    pub(crate) fn open(path: &Path) -> Result<Self, FormatError> {
        let file = File::open(path).map_err(|error| FormatError::io(path, "can not open", error))?;
        let (compression, peeked) =
            peek(file).map_err(|error| FormatError::io(path, "can not read", error))?;
        let input: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(peeked),
            Compression::Gzip => {
                Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(CHUNK, peeked)))
            }
            Compression::Zstd => Box::new(
                zstd::stream::read::Decoder::new(peeked)
                    .map_err(|error| FormatError::io(path, "can not read", error))?,
            ),
        };
        let mut reader = Self {
            path: path.to_owned(),
            input,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            at_end: false,
            compression,
            line: 0,
            notes: NoteTally::new(path),
        };
        reader.check_byte_order_mark()?;
        Ok(reader)
    }

    /// The 1-based number of the line that was read last; 0 before the first.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// What is odd about the lines read so far: byte-order mark, CR LF, no final newline.
    pub(crate) fn notes(&self) -> Vec<FileNote> {
        self.notes.to_notes()
    }

    /// The next line with its 1-based number, without line end; `None` after the last.
    pub(crate) fn next_line(&mut self) -> Result<Option<(u64, &str)>, FormatError> {
        match self.next_content()? {
            Some((first, last)) => self.text(first, last).map(Some),
            None => Ok(None),
        }
    }

    /// The next line of a file of rows, as [`Self::next_line`]; blank lines at the end are passed over, and refused
    /// before another row, as plink2 does.
    pub(crate) fn next_row(&mut self) -> Result<Option<(u64, &str)>, FormatError> {
        let mut blank = None;
        while let Some((first, last)) = self.next_content()? {
            if self.buffer[first..last].trim_ascii().is_empty() {
                blank = blank.or(Some(self.line));
                continue;
            }
            if let Some(line) = blank {
                return Err(Malformed::new(
                    &self.path,
                    "a blank line stands between rows",
                    "delete the line",
                )
                .line(line)
                .into());
            }
            return self.text(first, last).map(Some);
        }
        Ok(None)
    }

    fn text(&self, first: usize, last: usize) -> Result<(u64, &str), FormatError> {
        let bytes = &self.buffer[first..last];
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok((self.line, text)),
            Err(_) => Err(not_utf8(&self.path, self.line, bytes)),
        }
    }

    /// Where the next line lies in the buffer, without its line end; counts it, and refuses NUL bytes.
    fn next_content(&mut self) -> Result<Option<(usize, usize)>, FormatError> {
        let Some((first, mut last, found)) = self.next_span()? else { return Ok(None) };
        self.line += 1;
        if !found {
            self.notes
                .add(NoteKind::NoFinalNewline, self.line, || "the last line has no line end".to_owned());
        }
        if last > first && self.buffer[last - 1] == b'\r' {
            self.notes.add(NoteKind::CrlfLineEndings, self.line, || "lines end in CR LF".to_owned());
            while last > first && self.buffer[last - 1] == b'\r' {
                last -= 1;
            }
        }
        let bytes = &self.buffer[first..last];
        if memchr::memchr(0, bytes).is_some() {
            return Err(nul_byte(&self.path, self.line, bytes));
        }
        Ok(Some((first, last)))
    }

    /// The bytes of the next line within the buffer, and whether a line end was found; advances past it.
    fn next_span(&mut self) -> Result<Option<(usize, usize, bool)>, FormatError> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start + searched..self.end];
            if let Some(offset) = memchr::memchr(b'\n', unread) {
                let (first, last) = (self.start, self.start + searched + offset);
                self.start = last + 1;
                return Ok(Some((first, last, true)));
            }
            searched = self.end - self.start;
            if searched > LONGEST_LINE {
                return Err(Malformed::new(
                    &self.path,
                    "the line is longer than 64 MiB",
                    "give a text file with one record a line",
                )
                .line(self.line + 1)
                .into());
            }
            if self.at_end {
                let (first, last) = (self.start, self.end);
                self.start = self.end;
                return Ok((last > first).then_some((first, last, false)));
            }
            self.fill()?;
        }
    }

    /// Reads more behind the unread bytes, which move to the front of the buffer.
    fn fill(&mut self) -> Result<(), FormatError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() - self.end < CHUNK / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(bytes) => self.end += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.read_error(error)),
            }
            return Ok(());
        }
    }

    fn read_error(&self, error: io::Error) -> FormatError {
        let format = match self.compression {
            Compression::None => return FormatError::io(&self.path, "can not read", error),
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        };
        let problem = match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("the {format} data ends early: the file is truncated"),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
                format!("the {format} data is damaged, or followed by something else ({error})")
            }
            _ => return FormatError::io(&self.path, "can not read", error),
        };
        Malformed::new(&self.path, problem, "fetch or compress the file again").line(self.line + 1).into()
    }

    /// Skips a UTF-8 byte-order mark, refuses a UTF-16 one.
    fn check_byte_order_mark(&mut self) -> Result<(), FormatError> {
        while self.end < 3 && !self.at_end {
            self.fill()?;
        }
        match &self.buffer[..self.end] {
            [0xEF, 0xBB, 0xBF, ..] => {
                self.start = 3;
                self.notes
                    .add(NoteKind::ByteOrderMark, 1, || "starts with a UTF-8 byte-order mark".to_owned());
                Ok(())
            }
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                Err(Malformed::new(&self.path, "the text is UTF-16", "save it as UTF-8 text").line(1).into())
            }
            _ => Ok(()),
        }
    }
}

/// Tells the compression from the first four bytes, which are put back.
fn peek(mut file: File) -> io::Result<(Compression, Peeked)> {
    let mut first = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut first)?;
    let compression = match first.as_slice() {
        [0x1F, 0x8B, ..] => Compression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD] => Compression::Zstd,
        _ => Compression::None,
    };
    Ok((compression, Cursor::new(first).chain(file)))
}

#[cold]
fn nul_byte(path: &Path, line: u64, bytes: &[u8]) -> FormatError {
    let alternate = bytes.iter().filter(|&&byte| byte == 0).count() * 3 > bytes.len();
    let problem = if alternate { "the text is UTF-16, or binary" } else { "the line has a NUL byte" };
    Malformed::new(path, problem, "give a text file in UTF-8, without NUL bytes")
        .line(line)
        .value(&shown(bytes))
        .into()
}

#[cold]
fn not_utf8(path: &Path, line: u64, bytes: &[u8]) -> FormatError {
    Malformed::new(path, "the line is not UTF-8 text", "save the file as UTF-8 text (plain, gzip or zstd)")
        .line(line)
        .value(&shown(bytes))
        .into()
}

/// The beginning of bad bytes, as text.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(256)]).into_owned()
}

#[cfg(test)]
mod tests;
