//! The class `_core.Recorder`, which records the history of calls.

use pyo3::prelude::*;

use super::errors;
use super::interned::interned;
use super::resource::{Object, fields, member, tuple, value};
use crate::history;
use crate::resource::FieldValue;

/// Records the history of calls.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Recorder {
    recorder: history::Recorder,
    process: u32,
}

#[pymethods]
impl Recorder {
    #[new]
    fn new() -> Recorder {
        Recorder { recorder: history::Recorder::default(), process: std::process::id() }
    }

    /// Returns the entries as objects of `pegasus_dup.HistoryEntry`.
    fn entries<'py>(&self, py: Python<'py>) -> PyResult<Object<'py>> {
        let history = self.history(py)?;
        Ok(tuple(py, history.entries(), entry)?.into_any())
    }

    /// Returns the lines of all entries.
    fn text(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.history(py)?.to_string())
    }

    /// Returns each entry as JSON on one line.
    fn json_lines(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.history(py)?.json_lines())
    }
}

impl Recorder {
    /// Returns the recorder of another call. In a forked child, a thread that does not exist there may have
    /// locked the recorder, so the calls of the child are not recorded.
    pub(super) fn begin(&self) -> Option<history::Recorder> {
        (self.process == std::process::id()).then(|| self.recorder.begin())
    }

    fn history(&self, py: Python<'_>) -> PyResult<history::History> {
        if self.process != std::process::id() {
            return Err(errors::unusable(
                py,
                "this history was begun before the process forked",
                "begin another history in the child",
            ));
        }
        Ok(self.recorder.history())
    }
}

/// Returns an entry as an object.
fn entry<'py>(py: Python<'py>, entry: &history::Entry) -> PyResult<Object<'py>> {
    let message =
        |fields: &Option<FieldValue>| value(py, fields.as_ref().unwrap_or(&FieldValue::Absent));
    let fields = fields! { py,
        kind: member(py, "EntryKind", entry.kind.name())?,
        call: entry.call,
        attempt: entry.attempt,
        server: entry.server.as_deref(),
        name: entry.name,
        request: message(&entry.request)?,
        response: message(&entry.response)?,
        text: entry.text.as_deref(),
    };
    py.import(interned!(py, "pegasus_dup._history"))?
        .getattr(interned!(py, "HistoryEntry"))?
        .call((), Some(&fields))
}
