use std::{path::PathBuf, time::Duration};

use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

use crate::{
    ServerError,
    wire::{
        cluster::cluster_service_client::ClusterServiceClient,
        cohort::cohort_service_client::CohortServiceClient, job::job_service_client::JobServiceClient,
    },
};

/// A connection stands, with TLS, within this time.
const CONNECT: Duration = Duration::from_secs(10);
/// An answer begins within this time; longer than the server's own deadline.
const ANSWER: Duration = Duration::from_secs(130);

/// Where a coordinator is, and how to be let in.
#[derive(Clone)]
pub struct ClientConfig {
    /// `https://HOST:PORT`, or `http://` on loopback.
    pub url: String,
    /// PEM of the authority that signed its certificate; the system's where absent.
    pub authority: Option<PathBuf>,
    /// The bearer token.
    pub token: Option<String>,
}

impl std::fmt::Debug for ClientConfig {
    /// Names no token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig")
            .field("url", &self.url)
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

/// Adds the token to every call.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// A connection to a coordinator.
#[derive(Clone)]
pub struct Connection {
    channel: Channel,
    bearer: Bearer,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// A URL that is none, plaintext to another machine, a token with odd characters, a coordinator that is not there.
    pub async fn open(config: &ClientConfig) -> Result<Self, ServerError> {
        let refuse = |problem: String| ServerError::Unreachable { url: config.url.clone(), problem };
        let url = url::Url::parse(&config.url).map_err(|error| refuse(error.to_string()))?;
        let mut endpoint = Endpoint::from_shared(config.url.clone())
            .map_err(|error| refuse(error.to_string()))?
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(20))
            .tcp_nodelay(true);
        match url.scheme() {
            "https" => {
                let tls = ClientTlsConfig::new();
                let tls = match &config.authority {
                    Some(path) => {
                        let pem =
                            std::fs::read(path).map_err(ServerError::file(path, "read the authority"))?;
                        tls.ca_certificate(Certificate::from_pem(pem))
                    }
                    None => tls.with_native_roots(),
                };
                endpoint = endpoint.tls_config(tls).map_err(|error| refuse(crate::chain(&error)))?;
            }
            "http" if is_loopback(&url) => {}
            "http" => return Err(refuse("http:// is only for this machine; write https://".to_owned())),
            other => return Err(refuse(format!("{other}:// is no way to a coordinator; write https://"))),
        }
        let bearer = config.token.as_ref().map(|token| format!("Bearer {token}").parse());
        let bearer = bearer.transpose().map_err(|_| refuse("the token has odd characters".to_owned()))?;
        // The endpoint's own timeout ends with the TCP connection; one that stands still accepts that, and no handshake.
        let connected = tokio::time::timeout(CONNECT, endpoint.connect()).await;
        let silent = |_| refuse(format!("no answer within {} s", CONNECT.as_secs()));
        let channel = connected.map_err(silent)?.map_err(|error| refuse(crate::chain(&error)))?;
        Ok(Self { channel, bearer: Bearer(bearer) })
    }

    /// The job service.
    pub fn jobs(&self) -> JobServiceClient<InterceptedService<Channel, Bearer>> {
        JobServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(64 << 20)
    }

    /// The cluster service.
    pub fn cluster(&self) -> ClusterServiceClient<InterceptedService<Channel, Bearer>> {
        ClusterServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// The cohort service.
    pub fn cohorts(&self) -> CohortServiceClient<InterceptedService<Channel, Bearer>> {
        CohortServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
