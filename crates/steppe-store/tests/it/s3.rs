//! A real S3 server on loopback, over a folder.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use steppe_store::Location;
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet};

const KEY: &str = "steppe-test";
const SECRET: &str = "steppe-test-secret";

/// Traffic is counted for the whole process: one test talks to a store at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A server with one bucket, `bucket`, until it is stopped or dropped.
pub(super) struct S3 {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _alone: MutexGuard<'static, ()>,
}

impl S3 {
    pub(super) fn start(root: &Path) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        fs::create_dir_all(root.join("bucket")).expect("a bucket");
        let root = root.to_owned();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("an address")).expect("the test waits");
                tokio::select! {
                    () = serve(&root, listener) => {}
                    _ = stopped => {}
                }
            });
        });
        let address = told.recv().expect("the server started");
        Self { address, stop: Some(stop), thread: Some(thread), _alone: alone }
    }

    /// A place in the bucket.
    pub(super) fn location(&self, key: &str) -> Location {
        Location::in_store(store(self.address), &format!("s3://bucket/{key}")).expect("a location")
    }

    /// Ends the server, and with it all connections.
    pub(super) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn serve(root: &Path, listener: TcpListener) {
    let mut builder = S3ServiceBuilder::new(FileSystem::new(root).expect("a file system"));
    builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = builder.build();
    let http = Builder::new(TokioExecutor::new());
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let connection = http.serve_connection(TokioIo::new(socket), service.clone()).into_owned();
        connections.spawn(async move {
            let _ = connection.await;
        });
    }
}

/// A client of the server at an address, which gives up after one more try.
pub(super) fn store(address: SocketAddr) -> Arc<dyn ObjectStore> {
    let (init_backoff, max_backoff) = (Duration::from_millis(5), Duration::from_millis(20));
    let backoff = BackoffConfig { init_backoff, max_backoff, base: 2.0 };
    let store = AmazonS3Builder::new()
        .with_bucket_name("bucket")
        .with_endpoint(format!("http://{address}"))
        .with_region("us-east-1")
        .with_access_key_id(KEY)
        .with_secret_access_key(SECRET)
        .with_client_options(ClientOptions::new().with_allow_http(true).with_timeout(Duration::from_secs(5)))
        .with_retry(RetryConfig { backoff, max_retries: 1, retry_timeout: Duration::from_secs(5) })
        .build()
        .expect("a store");
    Arc::new(store)
}
