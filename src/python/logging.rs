//! What the library notes of its work, passed on to Python's `logging`: off until it is asked for.

use std::cell::Cell;
use std::sync::{Arc, PoisonError, RwLock};

use once_cell::sync::OnceCell;
use pyo3::prelude::*;
use tracing::{Level, Metadata};

use super::errors;
use super::gate::Inside;
use crate::events::{Forward, Listen};

/// Who gets the records now.
static LISTENER: RwLock<Option<Arc<Listener>>> = RwLock::new(None);

thread_local! {
    /// Whether this thread is in the listener: what its handlers make a client do is not passed on.
    static IN_LISTENER: Cell<bool> = const { Cell::new(false) };
}

struct Listener {
    /// Called with the level as `logging` counts it, the logger's name and the text.
    record: Py<PyAny>,
    lowest: u32,
}

/// Passes this crate's events on to the listener of the moment.
struct ToPython;

/// The levels of `logging`, which has none below DEBUG: half of it stands for TRACE.
fn number(level: &Level) -> u32 {
    match *level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

fn listener(level: &Level) -> Option<Arc<Listener>> {
    let listener = LISTENER.read().unwrap_or_else(PoisonError::into_inner);
    listener.as_ref().filter(|listener| listener.lowest <= number(level)).cloned()
}

impl Listen for ToPython {
    fn wants(&self, level: &Level) -> bool {
        !IN_LISTENER.get() && listener(level).is_some()
    }

    fn hear(&self, metadata: &Metadata<'_>, text: &str) {
        let Some(listener) = listener(metadata.level()) else { return };
        let name = metadata.target().replace("::", ".");
        let Some(_inside) = Inside::enter() else { return };
        IN_LISTENER.set(true);
        // An interpreter that is shutting down keeps no log.
        Python::try_attach(|py| {
            let called = listener.record.call1(py, (number(metadata.level()), name, text));
            if let Err(error) = called {
                error.write_unraisable(py, Some(listener.record.bind(py)));
            }
        });
        IN_LISTENER.set(false);
    }
}

/// Has `record` called with every event of at least that level, instead of the one before; `None`
/// ends it.
#[pyfunction]
pub(super) fn set_log(py: Python<'_>, record: Option<Py<PyAny>>, lowest: u32) -> PyResult<()> {
    static INSTALLED: OnceCell<()> = OnceCell::new();
    if record.is_some() {
        INSTALLED
            .get_or_try_init(|| tracing::subscriber::set_global_default(Forward(ToPython)))
            .map_err(|_| {
                errors::invalid_argument(
                    py,
                    "this process passes the library's log on to something else already",
                )
            })?;
    }
    let listener = record.map(|record| Arc::new(Listener { record, lowest }));
    // Detached: another thread may hold the lock while it waits for the GIL. What was there before
    // is dropped with the GIL, outside the lock.
    let before = py.detach(|| {
        std::mem::replace(&mut *LISTENER.write().unwrap_or_else(PoisonError::into_inner), listener)
    });
    drop(before);
    Ok(())
}
