use std::{fs, net::SocketAddr, path::Path, thread::JoinHandle};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use steppe_tests::Call;
use tokio::{net::TcpListener, sync::oneshot};

const KEY: &str = "steppe-test";
const SECRET: &str = "steppe-test-secret";

/// A real S3 server on loopback over a folder, until it is dropped.
pub(super) struct S3 {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl S3 {
    /// Starts a server with one bucket, `bucket`.
    pub(super) fn start(root: &Path) -> Self {
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
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// A call with the credentials and the endpoint of this server.
    pub(super) fn environment(&self, call: Call) -> Call {
        call.env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_ENDPOINT", &format!("http://{}", self.address))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
    }
}

async fn serve(root: &Path, listener: TcpListener) {
    let mut builder = S3ServiceBuilder::new(FileSystem::new(root).expect("a file system"));
    builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = builder.build();
    let http = Builder::new(TokioExecutor::new());
    while let Ok((socket, _)) = listener.accept().await {
        let connection = http.serve_connection(TokioIo::new(socket), service.clone()).into_owned();
        tokio::spawn(async move {
            let _ = connection.await;
        });
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
