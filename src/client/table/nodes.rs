//! Reads how many replica servers there are.

use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{ListNodes, ListNodesRequest};
use crate::transport::connection::Connection;
use crate::transport::seams::Deadline;

/// The number that selects replica servers of every status.
const EVERY_STATUS: i32 = 0;
/// The number of the status "alive".
const ALIVE: i32 = 1;

/// The numbers of replica servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nodes {
    pub(super) alive: usize,
    pub(super) known: usize,
}

/// Reads the numbers of replica servers (RPC_CM_LIST_NODES). Returns `None` if the server does not report
/// them.
pub(super) async fn nodes(connection: &Connection, deadline: Deadline) -> Option<Nodes> {
    let request = ListNodesRequest { status: EVERY_STATUS };
    let answer = connection.call::<ListNodes>(&request, deadline).await.ok()?;
    let infos = answer.infos.filter(|_| answer.err == ErrorCode::Ok)?;
    let alive = infos.iter().filter(|node| node.status == ALIVE).count();
    Some(Nodes { alive, known: infos.len() })
}
