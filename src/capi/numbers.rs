//! The numbers of the C interface that no other face has. The numbers of the enums that all faces
//! share are in `src/enums.rs`. Numbers are never reused.

use crate::enums::{Numbered, UNNAMED};
use crate::error::ErrorKind;

/// The reason why a call did nothing: a status number other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) i32);

/// Status: success. The function wrote all its output parameters.
pub const PEGASUS_DUP_OK: i32 = 0;
/// Status: an argument is NULL that must not be NULL. As with every status other than
/// `PEGASUS_DUP_OK`, the function did nothing and wrote no output parameter.
pub const PEGASUS_DUP_NULL_ARGUMENT: i32 = 1;
/// Status: a text argument is not UTF-8.
pub const PEGASUS_DUP_NOT_UTF8: i32 = 2;
/// Status: an argument is invalid. It is a number that this header does not define, a negative
/// timeout or reserve time, or a request that lacks a value which its operation needs.
pub const PEGASUS_DUP_BAD_ARGUMENT: i32 = 3;
/// Status: the function failed because of a defect of this library. If the function sends requests,
/// it is not known whether it sent one and what effect the request had.
pub const PEGASUS_DUP_PANICKED: i32 = 4;
/// Status: the handle was created before this process was forked, and cannot be used in the child
/// process. Create another client in the child process.
pub const PEGASUS_DUP_FORKED: i32 = 5;
/// Status: the call in the background is not finished yet.
pub const PEGASUS_DUP_RUNNING: i32 = 6;
/// Status: the library could not start a thread that it needs. Nothing was sent.
pub const PEGASUS_DUP_NO_THREAD: i32 = 7;
/// Status: a function that waits was called in a log callback or on a thread of the library that
/// must not wait. Nothing was done.
pub const PEGASUS_DUP_WRONG_THREAD: i32 = 8;
/// Status: the Rust program that links this library already receives the log of this process.
pub const PEGASUS_DUP_LOG_TAKEN: i32 = 9;

/// No value. A function returns this number if the server did not report the value, if the value
/// does not apply to the handle, or if the handle is NULL.
pub const PEGASUS_DUP_NONE: i32 = -1;
/// The server reported a number that has no name in this library. The function that returns the
/// name as text shows the number.
pub const PEGASUS_DUP_UNNAMED: i32 = -2;

/// Returns the error kind for a status, or `None` for `PEGASUS_DUP_OK` and for a number that is not
/// a status.
pub(crate) fn error_kind_of_status(status: i32) -> Option<ErrorKind> {
    Some(match status {
        PEGASUS_DUP_NULL_ARGUMENT | PEGASUS_DUP_NOT_UTF8 | PEGASUS_DUP_BAD_ARGUMENT => {
            ErrorKind::InvalidArgument
        }
        // The library may have sent a request before it failed.
        PEGASUS_DUP_PANICKED => ErrorKind::OutcomeUnknown,
        PEGASUS_DUP_FORKED | PEGASUS_DUP_NO_THREAD | PEGASUS_DUP_WRONG_THREAD => {
            ErrorKind::Unavailable
        }
        PEGASUS_DUP_RUNNING => ErrorKind::Busy,
        PEGASUS_DUP_LOG_TAKEN => ErrorKind::WrongState,
        _ => return None,
    })
}

/// Returns the number of a value, or `PEGASUS_DUP_NONE` if there is no value.
pub(crate) fn number_of(value: Option<impl Numbered>) -> i32 {
    value.map_or(PEGASUS_DUP_NONE, Numbered::abi_number)
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
