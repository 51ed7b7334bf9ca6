//! How a duplication compares with the request for it: what it has otherwise, and which properties
//! nobody can compare.

use super::spec::DuplicationSpec;
use crate::outcome::{Difference, Duplication, Property, Status};
use crate::protocol::generation::Generation;

/// A duplication beside the request for it. It is as asked where both lists are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    /// What it has otherwise.
    pub(crate) differences: Vec<Difference>,
    /// What was requested, and is not told by the server.
    pub(crate) unverified: Vec<Property>,
}

/// What is known of the server that told of a duplication, beside the duplication.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Server {
    /// The server's generation, if it is known.
    pub(crate) generation: Option<Generation>,
    /// The source table's replica count, if it was asked for. On 2.5 and older a remote table that
    /// the duplication creates gets the same count, whatever an add requests.
    pub(crate) own_replica_count: Option<i32>,
}

impl From<Option<Generation>> for Server {
    fn from(generation: Option<Generation>) -> Server {
        Server { generation, own_replica_count: None }
    }
}

/// Compares a duplication that a server told of with the request for it.
pub(crate) fn compare(spec: &DuplicationSpec, server: Server, one: &Duplication) -> Compared {
    let keeps_own = server.generation.is_some_and(Generation::keeps_table_name);
    let remote_table = one.remote_table.as_deref().or(keeps_own.then_some(&*spec.table));
    let own_count = server.own_replica_count.filter(|_| keeps_own);
    let replica_count = one.remote_replica_count.or(own_count);
    let not_compared = |property: &Property| match property {
        Property::Checkpoint => spec.checkpoint && !ships_checkpoint(one),
        Property::RemoteTable => spec.remote_table.is_some() && remote_table.is_none(),
        Property::RemoteReplicaCount => {
            spec.wanted_replica_count().is_some() && replica_count.is_none()
        }
    };
    Compared {
        differences: spec.differences(remote_table, replica_count),
        unverified: Property::ALL.into_iter().filter(not_compared).collect(),
    }
}

/// What was requested beside the table's own, and is not told, in words. A server that does not tell
/// it may have ignored it.
pub(crate) fn untold_by(spec: &DuplicationSpec, one: &Duplication) -> Option<&'static str> {
    if spec.other_remote_table().is_some() && one.remote_table.is_none() {
        Some("the remote table")
    } else if spec.wanted_replica_count().is_some() && one.remote_replica_count.is_none() {
        Some("the remote replica count")
    } else {
        None
    }
}

/// Whether it ships a checkpoint that was not requested: an add without one never makes such.
pub(crate) fn ships_unasked_checkpoint(spec: &DuplicationSpec, one: &Duplication) -> bool {
    !spec.checkpoint && ships_checkpoint(one)
}

/// Whether its status tells that a checkpoint is being shipped. Any other status tells nothing: the
/// checkpoint may be there already, or there never was one.
fn ships_checkpoint(one: &Duplication) -> bool {
    matches!(one.status, Some(Status::Prepare | Status::App))
}
