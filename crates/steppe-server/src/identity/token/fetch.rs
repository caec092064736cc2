//! Fetching an identity provider's keys over HTTPS.

use std::time::Duration;

use url::Url;

use super::{FetchFuture, FetchKeys};
use crate::ServerError;

/// The least time between two fetches.
const AT_MOST_EVERY: Duration = Duration::from_secs(10);
/// The largest document, in bytes.
const LARGEST: usize = 1 << 20;

/// Fetches the document at a URL; it follows no redirects.
///
/// # Errors
/// When this machine can not speak TLS.
pub fn fetch_keys(url: Url) -> Result<FetchKeys, ServerError> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()
        .map_err(|_| ServerError::TokenKeys { origin: url.to_string(), problem: "can not be fetched" })?;
    let fetch = move |url: Url| -> FetchFuture {
        let client = client.clone();
        Box::pin(async move {
            match get(&client, url).await {
                Ok(document) => Some(document),
                Err(problem) => {
                    tracing::warn!(problem, "the keys of tokens were not fetched");
                    None
                }
            }
        })
    };
    Ok(FetchKeys { url, fetch: Box::new(fetch), at_most_every: AT_MOST_EVERY })
}

async fn get(client: &reqwest::Client, url: Url) -> Result<Vec<u8>, String> {
    let failed = |error: reqwest::Error| error.without_url().to_string();
    let mut response = client.get(url).send().await.map_err(failed)?.error_for_status().map_err(failed)?;
    let mut document = Vec::new();
    while let Some(part) = response.chunk().await.map_err(failed)? {
        document.extend_from_slice(&part);
        if document.len() > LARGEST {
            return Err("the document is larger than 1 MiB".to_owned());
        }
    }
    Ok(document)
}
