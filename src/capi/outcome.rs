//! Functions that read an outcome.

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

/// The outcome of a call. The caller owns the handle and frees it once, before or after the client.
/// An outcome never changes, so any number of threads may read it. It lends the texts, values and
/// duplications that its functions return. They are valid until the outcome is freed.
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

/// Returns the result of `of` for an outcome, or `otherwise` if the handle is NULL or `of` returns
/// nothing.
pub(crate) fn read<'a, T: Copy>(
    outcome: Option<&'a Outcome>,
    otherwise: T,
    of: impl FnOnce(&'a Facts) -> Option<T>,
) -> T {
    catch(otherwise, || outcome.and_then(|outcome| of(&outcome.0)).unwrap_or(otherwise))
}

/// Returns the kind of an outcome. The outcome of an add or a create is `PEGASUS_DUP_CREATED`,
/// `PEGASUS_DUP_ALREADY_EXISTS` or `PEGASUS_DUP_ERROR`. The outcome of another operation is
/// `PEGASUS_DUP_ERROR` or one of the kinds that are declared after it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_kind(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NONE, |outcome| Some(outcome.kind.abi_number()))
}

/// Returns the kind of the resource that an outcome describes, one of `PEGASUS_DUP_RESOURCE_*`, or
/// `PEGASUS_DUP_NONE` for an error that is not the outcome of an operation. Later versions may
/// return other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_resource(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NONE, |outcome| outcome.resource.map(Numbered::abi_number))
}

/// Returns the reason why the outcome is known: `PEGASUS_DUP_SERVER_SAID_SO` or one of the numbers
/// that are declared after it. Returns `PEGASUS_DUP_NONE` if the outcome has no evidence.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_evidence(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NONE, |outcome| outcome.evidence.map(Numbered::abi_number))
}

/// Returns 1 if the outcome is certain. Returns 0 for `PEGASUS_DUP_APPEARED_DURING_CALL` and for an
/// outcome without evidence.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_certain(outcome: Option<&Outcome>) -> i32 {
    read(outcome, 0, |outcome| outcome.evidence.map(|evidence| evidence.certain().into()))
}

/// Returns the duplication that was created, that existed already, that is the result of a change,
/// or that was removed. Returns NULL for the other kinds of outcomes and resources.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication(
    outcome: Option<&Outcome>,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| match outcome.kind {
        OutcomeKind::Error | OutcomeKind::Listed => None,
        _ => Some(outcome.duplications.first()),
    })
}

/// Returns the duplication as it was before the change. Returns NULL unless the kind of the outcome
/// is `PEGASUS_DUP_CHANGED` and the resource is a duplication.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication_before(
    outcome: Option<&Outcome>,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| Some(outcome.duplication_before.as_ref()))
}

/// Returns the number of duplications in an outcome. These are the listed duplications, the
/// duplications that exist according to an error, or else the duplication that
/// `pegasus_dup_outcome_duplication` returns.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.duplications.len()))
}

/// Returns the duplication at an index, which starts at 0. Returns NULL if the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_duplication_at(
    outcome: Option<&Outcome>,
    index: usize,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| Some(outcome.duplications.get(index)))
}

/// Returns the number of fields in which the existing resource differs from the request. The
/// resource is as requested if this number and `pegasus_dup_outcome_unverified_count` are 0.
/// Returns 0 unless the kind of the outcome is `PEGASUS_DUP_ALREADY_EXISTS`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.differences.len()))
}

fn difference<'a, T: Copy>(
    outcome: Option<&'a Outcome>,
    index: usize,
    otherwise: T,
    of: impl FnOnce(&'a Difference) -> T,
) -> T {
    read(outcome, otherwise, |outcome| outcome.differences.get(index).map(of))
}

/// Returns the name of the differing field at an index, which starts at 0, such as "remote_table" of
/// a duplication or "partition_count" of a table. Later versions may return other names. Returns
/// NULL if the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_field(
    outcome: Option<&Outcome>,
    index: usize,
) -> *const c_char {
    difference(outcome, index, null(), |difference| difference.field.as_ptr())
}

/// Returns the requested value of that field as text. Returns NULL if no value was requested or the
/// index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_asked(
    outcome: Option<&Outcome>,
    index: usize,
) -> *const c_char {
    difference(outcome, index, null(), |difference| difference.asked.as_text())
}

/// Returns the existing value of that field as text. Returns NULL if the resource has no such value
/// or the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_existing(
    outcome: Option<&Outcome>,
    index: usize,
) -> *const c_char {
    difference(outcome, index, null(), |difference| difference.existing.as_text())
}

/// Returns the requested value of that field with its type. Returns NULL if the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_asked_value(
    outcome: Option<&Outcome>,
    index: usize,
) -> Option<&Value> {
    difference(outcome, index, None, |difference| Some(&difference.asked))
}

/// Returns the existing value of that field with its type. Returns NULL if the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_difference_existing_value(
    outcome: Option<&Outcome>,
    index: usize,
) -> Option<&Value> {
    difference(outcome, index, None, |difference| Some(&difference.existing))
}

/// Returns the number of properties that were requested and could not be compared, because the
/// server does not report them. Returns 0 unless the kind of the outcome is `PEGASUS_DUP_CREATED` or
/// `PEGASUS_DUP_ALREADY_EXISTS`, and 0 for a certain `PEGASUS_DUP_CREATED`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_unverified_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.unverified.len()))
}

/// Returns the name of the unverified property at an index, which starts at 0, such as "checkpoint"
/// of a duplication or "atomic_idempotent" of a table. Later versions may return other names. Returns
/// NULL if the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_unverified_at(
    outcome: Option<&Outcome>,
    index: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| outcome.unverified.get(index).map(|name| name.as_ptr()))
}

/// Returns additional information for the user, for example that the existing duplication is paused.
/// Returns NULL if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_warning(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.warning.as_ref())))
}

/// Returns the kind of the error, one of `PEGASUS_DUP_ERROR_*`. Returns `PEGASUS_DUP_NONE` unless
/// the kind of the outcome is `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_kind(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NONE, |outcome| {
        outcome.error.as_ref().map(|error| error.kind.abi_number())
    })
}

/// Returns a description of the error for people. Returns NULL unless the kind of the outcome is
/// `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_message(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| outcome.error.as_ref().map(|error| error.message.as_ptr()))
}

/// Returns the server's explanation of the error, or else advice what to do next. Returns NULL if
/// there is neither. The explanation is returned as the server sent it, so it may contain any
/// character, including characters that control a terminal.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_hint(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.hint.as_ref()))
    })
}

/// Returns the Pegasus error code, such as "ERR_BUSY". Returns NULL if no server returned an error
/// code.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_code(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.code.as_ref()))
    })
}

/// Returns the meta server that responded or was asked, as "HOST:PORT". If the host is a name, the
/// address that was tried follows: "meta.example:34601 (10.0.0.1:34601)". Returns NULL if no server
/// is known.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_error_server(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| {
        outcome.error.as_ref().map(|error| or_null(error.server.as_ref()))
    })
}

/// Returns the whole outcome as text for people: the lines that `pegasus-dup` writes to stdout and
/// stderr for the same call, without a line end after the last line. Characters that control a
/// terminal or are invisible are escaped, such as `\u{9b}`. Returns NULL only for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_text(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(outcome.text.as_ptr()))
}

/// Returns the whole outcome as JSON: the same object that `pegasus-dup --json` writes for the same
/// call, on one line without a line end. For a list or a query it returns one object on each line,
/// or an empty text if nothing was found. Returns NULL only for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_json(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(outcome.json.as_ptr()))
}

/// Creates an outcome of the kind `PEGASUS_DUP_ERROR` from a status other than `PEGASUS_DUP_OK`. A
/// program can then report a refused call like a call that failed, with its text, its JSON and its
/// error kind. The caller owns the outcome.
///
/// The error kind is `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN` for `PEGASUS_DUP_PANICKED`,
/// `PEGASUS_DUP_ERROR_UNAVAILABLE` for `PEGASUS_DUP_FORKED`, `PEGASUS_DUP_NO_THREAD` and
/// `PEGASUS_DUP_WRONG_THREAD`, `PEGASUS_DUP_ERROR_BUSY` for `PEGASUS_DUP_RUNNING`,
/// `PEGASUS_DUP_ERROR_WRONG_STATE` for `PEGASUS_DUP_LOG_TAKEN`, and
/// `PEGASUS_DUP_ERROR_INVALID_ARGUMENT` for every other status.
///
/// Returns `PEGASUS_DUP_BAD_ARGUMENT` for `PEGASUS_DUP_OK` and for a number that is not a status.
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
