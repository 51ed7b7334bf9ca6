//! What the library notes of its work, passed on to Python's `logging`: off until it is asked for.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use tracing::{Level, Metadata};

use super::errors;
use super::gate::Inside;
use super::interned::interned;
use crate::events::{self, Listen, NotInstalled};

/// The lowest level that is passed on, as `logging` counts levels. No lock: a child that is forked
/// while a thread of its parent is in here would wait for that thread, with its first event, for ever.
static LOWEST: AtomicU32 = AtomicU32::new(OFF);

/// Above all levels.
const OFF: u32 = u32::MAX;

thread_local! {
    /// Whether this thread is making a record: what the handlers make a client do is not passed on.
    static IN_RECORD: Cell<bool> = const { Cell::new(false) };
}

/// Passes this crate's events on to `pegasus_dup._logging`.
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

impl Listen for ToPython {
    fn wants(&self, level: &Level) -> bool {
        !IN_RECORD.get() && LOWEST.load(Ordering::Relaxed) <= number(level)
    }

    fn hear(&self, metadata: &Metadata<'_>, text: &str) {
        let Some(_inside) = Inside::enter() else { return };
        let level = number(metadata.level());
        let name = metadata.target().replace("::", ".");
        IN_RECORD.set(true);
        // An interpreter that is shutting down keeps no log.
        Python::try_attach(|py| {
            let recorded = py
                .import(interned!(py, "pegasus_dup._logging"))
                .and_then(|module| module.getattr(interned!(py, "record")))
                .and_then(|record| record.call1((level, name, text)));
            if let Err(error) = recorded {
                error.write_unraisable(py, None);
            }
        });
        IN_RECORD.set(false);
    }
}

/// Has every event of at least that level passed on; `None` ends it.
#[pyfunction]
pub(super) fn set_log(py: Python<'_>, lowest: Option<u32>) -> PyResult<()> {
    if lowest.is_some() {
        py.detach(|| events::install(ToPython)).map_err(|why| match why {
            NotInstalled::Taken => errors::invalid_argument(
                py,
                "this process passes the library's log on to something else already",
            ),
            NotInstalled::Forked => errors::unusable(
                py,
                "this process was forked while its parent was turning the log on",
                "turn the log on before a thread of the parent forks",
            ),
        })?;
    }
    LOWEST.store(lowest.unwrap_or(OFF), Ordering::Relaxed);
    Ok(())
}
