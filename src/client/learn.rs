//! Which generation a server is: by two RPCs that change nothing, and by the version it tells. What
//! is learnt holds for one connection, never longer.

use super::ask::AskError;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::generation::Generation;
use crate::protocol::messages::{GetMaxReplicaCount, MaxReplicaCountRequest};
use crate::transport::connection::{CallError, Connection};
use crate::transport::seams::Deadline;

/// The list RPC was handled: the proof.
pub(crate) fn list_was_handled(connection: &Connection) -> Option<Generation> {
    *connection.learnt.generation.get_or_init(|| Some(Generation::DupExist))
}

/// Whether it is known that the list RPC is not there.
pub(crate) fn has_no_list(connection: &Connection) -> bool {
    let known = connection.learnt.generation.get().copied().flatten();
    known.is_some_and(|generation| !generation.has_list())
}

/// The list RPC was not handled: what else it may be.
pub(crate) async fn list_was_not_handled(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Result<(), AskError> {
    if connection.learnt.generation.get().is_some() {
        return Ok(());
    }
    // Handled or not is all that counts; a table that is missing is fine.
    let request = MaxReplicaCountRequest { app_name: table.to_owned() };
    let generation = match connection.call::<GetMaxReplicaCount>(&request, deadline).await {
        Ok(_) => Generation::of_version(connection.version(deadline).await.as_deref()),
        Err(CallError::Framework(ErrorCode::HandlerNotFound)) => Generation::Freezed,
        Err(error) => return Err(error.into()),
    };
    tracing::debug!(server = %connection.server, %generation, "learnt the server's generation");
    connection.learnt.generation.get_or_init(|| Some(generation));
    Ok(())
}
