//! What the scoring-file tests share.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use steppe_formats::scoring_file::{ReadOptions, ScoringFile, read_scoring_file};

/// The folder of public test data; `None`, said aloud, where it is absent outside CI.
pub(super) fn data() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = PathBuf::from(std::env::var_os("STEPPE_DATA").unwrap_or_else(|| default.into()));
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs the test data: {}", folder.display());
    eprintln!("skipped: no test data in {}", folder.display());
    None
}

/// Reads a file with default options; errors as their text.
pub(super) fn read(path: &Path) -> Result<ScoringFile, String> {
    read_scoring_file(path, &ReadOptions::default()).map_err(|error| error.to_string())
}

/// Reads bytes as a file with default options.
pub(super) fn read_bytes(bytes: &[u8]) -> Result<ScoringFile, String> {
    read_bytes_as(bytes, &ReadOptions::default())
}

/// Reads bytes as a file.
pub(super) fn read_bytes_as(bytes: &[u8], options: &ReadOptions) -> Result<ScoringFile, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("score.txt");
    std::fs::File::create(&path).and_then(|mut file| file.write_all(bytes)).expect("a file");
    read_scoring_file(&path, options).map_err(|error| error.to_string())
}

/// gzip of some bytes.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("gzip")
}
