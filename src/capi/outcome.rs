//! What became of a call, as C reads it.

use std::ffi::{CString, c_char};
use std::ptr::null;

use super::boundary::catch;
use super::duplication::Duplication;
use super::numbers::{self, *};
use super::pointers::{c_string, or_null};
use super::text;
use crate::error::{Error, Result};
use crate::outcome::{self, Change, Evidence, Removal};

/// What became of a call. Owned by who called, and freed once, before or after the client, it doesn't
/// matter. Never changes: any number of threads may read it. The texts and duplications that it gives
/// out are its own, and valid until it is freed.
#[derive(Debug)]
pub struct Outcome {
    kind: i32,
    evidence: Option<Evidence>,
    duplications: Vec<Duplication>,
    before: Option<Duplication>,
    differences: Vec<Difference>,
    warning: Option<CString>,
    error: Option<ErrorTexts>,
    text: CString,
}

#[derive(Debug)]
struct Difference {
    field: CString,
    asked: CString,
    existing: CString,
}

#[derive(Debug)]
struct ErrorTexts {
    kind: i32,
    message: CString,
    hint: Option<CString>,
    code: Option<CString>,
    server: Option<CString>,
}

impl Outcome {
    fn new(kind: i32, text: &str) -> Outcome {
        Outcome {
            kind,
            evidence: None,
            duplications: Vec::new(),
            before: None,
            differences: Vec::new(),
            warning: None,
            error: None,
            text: c_string(text),
        }
    }

    fn with(mut self, duplication: outcome::Duplication, warning: Option<String>) -> Outcome {
        self.duplications.push(Duplication::new(duplication));
        self.warning = warning.as_deref().map(c_string);
        self
    }

    pub(crate) fn of_add(result: Result<outcome::Outcome<outcome::Duplication>>) -> Outcome {
        let result = match result {
            Ok(result) => result,
            Err(error) => return Outcome::of_error(&error),
        };
        let text = text::of_add(&result);
        match result {
            outcome::Outcome::Created { value, evidence, warning } => {
                let made = Outcome::new(PEGASUS_DUP_CREATED, &text).with(value, warning);
                Outcome { evidence: Some(evidence), ..made }
            }
            outcome::Outcome::AlreadyExists { existing, differences, evidence, warning } => {
                let made = Outcome::new(PEGASUS_DUP_ALREADY_EXISTS, &text).with(existing, warning);
                let differences = differences.iter().map(Difference::new).collect();
                Outcome { evidence: Some(evidence), differences, ..made }
            }
        }
    }

    pub(crate) fn of_list(result: Result<Vec<outcome::Duplication>>) -> Outcome {
        match result {
            Ok(found) => Outcome {
                duplications: found.iter().cloned().map(Duplication::new).collect(),
                ..Outcome::new(PEGASUS_DUP_LISTED, &text::of_list(&found))
            },
            Err(error) => Outcome::of_error(&error),
        }
    }

    pub(crate) fn of_change(result: Result<Change<outcome::Duplication>>) -> Outcome {
        let result = match result {
            Ok(result) => result,
            Err(error) => return Outcome::of_error(&error),
        };
        let text = text::of_change(&result);
        match result {
            Change::Changed { before, after, warning } => Outcome {
                before: Some(Duplication::new(before)),
                ..Outcome::new(PEGASUS_DUP_CHANGED, &text).with(after, warning)
            },
            Change::Unchanged { current, warning } => {
                Outcome::new(PEGASUS_DUP_UNCHANGED, &text).with(current, warning)
            }
        }
    }

    pub(crate) fn of_removal(result: Result<Removal<outcome::Duplication>>) -> Outcome {
        let result = match result {
            Ok(result) => result,
            Err(error) => return Outcome::of_error(&error),
        };
        let text = text::of_removal(&result);
        match result {
            Removal::Removed { was, warning } => {
                Outcome::new(PEGASUS_DUP_REMOVED, &text).with(was, warning)
            }
            Removal::NotFound => Outcome::new(PEGASUS_DUP_NOT_FOUND, &text),
        }
    }

    pub(crate) fn of_error(error: &Error) -> Outcome {
        Outcome {
            duplications: error.known().iter().cloned().map(Duplication::new).collect(),
            error: Some(ErrorTexts {
                kind: error_number(error.kind()),
                message: c_string(error.message()),
                hint: error.hint().map(c_string),
                code: error.code().map(|code| c_string(code.name())),
                server: error.server().map(c_string),
            }),
            ..Outcome::new(PEGASUS_DUP_ERROR, &text::of_error(error))
        }
    }
}

impl Difference {
    fn new(of: &outcome::Difference) -> Difference {
        Difference {
            field: c_string(of.field()),
            asked: c_string(&of.asked()),
            existing: c_string(&of.existing()),
        }
    }
}

/// What `of` gives for an outcome, and `otherwise` for NULL and for what it hasn't got.
fn read<'a, T: Copy>(
    outcome: Option<&'a Outcome>,
    otherwise: T,
    of: impl FnOnce(&'a Outcome) -> Option<T>,
) -> T {
    catch(otherwise, || outcome.and_then(of).unwrap_or(otherwise))
}

/// What happened: `PEGASUS_DUP_CREATED`, `PEGASUS_DUP_ALREADY_EXISTS` or `PEGASUS_DUP_ERROR` of an
/// add; of the other operations `PEGASUS_DUP_ERROR` or one of the kinds that follow it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_kind(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| Some(outcome.kind))
}

/// What kind of thing it speaks of: `PEGASUS_DUP_RESOURCE_DUPLICATION`; others may come.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_resource(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |_| Some(PEGASUS_DUP_RESOURCE_DUPLICATION))
}

/// How it is known that this was created, or exists: `PEGASUS_DUP_SERVER_SAID_SO` and those that
/// follow it. `PEGASUS_DUP_NOT_TOLD` for the other kinds.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_evidence(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| outcome.evidence.map(numbers::evidence_number))
}

/// Whether it is certain that this was created, or existed: 1 or 0. 0 for
/// `PEGASUS_DUP_APPEARED_DURING_CALL`, and for the kinds that have no evidence.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_certain(outcome: Option<&Outcome>) -> i32 {
    read(outcome, 0, |outcome| outcome.evidence.map(|evidence| evidence.certain().into()))
}

/// The duplication that was created, that exists already, that is as it is after a change, or that
/// was removed. NULL for the other kinds.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication(
    outcome: Option<&Outcome>,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| match outcome.kind {
        PEGASUS_DUP_ERROR | PEGASUS_DUP_LISTED => None,
        _ => Some(outcome.duplications.first()),
    })
}

/// The duplication as it was before the change. NULL unless the kind is `PEGASUS_DUP_CHANGED`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_before(outcome: Option<&Outcome>) -> Option<&Duplication> {
    read(outcome, None, |outcome| Some(outcome.before.as_ref()))
}

/// How many duplications the outcome holds: what was listed; what an error knows to stand there,
/// where it can't say what this call did; else the one of `pegasus_dup_outcome_duplication`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.duplications.len()))
}

/// One of those duplications, by its place in the list, from 0. NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication_at(
    outcome: Option<&Outcome>,
    place: usize,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| Some(outcome.duplications.get(place)))
}

/// In how many fields what exists is otherwise than asked. 0: it is as asked, or the kind isn't
/// `PEGASUS_DUP_ALREADY_EXISTS`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.differences.len()))
}

/// The field that differs: "remote_table" or "remote_replica_count"; others may come. NULL past the
/// end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_field(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.differences.get(place).map(|difference| difference.field.as_ptr())
    })
}

/// What was asked for, as text. NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_asked(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.differences.get(place).map(|difference| difference.asked.as_ptr())
    })
}

/// What exists, as text. NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_existing(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.differences.get(place).map(|difference| difference.existing.as_ptr())
    })
}

/// What a person should know besides: that the existing one is paused, say. NULL if there is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_warning(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.warning.as_ref())))
}

/// What went wrong, by what to do about it: one of `PEGASUS_DUP_ERROR_*`. `PEGASUS_DUP_NOT_TOLD`
/// unless the kind is `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_kind(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| outcome.error.as_ref().map(|error| error.kind))
}

/// What went wrong, for a person. NULL unless the kind is `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_message(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| outcome.error.as_ref().map(|error| error.message.as_ptr()))
}

/// What the server said of the error, else what to do next. NULL if there is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_hint(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.hint.as_ref()))
    })
}

/// The Pegasus error code, such as "ERR_BUSY". NULL if no server gave one.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_code(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.code.as_ref()))
    })
}

/// The meta server that answered, or was asked, as "HOST:PORT". NULL if there is none to name.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_server(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.server.as_ref()))
    })
}

/// The whole outcome as text for a person, without a newline at its end. NULL only for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_text(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(outcome.text.as_ptr()))
}

/// Frees an outcome, and what it has given out. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_free(outcome: Option<Box<Outcome>>) {
    catch((), || drop(outcome));
}
