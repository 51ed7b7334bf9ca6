//! The configuration of a client.

use std::sync::Arc;
use std::time::Duration;

use super::core::Core;
use super::handle::Client;
use super::spec::Mode;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::generation::Generation;
use crate::transport::MetaAddr;
use crate::transport::connection::Seams;
use crate::transport::durations::DEFAULT_TIMEOUT;
use crate::transport::group::MetaServers;
use crate::transport::http::HttpLookup;
use crate::transport::seams::{
    Connector, Random, Resolver, SystemResolver, TcpConnector, VersionLookup,
};

/// Configures a [`Client`].
#[derive(Debug, Clone, Default)]
pub struct ClientBuilder {
    metas: Vec<String>,
    timeout: Option<Duration>,
    generation: Option<Generation>,
    mode: Mode,
    resolver: Option<Arc<dyn Resolver>>,
    connector: Option<Arc<dyn Connector>>,
    versions: Option<Arc<dyn VersionLookup>>,
    seed: Option<u64>,
}

impl Client {
    /// Starts configuring a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl ClientBuilder {
    /// Adds meta servers: `HOST:PORT`, or a comma-separated list, which may end with a comma. An IPv6
    /// address has the form `[::1]:34601`. If a host name has several addresses, each address counts as a
    /// separate server.
    #[must_use]
    pub fn meta(mut self, metas: impl Into<String>) -> ClientBuilder {
        self.metas.push(metas.into());
        self
    }

    /// Sets the timeout of each call. The default is 10 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> ClientBuilder {
        self.timeout = Some(timeout);
        self
    }

    /// States the generation of the servers. This is only needed for an add with another remote table or
    /// replica count to a snapshot of 2.6 that has no list RPC.
    ///
    /// Each connection compares the stated generation with what the server shows. If the server refutes it,
    /// every call fails with `InvalidArgument`, and nothing is sent that depends on the generation. One
    /// risk remains: if the version cannot be read by HTTP, and `remote-name` or `dup-exist` is stated
    /// for a server of 2.5, that server may ignore the remote table. Such an add fails with
    /// `OutcomeUnknown`. `docs/operators.md` has the whole table.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> ClientBuilder {
        self.generation = Some(generation);
        self
    }

    /// Sets the way in which adds are done.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> ClientBuilder {
        self.mode = mode;
        self
    }

    /// Resolves host names with `resolver` instead of the operating system, for simulations and tunnels.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver) -> ClientBuilder {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// Opens connections with `connector` instead of TCP, for simulations and tunnels.
    #[must_use]
    pub fn connector(mut self, connector: impl Connector) -> ClientBuilder {
        self.connector = Some(Arc::new(connector));
        self
    }

    /// Looks up the versions of servers with `versions` instead of `GET /version`, for simulations.
    #[must_use]
    pub fn version_lookup(mut self, versions: impl VersionLookup) -> ClientBuilder {
        self.versions = Some(Arc::new(versions));
        self
    }

    /// Sets the seed for the jitter of retries, so that a run can be repeated.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> ClientBuilder {
        self.seed = Some(seed);
        self
    }

    /// Returns the client, which does not connect yet.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if an address is invalid, no meta server is given, or the timeout is 0.
    pub fn build(self) -> Result<Client> {
        let mut metas: Vec<MetaAddr> = Vec::new();
        for list in &self.metas {
            for meta in MetaAddr::parse_list(list)? {
                if !metas.contains(&meta) {
                    metas.push(meta);
                }
            }
        }
        if metas.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "no meta server is given")
                .with_hint("give the HOST:PORT of at least one meta server"));
        }
        let timeout = self.timeout.unwrap_or(DEFAULT_TIMEOUT);
        if timeout.is_zero() {
            return Err(Error::new(ErrorKind::InvalidArgument, "the timeout is 0"));
        }
        let listed: Arc<[MetaAddr]> = metas.into();
        let seams = Seams {
            resolver: self.resolver.unwrap_or_else(|| Arc::new(SystemResolver)),
            connector: self.connector.unwrap_or_else(|| Arc::new(TcpConnector)),
            versions: self.versions.unwrap_or_else(|| Arc::new(HttpLookup::new(listed.clone()))),
            generation: self.generation,
        };
        let group = MetaServers::new(listed, seams, Random::new(self.seed));
        Ok(Client::new(Core::new(group), timeout, self.mode))
    }
}
