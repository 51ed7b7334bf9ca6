//! How a client is configured.

use std::time::Duration;

use super::Client;
use crate::error::Result;
use crate::protocol::generation::Generation;

/// How an add is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Asks first, adds only what isn't there, and reads it back. The default.
    #[default]
    Safe,
    /// Sends the add alone, in one round trip, with a repeated add's side effects. Only to servers
    /// proven to be `dup-exist`.
    Direct,
}

/// Configures a [`Client`].
#[derive(Debug, Clone, Default)]
pub struct ClientBuilder {
    metas: Vec<String>,
}

impl ClientBuilder {
    /// Adds meta servers: `HOST:PORT`, or several with commas between; IPv6 as `[::1]:34601`.
    #[must_use]
    pub fn meta(mut self, metas: impl Into<String>) -> ClientBuilder {
        self.metas.push(metas.into());
        self
    }

    /// The time limit of each call. 10 s unless given.
    #[must_use]
    pub fn timeout(self, _timeout: Duration) -> ClientBuilder {
        self
    }

    /// For who knows better: the servers' generation, which is then not asked for.
    #[must_use]
    pub fn generation(self, _generation: Generation) -> ClientBuilder {
        self
    }

    /// How adds are done.
    #[must_use]
    pub fn mode(self, _mode: Mode) -> ClientBuilder {
        self
    }

    /// The client. Connects to nothing yet; an error is InvalidArgument.
    pub fn build(self) -> Result<Client> {
        todo!()
    }
}
