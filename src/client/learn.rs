//! Which generation a server is: by two RPCs that change nothing on any version, and by the version
//! that the server tells. What somebody has stated is held against that. What is learnt holds for one
//! connection, never longer.

use super::planted::{self, Bug};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::found::{Found, Refuted};
use crate::protocol::generation::Generation;
use crate::protocol::messages::{GetMaxReplicaCount, MaxReplicaCountRequest};
use crate::transport::connection::{CallError, Connection};
use crate::transport::seams::Deadline;

/// Records that the server has handled the list RPC, which proves that the server is `dup-exist`.
pub(crate) fn record_proof_of_dup_exist(connection: &Connection) {
    connection.learnt.note_found(Found::ListRpc);
}

/// Whether it is known that the list RPC is not there.
pub(crate) fn has_no_list(connection: &Connection) -> bool {
    connection.learnt.found().is_some_and(|found| *found != Found::ListRpc)
}

/// Finds out the generation of a server that does not have the list RPC.
pub(crate) async fn find_out_without_list(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> std::result::Result<(), CallError> {
    if connection.learnt.found().is_some() {
        return Ok(());
    }
    // Handled or not is all that counts; a table that is missing is fine.
    let request = MaxReplicaCountRequest { app_name: table.to_owned() };
    let found = match connection.call::<GetMaxReplicaCount>(&request, deadline).await {
        Ok(_) => match connection.version(deadline).await {
            Some(version) => Found::Version(version),
            None => Found::NoVersion,
        },
        Err(CallError::Framework(ErrorCode::HandlerNotFound)) => Found::NoReplicaCountRpc,
        Err(error) => return Err(error),
    };
    tracing::debug!(server = %connection.server, ?found, "learnt what the server is");
    connection.learnt.note_found(found);
    Ok(())
}

/// The generation by which what a server says is read: the stated one where nothing refutes it, else
/// what was found out. `None` before anything was found out.
pub(crate) fn generation(connection: &Connection) -> Option<Generation> {
    let learnt = &connection.learnt;
    match learnt.generation() {
        Ok(generation) => generation,
        Err(refuted) if planted::is(Bug::BelieveStatements) => Some(refuted.stated),
        Err(_) => found_generation(connection),
    }
}

/// The generation that was found out, whatever was stated.
pub(crate) fn found_generation(connection: &Connection) -> Option<Generation> {
    connection.learnt.found().map(Found::generation)
}

/// Refuses to go on where the server itself refutes the generation that was stated. Whoever is about to
/// send something that depends on the generation calls this, and whoever tells of what was found.
pub(crate) fn check_statement(connection: &Connection) -> Result<()> {
    match connection.learnt.generation() {
        Err(Refuted { stated, found, reason }) if !planted::is(Bug::BelieveStatements) => {
            Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "the generation that was stated is not this server's, because {reason}; nothing was sent that depends on the generation: stated={stated} found={found}"
                ),
            )
            .with_server(&connection.server)
            .with_hint(
                "leave the generation out: the client finds it out by requests that change nothing",
            ))
        }
        _ => Ok(()),
    }
}
