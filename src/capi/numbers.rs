//! Every code of the C face, with its number. Numbers are never reused, and what maps to one is
//! matched without wildcard: a new kind can't reach C before someone gave it a number.

use crate::client::Mode;
use crate::error::ErrorKind;
use crate::outcome::{Evidence, FailMode, Status};
use crate::protocol::generation::Generation;

/// Status: done. Every output was written.
pub const PEGASUS_DUP_OK: i32 = 0;
/// Status: an argument is NULL that mustn't be. Nothing was done, and no output was written; so it
/// is with every status that isn't 0.
pub const PEGASUS_DUP_NULL_ARGUMENT: i32 = 1;
/// Status: a text is not UTF-8.
pub const PEGASUS_DUP_NOT_UTF8: i32 = 2;
/// Status: an argument makes no sense: a number that isn't one of those listed, a negative timeout,
/// a request that lacks what its operation needs.
pub const PEGASUS_DUP_BAD_ARGUMENT: i32 = 3;
/// Status: a defect of this library, kept from crossing into the caller. If the call was one that
/// asks a server, what became of it isn't known.
pub const PEGASUS_DUP_PANICKED: i32 = 4;
/// Status: the client was made before this process was forked, and can't be used in the child. Make
/// another one there.
pub const PEGASUS_DUP_FORKED: i32 = 5;
/// Status: the call in the background isn't done yet.
pub const PEGASUS_DUP_RUNNING: i32 = 6;
/// Status: a thread that the library needs could not be started. Nothing was sent.
pub const PEGASUS_DUP_NO_THREAD: i32 = 7;
/// Status: what would wait was called on a thread that the library's connections need: from within a
/// log callback. Nothing was done.
pub const PEGASUS_DUP_WRONG_THREAD: i32 = 8;
/// Status: the log of this process goes elsewhere already, to a Rust program that links this library.
pub const PEGASUS_DUP_LOG_TAKEN: i32 = 9;

/// Not told: what a number's accessor returns for something that the server didn't tell, that
/// doesn't apply, or that was asked of NULL.
pub const PEGASUS_DUP_NOT_TOLD: i32 = -1;
/// Told, but by a number that this library has no name for; the text accessor shows it.
pub const PEGASUS_DUP_UNNAMED: i32 = -2;

/// Outcome: it wasn't there before, and is now.
pub const PEGASUS_DUP_CREATED: i32 = 0;
/// Outcome: it was there already; this call created nothing. The differences say what it has
/// otherwise than asked, and the unverified properties what could not be compared.
pub const PEGASUS_DUP_ALREADY_EXISTS: i32 = 1;
/// Outcome: an error. Its kind says what to do.
pub const PEGASUS_DUP_ERROR: i32 = 2;

/// Outcome: what a query or a list found, which can be nothing.
pub const PEGASUS_DUP_LISTED: i32 = 3;
/// Outcome: it was otherwise before; the outcome holds both.
pub const PEGASUS_DUP_CHANGED: i32 = 4;
/// Outcome: it was so already; this call changed nothing.
pub const PEGASUS_DUP_UNCHANGED: i32 = 5;
/// Outcome: it was there when this call looked, and is gone.
pub const PEGASUS_DUP_REMOVED: i32 = 6;
/// Outcome: what was to be removed wasn't there; nothing was sent.
pub const PEGASUS_DUP_NOT_FOUND: i32 = 7;
/// Outcome: what the meta servers are.
pub const PEGASUS_DUP_INFO: i32 = 8;

/// Resource: a duplication.
pub const PEGASUS_DUP_RESOURCE_DUPLICATION: i32 = 0;

/// Evidence, certain: the server said so, by an answer that means nothing else.
pub const PEGASUS_DUP_SERVER_SAID_SO: i32 = 0;
/// Evidence, certain: it was listed before the add, and nothing was sent.
pub const PEGASUS_DUP_LISTED_BEFORE: i32 = 1;
/// Evidence, certain: what is listed after the add can't be what this call asked for.
pub const PEGASUS_DUP_LISTED_AFTER: i32 = 2;
/// Evidence, not certain: absent before, and listed afterwards as asked, as far as that can be
/// compared. This call made it, or one that raced with it.
pub const PEGASUS_DUP_APPEARED_DURING_CALL: i32 = 3;

/// Error: no such table, or it is not available. Check the name.
pub const PEGASUS_DUP_ERROR_TABLE_NOT_FOUND: i32 = 1;
/// Error: no such duplication of that table.
pub const PEGASUS_DUP_ERROR_DUPLICATION_NOT_FOUND: i32 = 2;
/// Error: the meta servers' configuration lacks the remote cluster's id or addresses.
pub const PEGASUS_DUP_ERROR_REMOTE_CLUSTER_NOT_CONFIGURED: i32 = 3;
/// Error: another table is duplicated to the same table of the same remote cluster.
pub const PEGASUS_DUP_ERROR_REMOTE_TABLE_TAKEN: i32 = 4;
/// Error: what exists is in a state that doesn't allow it.
pub const PEGASUS_DUP_ERROR_WRONG_STATE: i32 = 5;
/// Error: the request makes no sense as it is. Correct it.
pub const PEGASUS_DUP_ERROR_INVALID_ARGUMENT: i32 = 6;
/// Error: this server would ignore or misread the request, or could end because of it, so it was not
/// sent.
pub const PEGASUS_DUP_ERROR_UNSUPPORTED: i32 = 7;
/// Error: the server refused by its access control.
pub const PEGASUS_DUP_ERROR_PERMISSION_DENIED: i32 = 8;
/// Error: another change of the same thing is under way. Try again.
pub const PEGASUS_DUP_ERROR_BUSY: i32 = 9;
/// Error: no meta server could be reached, none is ready, duplication is switched off there, or this
/// machine has no thread or file descriptor left to reach a server with. Nothing was done.
pub const PEGASUS_DUP_ERROR_UNAVAILABLE: i32 = 10;
/// Error: the time ran out. Nothing was sent, or it provably did nothing.
pub const PEGASUS_DUP_ERROR_TIMEOUT: i32 = 11;
/// Error: a request was sent, and whether it did anything is not known. The hint says how to find
/// out; the outcome's duplications are those known to stand there.
pub const PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN: i32 = 12;
/// Error: what came back is not what a meta server answers.
pub const PEGASUS_DUP_ERROR_PROTOCOL: i32 = 13;

/// Duplication status DS_INIT: shown, but not stored yet. These numbers are this library's, the same
/// for every generation of servers; they are not what travels.
pub const PEGASUS_DUP_STATUS_INIT: i32 = 0;
/// Duplication status DS_PREPARE: the checkpoint is being made.
pub const PEGASUS_DUP_STATUS_PREPARE: i32 = 1;
/// Duplication status DS_APP: the remote table is loading the checkpoint.
pub const PEGASUS_DUP_STATUS_APP: i32 = 2;
/// Duplication status DS_LOG: writes are being shipped.
pub const PEGASUS_DUP_STATUS_LOG: i32 = 3;
/// Duplication status DS_PAUSE: stopped by an operator.
pub const PEGASUS_DUP_STATUS_PAUSE: i32 = 4;
/// Duplication status DS_REMOVED: being removed; still listed, and about to be gone.
pub const PEGASUS_DUP_STATUS_REMOVED: i32 = 5;
/// Duplication status DS_START: writes are being shipped (servers of 2.3 and older).
pub const PEGASUS_DUP_STATUS_START: i32 = 6;

/// Fail mode FAIL_SLOW: a write that the remote cluster doesn't take is retried until it does.
pub const PEGASUS_DUP_FAIL_SLOW: i32 = 0;
/// Fail mode FAIL_SKIP: such a write is skipped; the remote table then lacks it.
pub const PEGASUS_DUP_FAIL_SKIP: i32 = 1;
/// Fail mode FAIL_FAST: such a write stops the replica server.
pub const PEGASUS_DUP_FAIL_FAST: i32 = 2;

/// Generation: 1.12 to 2.3.
pub const PEGASUS_DUP_GENERATION_FREEZED: i32 = 0;
/// Generation: 2.4 and 2.5.
pub const PEGASUS_DUP_GENERATION_CHECKPOINT: i32 = 1;
/// Generation: 2.6 snapshots before June 2024.
pub const PEGASUS_DUP_GENERATION_REMOTE_NAME: i32 = 2;
/// Generation: some 2.6 snapshot, not known which.
pub const PEGASUS_DUP_GENERATION_SNAPSHOT_2_6: i32 = 3;
/// Generation: 2.6 snapshots since June 2024.
pub const PEGASUS_DUP_GENERATION_DUP_EXIST: i32 = 4;

/// Mode: asks first, adds only what isn't there, and reads it back. The default.
pub const PEGASUS_DUP_MODE_SAFE: i32 = 0;
/// Mode: sends the add alone, in one round trip; only to servers proven to be of the generation
/// dup-exist. If the duplication exists, the add may resume it, move it from DS_APP to DS_LOG and reset
/// its fail mode, until the meta server restarts; the outcome's warning says so.
pub const PEGASUS_DUP_MODE_DIRECT: i32 = 1;

/// Operation: adds a duplication. Needs a table and a cluster.
pub const PEGASUS_DUP_OPERATION_ADD: i32 = 0;
/// Operation: the duplications of one table. Needs a table.
pub const PEGASUS_DUP_OPERATION_QUERY: i32 = 1;
/// Operation: the duplications of many tables. Needs nothing: all tables unless told otherwise.
pub const PEGASUS_DUP_OPERATION_LIST: i32 = 2;
/// Operation: lets a paused duplication run. Needs a table, and either a dupid or a cluster.
pub const PEGASUS_DUP_OPERATION_START: i32 = 3;
/// Operation: pauses a duplication. Needs a table, and either a dupid or a cluster.
pub const PEGASUS_DUP_OPERATION_PAUSE: i32 = 4;
/// Operation: removes a duplication. Needs a table, and either a dupid or a cluster.
pub const PEGASUS_DUP_OPERATION_REMOVE: i32 = 5;
/// Operation: sets the fail mode. Needs a table, a fail mode, and either a dupid or a cluster.
pub const PEGASUS_DUP_OPERATION_SET_FAIL_MODE: i32 = 6;
/// Operation: the duplications of many tables, by table. Needs nothing: all tables unless told otherwise.
pub const PEGASUS_DUP_OPERATION_LIST_BY_TABLE: i32 = 7;
/// Operation: tells what the meta servers are.
pub const PEGASUS_DUP_OPERATION_INFO: i32 = 8;

/// Tables to list: all of them.
pub const PEGASUS_DUP_TABLES_ALL: i32 = 0;
/// Tables to list: the one of that name.
pub const PEGASUS_DUP_TABLES_EXACT: i32 = 1;
/// Tables to list: those with that text anywhere in their name.
pub const PEGASUS_DUP_TABLES_ANYWHERE: i32 = 2;
/// Tables to list: those whose name starts so.
pub const PEGASUS_DUP_TABLES_PREFIX: i32 = 3;
/// Tables to list: those whose name ends so.
pub const PEGASUS_DUP_TABLES_POSTFIX: i32 = 4;

/// Log level: something failed that shouldn't.
pub const PEGASUS_DUP_LOG_ERROR: i32 = 1;
/// Log level: something that a person should know.
pub const PEGASUS_DUP_LOG_WARN: i32 = 2;
/// Log level: what happens.
pub const PEGASUS_DUP_LOG_INFO: i32 = 3;
/// Log level: how it happens.
pub const PEGASUS_DUP_LOG_DEBUG: i32 = 4;
/// Log level: everything.
pub const PEGASUS_DUP_LOG_TRACE: i32 = 5;

pub(crate) fn evidence_number(evidence: Evidence) -> i32 {
    match evidence {
        Evidence::ServerSaidSo => PEGASUS_DUP_SERVER_SAID_SO,
        Evidence::ListedBefore => PEGASUS_DUP_LISTED_BEFORE,
        Evidence::ListedAfter => PEGASUS_DUP_LISTED_AFTER,
        Evidence::AppearedDuringCall => PEGASUS_DUP_APPEARED_DURING_CALL,
    }
}

pub(crate) fn error_number(kind: ErrorKind) -> i32 {
    match kind {
        ErrorKind::TableNotFound => PEGASUS_DUP_ERROR_TABLE_NOT_FOUND,
        ErrorKind::DuplicationNotFound => PEGASUS_DUP_ERROR_DUPLICATION_NOT_FOUND,
        ErrorKind::RemoteClusterNotConfigured => PEGASUS_DUP_ERROR_REMOTE_CLUSTER_NOT_CONFIGURED,
        ErrorKind::RemoteTableTaken => PEGASUS_DUP_ERROR_REMOTE_TABLE_TAKEN,
        ErrorKind::WrongState => PEGASUS_DUP_ERROR_WRONG_STATE,
        ErrorKind::InvalidArgument => PEGASUS_DUP_ERROR_INVALID_ARGUMENT,
        ErrorKind::Unsupported => PEGASUS_DUP_ERROR_UNSUPPORTED,
        ErrorKind::PermissionDenied => PEGASUS_DUP_ERROR_PERMISSION_DENIED,
        ErrorKind::Busy => PEGASUS_DUP_ERROR_BUSY,
        ErrorKind::Unavailable => PEGASUS_DUP_ERROR_UNAVAILABLE,
        ErrorKind::Timeout => PEGASUS_DUP_ERROR_TIMEOUT,
        ErrorKind::OutcomeUnknown => PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN,
        ErrorKind::Protocol => PEGASUS_DUP_ERROR_PROTOCOL,
    }
}

/// The kind of error that a status stands for; `None` for `PEGASUS_DUP_OK` and for numbers that are no
/// status.
pub(crate) fn error_kind_of_status(status: i32) -> Option<ErrorKind> {
    Some(match status {
        PEGASUS_DUP_NULL_ARGUMENT | PEGASUS_DUP_NOT_UTF8 | PEGASUS_DUP_BAD_ARGUMENT => {
            ErrorKind::InvalidArgument
        }
        // The library may have sent something before the defect showed.
        PEGASUS_DUP_PANICKED => ErrorKind::OutcomeUnknown,
        PEGASUS_DUP_FORKED | PEGASUS_DUP_NO_THREAD | PEGASUS_DUP_WRONG_THREAD => {
            ErrorKind::Unavailable
        }
        PEGASUS_DUP_RUNNING => ErrorKind::Busy,
        PEGASUS_DUP_LOG_TAKEN => ErrorKind::WrongState,
        _ => return None,
    })
}

pub(crate) fn status_number(status: Option<Status>) -> i32 {
    match status {
        None => PEGASUS_DUP_NOT_TOLD,
        Some(Status::Init) => PEGASUS_DUP_STATUS_INIT,
        Some(Status::Prepare) => PEGASUS_DUP_STATUS_PREPARE,
        Some(Status::App) => PEGASUS_DUP_STATUS_APP,
        Some(Status::Log) => PEGASUS_DUP_STATUS_LOG,
        Some(Status::Start) => PEGASUS_DUP_STATUS_START,
        Some(Status::Pause) => PEGASUS_DUP_STATUS_PAUSE,
        Some(Status::Removed) => PEGASUS_DUP_STATUS_REMOVED,
        Some(Status::Unknown(_)) => PEGASUS_DUP_UNNAMED,
    }
}

pub(crate) fn fail_mode_number(mode: Option<FailMode>) -> i32 {
    match mode {
        None => PEGASUS_DUP_NOT_TOLD,
        Some(FailMode::Slow) => PEGASUS_DUP_FAIL_SLOW,
        Some(FailMode::Skip) => PEGASUS_DUP_FAIL_SKIP,
        Some(FailMode::Fast) => PEGASUS_DUP_FAIL_FAST,
        Some(FailMode::Unknown(_)) => PEGASUS_DUP_UNNAMED,
    }
}

pub(crate) fn generation_number(generation: Generation) -> i32 {
    match generation {
        Generation::Freezed => PEGASUS_DUP_GENERATION_FREEZED,
        Generation::Checkpoint => PEGASUS_DUP_GENERATION_CHECKPOINT,
        Generation::RemoteName => PEGASUS_DUP_GENERATION_REMOTE_NAME,
        Generation::Snapshot26 => PEGASUS_DUP_GENERATION_SNAPSHOT_2_6,
        Generation::DupExist => PEGASUS_DUP_GENERATION_DUP_EXIST,
    }
}

pub(crate) fn generation(number: i32) -> Option<Generation> {
    Generation::ALL.into_iter().find(|&generation| generation_number(generation) == number)
}

pub(crate) fn fail_mode(number: i32) -> Option<FailMode> {
    [FailMode::Slow, FailMode::Skip, FailMode::Fast]
        .into_iter()
        .find(|&mode| fail_mode_number(Some(mode)) == number)
}

pub(crate) fn mode(number: i32) -> Option<Mode> {
    match number {
        PEGASUS_DUP_MODE_SAFE => Some(Mode::Safe),
        PEGASUS_DUP_MODE_DIRECT => Some(Mode::Direct),
        _ => None,
    }
}

/// Whether C means yes or no; it takes an integer, since a C `bool` holds more than Rust's may.
pub(crate) fn boolean(number: i32) -> Option<bool> {
    match number {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}
