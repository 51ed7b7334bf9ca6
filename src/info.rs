//! What is found out of the meta servers themselves: who leads, of which version and generation.

pub use crate::enums::{KnownBy, Role};
use crate::protocol::generation::Generation;

/// The meta servers of a cluster, as [`crate::Client::info`] finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Every server that was asked: the listed servers in their order, each address of a name as a
    /// server of its own; then the servers that a follower named as the leader.
    pub servers: Vec<ServerInfo>,
    /// The server that leads; `None` if no server says that it does.
    pub leader: Option<String>,
    /// The version that the leader tells by `GET /version`; `None` if it tells none.
    pub version: Option<String>,
    /// The generation of the leader that the client goes by; `None` if it could not be found out.
    pub generation: Option<Generation>,
    /// How the generation is known.
    pub known_by: Option<KnownBy>,
    /// What a person should know besides: that the leader refutes the stated generation, say.
    pub warning: Option<String>,
}

/// One meta server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// The address as it was given, with the IP address in parentheses if it was a name.
    pub server: String,
    /// What the server is at the moment.
    pub role: Role,
    /// What more is known, in words: why the server cannot be reached, whom a follower names.
    pub detail: Option<String>,
}
