//! How a client is configured.

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
    /// Adds meta servers: `HOST:PORT`, or several with commas between and perhaps one at the end; IPv6
    /// as `[::1]:34601`. Each address of a host name is taken for a server of its own.
    #[must_use]
    pub fn meta(mut self, metas: impl Into<String>) -> ClientBuilder {
        self.metas.push(metas.into());
        self
    }

    /// The time limit of each call. 10 s unless given.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> ClientBuilder {
        self.timeout = Some(timeout);
        self
    }

    /// States the servers' generation. Only one case needs it: an add with another remote table or
    /// replica count on a 2.6 snapshot that has no list RPC.
    ///
    /// Each connection holds the statement against what the server shows. A statement that the server
    /// refutes ends every call in InvalidArgument, and nothing is sent that depends on the generation.
    /// The risk that remains: where the version cannot be had by HTTP, a wrong `remote-name` or
    /// `dup-exist` may let a 2.5 server ignore the remote table. That add ends in OutcomeUnknown.
    /// `docs/operators.md` has the whole table.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> ClientBuilder {
        self.generation = Some(generation);
        self
    }

    /// How adds are done.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> ClientBuilder {
        self.mode = mode;
        self
    }

    /// What resolves host names, instead of the operating system: for simulations and tunnels.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver) -> ClientBuilder {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// What opens connections, instead of TCP: for simulations and tunnels.
    #[must_use]
    pub fn connector(mut self, connector: impl Connector) -> ClientBuilder {
        self.connector = Some(Arc::new(connector));
        self
    }

    /// What looks up the versions that servers tell, instead of `GET /version`: for simulations.
    #[must_use]
    pub fn version_lookup(mut self, versions: impl VersionLookup) -> ClientBuilder {
        self.versions = Some(Arc::new(versions));
        self
    }

    /// Where the jitter of retries starts from, so that a run can be repeated.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> ClientBuilder {
        self.seed = Some(seed);
        self
    }

    /// The client. Connects to nothing yet; an error is InvalidArgument.
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
                .with_hint("give HOST:PORT of one or more"));
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
