mod local;
mod remote;
mod traffic;

use std::{
    fmt,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use object_store::ObjectStore;

use crate::StoreError;
pub(crate) use local::{remove_temporaries, temporary_sibling};
pub(crate) use remote::{MultipartSink, RemoteLocation};
pub use traffic::{StoreOperation, StoreOutcome, StoreTraffic};

/// Bytes that are written in one request, which can be repeated; more go in parts.
const ONE_REQUEST: u64 = 64 << 20;
/// Bytes that are read in one request where the content goes elsewhere.
const PIECE: u64 = 8 << 20;

/// A folder, file, prefix or object: on a local disk, or in an object store.
///
/// Credentials of object stores come from the environment, as the `object_store` crate reads them (`AWS_…`,
/// `GOOGLE_…`, `AZURE_…`).
#[derive(Debug, Clone)]
pub struct Location(Place);

#[derive(Debug, Clone)]
enum Place {
    Local(PathBuf),
    Remote(RemoteLocation),
}

impl Location {
    /// Reads a path or a `file://`, `s3://`, `gs://` or `az://` URL.
    ///
    /// # Errors
    /// A URL of another kind, or an object store whose settings in the environment do not make sense.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let invalid = |problem: String| StoreError::Location { location: text.to_owned(), problem };
        if text.is_empty() {
            return Err(invalid("it is empty".to_owned()));
        }
        let Some((scheme, _)) = text.split_once("://") else {
            return Ok(Self(Place::Local(PathBuf::from(text))));
        };
        let url = url::Url::parse(text).map_err(|error| invalid(error.to_string()))?;
        if scheme.eq_ignore_ascii_case("file") {
            let path = url.to_file_path().map_err(|()| invalid("it is no absolute path".to_owned()))?;
            return Ok(Self(Place::Local(path)));
        }
        RemoteLocation::open(&url).map(|remote| Self(Place::Remote(remote))).map_err(invalid)
    }

    /// What a URL names in an object store that the caller has opened: with settings and credentials of its own.
    ///
    /// # Errors
    /// Text that is no URL, or a URL whose path is no key.
    pub fn in_store(store: Arc<dyn ObjectStore>, url: &str) -> Result<Self, StoreError> {
        let invalid = |problem: String| StoreError::Location { location: url.to_owned(), problem };
        let url = url::Url::parse(url).map_err(|error| invalid(error.to_string()))?;
        RemoteLocation::in_store(store, &url).map(|remote| Self(Place::Remote(remote))).map_err(invalid)
    }

    /// A local folder or file.
    pub fn local(path: impl Into<PathBuf>) -> Self {
        Self(Place::Local(path.into()))
    }

    /// A place below this one; `name` may have several segments, separated by `/`.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        match &self.0 {
            Place::Local(path) => Self(Place::Local(path.join(name))),
            Place::Remote(remote) => Self(Place::Remote(remote.child(name))),
        }
    }

    /// The same place by a name that does not depend on the working folder, as another process needs it.
    #[must_use]
    pub fn absolute(&self) -> Self {
        match &self.0 {
            Place::Local(path) => {
                Self(Place::Local(std::path::absolute(path).unwrap_or_else(|_| path.clone())))
            }
            Place::Remote(_) => self.clone(),
        }
    }

    /// The path, where it is local.
    pub fn local_path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Local(path) => Some(path),
            Place::Remote(_) => None,
        }
    }

    pub(crate) fn remote(&self) -> Option<&RemoteLocation> {
        match &self.0 {
            Place::Local(_) => None,
            Place::Remote(remote) => Some(remote),
        }
    }

    /// The whole content.
    ///
    /// # Errors
    /// It is not there or can not be read.
    pub fn read(&self) -> Result<Bytes, StoreError> {
        match &self.0 {
            Place::Local(path) => {
                std::fs::read(path).map(Bytes::from).map_err(StoreError::io(path, "can not read"))
            }
            Place::Remote(remote) => remote.read(),
        }
    }

    /// Some bytes of the content.
    ///
    /// # Errors
    /// It is not there, can not be read, or is shorter.
    pub fn read_range(&self, offset: u64, length: usize) -> Result<Bytes, StoreError> {
        match &self.0 {
            Place::Local(path) => local::read_range(path, offset, length),
            Place::Remote(remote) => remote.read_range(offset, length),
        }
    }

    /// The size in bytes, `None` where nothing is.
    ///
    /// # Errors
    /// The store does not answer.
    pub fn size(&self) -> Result<Option<u64>, StoreError> {
        match &self.0 {
            Place::Local(path) => local::size(path),
            Place::Remote(remote) => remote.size(),
        }
    }

    /// Whether a file or object is here.
    ///
    /// # Errors
    /// The store does not answer.
    pub fn exists(&self) -> Result<bool, StoreError> {
        Ok(self.size()?.is_some())
    }

    /// Writes the whole content; others see the old or the new one, never a part.
    ///
    /// # Errors
    /// It can not be written.
    pub fn put(&self, content: Bytes) -> Result<(), StoreError> {
        match &self.0 {
            Place::Local(path) => local::put(path, &content),
            Place::Remote(remote) => remote.put(content),
        }
    }

    /// Writes the content of a local file, however large; others see the old content or the new one, never a part.
    ///
    /// # Errors
    /// The file can not be read, or this place not written.
    pub fn put_file(&self, file: &Path) -> Result<(), StoreError> {
        let failed = || StoreError::io(file, "can not read");
        match &self.0 {
            Place::Local(path) => local::put_file(path, file),
            Place::Remote(remote) if std::fs::metadata(file).map_err(failed())?.len() > ONE_REQUEST => {
                remote.put_file(file)
            }
            Place::Remote(remote) => remote.put(Bytes::from(std::fs::read(file).map_err(failed())?)),
        }
    }

    /// Copies the content into a local file, a piece at a time, and gives its BLAKE3.
    ///
    /// # Errors
    /// It is not there or can not be read; the file can not be written.
    pub fn copy_to(&self, file: &Path) -> Result<blake3::Hash, StoreError> {
        let failed = || StoreError::io(file, "can not write");
        let mut copy = std::fs::File::create(file).map_err(failed())?;
        // Where nothing is, reading says so.
        let Some(size) = self.size()? else { return self.read().map(|content| blake3::hash(&content)) };
        let (mut hasher, mut offset) = (blake3::Hasher::new(), 0);
        while offset < size {
            let piece = self.read_range(offset, PIECE.min(size - offset) as usize)?;
            copy.write_all(&piece).map_err(failed())?;
            hasher.update(&piece);
            offset += piece.len() as u64;
        }
        Ok(hasher.finalize())
    }

    /// Writes the whole content if nothing is here yet, in one step; whether it did.
    ///
    /// # Errors
    /// It can not be written for another reason.
    pub fn put_if_absent(&self, content: Bytes) -> Result<bool, StoreError> {
        match &self.0 {
            Place::Local(path) => local::put_if_absent(path, &content, true),
            Place::Remote(remote) => remote.put_if_absent(content),
        }
    }

    /// The same for content that has its own hash in it and can be made again: it is not waited for until a disk has it,
    /// so that after a loss of power less of it may be there.
    ///
    /// # Errors
    /// As [`Self::put_if_absent`].
    pub fn put_if_absent_unsynced(&self, content: Bytes) -> Result<bool, StoreError> {
        match &self.0 {
            Place::Local(path) => local::put_if_absent(path, &content, false),
            Place::Remote(remote) => remote.put_if_absent(content),
        }
    }

    /// The names of all files or objects below this place, relative to it, in order; empty where nothing is.
    ///
    /// # Errors
    /// The store does not answer.
    pub fn list(&self) -> Result<Vec<String>, StoreError> {
        match &self.0 {
            Place::Local(path) => local::list(path),
            Place::Remote(remote) => remote.list(),
        }
    }

    /// Removes a file or object; nothing happens where none is.
    ///
    /// # Errors
    /// It is there and can not be removed.
    pub fn delete(&self) -> Result<(), StoreError> {
        match &self.0 {
            Place::Local(path) => local::delete(path),
            Place::Remote(remote) => remote.delete(),
        }
    }

    /// Removes everything below this place, and the place itself.
    ///
    /// # Errors
    /// Something can not be removed.
    pub fn delete_all(&self) -> Result<(), StoreError> {
        match &self.0 {
            Place::Local(path) => match std::fs::remove_dir_all(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(StoreError::io(path, "can not remove")(error))
                }
                _ => Ok(()),
            },
            Place::Remote(_) => self.list()?.iter().try_for_each(|name| self.child(name).delete()),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Local(path) => write!(f, "{}", path.display()),
            Place::Remote(remote) => remote.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls() -> Result<(), StoreError> {
        assert_eq!(Location::parse("a/b")?.local_path(), Some(Path::new("a/b")));
        assert_eq!(Location::parse("file:///x/y")?.child("z/1").local_path(), Some(Path::new("/x/y/z/1")));
        assert!(Location::parse("ftp://x/y").is_err());
        assert!(Location::parse("").is_err());
        let bucket = Location::parse("s3://bucket/some/prefix")?;
        assert_eq!(bucket.local_path(), None);
        assert_eq!(bucket.child("a.json").to_string(), "s3://bucket/some/prefix/a.json");
        Ok(())
    }

    #[test]
    fn files_arrive_whole_in_one_request_and_in_parts() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store: Arc<dyn ObjectStore> = Arc::new(object_store::memory::InMemory::new());
        for bytes in [7, ONE_REQUEST as usize + (5 << 20) + 7] {
            let content: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
            let file = folder.path().join("file");
            std::fs::write(&file, &content)?;
            let place = Location::in_store(Arc::clone(&store), "s3://bucket/result/file")?;
            place.put_file(&file)?;
            assert!(place.read()? == content, "{bytes} bytes");
        }
        let nowhere = Location::in_store(store, "s3://bucket/none")?;
        assert!(nowhere.put_file(&folder.path().join("absent")).is_err());
        Ok(())
    }

    #[test]
    fn the_first_put_wins() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let place = Location::local(folder.path().join("deep/file"));
        assert!(!place.exists()?);
        assert!(place.put_if_absent(Bytes::from_static(b"one"))?);
        assert!(!place.put_if_absent(Bytes::from_static(b"two"))?);
        assert_eq!(place.read()?, "one");
        place.put(Bytes::from_static(b"three"))?;
        assert_eq!(place.read_range(1, 3)?, "hre");
        assert_eq!(Location::local(folder.path()).list()?, ["deep/file"]);
        place.delete()?;
        place.delete()?;
        assert_eq!(Location::local(folder.path()).list()?, [""; 0]);
        Ok(())
    }
}
