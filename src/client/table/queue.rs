//! Finds out whether the server has taken an earlier request out of its queue.
//!
//! Requests that create or change tables and duplications wait in one queue of the server, and so does
//! RPC_CM_GET_MAX_REPLICA_COUNT, which changes nothing. If that request is sent later over the same connection
//! and gets its response, the earlier request has left the queue. A list then shows what it did.

use crate::client::learn;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::generation::Generation;
use crate::protocol::messages::{GetMaxReplicaCount, MaxReplicaCountRequest};
use crate::transport::connection::Connection;
use crate::transport::durations::one_try;
use crate::transport::seams::Deadline;

/// How many requests are sent behind the earlier request, one after the other. The threads of a server may swap
/// two requests that arrive together, so one is not enough.
const REQUESTS: usize = 2;

/// Returns whether the server has the request that waits in its queue and changes nothing. All servers since
/// 2.4 have it.
pub(crate) fn can_be_checked(connection: &Connection) -> bool {
    learn::found_generation(connection).is_some_and(|found| found != Generation::Freezed)
}

/// Sends requests behind an earlier request over the same connection, and returns whether the server has
/// responded to all of them from its queue. `table` should be the table that the earlier request is about,
/// but it need not exist.
pub(crate) async fn has_passed(connection: &Connection, table: &str, deadline: Deadline) -> bool {
    let request = MaxReplicaCountRequest { app_name: table.to_owned() };
    for _ in 0..REQUESTS {
        match connection.call::<GetMaxReplicaCount>(&request, one_try(deadline)).await {
            // With any other code, the server may have responded without using its queue.
            Ok(answer) if matches!(answer.err, ErrorCode::Ok | ErrorCode::AppNotExist) => {}
            Ok(_) | Err(_) => return false,
        }
    }
    true
}
