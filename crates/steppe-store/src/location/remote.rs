//! Objects of S3, Google Cloud Storage and Azure.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::Read,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{
    BackoffConfig, Error, ObjectStore, ObjectStoreExt, ObjectStoreScheme, PutMode, PutOptions, PutPayload,
    RetryConfig, WriteMultipart, aws::AmazonS3Builder, azure::MicrosoftAzureBuilder,
    gcp::GoogleCloudStorageBuilder, path::Path,
};
use url::Url;

use super::traffic::{StoreOperation, StoreTraffic};
use crate::{
    StoreError,
    error::is_transient,
    runtime::{handle, wait},
};

/// Bytes of a part of a multipart upload; S3 wants at least 5 MiB, and at most 10,000 parts.
const CHUNK_BYTES: usize = 5 << 20;
/// Parts of a multipart upload that are in flight at once, per object.
const UPLOADS_IN_FLIGHT: usize = 2;

/// Stores that this process has opened, by bucket: a client keeps its connections, and a new one would make others.
static OPEN: Mutex<BTreeMap<String, Arc<dyn ObjectStore>>> = Mutex::new(BTreeMap::new());

/// For how long a request is tried again: a store that is busy is waited for, one that is gone fails a pass before its
/// users have given up. The time is the bound, not the count: eight quick refusals would be over in a second or two.
fn retries() -> RetryConfig {
    let backoff = BackoffConfig { max_backoff: Duration::from_secs(3), ..BackoffConfig::default() };
    RetryConfig { backoff, max_retries: 100, retry_timeout: Duration::from_secs(25) }
}

/// A request is tried again here for so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// The first pause before that; each is twice the one before, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_millis(3200);

/// The client of a store, with what the environment says of it.
fn build(scheme: &ObjectStoreScheme, url: &Url) -> Result<Arc<dyn ObjectStore>, String> {
    let (text, retry) = (url.as_str(), retries());
    let store: Result<Arc<dyn ObjectStore>, Error> = match scheme {
        ObjectStoreScheme::AmazonS3 => {
            let builder = AmazonS3Builder::from_env().with_url(text).with_retry(retry);
            builder.build().map(|store| Arc::new(store) as _)
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(text).with_retry(retry);
            builder.build().map(|store| Arc::new(store) as _)
        }
        ObjectStoreScheme::MicrosoftAzure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(text).with_retry(retry);
            builder.build().map(|store| Arc::new(store) as _)
        }
        _ => return Err(format!("{}:// is not supported", url.scheme())),
    };
    store.map_err(|error| error.to_string())
}

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
        let bucket = &url[..url::Position::BeforePath];
        // The path of other URLs begins with the bucket.
        let shared = matches!(url.scheme(), "s3" | "gs" | "az");
        let known = || OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if shared && let Some(store) = known().get(bucket) {
            return Ok(Self::new(Arc::clone(store), url, key));
        }
        let store = build(&scheme, url)?;
        if shared {
            known().insert(bucket.to_owned(), Arc::clone(&store));
        }
        Ok(Self::new(store, url, key))
    }

    /// A place in a store that is open already; the error is what is wrong.
    pub(super) fn in_store(store: Arc<dyn ObjectStore>, url: &Url) -> Result<Self, String> {
        let (_, key) = ObjectStoreScheme::parse(url).map_err(|error| error.to_string())?;
        Ok(Self::new(store, url, key))
    }

    fn new(store: Arc<dyn ObjectStore>, url: &Url, key: Path) -> Self {
        let whole = url.as_str().trim_end_matches('/');
        let root = whole.strip_suffix(key.as_ref()).unwrap_or(whole).trim_end_matches('/');
        Self { store, root: root.into(), key }
    }

    pub(super) fn child(&self, name: &str) -> Self {
        let key = name.split('/').filter(|part| !part.is_empty()).fold(self.key.clone(), Path::join);
        Self { key, ..self.clone() }
    }

    /// Runs one request and waits for it. What the client does not try again by itself (a write whose connection was
    /// lost, a body that broke off) is tried again here: all our requests may be repeated.
    fn request<T, F, R>(&self, operation: StoreOperation, make: R) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        R: Fn(Arc<dyn ObjectStore>, Path) -> F,
    {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let outcome = wait(make(Arc::clone(&self.store), self.key.clone()))?;
            StoreTraffic::of_process().count(operation, &outcome);
            match outcome {
                Err(error) if is_transient(&error) && began.elapsed() < PATIENCE && pause < LAST_PAUSE => {
                    std::thread::sleep(pause);
                    pause *= 2;
                }
                outcome => return outcome.map_err(|source| self.error(action(operation), source)),
            }
        }
    }

    /// What a failed read of bytes up to `end` means: an object that is shorter has been damaged.
    fn read_failed(&self, end: u64, error: StoreError) -> StoreError {
        if error.is_transient() {
            return error;
        }
        match self.size() {
            Ok(Some(size)) if size < end => {
                StoreError::corrupt(&self.to_string(), "its size", format!("at least {end} bytes"), size)
            }
            _ => error,
        }
    }

    fn error(&self, action: &'static str, source: Error) -> StoreError {
        StoreError::ObjectStore { location: self.to_string(), action, source }
    }

    pub(super) fn read(&self) -> Result<Bytes, StoreError> {
        let bytes = self
            .request(StoreOperation::Get, |store, key| async move { store.get(&key).await?.bytes().await })?;
        StoreTraffic::of_process().count_read(bytes.len());
        Ok(bytes)
    }

    pub(super) fn read_range(&self, offset: u64, length: usize) -> Result<Bytes, StoreError> {
        let end = offset + length as u64;
        let read = self.request(StoreOperation::Get, |store, key| async move {
            store.get_range(&key, offset..end).await
        });
        let bytes = read.map_err(|error| self.read_failed(end, error))?;
        StoreTraffic::of_process().count_read(bytes.len());
        if bytes.len() == length {
            return Ok(bytes);
        }
        let place = format!("bytes from {offset}");
        Err(StoreError::corrupt(&self.to_string(), place, format!("{length} bytes"), bytes.len()))
    }

    /// Several ranges of bytes, in the order given.
    pub(crate) fn read_ranges(&self, ranges: &[std::ops::Range<u64>]) -> Result<Vec<Bytes>, StoreError> {
        let end = ranges.iter().map(|range| range.end).max().unwrap_or(0);
        let read = self.request(StoreOperation::Get, |store, key| {
            let ranges = ranges.to_vec();
            async move { store.get_ranges(&key, &ranges).await }
        });
        let read = read.map_err(|error| self.read_failed(end, error))?;
        StoreTraffic::of_process().count_read(read.iter().map(Bytes::len).sum());
        Ok(read)
    }

    pub(super) fn size(&self) -> Result<Option<u64>, StoreError> {
        self.request(StoreOperation::Head, |store, key| async move {
            match store.head(&key).await {
                Ok(meta) => Ok(Some(meta.size)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    pub(super) fn put(&self, content: Bytes) -> Result<(), StoreError> {
        StoreTraffic::of_process().count_written(content.len());
        self.request(StoreOperation::Put, move |store, key| {
            let content = PutPayload::from_bytes(content.clone());
            async move { store.put(&key, content).await.map(|_| ()) }
        })
    }

    /// Uploads a file in parts.
    pub(super) fn put_file(&self, file: &std::path::Path) -> Result<(), StoreError> {
        let failed = || StoreError::io(file, "can not read");
        let mut content = File::open(file).map_err(failed())?;
        let mut part = vec![0; CHUNK_BYTES];
        let mut upload = self.upload();
        loop {
            let read = content.read(&mut part).map_err(failed())?;
            if read == 0 {
                return upload.finish();
            }
            upload.write(&part[..read])?;
        }
    }

    pub(super) fn put_if_absent(&self, content: Bytes) -> Result<bool, StoreError> {
        StoreTraffic::of_process().count_written(content.len());
        let (tries, ours) = (AtomicUsize::new(0), content.clone());
        let tried = &tries;
        let put = self.request(StoreOperation::Put, move |store, key| {
            tried.fetch_add(1, Ordering::Relaxed);
            let content = PutPayload::from_bytes(content.clone());
            async move {
                match store.put_opts(&key, content, PutOptions::from(PutMode::Create)).await {
                    Ok(_) => Ok(true),
                    Err(Error::AlreadyExists { .. }) => Ok(false),
                    Err(error) => Err(error),
                }
            }
        })?;
        // The first try may have arrived and its answer not: then it is ours that is there.
        if !put && tries.load(Ordering::Relaxed) > 1 {
            return Ok(self.read()? == ours);
        }
        Ok(put)
    }

    pub(super) fn list(&self) -> Result<Vec<String>, StoreError> {
        let keys: Vec<Path> = self.request(StoreOperation::List, |store, key| async move {
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
        self.request(StoreOperation::Delete, |store, key| async move {
            match store.delete(&key).await {
                Err(Error::NotFound { .. }) | Ok(()) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }

    /// Starts a streamed write; the object appears when it is finished.
    pub(crate) fn upload(&self) -> MultipartSink {
        MultipartSink { target: self.clone(), upload: Upload::Whole(Vec::new()), unsent: 0 }
    }
}

/// What an operation could not do, for messages.
fn action(operation: StoreOperation) -> &'static str {
    match operation {
        StoreOperation::Get => "can not read",
        StoreOperation::Head => "can not look at it",
        StoreOperation::List => "can not list",
        StoreOperation::Put | StoreOperation::Upload => "can not write",
        StoreOperation::Delete => "can not remove",
    }
}

impl fmt::Display for RemoteLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.root, self.key)
    }
}

/// An object that is being uploaded: in parts where it is large, else in one request, which can be repeated. (The end of
/// an upload in parts can not: when its answer is lost, the next request is told that there is no such upload.)
pub(crate) struct MultipartSink {
    target: RemoteLocation,
    upload: Upload,
    /// Bytes since the last look at what is in flight.
    unsent: usize,
}

enum Upload {
    /// Less than a part, so far.
    Whole(Vec<u8>),
    Parts(WriteMultipart),
    /// It is finished, or has failed.
    Over,
}

impl MultipartSink {
    /// Hands bytes on, waiting while too many parts are in flight.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        match std::mem::replace(&mut self.upload, Upload::Over) {
            Upload::Whole(mut whole) => {
                whole.extend_from_slice(bytes);
                if whole.len() < CHUNK_BYTES {
                    self.upload = Upload::Whole(whole);
                    return Ok(());
                }
                let begin =
                    |store: Arc<dyn ObjectStore>, key: Path| async move { store.put_multipart(&key).await };
                let upload = self.target.request(StoreOperation::Upload, begin)?;
                self.send(WriteMultipart::new_with_chunk_size(upload, CHUNK_BYTES), &whole)
            }
            Upload::Parts(writer) => self.send(writer, bytes),
            Upload::Over => Err(StoreError::Internal("an upload was written to after it had failed")),
        }
    }

    fn send(&mut self, mut writer: WriteMultipart, bytes: &[u8]) -> Result<(), StoreError> {
        {
            let _context = handle()?.enter();
            writer.write(bytes);
        }
        StoreTraffic::of_process().count_written(bytes.len());
        self.unsent += bytes.len();
        if self.unsent < CHUNK_BYTES {
            self.upload = Upload::Parts(writer);
            return Ok(());
        }
        self.unsent = 0;
        let (writer, outcome) = wait(async move {
            let outcome = writer.wait_for_capacity(UPLOADS_IN_FLIGHT).await;
            (writer, outcome)
        })?;
        self.upload = Upload::Parts(writer);
        if outcome.is_err() {
            StoreTraffic::of_process().count(StoreOperation::Upload, &outcome);
        }
        outcome.map_err(|source| self.target.error("can not write", source))
    }

    fn complete(&self, writer: WriteMultipart) -> Result<(), StoreError> {
        // Giving up an upload after a failure may fail in its own way, and hide the first one: parts are waited for
        // apart.
        let (writer, sent) = wait(async move {
            let mut writer = writer;
            let sent = writer.wait_for_capacity(0).await;
            (writer, sent)
        })?;
        let outcome = match sent {
            Ok(()) => wait(writer.finish())?.map(|_| ()),
            Err(error) => {
                let _ = wait(writer.abort());
                Err(error)
            }
        };
        StoreTraffic::of_process().count(StoreOperation::Upload, &outcome);
        outcome.map_err(|source| self.target.error("can not write", source))
    }

    /// Makes the object visible.
    pub(crate) fn finish(mut self) -> Result<(), StoreError> {
        match std::mem::replace(&mut self.upload, Upload::Over) {
            Upload::Whole(whole) => self.target.put(whole.into()),
            Upload::Parts(writer) => self.complete(writer),
            Upload::Over => Err(StoreError::Internal("an upload was finished after it had failed")),
        }
    }
}

impl Drop for MultipartSink {
    /// What was not finished is given up, so that the store keeps no orphaned parts.
    fn drop(&mut self) {
        if let Upload::Parts(writer) = std::mem::replace(&mut self.upload, Upload::Over) {
            let _ = wait(writer.abort());
        }
    }
}
