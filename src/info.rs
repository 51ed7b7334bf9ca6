//! What is found out of the meta servers themselves: who leads, of which version and generation.

use std::fmt;

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

/// What a meta server is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// It leads.
    Leader,
    /// It follows.
    Follower,
    /// It answers, and has not started yet or is recovering.
    NotReady,
    /// No connection can be opened, or its name has no address.
    Unreachable,
    /// It takes the connection, and no complete answer comes.
    NoAnswer,
    /// What answers there is no meta server.
    NoMetaServer,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 6] = [
        Role::Leader,
        Role::Follower,
        Role::NotReady,
        Role::Unreachable,
        Role::NoAnswer,
        Role::NoMetaServer,
    ];

    /// The name in JSON, Python and text.
    pub fn name(self) -> &'static str {
        match self {
            Role::Leader => "leader",
            Role::Follower => "follower",
            Role::NotReady => "not_ready",
            Role::Unreachable => "unreachable",
            Role::NoAnswer => "no_answer",
            Role::NoMetaServer => "no_meta_server",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a server's generation is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KnownBy {
    /// It handles RPC_CM_LIST_DUPLICATION, which proves `dup-exist`.
    ListRpc,
    /// It lacks RPC_CM_GET_MAX_REPLICA_COUNT, which proves `freezed`.
    NoReplicaCountRpc,
    /// It handles RPC_CM_GET_MAX_REPLICA_COUNT alone, and `GET /version` tells the rest.
    Version,
    /// It handles RPC_CM_GET_MAX_REPLICA_COUNT alone, and tells no version: the careful choice.
    NoVersion,
    /// Somebody stated it, and nothing refutes it; what was found out says less.
    Stated,
}

impl KnownBy {
    /// All of them.
    pub const ALL: [KnownBy; 5] = [
        KnownBy::ListRpc,
        KnownBy::NoReplicaCountRpc,
        KnownBy::Version,
        KnownBy::NoVersion,
        KnownBy::Stated,
    ];

    /// The name in JSON, Python and text.
    pub fn name(self) -> &'static str {
        match self {
            KnownBy::ListRpc => "list_rpc",
            KnownBy::NoReplicaCountRpc => "no_replica_count_rpc",
            KnownBy::Version => "version",
            KnownBy::NoVersion => "no_version",
            KnownBy::Stated => "stated",
        }
    }
}

impl fmt::Display for KnownBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
