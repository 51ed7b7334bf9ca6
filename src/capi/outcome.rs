//! What became of a call, as C reads it.

use std::ffi::c_char;
use std::ptr::null;
use std::sync::Arc;

use super::boundary::{catch, status};
use super::duplication::Duplication;
use super::facts::Facts;
use super::names::status_text;
use super::numbers::{self, *};
use super::pointers::{Out, given, or_null};
use crate::enums::{Numbered, OutcomeKind, ResourceKind};
use crate::error::Error;

/// What became of a call. Owned by who called, and freed once, before or after the client, it doesn't
/// matter. Never changes: any number of threads may read it. The texts and duplications that it gives
/// out are its own, and valid until it is freed.
#[derive(Debug, Clone)]
pub struct Outcome(Arc<Facts>);

impl From<Facts> for Outcome {
    fn from(facts: Facts) -> Outcome {
        Outcome(Arc::new(facts))
    }
}

impl Outcome {
    /// A handle to give to C.
    pub(crate) fn boxed(facts: Facts) -> Option<Box<Outcome>> {
        Some(Box::new(facts.into()))
    }
}

/// What `of` gives for an outcome, and `otherwise` for NULL and for what it hasn't got.
pub(crate) fn read<'a, T: Copy>(
    outcome: Option<&'a Outcome>,
    otherwise: T,
    of: impl FnOnce(&'a Facts) -> Option<T>,
) -> T {
    catch(otherwise, || outcome.and_then(|outcome| of(&outcome.0)).unwrap_or(otherwise))
}

/// What happened: `PEGASUS_DUP_CREATED`, `PEGASUS_DUP_ALREADY_EXISTS` or `PEGASUS_DUP_ERROR` of an
/// add; of the other operations `PEGASUS_DUP_ERROR` or one of the kinds that follow it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_kind(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| Some(outcome.kind.abi_number()))
}

/// What kind of thing it speaks of: `PEGASUS_DUP_RESOURCE_DUPLICATION`; others may come.
/// `PEGASUS_DUP_NOT_TOLD` for the kind `PEGASUS_DUP_INFO`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_resource(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| {
        (outcome.kind != OutcomeKind::Info).then_some(ResourceKind::Duplication.abi_number())
    })
}

/// How it is known that this was created, or exists: `PEGASUS_DUP_SERVER_SAID_SO` and those that
/// follow it. `PEGASUS_DUP_NOT_TOLD` for the other kinds.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_evidence(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| outcome.evidence.map(Numbered::abi_number))
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
        OutcomeKind::Error | OutcomeKind::Listed => None,
        _ => Some(outcome.duplications.first()),
    })
}

/// The duplication as it was before the change. NULL unless the kind is `PEGASUS_DUP_CHANGED`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_before(outcome: Option<&Outcome>) -> Option<&Duplication> {
    read(outcome, None, |outcome| Some(outcome.before.as_ref()))
}

/// How many duplications the outcome holds: what was listed; what an error knows to stand there; else
/// the one of `pegasus_dup_outcome_duplication`.
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

/// In how many fields what exists is otherwise than asked. 0: it is as asked, as far as it could be
/// compared (see `pegasus_dup_outcome_unverified_count`), or the kind isn't
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

/// How many properties were requested and could not be compared with what is there, because the server
/// does not tell them. 0 for a certain `PEGASUS_DUP_CREATED`, and for the kinds that are of no add. What
/// exists is as asked where there are neither these nor differences.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_unverified_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.unverified.len()))
}

/// One of those properties, by its place: "checkpoint", "remote_table" or "remote_replica_count";
/// others may come. NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_unverified_at(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| outcome.unverified.get(place).map(|name| name.as_ptr()))
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
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| {
        outcome.error.as_ref().map(|error| error.kind.abi_number())
    })
}

/// What went wrong, for a person. NULL unless the kind is `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_message(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| outcome.error.as_ref().map(|error| error.message.as_ptr()))
}

/// What the server said of the error, as it came: it may hold any character, also one that does
/// something to a terminal. Else what to do next. NULL if there is nothing.
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

/// The meta server that answered, or was asked, as "HOST:PORT". If the host is a name, the address
/// that was tried follows: "meta.example:34601 (10.0.0.1:34601)". NULL if there is none to name.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_server(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.server.as_ref()))
    })
}

/// The whole outcome as text for a person, without a newline at its end. Characters that would do
/// something to a terminal, or that nobody sees, are written as their numbers, such as `\u{9b}`. NULL
/// only for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_text(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(outcome.text.as_ptr()))
}

/// The whole outcome as JSON, on one line without its end: the same that `pegasus-dup --json` writes for
/// the same call. What was listed is one object a line, and empty text for nothing. NULL only for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_json(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(outcome.json.as_ptr()))
}

/// Makes an outcome of the kind `PEGASUS_DUP_ERROR` from a status other than `PEGASUS_DUP_OK`, so that
/// a program can report a refused call (text, JSON, error kind) in the same way as a call that ran.
///
/// The error's kind is `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN` for `PEGASUS_DUP_PANICKED`,
/// `PEGASUS_DUP_ERROR_UNAVAILABLE` for `PEGASUS_DUP_FORKED`, `PEGASUS_DUP_NO_THREAD` and
/// `PEGASUS_DUP_WRONG_THREAD`, `PEGASUS_DUP_ERROR_BUSY` for `PEGASUS_DUP_RUNNING`,
/// `PEGASUS_DUP_ERROR_WRONG_STATE` for `PEGASUS_DUP_LOG_TAKEN`, and
/// `PEGASUS_DUP_ERROR_INVALID_ARGUMENT` for the others.
///
/// Returns `PEGASUS_DUP_BAD_ARGUMENT` for `PEGASUS_DUP_OK` and for a number that is no status. The
/// caller owns the outcome and frees it with `pegasus_dup_outcome_free`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_of_status(
    refused: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    status(|| {
        let outcome = given(outcome)?;
        let (Some(kind), Some(text)) =
            (numbers::error_kind_of_status(refused), status_text(refused))
        else {
            return Err(Refusal(PEGASUS_DUP_BAD_ARGUMENT));
        };
        let error = Error::new(kind, text.to_string_lossy());
        outcome.write(Outcome::boxed(Facts::of_error(&error)));
        Ok(())
    })
}

/// Frees an outcome, and what it has given out. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_free(outcome: Option<Box<Outcome>>) {
    catch((), || drop(outcome));
}
