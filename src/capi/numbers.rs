//! The numbers of the C interface that no other face has. The numbers of the enums that all faces share
//! are in `src/enums.rs`. Numbers are never reused.

use crate::enums::{Numbered, UNNAMED};
use crate::error::ErrorKind;

/// The reason why a call did nothing: a status number other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) i32);

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

/// Returns the number of a value, or `PEGASUS_DUP_NOT_TOLD` if there is none.
pub(crate) fn told(value: Option<impl Numbered>) -> i32 {
    value.map_or(PEGASUS_DUP_NOT_TOLD, Numbered::abi_number)
}

/// Returns the value that a number from C stands for.
pub(crate) fn value<T: Numbered>(number: i32) -> Result<T, Refusal> {
    T::from_abi_number(number).ok_or(Refusal(PEGASUS_DUP_BAD_ARGUMENT))
}

/// Returns the truth value that a number from C stands for. C passes an integer, because a C `bool` may
/// hold values that a Rust `bool` must not hold.
pub(crate) fn boolean(number: i32) -> Result<bool, Refusal> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Refusal(PEGASUS_DUP_BAD_ARGUMENT)),
    }
}

const _: () = assert!(PEGASUS_DUP_UNNAMED == UNNAMED);
