//! Forwards the library's log messages to Python's `logging`. Off by default.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use tracing::{Level, Metadata};

use super::errors;
use super::gate::Inside;
use super::interned::interned;
use crate::events::{self, Listen, NotInstalled};

/// The lowest level that is forwarded, as a number of `logging`. This is not behind a lock: if a process
/// forked while one of its threads held the lock, the first event of the child would wait forever.
static LOWEST: AtomicU32 = AtomicU32::new(OFF);

/// A number above all levels.
const OFF: u32 = u32::MAX;

thread_local! {
    /// Whether this thread is making a log record. Events of a client that a log handler uses are not
    /// forwarded.
    static IN_RECORD: Cell<bool> = const { Cell::new(false) };
}

/// Forwards this crate's events to `pegasus_dup._logging`.
struct ToPython;

/// Returns the number that `logging` has for a level. It has no level below DEBUG, so TRACE is half of DEBUG.
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
        // While the interpreter shuts down, nothing is logged.
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

/// Starts to forward all events of at least this level. `None` stops it.
#[pyfunction]
pub(super) fn set_log(py: Python<'_>, lowest: Option<u32>) -> PyResult<()> {
    if lowest.is_some() {
        py.detach(|| events::install(ToPython)).map_err(|why| match why {
            NotInstalled::Taken => errors::invalid_argument(
                py,
                "this process already sends the library's log to another receiver",
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
