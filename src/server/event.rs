//! The trace of a server: events for an observer, such as a simulation, or a test that checks which
//! client has made which change.

use super::fault::Fault;
use super::store::RecordChange;
use crate::protocol::error_code::ErrorCode;

/// Something that a server did. Connections have the numbers that [`super::Hub::reserve`] gives
/// out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A request arrived.
    Request {
        /// The number of the connection.
        connection: u64,
        /// The seqid of the request.
        seqid: i32,
        /// The name of the RPC.
        rpc: String,
        /// The fault that the request meets.
        fault: Option<Fault>,
    },
    /// A request was accepted, and its change goes to the store.
    Storing {
        /// The number of the request's connection.
        connection: u64,
        /// The seqid of the request.
        seqid: i32,
        /// The change.
        change: RecordChange,
    },
    /// A change was stored.
    Stored {
        /// The number of the request's connection.
        connection: u64,
        /// The seqid of the request.
        seqid: i32,
        /// The change.
        change: RecordChange,
    },
    /// A change was not stored, or it is not known whether the change was stored.
    NotStored {
        /// The number of the request's connection.
        connection: u64,
        /// The seqid of the request.
        seqid: i32,
        /// The change.
        change: RecordChange,
    },
    /// A response was sent.
    Response {
        /// The number of the connection.
        connection: u64,
        /// The seqid in the response.
        seqid: i32,
        /// The name of the request's RPC.
        rpc: String,
        /// The error code in the body, or the code of the RPC layer if there is no body.
        err: ErrorCode,
    },
    /// The server closes a connection because of a request.
    Closed {
        /// The number of the connection.
        connection: u64,
        /// The reason.
        reason: String,
    },
    /// A request arrived that would have ended a real server of this generation.
    WouldHaveDied {
        /// The number of the connection.
        connection: u64,
    },
    /// The server crashed. All connections are closed, and everything that was not stored is lost.
    Crashed,
    /// The server is back after a crash, as a follower, or as a leader if [`Event::Leads`] follows.
    Restarted,
    /// The server has become the leader.
    Leads {
        /// Whether the server has read its duplications back. If not, it serves without them until
        /// [`Event::ReadBack`].
        read_back: bool,
    },
    /// A leader that serves early has read its duplications back.
    ReadBack,
    /// The server has become a follower.
    Follows,
}
