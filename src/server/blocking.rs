//! The server for callers without a runtime: it brings its own thread.

use std::net::SocketAddr;

use super::config::ServerConfig;
use super::error::ServerError;

/// A running embedded meta server on a thread of its own. Dropping it stops it.
#[derive(Debug)]
pub struct BlockingMetaServer {
    address: SocketAddr,
}

impl BlockingMetaServer {
    /// Opens the store and starts listening; returns when connections are accepted.
    pub fn start(_config: ServerConfig) -> Result<BlockingMetaServer, ServerError> {
        todo!()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        todo!()
    }

    /// Stops: takes no more requests, answers those it took, and ends the thread. Stopping a
    /// stopped one does nothing.
    pub fn stop(&self) {
        todo!()
    }
}
