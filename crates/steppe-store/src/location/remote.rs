//! Objects of S3, Google Cloud Storage and Azure.

use std::{fmt, io, sync::Arc};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, ObjectStoreScheme, PutMode, PutOptions, PutPayload, WriteMultipart,
    aws::AmazonS3Builder, azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder, path::Path,
};
use url::Url;

use crate::{
    StoreError,
    runtime::{handle, wait},
};

/// Bytes of a part of a multipart upload; S3 wants at least 5 MiB, and at most 10,000 parts.
const CHUNK_BYTES: usize = 5 << 20;
/// Parts of a multipart upload that are in flight at once, per object.
const UPLOADS_IN_FLIGHT: usize = 2;

/// A key or prefix of an object store.
#[derive(Debug, Clone)]
pub(crate) struct RemoteLocation {
    store: Arc<dyn ObjectStore>,
    /// Scheme and bucket, for messages.
    root: Arc<str>,
    key: Path,
}

impl RemoteLocation {
    /// Opens the store that a URL is in; the error is what is wrong.
    pub(super) fn open(url: &Url) -> Result<Self, String> {
        let (scheme, key) = ObjectStoreScheme::parse(url).map_err(|error| error.to_string())?;
        let store: Result<Arc<dyn ObjectStore>, Error> = match scheme {
            ObjectStoreScheme::AmazonS3 => {
                AmazonS3Builder::from_env().with_url(url.as_str()).build().map(|store| Arc::new(store) as _)
            }
            ObjectStoreScheme::GoogleCloudStorage => GoogleCloudStorageBuilder::from_env()
                .with_url(url.as_str())
                .build()
                .map(|store| Arc::new(store) as _),
            ObjectStoreScheme::MicrosoftAzure => MicrosoftAzureBuilder::from_env()
                .with_url(url.as_str())
                .build()
                .map(|store| Arc::new(store) as _),
            _ => return Err(format!("{}:// is not supported", url.scheme())),
        };
        let store = store.map_err(|error| error.to_string())?;
        let whole = url.as_str().trim_end_matches('/');
        let root = whole.strip_suffix(key.as_ref()).unwrap_or(whole).trim_end_matches('/');
        Ok(Self { store, root: root.into(), key })
    }

    pub(super) fn child(&self, name: &str) -> Self {
        let key = name.split('/').filter(|part| !part.is_empty()).fold(self.key.clone(), Path::join);
        Self { key, ..self.clone() }
    }

    /// Runs one request and waits for it.
    fn request<T, F, R>(&self, action: &'static str, make: R) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        R: FnOnce(Arc<dyn ObjectStore>, Path) -> F,
    {
        let future = make(Arc::clone(&self.store), self.key.clone());
        wait(future)?.map_err(|source| self.error(action, source))
    }

    fn error(&self, action: &'static str, source: Error) -> StoreError {
        StoreError::ObjectStore { location: self.to_string(), action, source }
    }

    pub(super) fn read(&self) -> Result<Bytes, StoreError> {
        self.request("can not read", |store, key| async move { store.get(&key).await?.bytes().await })
    }

    pub(super) fn read_range(&self, offset: u64, length: usize) -> Result<Bytes, StoreError> {
        let range = offset..offset + length as u64;
        let bytes =
            self.request("can not read", |store, key| async move { store.get_range(&key, range).await })?;
        if bytes.len() == length {
            return Ok(bytes);
        }
        let short = io::Error::new(io::ErrorKind::UnexpectedEof, "the object is shorter than its range");
        Err(self.error("can not read", Error::Generic { store: "range", source: Box::new(short) }))
    }

    /// Several ranges of bytes, in the order given.
    pub(crate) fn read_ranges(&self, ranges: Vec<std::ops::Range<u64>>) -> Result<Vec<Bytes>, StoreError> {
        self.request("can not read", |store, key| async move { store.get_ranges(&key, &ranges).await })
    }

    pub(super) fn size(&self) -> Result<Option<u64>, StoreError> {
        self.request("can not look at it", |store, key| async move {
            match store.head(&key).await {
                Ok(meta) => Ok(Some(meta.size)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    pub(super) fn put(&self, content: Bytes) -> Result<(), StoreError> {
        self.request("can not write", |store, key| async move {
            store.put(&key, PutPayload::from_bytes(content)).await.map(|_| ())
        })
    }

    pub(super) fn put_if_absent(&self, content: Bytes) -> Result<bool, StoreError> {
        self.request("can not write", |store, key| async move {
            let options = PutOptions::from(PutMode::Create);
            match store.put_opts(&key, PutPayload::from_bytes(content), options).await {
                Ok(_) => Ok(true),
                Err(Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    pub(super) fn list(&self) -> Result<Vec<String>, StoreError> {
        let keys: Vec<Path> = self.request("can not list", |store, key| async move {
            store.list(Some(&key)).map_ok(|meta| meta.location).try_collect().await
        })?;
        let mut names: Vec<String> = keys
            .iter()
            .filter_map(|key| key.as_ref().strip_prefix(self.key.as_ref()))
            .map(|name| name.trim_start_matches('/').to_owned())
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn delete(&self) -> Result<(), StoreError> {
        self.request("can not remove", |store, key| async move {
            match store.delete(&key).await {
                Err(Error::NotFound { .. }) | Ok(()) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }

    /// Starts a streamed write; the object appears when it is finished.
    pub(crate) fn upload(&self) -> Result<MultipartSink, StoreError> {
        let upload =
            self.request("can not write", |store, key| async move { store.put_multipart(&key).await })?;
        Ok(MultipartSink {
            target: self.clone(),
            writer: Some(WriteMultipart::new_with_chunk_size(upload, CHUNK_BYTES)),
            unsent: 0,
        })
    }
}

impl fmt::Display for RemoteLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.root, self.key)
    }
}

/// An object that is being uploaded in parts.
pub(crate) struct MultipartSink {
    target: RemoteLocation,
    writer: Option<WriteMultipart>,
    /// Bytes since the last look at what is in flight.
    unsent: usize,
}

impl MultipartSink {
    /// Hands bytes on, waiting while too many parts are in flight.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let Some(mut writer) = self.writer.take() else {
            return Err(StoreError::Internal("an upload was written to after it had failed"));
        };
        {
            let _context = handle()?.enter();
            writer.write(bytes);
        }
        self.unsent += bytes.len();
        if self.unsent < CHUNK_BYTES {
            self.writer = Some(writer);
            return Ok(());
        }
        self.unsent = 0;
        let (writer, outcome) = wait(async move {
            let outcome = writer.wait_for_capacity(UPLOADS_IN_FLIGHT).await;
            (writer, outcome)
        })?;
        self.writer = Some(writer);
        outcome.map_err(|source| self.target.error("can not write", source))
    }

    /// Makes the object visible.
    pub(crate) fn finish(mut self) -> Result<(), StoreError> {
        let Some(writer) = self.writer.take() else {
            return Err(StoreError::Internal("an upload was finished after it had failed"));
        };
        wait(writer.finish())?.map(|_| ()).map_err(|source| self.target.error("can not write", source))
    }
}

impl Drop for MultipartSink {
    /// What was not finished is given up, so that the store keeps no orphaned parts.
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            let _ = wait(writer.abort());
        }
    }
}
