//! Names and descriptions of the numbers.

use std::ffi::{CStr, c_char};

use super::boundary::catch;
use super::numbers::*;
use crate::enums::{ErrorKind, Evidence, Numbered, OutcomeKind};

/// Returns the text that `name` finds for a number, or "unknown". The text is static, so the
/// pointer is always valid.
fn named(name: impl FnOnce() -> Option<&'static CStr>) -> *const c_char {
    catch(None, name).unwrap_or(c"unknown").as_ptr()
}

/// Returns the description of a status, or `None` for a number that is not a status.
pub(crate) fn status_text(status: i32) -> Option<&'static CStr> {
    Some(match status {
        PEGASUS_DUP_OK => c"success",
        PEGASUS_DUP_NULL_ARGUMENT => c"an argument is NULL that must not be NULL",
        PEGASUS_DUP_NOT_UTF8 => c"a text argument is not UTF-8",
        PEGASUS_DUP_BAD_ARGUMENT => c"an argument is invalid",
        PEGASUS_DUP_PANICKED => c"the call failed because of a defect of this library",
        PEGASUS_DUP_FORKED => c"the handle was created before this process was forked",
        PEGASUS_DUP_RUNNING => c"the call in the background is not finished yet",
        PEGASUS_DUP_NO_THREAD => c"the library could not start a thread that it needs",
        PEGASUS_DUP_LOG_TAKEN => c"a Rust program already receives the log of this process",
        PEGASUS_DUP_WRONG_THREAD => {
            c"a function that waits was called on a thread that must not wait"
        }
        _ => return None,
    })
}

/// Returns a description of a status, such as "an argument is NULL that must not be NULL". The text
/// is static: it is never NULL and never freed. For a number that is not a status it is "unknown".
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_status_text(status: i32) -> *const c_char {
    named(|| status_text(status))
}

/// Returns the name of an outcome kind, such as "already_exists". The text is static: it is never NULL
/// and never freed. For a number that is not an outcome kind it is "unknown".
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_kind_name(kind: i32) -> *const c_char {
    named(|| name_of::<OutcomeKind>(kind))
}

/// Returns the name of an evidence, such as "server_said_so". The text is static: it is never NULL and
/// never freed. For a number that is not an evidence it is "unknown".
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_evidence_name(evidence: i32) -> *const c_char {
    named(|| name_of::<Evidence>(evidence))
}

/// Returns the name of an error kind, such as "outcome_unknown". The text is static: it is never NULL
/// and never freed. For a number that is not an error kind it is "unknown".
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_error_kind_name(kind: i32) -> *const c_char {
    named(|| name_of::<ErrorKind>(kind))
}

/// Returns the name of the variant that has a number in the C interface.
fn name_of<T: Numbered>(number: i32) -> Option<&'static CStr> {
    T::from_abi_number(number).map(Numbered::abi_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pointer: *const c_char) -> &'static str {
        super::super::pointers::static_str(pointer)
    }

    #[test]
    fn names_are_those_of_the_other_faces() {
        for kind in ErrorKind::ALL {
            assert_eq!(text(pegasus_dup_error_kind_name(kind.abi_number())), kind.name());
        }
        for evidence in Evidence::ALL {
            let number = evidence.abi_number();
            assert_eq!(text(pegasus_dup_evidence_name(number)), evidence.name());
        }
    }

    #[test]
    fn a_number_without_a_name_is_unknown() {
        for number in [-3, 99, i32::MIN, i32::MAX] {
            assert_eq!(text(pegasus_dup_status_text(number)), "unknown");
            assert_eq!(text(pegasus_dup_kind_name(number)), "unknown");
            assert_eq!(text(pegasus_dup_evidence_name(number)), "unknown");
            assert_eq!(text(pegasus_dup_error_kind_name(number)), "unknown");
        }
    }
}
