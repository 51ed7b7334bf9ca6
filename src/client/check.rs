//! Finds out whether the leader accepts a remote cluster as the target of duplications, by an add for a table that
//! does not exist.
//!
//! Servers of all generations check the remote cluster of an add before the table, and refuse an add for a missing
//! table before anything is stored. So the code of the refusal shows how far the request came. The request creates
//! nothing however late it arrives, because the table has a random name that was looked up and is absent.
//!
//! The request is sent only once. A wrong configuration can make every add end the server, and a repeated request
//! would end the next leader too.

use super::ask;
use super::attempt::Attempts;
use super::codes::{Meaning, Request};
use super::core::Call;
use super::harm;
use super::learn;
use super::try_error::TryError;
use crate::enums::RemoteClusterState;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{AddDuplication, AddRequest, AddResponse};
use crate::remote_cluster::RemoteCluster;
use crate::transport::connection::{CallError, Connection};
use crate::transport::durations::one_try;

/// The hint of a server that is asked to duplicate to its own cluster. 1.12.2 and older give no hint.
const TO_ITSELF: &str = "illegal operation: adding duplication to itself";

pub(super) async fn check_remote_cluster(call: Call<'_>, cluster: &str) -> Result<RemoteCluster> {
    // The tools of Pegasus refuse to create a table with a hyphen in its name.
    let table = format!("pegasus-dup-check-{}", call.core.group.unique());
    let mut attempts = Attempts::new(call, &table);
    loop {
        let connection = attempts.leader().await?;
        match check(&connection, cluster, &table, &attempts).await {
            Ok(state) => return Ok(state),
            Err(error) => attempts.failed(&connection, error).await?,
        }
    }
}

async fn check(
    connection: &Connection,
    cluster: &str,
    table: &str,
    attempts: &Attempts<'_>,
) -> Result<RemoteCluster, TryError> {
    let deadline = attempts.deadline;
    look_up(connection, cluster, table, attempts).await?;
    harm::refuse_braces(learn::found_generation(connection), [("cluster", cluster)])
        .map_err(TryError::Refused)?;
    if connection.lacks_cluster_name(one_try(deadline)).await {
        return Err(TryError::Refused(
            Error::new(
                ErrorKind::Unsupported,
                format!("an add terminates this server, because its configuration lacks the name of the cluster; nothing was sent: cluster={cluster}"),
            )
            .with_hint("set `cluster_name` in the section [replication] of the configuration of the meta servers"),
        ));
    }
    let request = AddRequest {
        app_name: table.to_owned(),
        remote_cluster_name: cluster.to_owned(),
        // 2.3 and older create a paused duplication if this is true. No server needs the field.
        is_duplicating_checkpoint: None,
        remote_app_name: None,
        remote_replica_count: None,
    };
    match connection.call::<AddDuplication>(&request, deadline).await {
        Ok(answer) => interpret(cluster, table, answer),
        Err(lost @ CallError::Lost(_)) => Err(TryError::Refused(
            TryError::from(lost).into_error().with_hint(
                "see whether the server still runs: a section [duplication-group] of its configuration with an id twice, or with an id outside 1 to 127, makes every add end the server",
            ),
        )),
        Err(other) => Err(other.into()),
    }
}

/// Returns an error unless the server says that it does not have the table. The server's generation is known
/// afterwards.
async fn look_up(
    connection: &Connection,
    cluster: &str,
    table: &str,
    attempts: &Attempts<'_>,
) -> Result<(), TryError> {
    match ask::ask(connection, table, one_try(attempts.deadline)).await {
        Err(TryError::Refused(error)) if error.kind() == ErrorKind::TableNotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(TryError::Refused(ask::garbled(
            connection,
            &format!(
                "it lists a table whose name was made up a moment ago; nothing was sent: table={table} cluster={cluster}"
            ),
        ))),
    }
}

/// Returns what the response to the add for a missing table says about the remote cluster.
fn interpret(cluster: &str, table: &str, answer: AddResponse) -> Result<RemoteCluster, TryError> {
    let AddResponse { err: code, hint, .. } = answer;
    let hint = hint.filter(|hint| !hint.is_empty());
    let found = |state, hint| Ok(RemoteCluster { cluster: cluster.to_owned(), state, hint });
    let subject = format!("cluster={cluster}");
    let kind = match Request::Add.meaning(&code, hint.as_deref()) {
        Meaning::NotApplied => return Err(TryError::NotApplied(code)),
        Meaning::Refused(ErrorKind::TableNotFound) => {
            return found(RemoteClusterState::Configured, None);
        }
        Meaning::Refused(ErrorKind::RemoteClusterNotConfigured) => {
            return found(RemoteClusterState::NotConfigured, hint);
        }
        Meaning::Refused(_) if hint.as_deref() == Some(TO_ITSELF) => {
            return found(RemoteClusterState::OwnCluster, hint);
        }
        Meaning::Refused(kind) => kind,
        Meaning::Done | Meaning::Exists => {
            return Err(TryError::Refused(
                Error::new(
                    ErrorKind::OutcomeUnknown,
                    format!("the server did not refuse an add for a table that it does not have: table={table} {subject}"),
                )
                .with_code(&code)
                .with_hint("query the table: no meta server does this, and the duplication should not exist"),
            ));
        }
        Meaning::Unclear => ErrorKind::Protocol,
    };
    let error = match (&hint, &code) {
        (None, ErrorCode::InvalidParameters) => Error::new(
            ErrorKind::Unsupported,
            format!("the server refuses the remote cluster and does not say whether it is its own cluster or is not configured: {subject}"),
        )
        .with_code(&code)
        .with_hint("look at the sections [duplication-group] and [pegasus.clusters] of the configuration of the meta servers"),
        _ => Request::Add.refused(kind, &code, &subject),
    };
    Err(TryError::Refused(match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: &str, hint: &str) -> AddResponse {
        AddResponse {
            err: ErrorCode::from_name(code),
            appid: Some(0),
            dupid: Some(0),
            hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
            remote_app_name: None,
            remote_replica_count: None,
        }
    }

    /// Every response either shows one of the states, or is an error that claims none.
    #[test]
    fn responses_and_states() {
        use RemoteClusterState::{Configured, NotConfigured, OwnCluster};
        const NO_ID: &str = "get_duplication_cluster_id(c) failed, error: ERR_OBJECT_NOT_FOUND: failed to get cluster id for  << c";
        const INVALID: &str = "ERR_INVALID_PARAMETERS";
        for (code, hint, state) in [
            ("ERR_APP_NOT_EXIST", "", Configured),
            ("ERR_APP_NOT_EXIST", "app t was not found", Configured),
            (INVALID, NO_ID, NotConfigured),
            (INVALID, "failed to find cluster address in config [pegasus.clusters]", NotConfigured),
            (
                INVALID,
                "failed to find cluster[c] address in config [pegasus.clusters]",
                NotConfigured,
            ),
            (INVALID, TO_ITSELF, OwnCluster),
        ] {
            let found = interpret("c", "t", answer(code, hint)).unwrap();
            assert_eq!((found.cluster.as_str(), found.state), ("c", state), "{code} {hint}");
            let hint = Some(hint).filter(|_| state != Configured);
            assert_eq!(found.hint.as_deref(), hint, "{code}");
        }
        for (code, hint, kind) in [
            // 1.12.2 and older give no hint.
            (INVALID, "", ErrorKind::Unsupported),
            (INVALID, "something else", ErrorKind::InvalidArgument),
            ("ERR_ACL_DENY", "", ErrorKind::PermissionDenied),
            ("ERR_BUSY", "", ErrorKind::Busy),
            ("ERR_OK", "", ErrorKind::OutcomeUnknown),
            ("ERR_DUP_EXIST", "", ErrorKind::OutcomeUnknown),
            ("ERR_FILE_OPERATION_FAILED", "", ErrorKind::Protocol),
        ] {
            let error = interpret("c", "t", answer(code, hint)).unwrap_err();
            assert!(
                matches!(&error, TryError::Refused(error) if error.kind() == kind),
                "{error:?}"
            );
        }
        for code in ["ERR_FORWARD_TO_OTHERS", "ERR_SERVICE_NOT_ACTIVE"] {
            let error = interpret("c", "t", answer(code, "")).unwrap_err();
            assert!(matches!(error, TryError::NotApplied(_)), "{error:?}");
        }
    }
}
