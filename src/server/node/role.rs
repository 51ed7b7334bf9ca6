//! The roles of a meta server.

use std::net::SocketAddrV4;

use crate::protocol::error_code::ErrorCode;

/// What a meta server is in its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// It answers.
    Leader,
    /// It thinks that it leads, and doesn't: it shows what it knows, and nothing of what it changes
    /// is stored or answered.
    StaleLeader,
    /// It answers ERR_FORWARD_TO_OTHERS, and names the leader that it knows of.
    Follower { leader: Option<SocketAddrV4> },
    /// It answers with that code: not started, or recovering.
    NotReady(ErrorCode),
}
