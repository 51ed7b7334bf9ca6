//! The server on a TCP port.

use std::net::SocketAddr;

use super::config::ServerConfig;
use super::error::ServerError;

/// A running embedded meta server. Dropping it stops it without waiting for anything.
#[derive(Debug)]
pub struct MetaServer {
    address: SocketAddr,
}

impl MetaServer {
    /// Opens the store and starts listening, on the tokio runtime of the caller.
    pub async fn start(_config: ServerConfig) -> Result<MetaServer, ServerError> {
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

    /// Stops: takes no more requests, answers those it took, and leaves no task behind. Stopping a
    /// stopped one does nothing.
    pub async fn stop(&self) {
        todo!()
    }
}
