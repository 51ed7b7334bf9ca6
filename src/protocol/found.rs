//! What is found out of a server by requests that change nothing on any version, and what that leaves
//! of a generation that somebody has stated.

use std::fmt;

use super::generation::Generation;

/// What the requests have shown. `GET /version` is asked last, because the RPCs alone prove more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// RPC_CM_LIST_DUPLICATION is handled. Only `dup-exist` has that RPC.
    ListRpc,
    /// Neither RPC_CM_LIST_DUPLICATION nor RPC_CM_GET_MAX_REPLICA_COUNT is handled. Every server of
    /// 2.4 or later has the second RPC.
    NoReplicaCountRpc,
    /// RPC_CM_GET_MAX_REPLICA_COUNT alone is handled, and `GET /version` tells this version.
    Version(String),
    /// RPC_CM_GET_MAX_REPLICA_COUNT alone is handled, and the version cannot be had.
    NoVersion,
}

/// What a version, as a server tells it, stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Release {
    /// 2.4 and 2.5.
    Checkpoint,
    /// 2.6 and later.
    Snapshot,
    /// Older ones, which contradict the RPC that the server handled.
    Older,
    /// A text that is no version.
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

    /// The generation that this proves, or the careful one where it proves none.
    pub fn generation(&self) -> Generation {
        match (self, self.release()) {
            (Found::ListRpc, _) => Generation::DupExist,
            (Found::NoReplicaCountRpc, _) => Generation::Freezed,
            (Found::Version(_) | Found::NoVersion, Release::Checkpoint) => Generation::Checkpoint,
            (Found::Version(_) | Found::NoVersion, _) => Generation::Snapshot26,
        }
    }

    /// The generation to go by where somebody has stated one. `names` is whether the server has told
    /// the remote table's name of a duplication, in an answer to an add or in a list; `None` where it
    /// has told of no duplication yet. Servers since `remote-name` tell that name each time.
    ///
    /// A statement is believed only where nothing refutes it. It then adds to what was found:
    /// `remote-name` that the server looks at the remote table and the replica count, `checkpoint`
    /// that it does not. `dup-exist` adds no more than `remote-name` does, since only the list RPC
    /// proves that an ERR_OK means "created".
    ///
    /// # Errors
    ///
    /// What refutes the statement.
    pub fn generation_if_stated(
        &self,
        stated: Generation,
        names: Option<bool>,
    ) -> Result<Generation, Refuted> {
        let believed = match (stated, self, self.release()) {
            // The RPCs prove these.
            (Generation::Freezed, Found::NoReplicaCountRpc, _) => Ok(Generation::Freezed),
            (Generation::DupExist | Generation::Snapshot26, Found::ListRpc, _) => {
                Ok(Generation::DupExist)
            }
            (_, Found::ListRpc, _) => Err(Reason::ListRpc),
            (_, Found::NoReplicaCountRpc, _) => Err(Reason::NoReplicaCountRpc),
            (Generation::Freezed, Found::Version(_) | Found::NoVersion, _) => {
                Err(Reason::ReplicaCountRpc)
            }
            // The version tells these.
            (Generation::Checkpoint, _, Release::Checkpoint) => Ok(Generation::Checkpoint),
            (Generation::Checkpoint, Found::Version(told), Release::Snapshot)
            | (_, Found::Version(told), Release::Checkpoint | Release::Older) => {
                Err(Reason::Version(told.clone()))
            }
            (Generation::Snapshot26, _, _) => Ok(Generation::Snapshot26),
            // Only a duplication that the server tells of can refute the others.
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
    /// What was stated.
    pub stated: Generation,
    /// What was found out instead.
    pub found: Generation,
    /// What refutes the statement.
    pub reason: Reason,
}

/// What refutes a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The list RPC is handled.
    ListRpc,
    /// RPC_CM_GET_MAX_REPLICA_COUNT is not handled.
    NoReplicaCountRpc,
    /// RPC_CM_GET_MAX_REPLICA_COUNT is handled.
    ReplicaCountRpc,
    /// `GET /version` tells another version.
    Version(String),
    /// The remote table's name of a duplication is told.
    Names,
    /// The remote table's name of a duplication is not told.
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
                "it tells the remote table of a duplication, which no server before 2.6 does",
            ),
            Reason::NoNames => f.write_str(
                "it does not tell the remote table of a duplication, which every server of the stated generation does",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
