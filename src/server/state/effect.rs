//! What comes out of the state machine.

use crate::server::reply::Reply;
use crate::server::store::RecordChange;

/// A request that waits for its response. The caller of the state machine numbers the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallId(pub(crate) u64);

/// A change that is being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub(super) u64);

/// The ticket of a change that may or may not have been stored. Such a change is never finished.
pub(super) const LOST: Ticket = Ticket(u64::MAX);

/// Something that the caller of the state machine must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Send the response to the request.
    Respond(CallId, Reply),
    /// Store the change that the request asks for, then call [`super::State::finish`].
    Store(CallId, Ticket, RecordChange),
    /// Send the response to the request, then store the change, then call [`super::State::finish`]. What
    /// comes later is no response to the request.
    RespondAndStore(CallId, Reply, Ticket, RecordChange),
    /// Count the request, and close its connection: a real server of this generation would have ended.
    Die(CallId),
    /// Count the request: the replica servers have ended, as those of a real cluster do, but not the
    /// meta server, which responds.
    EndReplicaServers(CallId),
    /// Close the connection of the request without a response, because it is not known whether the
    /// change was stored.
    HangUp(CallId),
}
