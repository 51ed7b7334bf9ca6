//! The numbers' names.

use std::ffi::{CStr, c_char};

use super::boundary::catch;
use super::numbers::*;
use crate::enums::{ErrorKind, Evidence, Numbered, OutcomeKind};

/// What `name` makes of a number; static text, so its pointer is good for ever.
fn named(name: impl FnOnce() -> Option<&'static CStr>) -> *const c_char {
    catch(None, name).unwrap_or(c"unknown").as_ptr()
}

/// A status in words; `None` for a number that is no status.
pub(crate) fn status_text(status: i32) -> Option<&'static CStr> {
    Some(match status {
        PEGASUS_DUP_OK => c"done",
        PEGASUS_DUP_NULL_ARGUMENT => c"an argument is NULL that must not be",
        PEGASUS_DUP_NOT_UTF8 => c"a text is not UTF-8",
        PEGASUS_DUP_BAD_ARGUMENT => c"an argument makes no sense",
        PEGASUS_DUP_PANICKED => c"a defect of the library, kept from crossing into the caller",
        PEGASUS_DUP_FORKED => c"the client was made before this process was forked",
        PEGASUS_DUP_RUNNING => c"the call in the background is not done yet",
        PEGASUS_DUP_NO_THREAD => c"a thread that the library needs could not be started",
        PEGASUS_DUP_LOG_TAKEN => c"the log of this process goes elsewhere already",
        PEGASUS_DUP_WRONG_THREAD => c"what waits may not be called from within a log callback",
        _ => return None,
    })
}

/// A status in words, such as "an argument is NULL". Static: never freed, never NULL.
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
