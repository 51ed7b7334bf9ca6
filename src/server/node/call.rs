//! The calls of a node: requests that wait for their response.

use crate::protocol::frame::Envelope;
use crate::server::fault::Fault;

/// The number of a connection. The caller of the node numbers the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// The current time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// The wall time, in milliseconds since 1970.
    pub(crate) wall_ms: i64,
    /// The time since the server was created, in milliseconds. It never jumps.
    pub(crate) steady_ms: u64,
}

/// A request that waits for its response.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) connection: ConnectionId,
    pub(super) envelope: Envelope,
    /// Whether the connection of the request is gone, so that nobody waits for the response.
    pub(super) gone: bool,
    /// Whether the request has its response, although its change is being stored.
    pub(super) answered: bool,
    pub(super) fault: Option<Fault>,
}

impl Call {
    /// Returns a request that has just arrived.
    pub(super) fn new(connection: ConnectionId, envelope: Envelope, fault: Option<Fault>) -> Call {
        Call { connection, envelope, gone: false, answered: false, fault }
    }
}
