//! Interprets the error codes of responses. This is the only place that maps codes and hints to
//! [`ErrorKind`]s.

use crate::error::{Error, ErrorKind};
use crate::protocol::error_code::ErrorCode;

/// The kind of a request. The meaning of an error code depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// A request that changes nothing.
    Read,
    /// RPC_CM_ADD_DUPLICATION.
    Add,
    /// RPC_CM_MODIFY_DUPLICATION.
    Change,
    /// RPC_CM_ADD_BACKUP_POLICY.
    AddPolicy,
    /// RPC_CM_CREATE_APP.
    Create,
    /// RPC_CM_DROP_APP.
    Drop,
    /// RPC_CM_RECALL_APP.
    Recall,
}

/// What an error code says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The server reports success.
    Done,
    /// The server did nothing, because it is not ready or not the leader. The same request may be sent
    /// again.
    NotApplied,
    /// The server did nothing, and would refuse the same request again.
    Refused(ErrorKind),
    /// The resource that the request would create exists already.
    Exists,
    /// The code does not show what the server did.
    Unclear,
}

impl Request {
    /// Returns what the code of a response means. `hint` is the text that came with the code.
    pub(crate) fn meaning(self, code: &ErrorCode, hint: Option<&str>) -> Meaning {
        match (code, self) {
            (ErrorCode::Ok, _) => Meaning::Done,
            (code, _) if code.says_not_applied() => Meaning::NotApplied,
            // No server returns these codes to a create.
            (ErrorCode::AppNotExist | ErrorCode::Busy, Request::Create) => Meaning::Unclear,
            (ErrorCode::AppNotExist, _) | (ErrorCode::ObjectNotFound, Request::Read) => {
                Meaning::Refused(ErrorKind::TableNotFound)
            }
            (ErrorCode::ObjectNotFound, Request::Change) => {
                Meaning::Refused(ErrorKind::DuplicationNotFound)
            }
            (ErrorCode::AclDeny, _) => Meaning::Refused(ErrorKind::PermissionDenied),
            (ErrorCode::Busy, _)
            | (
                ErrorCode::BusyCreating | ErrorCode::BusyDropping,
                Request::Create | Request::Drop | Request::Recall,
            ) => Meaning::Refused(ErrorKind::Busy),
            (ErrorCode::Splitting, Request::Drop) => Meaning::Refused(ErrorKind::WrongState),
            (ErrorCode::InvalidParameters, Request::Create | Request::Recall) => {
                Meaning::Refused(ErrorKind::InvalidArgument)
            }
            (ErrorCode::StateFreezed, Request::Create) => Meaning::Refused(ErrorKind::Unavailable),
            (ErrorCode::AppExist, Request::Create | Request::Recall) => Meaning::Exists,
            (ErrorCode::InvalidParameters, Request::Add) => {
                Meaning::Refused(add_refused_for(hint.unwrap_or_default()))
            }
            (ErrorCode::InvalidParameters, Request::Change) => {
                Meaning::Refused(ErrorKind::WrongState)
            }
            (ErrorCode::InvalidParameters, Request::AddPolicy) => {
                Meaning::Refused(policy_refused_for(hint.unwrap_or_default()))
            }
            (ErrorCode::DupExist, Request::Add) => Meaning::Exists,
            _ => Meaning::Unclear,
        }
    }

    /// Returns the error kind for a code of the server's RPC layer, or `None` if the code does not show that
    /// the request was refused before it reached a handler.
    pub(crate) fn refused_by_rpc_layer(self, code: &ErrorCode) -> Option<ErrorKind> {
        match (code, self) {
            (ErrorCode::HandlerNotFound, _) | (_, Request::Read) => Some(ErrorKind::Unsupported),
            (
                _,
                Request::Add
                | Request::Change
                | Request::AddPolicy
                | Request::Create
                | Request::Drop
                | Request::Recall,
            ) => None,
        }
    }

    /// Returns the error for a refused request. `subject` names what the request was about, as
    /// `key=value` pairs.
    pub(crate) fn refused(self, kind: ErrorKind, code: &ErrorCode, subject: &str) -> Error {
        let message = match (kind, self) {
            (ErrorKind::TableNotFound, _) => "no such table",
            (ErrorKind::PermissionDenied, _) => "the server's access control refused the request",
            (ErrorKind::Busy, Request::Read) => "the server is busy",
            (ErrorKind::Busy, Request::Add) if *code == ErrorCode::Busy => {
                "another change of this duplication is in progress; nothing was created"
            }
            (ErrorKind::Busy, Request::Add) => {
                "the server refused the add because of an existing duplication, which could not be read; nothing was created"
            }
            (ErrorKind::Busy, Request::Change) => {
                "another change of this duplication is in progress; nothing was changed"
            }
            (ErrorKind::Busy, Request::AddPolicy) => {
                "the server refused the add because of an existing policy, which it does not list; nothing was created"
            }
            (ErrorKind::Busy, Request::Create) => {
                "the server was creating, dropping or recalling a table of this name; nothing was created"
            }
            (ErrorKind::Unavailable, Request::Create) => {
                "too few replica servers are alive to create a table; nothing was created"
            }
            (ErrorKind::InvalidArgument, Request::Create) => {
                "the server refused the partition count, the replica count or the settings; nothing was created"
            }
            (ErrorKind::Busy, Request::Drop | Request::Recall) => {
                "another change of the table is in progress; nothing was changed"
            }
            (ErrorKind::WrongState, Request::Drop) => {
                "the partitions of the table are being split, which does not allow a drop"
            }
            (ErrorKind::InvalidArgument, Request::Recall) => {
                "the name of the recalled table is taken by another table"
            }
            (ErrorKind::WrongState, _) => {
                "the duplication is in a state that does not allow this change"
            }
            (ErrorKind::RemoteClusterNotConfigured, _) => {
                "the configuration of the meta servers lacks this remote cluster"
            }
            (ErrorKind::RemoteTableTaken, _) => {
                "another table is duplicated to the same remote table"
            }
            (ErrorKind::Unsupported, Request::Read | Request::Drop | Request::Recall) => {
                "the server does not know this request"
            }
            (ErrorKind::Unsupported, Request::Add | Request::Change) => {
                "the server does not support duplication"
            }
            (ErrorKind::Unsupported, Request::AddPolicy) => {
                "the server does not support backup policies"
            }
            _ => "the server refused the request",
        };
        let message = match subject {
            "" => message.to_owned(),
            subject => format!("{message}: {subject}"),
        };
        Error::new(kind, message).with_code(code)
    }
}

/// Returns why an add was refused with ERR_INVALID_PARAMETERS. Only the hint shows the reason.
fn add_refused_for(hint: &str) -> ErrorKind {
    if hint.starts_with("start dup[") {
        // The existing duplication is in a state in which a repeated add cannot start it.
        ErrorKind::Busy
    } else if hint.starts_with("get_duplication_cluster_id(")
        // Servers of 2.4 and later add the name of the cluster in brackets, servers of 2.3 do not.
        || hint.starts_with("failed to find cluster[")
        || hint.starts_with("failed to find cluster address")
    {
        ErrorKind::RemoteClusterNotConfigured
    } else if hint.contains("is also duplicated to the same remote app") {
        ErrorKind::RemoteTableTaken
    } else {
        ErrorKind::InvalidArgument
    }
}

/// Returns why an add of a backup policy was refused with ERR_INVALID_PARAMETERS. Only the hint shows the reason.
/// Servers of 2.1 and older give no hint.
fn policy_refused_for(hint: &str) -> ErrorKind {
    // The second hint is that of 2.2 to 2.5.
    if hint.ends_with("policy name is already exist") || hint.starts_with("invalid policy_name: ") {
        ErrorKind::Busy
    } else if hint.starts_with("invalid app") {
        ErrorKind::TableNotFound
    } else {
        ErrorKind::InvalidArgument
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_the_same_for_every_request_unless_the_table_says_otherwise() {
        use Meaning::{Done, Exists, NotApplied, Refused, Unclear};
        let busy = Refused(ErrorKind::Busy);
        let no_table = Refused(ErrorKind::TableNotFound);
        let denied = Refused(ErrorKind::PermissionDenied);
        let invalid = Refused(ErrorKind::InvalidArgument);
        let wrong_state = Refused(ErrorKind::WrongState);
        let no_duplication = Refused(ErrorKind::DuplicationNotFound);
        let not_applied = NotApplied;
        let requests = [
            Request::Read,
            Request::Add,
            Request::Change,
            Request::AddPolicy,
            Request::Create,
            Request::Drop,
            Request::Recall,
        ];
        let too_few = Refused(ErrorKind::Unavailable);
        let table = [
            ("ERR_OK", [Done; 7]),
            ("ERR_FORWARD_TO_OTHERS", [not_applied; 7]),
            ("ERR_SERVICE_NOT_ACTIVE", [not_applied; 7]),
            ("ERR_UNDER_RECOVERY", [not_applied; 7]),
            (
                "ERR_APP_NOT_EXIST",
                [no_table, no_table, no_table, no_table, Unclear, no_table, no_table],
            ),
            ("ERR_ACL_DENY", [denied; 7]),
            ("ERR_BUSY", [busy, busy, busy, busy, Unclear, busy, busy]),
            ("ERR_BUSY_CREATING", [Unclear, Unclear, Unclear, Unclear, busy, busy, busy]),
            ("ERR_BUSY_DROPPING", [Unclear, Unclear, Unclear, Unclear, busy, busy, busy]),
            (
                "ERR_OBJECT_NOT_FOUND",
                [no_table, Unclear, no_duplication, Unclear, Unclear, Unclear, Unclear],
            ),
            (
                "ERR_INVALID_PARAMETERS",
                [Unclear, invalid, wrong_state, invalid, invalid, Unclear, invalid],
            ),
            ("ERR_STATE_FREEZED", [Unclear, Unclear, Unclear, Unclear, too_few, Unclear, Unclear]),
            ("ERR_DUP_EXIST", [Unclear, Exists, Unclear, Unclear, Unclear, Unclear, Unclear]),
            ("ERR_APP_EXIST", [Unclear, Unclear, Unclear, Unclear, Exists, Unclear, Exists]),
            ("ERR_SPLITTING", [Unclear, Unclear, Unclear, Unclear, Unclear, wrong_state, Unclear]),
            ("ERR_FILE_OPERATION_FAILED", [Unclear; 7]),
        ];
        for (code, meanings) in table {
            let code = ErrorCode::from_name(code);
            for (request, meaning) in requests.into_iter().zip(meanings) {
                assert_eq!(request.meaning(&code, None), meaning, "{request:?} {code}");
            }
        }
    }
}
