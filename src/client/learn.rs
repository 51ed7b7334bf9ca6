//! Finds out the generation of a server, by two RPCs that change nothing on any version and by the version
//! that the server reports. A stated generation is compared with the result. The result holds for one
//! connection only.

use super::try_error::TryError;
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

/// Returns whether the server is known to lack the list RPC.
pub(crate) fn has_no_list(connection: &Connection) -> bool {
    connection.learnt.found().is_some_and(|found| *found != Found::ListRpc)
}

/// Finds out the generation of a server that does not have the list RPC.
pub(crate) async fn find_out_without_list(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> std::result::Result<(), TryError> {
    if connection.learnt.found().is_some() {
        return Ok(());
    }
    let mut not_applied = None;
    // It only matters whether the server handles the request. The table need not exist.
    let request = MaxReplicaCountRequest { app_name: table.to_owned() };
    let found = match connection.call::<GetMaxReplicaCount>(&request, deadline).await {
        Ok(answer) => {
            // The server handles the request all the same, but it is not the leader any more.
            not_applied = Some(answer.err).filter(ErrorCode::says_not_applied);
            match connection.version(deadline).await {
                Some(version) => Found::Version(version),
                None => Found::NoVersion,
            }
        }
        Err(CallError::Framework(ErrorCode::HandlerNotFound)) => Found::NoReplicaCountRpc,
        Err(error) => return Err(error.into()),
    };
    tracing::debug!(server = %connection.server, ?found, "recognized the server");
    connection.learnt.note_found(found);
    match not_applied {
        Some(code) => Err(TryError::NotApplied(code)),
        None => Ok(()),
    }
}

/// Returns the generation by which the client interprets the server's responses: the stated generation if
/// nothing refutes it, otherwise the one that was found out. Returns `None` before the server was
/// recognized.
pub(crate) fn generation(connection: &Connection) -> Option<Generation> {
    let learnt = &connection.learnt;
    match learnt.generation() {
        Ok(generation) => generation,
        Err(_) => found_generation(connection),
    }
}

/// Returns the generation that was found out, whatever generation was stated.
pub(crate) fn found_generation(connection: &Connection) -> Option<Generation> {
    connection.learnt.found().map(Found::generation)
}

/// Returns an error if the server refutes the stated generation. Every operation calls this function before
/// it sends a request that depends on the generation, and before it returns what it has read.
pub(crate) fn check_statement(connection: &Connection) -> Result<()> {
    match connection.learnt.generation() {
        Ok(_) => Ok(()),
        Err(Refuted { stated, found, reason }) => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "the stated generation is not that of this server, because {reason}; nothing was sent that depends on the generation: stated={stated} found={found}"
            ),
        )
        .with_server(&connection.server)
        .with_hint(
            "do not state the generation: the client finds it out by requests that change nothing",
        )),
    }
}
