//! Asks for `GET /version`, which distinguishes versions 2.4 and 2.5 from a snapshot of 2.6, and for one setting of
//! the server by `GET /config?name=cluster_name`. The client requests no other page, because some pages terminate a
//! follower of version 2.5.0.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use once_cell::sync::OnceCell;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::MetaAddr;
use super::seams::{LookingUp, VersionLookup};

/// The timeout of a request.
const DEADLINE: Duration = Duration::from_secs(1);
/// The longest body that the client reads, in bytes.
const MAX_BODY: usize = 64 << 10;

/// Looks up facts by HTTP, on the port that also serves RPCs.
#[derive(Debug)]
pub(crate) struct HttpLookup {
    listed: Arc<[MetaAddr]>,
    /// Created on first use, because most servers are recognized without it.
    client: Arc<OnceCell<Client>>,
}

/// The response to `GET /version`.
#[derive(Debug, Deserialize)]
struct Version {
    #[serde(rename = "Version")]
    version: String,
}

/// The response to `GET /config`.
#[derive(Debug, Deserialize)]
struct Setting {
    value: String,
}

impl HttpLookup {
    /// Returns a look-up that follows redirects only to the `listed` meta servers.
    pub(crate) fn new(listed: Arc<[MetaAddr]>) -> HttpLookup {
        HttpLookup { listed, client: Arc::default() }
    }

    /// Gets a page and returns a text of the JSON object that the page is.
    fn look_up<T: DeserializeOwned + 'static>(
        &self,
        url: String,
        text: fn(T) -> String,
    ) -> LookingUp {
        let (client, listed) = (self.client.clone(), self.listed.clone());
        Box::pin(async move {
            let client = client.get_or_try_init(|| build(listed));
            match fetch(client.ok()?, &url).await {
                Ok(page) => page.map(text),
                Err(error) => {
                    tracing::debug!(%url, %error, "the page could not be read");
                    None
                }
            }
        })
    }
}

impl VersionLookup for HttpLookup {
    fn version(&self, server: SocketAddr) -> LookingUp {
        self.look_up(format!("http://{server}/version"), |page: Version| page.version)
    }

    fn cluster_name(&self, server: SocketAddr) -> LookingUp {
        let url = format!("http://{server}/config?name=cluster_name");
        self.look_up(url, |page: Setting| page.value)
    }
}

fn build(listed: Arc<[MetaAddr]>) -> reqwest::Result<Client> {
    Client::builder()
        // A proxy from the environment must never see this traffic.
        .no_proxy()
        .timeout(DEADLINE)
        // The next request is hardly ever needed, so no connection is kept for it.
        .pool_max_idle_per_host(0)
        .redirect(Policy::custom(move |attempt| {
            // `previous` includes the address of the first request.
            if attempt.previous().len() == 1 && is_listed(attempt.url(), &listed) {
                attempt.follow()
            } else {
                attempt.stop()
            }
        }))
        .build()
}

fn is_listed(url: &Url, listed: &[MetaAddr]) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let port = url.port_or_known_default();
    url.scheme() == "http"
        && listed.iter().any(|meta| meta.host() == host && Some(meta.port()) == port)
}

async fn fetch<T: DeserializeOwned>(client: &Client, url: &str) -> reqwest::Result<Option<T>> {
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    // A status of 200 proves nothing: a server may also send the body "null" with it.
    Ok(serde_json::from_slice(&body).ok())
}
