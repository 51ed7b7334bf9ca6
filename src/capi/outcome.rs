//! The results of calls, as C reads them.

use std::ffi::c_char;
use std::ptr::null;
use std::sync::Arc;

use super::boundary::{catch, status};
use super::duplication::Duplication;
use super::facts::{Difference, Facts};
use super::names::status_text;
use super::numbers::{self, *};
use super::pointers::{Out, given, or_null};
use super::value::Value;
use crate::enums::{Numbered, OutcomeKind};
use crate::error::Error;

/// The result of a call. The caller owns it and frees it once, before or after the client. It never
/// changes, so any number of threads may read it. It owns the texts, values and duplications that its
/// functions return: they are valid until it is freed.
#[derive(Debug, Clone)]
pub struct Outcome(Arc<Facts>);

impl From<Facts> for Outcome {
    fn from(facts: Facts) -> Outcome {
        Outcome(Arc::new(facts))
    }
}

impl Outcome {
    /// Returns a handle for C.
    pub(crate) fn boxed(facts: Facts) -> Option<Box<Outcome>> {
        Some(Box::new(facts.into()))
    }
}

/// Returns what `of` returns for an outcome, and `otherwise` for NULL and where `of` returns nothing.
pub(crate) fn read<'a, T: Copy>(
    outcome: Option<&'a Outcome>,
    otherwise: T,
    of: impl FnOnce(&'a Facts) -> Option<T>,
) -> T {
    catch(otherwise, || outcome.and_then(|outcome| of(&outcome.0)).unwrap_or(otherwise))
}

/// Returns the kind of an outcome. An add has the kind `PEGASUS_DUP_CREATED`,
/// `PEGASUS_DUP_ALREADY_EXISTS` or `PEGASUS_DUP_ERROR`. The other operations have `PEGASUS_DUP_ERROR`
/// or one of the kinds that follow it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_kind(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| Some(outcome.kind.abi_number()))
}

/// Returns the kind of the values of an outcome: one of `PEGASUS_DUP_RESOURCE_*`, or
/// `PEGASUS_DUP_NOT_TOLD` for an error that is not the result of an operation. Later versions of the
/// library may return other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_resource(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| outcome.resource.map(Numbered::abi_number))
}

/// Returns how it is known that the resource was created or exists: one of
/// `PEGASUS_DUP_SERVER_SAID_SO` and the numbers that follow it, or `PEGASUS_DUP_NOT_TOLD` for an
/// outcome without evidence.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_evidence(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| outcome.evidence.map(Numbered::abi_number))
}

/// Returns 1 if the outcome is certain. Returns 0 for `PEGASUS_DUP_APPEARED_DURING_CALL` and for an
/// outcome without evidence.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_certain(outcome: Option<&Outcome>) -> i32 {
    read(outcome, 0, |outcome| outcome.evidence.map(|evidence| evidence.certain().into()))
}

/// Returns the duplication that was created, that exists already, that is the result of a change, or
/// that was removed. Returns NULL for other kinds of outcomes and of resources.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication(
    outcome: Option<&Outcome>,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| match outcome.kind {
        OutcomeKind::Error | OutcomeKind::Listed => None,
        _ => Some(outcome.duplications.first()),
    })
}

/// Returns the duplication as it was before the change. Returns NULL unless the kind is
/// `PEGASUS_DUP_CHANGED` and the resource a duplication.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication_before(
    outcome: Option<&Outcome>,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| Some(outcome.duplication_before.as_ref()))
}

/// Returns the number of duplications in an outcome: those that were listed, those that an error knows
/// to exist, or otherwise the duplication that `pegasus_dup_outcome_duplication` returns.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.duplications.len()))
}

/// Returns one of those duplications by its position, from 0. Returns NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication_at(
    outcome: Option<&Outcome>,
    place: usize,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| Some(outcome.duplications.get(place)))
}

/// Returns the number of fields in which the existing resource differs from the request. The resource
/// is as requested if this is 0 and `pegasus_dup_outcome_unverified_count` is 0. Returns 0 unless the
/// kind is `PEGASUS_DUP_ALREADY_EXISTS`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.differences.len()))
}

fn difference<'a, T: Copy>(
    outcome: Option<&'a Outcome>,
    place: usize,
    otherwise: T,
    of: impl FnOnce(&'a Difference) -> T,
) -> T {
    read(outcome, otherwise, |outcome| outcome.differences.get(place).map(of))
}

/// Returns the name of a field that differs, by its position: "remote_table" or
/// "remote_replica_count". Later versions of the library may return other names. Returns NULL past the
/// end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_field(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    difference(outcome, place, null(), |difference| difference.field.as_ptr())
}

/// Returns the requested value of that field as text. Returns NULL if no value was requested, and past
/// the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_asked(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    difference(outcome, place, null(), |difference| difference.asked.as_text())
}

/// Returns the existing value of that field as text. Returns NULL if the resource has no such value, and
/// past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_existing(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    difference(outcome, place, null(), |difference| difference.existing.as_text())
}

/// Returns the requested value of that field with its type. Returns NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_asked_value(
    outcome: Option<&Outcome>,
    place: usize,
) -> Option<&Value> {
    difference(outcome, place, None, |difference| Some(&difference.asked))
}

/// Returns the existing value of that field with its type. Returns NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_existing_value(
    outcome: Option<&Outcome>,
    place: usize,
) -> Option<&Value> {
    difference(outcome, place, None, |difference| Some(&difference.existing))
}

/// Returns the number of properties that were requested and could not be compared, because the server
/// does not report them. Returns 0 for a certain `PEGASUS_DUP_CREATED`, and for outcomes of other
/// operations than an add.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_unverified_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.unverified.len()))
}

/// Returns the name of one of those properties by its position: "checkpoint", "remote_table" or
/// "remote_replica_count". Later versions of the library may return other names. Returns NULL past the
/// end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_unverified_at(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| outcome.unverified.get(place).map(|name| name.as_ptr()))
}

/// Returns additional information for the user, for example that the existing duplication is paused.
/// Returns NULL if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_warning(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.warning.as_ref())))
}

/// Returns the kind of the error: one of `PEGASUS_DUP_ERROR_*`. Each kind calls for another reaction.
/// Returns `PEGASUS_DUP_NOT_TOLD` unless the kind of the outcome is `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_kind(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| {
        outcome.error.as_ref().map(|error| error.kind.abi_number())
    })
}

/// Returns what went wrong, in words for the user. Returns NULL unless the kind of the outcome is
/// `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_message(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| outcome.error.as_ref().map(|error| error.message.as_ptr()))
}

/// Returns the server's own words about the error, or otherwise advice on what to do next. Returns NULL
/// if there is neither. The server's words are returned as they came, so they may contain any character,
/// including characters that control a terminal.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_hint(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.hint.as_ref()))
    })
}

/// Returns the Pegasus error code, such as "ERR_BUSY". Returns NULL if no server sent an error code.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_code(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.code.as_ref()))
    })
}

/// Returns the meta server that responded or was asked, as "HOST:PORT". If the host is a name, the
/// address that was tried follows: "meta.example:34601 (10.0.0.1:34601)". Returns NULL if no server is
/// known.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_server(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.server.as_ref()))
    })
}

/// Returns the whole outcome as text for the user: the lines that `pegasus-dup` writes to stdout and
/// stderr for the same call, without a line end after the last line. Characters that would control a
/// terminal, or that nobody sees, are escaped as in `\u{9b}`. Returns NULL only for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_text(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(outcome.text.as_ptr()))
}

/// Returns the whole outcome as JSON on one line, without a line end: the same object that
/// `pegasus-dup --json` writes for the same call. A listing has one object a line, and is the empty text
/// if nothing was listed. Returns NULL only for NULL.
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
        outcome.write(Outcome::boxed(Facts::of_error(None, &error)));
        Ok(())
    })
}

/// Frees an outcome and everything that it lent. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_free(outcome: Option<Box<Outcome>>) {
    catch((), || drop(outcome));
}
