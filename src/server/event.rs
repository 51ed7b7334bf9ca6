//! What a server did, told to whoever observes it: the trace of a simulation, or a test that asks
//! who made what.

use super::fault::Fault;
use super::store::RecordChange;
use crate::protocol::error_code::ErrorCode;

/// Something that a server did. Connections are numbered by [`super::Hub::reserve`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A request came.
    Request {
        /// Over which connection.
        connection: u64,
        /// Its seqid.
        seqid: i32,
        /// Its RPC.
        rpc: String,
        /// The fault that it meets.
        fault: Option<Fault>,
    },
    /// A request was let through, and its change goes to the store.
    Storing {
        /// Over which connection the request came.
        connection: u64,
        /// The request's seqid.
        seqid: i32,
        /// The change.
        change: RecordChange,
    },
    /// A change is stored.
    Stored {
        /// Over which connection the request came.
        connection: u64,
        /// The request's seqid.
        seqid: i32,
        /// The change.
        change: RecordChange,
    },
    /// A change was not stored, or nobody can tell.
    NotStored {
        /// Over which connection the request came.
        connection: u64,
        /// The request's seqid.
        seqid: i32,
        /// The change.
        change: RecordChange,
    },
    /// An answer was sent.
    Answer {
        /// Over which connection.
        connection: u64,
        /// The seqid in it.
        seqid: i32,
        /// The request's RPC.
        rpc: String,
        /// The error code in its body, or the framework's where there is no body.
        err: ErrorCode,
    },
    /// A connection is closed by the server because of a request.
    Closed {
        /// Which.
        connection: u64,
        /// Why.
        reason: String,
    },
    /// A request came that would have ended a real server of this generation.
    WouldHaveDied {
        /// Over which connection.
        connection: u64,
    },
    /// It crashed: every connection is gone, and everything that is not stored.
    Crashed,
    /// It is back after a crash, as a follower, or leading as [`Event::Leads`] tells.
    Restarted,
    /// It leads from now on.
    Leads {
        /// Whether it has read its duplications back. If not, it serves without them meanwhile.
        read_back: bool,
    },
    /// It serves early, and has read its duplications back only now.
    ReadBack,
    /// It follows from now on.
    Follows,
}
