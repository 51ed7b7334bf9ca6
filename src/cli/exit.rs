//! The exit codes: what a script branches on. They are fixed.

use std::process::ExitCode;

use crate::error::{Error, ErrorKind};
use crate::outcome::Outcome;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Created (certainly or not), changed, unchanged, removed, listed, served.
    Done = 0,
    /// An error. The duplication that wasn't found is one too.
    Error = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Exists already, and is not found to differ from what was asked.
    Exists = 3,
    /// Exists already, otherwise than asked.
    Differs = 4,
    /// Something was sent, and whether it did anything is not known.
    Unknown = 5,
    /// Stopped by a signal, with nothing sent that could have changed anything.
    Interrupted = 130,
}

impl Exit {
    /// As the shell sees it.
    pub(super) fn code(self) -> u8 {
        self as u8
    }

    /// `exist_ok` makes "exists, and is not found to differ" a success. It says nothing of one that
    /// differs: whoever asks for a remote table hasn't got it then.
    pub(super) fn of_outcome<T>(outcome: &Outcome<T>, exist_ok: bool) -> Exit {
        match outcome {
            Outcome::Created { .. } => Exit::Done,
            Outcome::AlreadyExists { differences, .. } if !differences.is_empty() => Exit::Differs,
            Outcome::AlreadyExists { .. } if exist_ok => Exit::Done,
            Outcome::AlreadyExists { .. } => Exit::Exists,
        }
    }

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
