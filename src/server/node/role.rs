//! The roles of a meta server.

use std::net::SocketAddrV4;

use crate::protocol::error_code::ErrorCode;

/// What a meta server is in its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// The server responds to all requests.
    Leader,
    /// The server continues as if it were the leader, although another server leads. It shows the
    /// duplications that it knows, and its changes are neither stored nor acknowledged.
    StaleLeader,
    /// The server responds with ERR_FORWARD_TO_OTHERS, and names the leader if it knows the leader.
    Follower { leader: Option<SocketAddrV4> },
    /// The server responds with that error code, because it has not started or is recovering.
    NotReady(ErrorCode),
}
