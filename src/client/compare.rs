//! Compares a duplication with the request for it: finds the properties that differ, and those that cannot
//! be compared.

use super::spec::DuplicationSpec;
use crate::outcome::{Difference, Property, Status};
use crate::protocol::generation::Generation;
use crate::resource::Duplication;

/// The result of comparing a duplication with a request. The duplication is as requested if both lists are
/// empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    /// The properties in which the duplication differs from the request.
    pub(crate) differences: Vec<Difference>,
    /// The requested properties that the server does not report.
    pub(crate) unverified: Vec<Property>,
}

/// What is known about the server that reports a duplication.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Server {
    /// The generation of the server, if it is known.
    pub(crate) generation: Option<Generation>,
    /// The replica count of the table itself, if it was read. On servers of 2.5 and older, a remote table
    /// that the duplication creates gets this count, whatever an add requests.
    pub(crate) own_replica_count: Option<i32>,
}

impl From<Option<Generation>> for Server {
    fn from(generation: Option<Generation>) -> Server {
        Server { generation, own_replica_count: None }
    }
}

/// Compares a reported duplication with the request for it.
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
        // The other properties are those of other resources.
        _ => false,
    };
    Compared {
        differences: spec.differences(remote_table, replica_count),
        unverified: Property::ALL.into_iter().filter(not_compared).collect(),
    }
}

/// Returns the name of a property that the server does not report, if the request gives it a value other
/// than the default. A server that does not report a property may have ignored the requested value.
pub(crate) fn untold_by(spec: &DuplicationSpec, one: &Duplication) -> Option<&'static str> {
    if spec.other_remote_table().is_some() && one.remote_table.is_none() {
        Some("the remote table")
    } else if spec.wanted_replica_count().is_some() && one.remote_replica_count.is_none() {
        Some("the remote replica count")
    } else {
        None
    }
}

/// Returns whether a duplication ships a checkpoint that was not requested. An add without a checkpoint
/// never creates such a duplication.
pub(crate) fn ships_unasked_checkpoint(spec: &DuplicationSpec, one: &Duplication) -> bool {
    !spec.checkpoint && ships_checkpoint(one)
}

/// Returns whether the status shows that a checkpoint is being shipped. No other status shows anything:
/// the checkpoint may have been shipped already, or there never was one.
fn ships_checkpoint(one: &Duplication) -> bool {
    matches!(one.status, Some(Status::Prepare | Status::App))
}
