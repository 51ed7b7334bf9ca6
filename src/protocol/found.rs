//! What requests that change nothing on any version show about the generation of a server, and what
//! remains of a generation that the caller has stated.

use std::fmt;

use super::generation::Generation;

/// What the requests have shown. `GET /version` comes last, because the RPCs alone prove more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// The server handles RPC_CM_LIST_DUPLICATION. Only `dup-exist` has that RPC.
    ListRpc,
    /// The server handles neither RPC_CM_LIST_DUPLICATION nor RPC_CM_GET_MAX_REPLICA_COUNT. Every
    /// server of 2.4 or later has the second RPC.
    NoReplicaCountRpc,
    /// The server handles RPC_CM_GET_MAX_REPLICA_COUNT but not RPC_CM_LIST_DUPLICATION, and `GET
    /// /version` returns this version.
    Version(String),
    /// The server handles RPC_CM_GET_MAX_REPLICA_COUNT but not RPC_CM_LIST_DUPLICATION, and its
    /// version cannot be found out.
    NoVersion,
}

/// The releases that a version belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Release {
    /// 2.4 and 2.5.
    Checkpoint,
    /// 2.6 and later.
    Snapshot,
    /// Older releases, which contradict the RPC that the server handled.
    Older,
    /// A text that is not a version.
    Nothing,
}

impl Release {
    fn of(version: &str) -> Release {
        let mut numbers = version.split('.').map(str::parse::<u32>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(2)), Some(Ok(4 | 5))) => Release::Checkpoint,
            (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= (2, 6) => Release::Snapshot,
            (Some(Ok(_)), Some(Ok(_))) => Release::Older,
            _ => Release::Nothing,
        }
    }
}

impl Found {
    fn release(&self) -> Release {
        match self {
            Found::ListRpc => Release::Snapshot,
            Found::NoReplicaCountRpc => Release::Older,
            Found::Version(version) => Release::of(version),
            Found::NoVersion => Release::Nothing,
        }
    }

    /// Returns the generation that this proves, or the generation that is safe to assume if nothing
    /// is proven.
    pub fn generation(&self) -> Generation {
        match (self, self.release()) {
            (Found::ListRpc, _) => Generation::DupExist,
            (Found::NoReplicaCountRpc, _) => Generation::Freezed,
            (Found::Version(_) | Found::NoVersion, Release::Checkpoint) => Generation::Checkpoint,
            (Found::Version(_) | Found::NoVersion, _) => Generation::Snapshot26,
        }
    }

    /// Returns the generation to assume if the caller has stated one. `names` says whether the
    /// server has named the remote table of a duplication, in a response to an add or in a list. It
    /// is `None` if the server has not described any duplication yet. Servers since `remote-name`
    /// name the remote table each time.
    ///
    /// A statement is believed only if nothing refutes it. It then adds to what was found:
    /// `remote-name` that the server uses the remote table and the replica count, `checkpoint` that
    /// the server ignores them. `dup-exist` adds no more than `remote-name` does, because only the
    /// list RPC proves that ERR_OK means "created".
    ///
    /// # Errors
    ///
    /// Returns what refutes the statement.
    pub fn generation_if_stated(
        &self,
        stated: Generation,
        names: Option<bool>,
    ) -> Result<Generation, Refuted> {
        let believed = match (stated, self, self.release()) {
            // The RPCs prove these generations.
            (Generation::Freezed, Found::NoReplicaCountRpc, _) => Ok(Generation::Freezed),
            (Generation::DupExist | Generation::Snapshot26, Found::ListRpc, _) => {
                Ok(Generation::DupExist)
            }
            (_, Found::ListRpc, _) => Err(Reason::ListRpc),
            (_, Found::NoReplicaCountRpc, _) => Err(Reason::NoReplicaCountRpc),
            (Generation::Freezed, Found::Version(_) | Found::NoVersion, _) => {
                Err(Reason::ReplicaCountRpc)
            }
            // The version proves these generations.
            (Generation::Checkpoint, _, Release::Checkpoint) => Ok(Generation::Checkpoint),
            (Generation::Checkpoint, Found::Version(told), Release::Snapshot)
            | (_, Found::Version(told), Release::Checkpoint | Release::Older) => {
                Err(Reason::Version(told.clone()))
            }
            (Generation::Snapshot26, _, _) => Ok(Generation::Snapshot26),
            // Only a duplication that the server describes can refute the other statements.
            (Generation::Checkpoint, _, _) if names == Some(true) => Err(Reason::Names),
            (Generation::Checkpoint, _, _) => Ok(Generation::Checkpoint),
            (Generation::RemoteName | Generation::DupExist, _, _) if names == Some(false) => {
                Err(Reason::NoNames)
            }
            (Generation::RemoteName | Generation::DupExist, _, _) => Ok(Generation::RemoteName),
        };
        believed.map_err(|reason| Refuted { stated, found: self.generation(), reason })
    }
}

/// A statement that the server itself refutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuted {
    /// The generation that was stated.
    pub stated: Generation,
    /// The generation that was found out.
    pub found: Generation,
    /// What refutes the statement.
    pub reason: Reason,
}

/// What refutes a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The server handles the list RPC.
    ListRpc,
    /// The server does not handle RPC_CM_GET_MAX_REPLICA_COUNT.
    NoReplicaCountRpc,
    /// The server handles RPC_CM_GET_MAX_REPLICA_COUNT.
    ReplicaCountRpc,
    /// `GET /version` returns another version.
    Version(String),
    /// The server names the remote table of a duplication.
    Names,
    /// The server does not name the remote table of a duplication.
    NoNames,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::ListRpc => {
                f.write_str("it handles RPC_CM_LIST_DUPLICATION, which only dup-exist has")
            }
            Reason::NoReplicaCountRpc => f.write_str(
                "it lacks RPC_CM_GET_MAX_REPLICA_COUNT, which every server since 2.4 has",
            ),
            Reason::ReplicaCountRpc => f.write_str(
                "it handles RPC_CM_GET_MAX_REPLICA_COUNT, which no server before 2.4 has",
            ),
            Reason::Version(version) => write!(f, "GET /version says {version:?}"),
            Reason::Names => f.write_str(
                "it names the remote table of a duplication, which no server before 2.6 does",
            ),
            Reason::NoNames => f.write_str(
                "it does not name the remote table of a duplication, which every server of the stated generation \
                 does",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
