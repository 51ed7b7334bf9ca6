//! How a duplication compares with the request for it: what it has otherwise, and which properties
//! nobody can compare.

use super::planted::{self, Bug};
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

/// Compares a duplication that a server of that generation told of with the request for it.
pub(crate) fn compare(
    spec: &DuplicationSpec,
    generation: Option<Generation>,
    one: &Duplication,
) -> Compared {
    let own_name = generation.is_some_and(Generation::keeps_table_name).then_some(&*spec.table);
    let remote_table = one.remote_table.as_deref().or(own_name);
    let not_compared = |property: &Property| match property {
        _ if planted::is(Bug::ClaimUntold) => false,
        Property::Checkpoint => spec.checkpoint && !ships_checkpoint(one),
        Property::RemoteTable => spec.remote_table.is_some() && remote_table.is_none(),
        Property::RemoteReplicaCount => {
            spec.wanted_replica_count().is_some() && one.remote_replica_count.is_none()
        }
    };
    Compared {
        differences: spec.differences(remote_table, one.remote_replica_count),
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
