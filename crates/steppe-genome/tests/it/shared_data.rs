//! Where the public test data lies, and its text.

use std::{io::Read, path::PathBuf};

use flate2::read::MultiGzDecoder;

/// The folder of one public data set; `None`, told on stderr, where the data are not there.
pub(crate) fn dataset(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("STEPPE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", folder.display());
    eprintln!("skipped: {} is missing", folder.display());
    None
}

/// A text file, decompressed where its name ends in `.gz`.
pub(crate) fn text(path: &std::path::Path) -> String {
    let mut bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut plain = Vec::new();
        MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
        bytes = plain;
    }
    String::from_utf8(bytes).unwrap()
}
