//! Reports the steps and events of a call to Python, and what a call had sent when it was cancelled.

use std::sync::Arc;

use pyo3::prelude::*;

use super::fleet;
use super::interned::interned;
use super::resource::Object;
use crate::client::hints;
use crate::client::in_flight::InFlight;
use crate::client::progress::Step;
use crate::escape::sentence;
use crate::history::Recorder;

type Tell = Box<dyn Fn(Note) + Send + Sync>;

/// What a call reports while it runs.
pub(super) enum Note {
    Step(Step),
    Event(fleet::Value),
}

impl Note {
    /// Returns the argument for the callback of the program.
    pub(super) fn object<'py>(&self, py: Python<'py>) -> PyResult<Object<'py>> {
        match self {
            Note::Step(step) => progress(py, step),
            Note::Event(event) => event.object(py),
        }
    }
}

/// The observer of one call.
pub(super) struct Watch {
    in_flight: InFlight,
    tell: Option<Tell>,
}

impl Watch {
    /// Makes an observer. It calls `tell` with every step and event, inside of the polls of the call.
    pub(super) fn new(tell: Option<Tell>) -> Arc<Watch> {
        Arc::new(Watch { in_flight: InFlight::default(), tell })
    }

    pub(super) fn step(&self, step: Step) {
        self.in_flight.note(&step);
        if let Some(tell) = &self.tell {
            tell(Note::Step(step));
        }
    }

    pub(super) fn event(&self, event: impl FnOnce() -> fleet::Value) {
        if let Some(tell) = &self.tell {
            tell(Note::Event(event()));
        }
    }

    /// Returns the request that was sent and whose effect is not known.
    pub(super) fn sent(&self) -> Option<String> {
        self.in_flight.what()
    }
}

/// Returns a step as `pegasus_dup.Progress`.
fn progress<'py>(py: Python<'py>, step: &Step) -> PyResult<Bound<'py, PyAny>> {
    let kind = py
        .import(interned!(py, "pegasus_dup._enums"))?
        .getattr(interned!(py, "Step"))?
        .call1((step.kind().name(),))?;
    py.import(interned!(py, "pegasus_dup._outcome"))?
        .getattr(interned!(py, "Progress"))?
        .call1((kind, step.detail()))
}

/// Adds a note to the exception that ended a call, which says what had been sent by then. The exception and the
/// note are the conclusion of the call's history.
pub(super) fn end(
    py: Python<'_>,
    exception: &Bound<'_, PyAny>,
    sent: Option<&str>,
    recorder: Option<&Recorder>,
) {
    let note = sent.map(|sent| {
        let advice = hints::after_a_loss();
        format!("sent, and its effect is not known; {advice}: {}", sentence(sent))
    });
    if let Some(note) = &note {
        add_note(py, exception, note);
    }
    if let Some(recorder) = recorder {
        let name = exception.get_type().name();
        let name = name.map_or_else(|_| "exception".to_owned(), |name| name.to_string());
        recorder.conclude(|| match &note {
            Some(note) => format!("{name}: {note}"),
            None => name.clone(),
        });
    }
}

/// Adds a note to the exception that replaced the result of a call, which says how the call had ended.
pub(super) fn note_ended(
    py: Python<'_>,
    exception: &Bound<'_, PyAny>,
    ended: PyResult<Bound<'_, PyAny>>,
) -> PyResult<()> {
    let ended = ended.unwrap_or_else(|error| error.into_value(py).into_bound(py).into_any());
    let text = ended.repr()?;
    add_note(py, exception, &format!("the call had just ended, with {text}"));
    Ok(())
}

fn add_note(py: Python<'_>, exception: &Bound<'_, PyAny>, note: &str) {
    // Python 3.10 and older have no notes, and an exception may refuse a note.
    let _ = exception.call_method1(interned!(py, "add_note"), (note,));
}
