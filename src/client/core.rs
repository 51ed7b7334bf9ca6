//! The state that all calls of one client share. The operations work on this state and never on the
//! [`Client`](super::Client) that owns it.

use super::spec::Mode;
use super::turns::Turns;
use super::unsettled::Unsettled;
use crate::transport::group::MetaServers;
use crate::transport::seams::Deadline;

/// The state that a client and its clones share.
#[derive(Debug)]
pub(crate) struct Core {
    /// The meta servers of the cluster, and the connection to their leader.
    pub(crate) group: MetaServers,
    /// The turns of changes of the same duplication.
    pub(crate) turns: Turns,
    /// The requests that were sent and whose effect is not known.
    pub(crate) unsettled: Unsettled,
}

impl Core {
    /// Returns the state of a client that has made no call yet.
    pub(crate) fn new(group: MetaServers) -> Core {
        Core { group, turns: Turns::default(), unsettled: Unsettled::default() }
    }
}

/// One call of a client: the shared state, and the settings of this call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) core: &'a Core,
    /// The way in which an add is done.
    pub(crate) mode: Mode,
    /// The time at which the call must have ended.
    pub(crate) deadline: Deadline,
}
