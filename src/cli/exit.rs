//! The exit codes. Scripts depend on them, so they do not change.

use std::process::ExitCode;

use crate::error::{Error, ErrorKind};
use crate::outcome::Outcome;

/// The way in which the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Success: created (certain or not), changed, unchanged, removed, listed, ready, or served.
    Done = 0,
    /// An error, also if a resource was not found.
    Error = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The resource exists already, and no difference from the request was found.
    Exists = 3,
    /// The resource exists already and differs from the request.
    Differs = 4,
    /// A request was sent, and its effect is not known.
    Unknown = 5,
    /// A plan has something to do.
    Changes = 6,
    /// A table was not ready in time.
    TimedOut = 7,
    /// A signal stopped the program before it sent a request that changes anything.
    Interrupted = 130,
}

impl Exit {
    /// Returns the exit code.
    pub(super) fn code(self) -> u8 {
        self as u8
    }

    /// Returns the exit of an add or a create. With `exist_ok`, an existing resource is a success if no difference
    /// from the request was found. A resource that differs is never a success, because the caller does
    /// not get what it requested.
    pub(super) fn of_outcome<T>(outcome: &Outcome<T>, exist_ok: bool) -> Exit {
        match outcome {
            Outcome::Created { .. } => Exit::Done,
            Outcome::AlreadyExists { differences, .. } if !differences.is_empty() => Exit::Differs,
            Outcome::AlreadyExists { .. } if exist_ok => Exit::Done,
            Outcome::AlreadyExists { .. } => Exit::Exists,
        }
    }

    /// Returns the exit of an operation that failed.
    pub(super) fn of_error(error: &Error) -> Exit {
        match error.kind() {
            ErrorKind::OutcomeUnknown => Exit::Unknown,
            ErrorKind::TableNotFound
            | ErrorKind::DuplicationNotFound
            | ErrorKind::RemoteClusterNotConfigured
            | ErrorKind::RemoteTableTaken
            | ErrorKind::WrongState
            | ErrorKind::InvalidArgument
            | ErrorKind::Unsupported
            | ErrorKind::PermissionDenied
            | ErrorKind::Busy
            | ErrorKind::Unavailable
            | ErrorKind::Timeout
            | ErrorKind::Protocol => Exit::Error,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
