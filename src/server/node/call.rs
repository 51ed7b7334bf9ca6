//! The calls of a node: requests that wait for their response.

use crate::protocol::frame::Envelope;
use crate::server::fault::Fault;

/// A connection, as whoever drives the node names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// The time, of both kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// Wall time, in milliseconds since 1970.
    pub(crate) wall_ms: i64,
    /// Time that never jumps, in milliseconds since the server was made.
    pub(crate) steady_ms: u64,
}

/// A call that waits for its answer.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) connection: ConnectionId,
    pub(super) envelope: Envelope,
    /// Whether its connection is gone, and nobody waits any more.
    pub(super) gone: bool,
    pub(super) fault: Option<Fault>,
}
