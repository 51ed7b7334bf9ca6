//! What the client finds out about the meta servers: which server leads, its version and
//! generation, and the name of the cluster.

use std::fmt;

use crate::enums::ResourceKind;
pub use crate::enums::{KnownBy, Role};
use crate::protocol::generation::Generation;
use crate::resource::{Described, FieldValue, Fields, fields};
use crate::text;

/// The meta servers of a cluster, as [`crate::Client::info`] finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// All servers that were asked. The listed servers come first, in their order, and each address of
    /// a host name counts as a server. Servers that a follower named as the leader come last.
    pub servers: Vec<ServerInfo>,
    /// The server that leads. `None` if no server says that it leads.
    pub leader: Option<String>,
    /// The name of the cluster itself, as the configuration of the leader has it. `None` if the leader does not
    /// report the name.
    pub cluster_name: Option<String>,
    /// The version that the leader reports by `GET /version`. `None` if it reports none.
    pub version: Option<String>,
    /// The generation of the leader that the client relies on. `None` if it could not be found out.
    pub generation: Option<Generation>,
    /// How the generation is known.
    pub known_by: Option<KnownBy>,
    /// Additional information for the user, for example that the leader refutes the stated
    /// generation.
    pub warning: Option<String>,
}

/// A meta server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// The address as it was given. If it is a host name, the IP address follows in parentheses.
    pub server: String,
    /// The current role of the server.
    pub role: Role,
    /// More information in words, for example why the server cannot be reached, or which leader a
    /// follower names.
    pub detail: Option<String>,
}

impl Described for Info {
    fn kind(&self) -> ResourceKind {
        ResourceKind::MetaServers
    }

    fn fields(&self) -> Fields {
        let server = |server: &ServerInfo| {
            FieldValue::Map(fields! {
                server: server.server.as_str(),
                role: server.role.name(),
                detail: server.detail.as_deref(),
            })
        };
        fields! {
            servers: self.servers.iter().map(server).collect::<FieldValue>(),
            leader: self.leader.as_deref(),
            cluster_name: self.cluster_name.as_deref(),
            version: self.version.as_deref(),
            generation: self.generation.map(Generation::name),
            known_by: self.known_by.map(KnownBy::name),
        }
    }
}

/// Writes a line for each server, and then what is known about the leader.
impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::info(self).fmt(f)
    }
}
