//! The numbers' names.

use std::ffi::{CStr, c_char};

use super::boundary::catch;
use super::numbers::*;

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

/// The name of an outcome's kind, such as "already_exists". Static: never freed, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_kind_name(kind: i32) -> *const c_char {
    named(|| {
        Some(match kind {
            PEGASUS_DUP_CREATED => c"created",
            PEGASUS_DUP_ALREADY_EXISTS => c"already_exists",
            PEGASUS_DUP_ERROR => c"error",
            PEGASUS_DUP_LISTED => c"listed",
            PEGASUS_DUP_CHANGED => c"changed",
            PEGASUS_DUP_UNCHANGED => c"unchanged",
            PEGASUS_DUP_REMOVED => c"removed",
            PEGASUS_DUP_NOT_FOUND => c"not_found",
            PEGASUS_DUP_INFO => c"info",
            _ => return None,
        })
    })
}

/// The name of an evidence, such as "server_said_so". Static: never freed, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_evidence_name(evidence: i32) -> *const c_char {
    named(|| {
        Some(match evidence {
            PEGASUS_DUP_SERVER_SAID_SO => c"server_said_so",
            PEGASUS_DUP_LISTED_BEFORE => c"listed_before",
            PEGASUS_DUP_LISTED_AFTER => c"listed_after",
            PEGASUS_DUP_APPEARED_DURING_CALL => c"appeared_during_call",
            _ => return None,
        })
    })
}

/// The name of an error's kind, such as "outcome_unknown". Static: never freed, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_error_kind_name(kind: i32) -> *const c_char {
    named(|| {
        Some(match kind {
            PEGASUS_DUP_ERROR_TABLE_NOT_FOUND => c"table_not_found",
            PEGASUS_DUP_ERROR_DUPLICATION_NOT_FOUND => c"duplication_not_found",
            PEGASUS_DUP_ERROR_REMOTE_CLUSTER_NOT_CONFIGURED => c"remote_cluster_not_configured",
            PEGASUS_DUP_ERROR_REMOTE_TABLE_TAKEN => c"remote_table_taken",
            PEGASUS_DUP_ERROR_WRONG_STATE => c"wrong_state",
            PEGASUS_DUP_ERROR_INVALID_ARGUMENT => c"invalid_argument",
            PEGASUS_DUP_ERROR_UNSUPPORTED => c"unsupported",
            PEGASUS_DUP_ERROR_PERMISSION_DENIED => c"permission_denied",
            PEGASUS_DUP_ERROR_BUSY => c"busy",
            PEGASUS_DUP_ERROR_UNAVAILABLE => c"unavailable",
            PEGASUS_DUP_ERROR_TIMEOUT => c"timeout",
            PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN => c"outcome_unknown",
            PEGASUS_DUP_ERROR_PROTOCOL => c"protocol",
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::outcome::Evidence;

    fn text(pointer: *const c_char) -> &'static str {
        super::super::pointers::static_str(pointer)
    }

    #[test]
    fn names_are_those_of_the_other_faces() {
        for kind in ErrorKind::ALL {
            assert_eq!(text(pegasus_dup_error_kind_name(error_number(kind))), kind.name());
        }
        for evidence in Evidence::ALL {
            let number = evidence_number(evidence);
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
