//! The history of a call: the request asks for it, and the outcome returns it.

use std::ffi::{CString, c_char};
use std::ptr::null;

use super::boundary::status;
use super::numbers::boolean;
use super::outcome::{Outcome, read};
use super::pointers::{c_string, given};
use super::request::Request;
use super::value::Value;
use crate::history;
use crate::resource::FieldValue;

/// The history of a call in the forms that C reads.
#[derive(Debug)]
pub(crate) struct History {
    entries: Value,
    text: CString,
    json: CString,
}

impl From<history::History> for History {
    fn from(history: history::History) -> History {
        let entries = history.entries().iter().map(|entry| FieldValue::Map(entry.fields()));
        History {
            entries: Value::new(entries.collect()),
            text: c_string(&history.to_string()),
            json: c_string(&history.json_lines()),
        }
    }
}

/// Sets whether a call records its history: 1 or 0. The default is 0. The history says what was
/// sent, what the servers responded and what was concluded, attempt by attempt. The outcome of the
/// call contains the history, also if the call failed or was cancelled.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_record_history(
    request: Option<&mut Request>,
    record_history: i32,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.record_history = boolean(record_history)?;
        Ok(())
    })
}

/// Returns the history of the call as a list of its entries. Each entry is a map with these fields:
/// - "entry": the kind of the entry, a text: "step", "request", "late_response", "version", "server"
///   or "conclusion". Later versions may have other kinds.
/// - "call": the number 1, because an outcome belongs to one call.
/// - "attempt": the number of the attempt, from 1.
/// - "server": the server that the entry is about, a text.
/// - "name": the code name of the RPC, "GET /version", or the name of the step, a text.
/// - "request" and "response": the fields of the request and of the response, each a map.
/// - "text": the detail of the step, the reason why there is no response, the version, what was
///   found out about the server, or the conclusion.
///
/// A field that the entry does not have is absent. docs/json.md describes the fields. Returns NULL if
/// the call did not record its history.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_history(outcome: Option<&Outcome>) -> Option<&Value> {
    read(outcome, None, |outcome| Some(outcome.history.as_ref().map(|history| &history.entries)))
}

/// Returns the history of the call as text for people: the lines that `pegasus-dup --explain` writes
/// for the same call, without a line end after the last line. Characters that control a terminal or
/// are invisible are escaped. Returns NULL if the call did not record its history.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_history_text(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| outcome.history.as_ref().map(|history| history.text.as_ptr()))
}

/// Returns the history of the call as JSON: one object for each entry, each on a line, without a line
/// end after the last line. Returns NULL if the call did not record its history.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_history_json(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| outcome.history.as_ref().map(|history| history.json.as_ptr()))
}
