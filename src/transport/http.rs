//! `GET /version`, which tells 2.4 and 2.5 from a 2.6 snapshot. Nothing else is asked by HTTP: some
//! pages end a follower of 2.5.0.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use once_cell::sync::OnceCell;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde::Deserialize;

use super::MetaAddr;
use super::seams::{LookingUp, VersionLookup};

/// How long a look-up may take.
const DEADLINE: Duration = Duration::from_secs(1);
/// The longest body that is read, in bytes.
const MAX_BODY: usize = 64 << 10;

/// Looks versions up by HTTP, on the port that takes RPCs too.
#[derive(Debug)]
pub(crate) struct HttpLookup {
    listed: Arc<[MetaAddr]>,
    /// Made when it is first needed: most servers are known without it.
    client: Arc<OnceCell<Client>>,
}

/// What `GET /version` answers.
#[derive(Debug, Deserialize)]
struct Version {
    #[serde(rename = "Version")]
    version: String,
}

impl HttpLookup {
    /// Follows redirects to the `listed` meta servers only.
    pub(crate) fn new(listed: Arc<[MetaAddr]>) -> HttpLookup {
        HttpLookup { listed, client: Arc::default() }
    }
}

impl VersionLookup for HttpLookup {
    fn version(&self, server: SocketAddr) -> LookingUp {
        let (client, listed) = (self.client.clone(), self.listed.clone());
        let url = format!("http://{server}/version");
        Box::pin(async move {
            let client = client.get_or_try_init(|| build(listed));
            match fetch(client.ok()?, &url).await {
                Ok(version) => version,
                Err(error) => {
                    tracing::debug!(%url, %error, "the version could not be looked up");
                    None
                }
            }
        })
    }
}

fn build(listed: Arc<[MetaAddr]>) -> reqwest::Result<Client> {
    Client::builder()
        // A proxy named by the environment must never see this traffic.
        .no_proxy()
        .timeout(DEADLINE)
        // No connection waits for a next time that hardly ever comes.
        .pool_max_idle_per_host(0)
        .redirect(Policy::custom(move |attempt| {
            // `previous` starts with the first address.
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

async fn fetch(client: &Client, url: &str) -> reqwest::Result<Option<String>> {
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    // A status of 200 proves nothing: "null" comes with it too.
    Ok(serde_json::from_slice(&body).ok().map(|version: Version| version.version))
}
