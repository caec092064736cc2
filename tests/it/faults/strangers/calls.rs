//! Calls of any method, without its types: an empty message is a message of every type.

use std::{error::Error, path::Path, time::Duration};

use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataValue,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

/// Longer than an answer takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Reflection is no part of our files.
const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// All methods of the API: those of our files, and reflection. Health is open to everybody.
pub(super) fn methods(proto: &Path) -> Vec<String> {
    let files =
        ["steppe/job/v1/job.proto", "steppe/cohort/v1/cohort.proto", "steppe/cluster/v1/cluster.proto"];
    let compiled = protox::compile(files, [proto]).expect("the API's files");
    let ours = compiled.file.iter().flat_map(|file| {
        file.service.iter().flat_map(move |service| {
            let name = format!("/{}.{}", file.package(), service.name());
            service.method.iter().map(move |method| format!("{name}/{}", method.name()))
        })
    });
    ours.chain(REFLECTION.map(str::to_owned)).collect()
}

/// A connection to the API.
pub(super) struct Caller(Channel);

impl Caller {
    pub(super) async fn connect(port: u16, authority: &[u8]) -> Result<Self, Box<dyn Error>> {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
        let endpoint = Endpoint::from_shared(format!("https://127.0.0.1:{port}"))?.tls_config(tls)?;
        Ok(Self(endpoint.timeout(PATIENCE).connect().await?))
    }

    /// Calls a method with an empty message; the status of the answer.
    pub(super) async fn call(&self, method: &str, authorization: Option<&str>) -> Code {
        code(call(self.0.clone(), method, authorization).await)
    }
}

fn code(answer: Result<(), Status>) -> Code {
    answer.map_or_else(|status| status.code(), |()| Code::Ok)
}

async fn call(channel: Channel, method: &str, authorization: Option<&str>) -> Result<(), Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let mut request = Request::new(());
    if let Some(authorization) = authorization {
        let value = MetadataValue::try_from(authorization).map_err(|_| Status::internal("no header"))?;
        request.metadata_mut().insert("authorization", value);
    }
    let path: PathAndQuery = method.parse().map_err(|_| Status::internal("no path"))?;
    // The first message or the end: both say that the call was let in.
    let mut answers = grpc.server_streaming(request, path, Empty).await?.into_inner();
    answers.message().await.map(drop)
}

/// What somebody shows at a port of the cluster.
pub(super) enum Credentials {
    /// They do not speak TLS.
    Plaintext,
    /// TLS without a certificate.
    None,
    /// A certificate and its key, in PEM.
    Pair([Vec<u8>; 2]),
}

/// Whether a gRPC service answers at a port, if only that it knows no such method.
pub(super) async fn reach(port: u16, authority: &[u8], name: &str, credentials: &Credentials) -> bool {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority)).domain_name(name);
    let endpoint =
        |scheme: &str| Endpoint::from_shared(format!("{scheme}://127.0.0.1:{port}")).expect("an address");
    let endpoint = match credentials {
        Credentials::Plaintext => Ok(endpoint("http")),
        Credentials::None => endpoint("https").tls_config(tls),
        Credentials::Pair([certificate, key]) => {
            endpoint("https").tls_config(tls.identity(Identity::from_pem(certificate, key)))
        }
    };
    let Ok(channel) = endpoint.expect("certificates").timeout(PATIENCE).connect().await else { return false };
    code(call(channel, "/steppe.test.Nobody/Serves", None).await) == Code::Unimplemented
}

/// Messages without content; what comes is thrown away.
#[derive(Debug, Clone, Copy, Default)]
struct Empty;

impl Codec for Empty {
    type Encode = ();
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Empty {
    type Item = ();
    type Error = Status;

    fn encode(&mut self, (): (), buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&[]);
        Ok(())
    }
}

impl Decoder for Empty {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        buffer.advance(buffer.remaining());
        Ok(Some(()))
    }
}
