//! The gate that keeps threads from running Python code while the interpreter shuts down.
//!
//! Before Python 3.14, a thread that runs Python code while the interpreter shuts down is ended in the
//! middle. If Rust has frames on its stack, the whole process is ended. Therefore the threads of a client
//! and the callbacks on a daemon thread's event loop pass a gate. An `atexit` function closes the gate and
//! waits until no thread is inside.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use pyo3::prelude::*;

static CLOSED: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// The process to which the number belongs. A fork copies the number, but not the threads.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// The thread that shuts the interpreter down. It is not ended in the middle.
static CLOSER: OnceLock<ThreadId> = OnceLock::new();

/// The interval and the number of checks for threads inside while the gate closes. The number is limited,
/// because a callback that does not return must not keep the process alive forever.
const LOOK: (Duration, u32) = (Duration::from_millis(1), 1000);

/// A thread inside of the gate, which leaves when this is dropped.
#[derive(Debug)]
pub(super) struct Inside(());

impl Inside {
    /// Enters the gate. Returns `None` if the gate is closed.
    pub(super) fn enter() -> Option<Inside> {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        let inside = Inside(());
        (!CLOSED.load(Ordering::SeqCst)).then_some(inside)
    }

    /// Enters the gate, or stops the thread if the gate is closed.
    ///
    /// A thread of Python calls this after it has released the GIL and before it takes the GIL again,
    /// because it has frames of Rust on its stack and continues to run Python code. If the gate is
    /// closed, the thread is a daemon thread. It stops here until the process ends, as every daemon
    /// thread does since Python 3.14. Python 3.9 may crash even if such a thread only asks for the GIL.
    pub(super) fn enter_or_stop() -> Option<Inside> {
        let inside = Inside::enter();
        if inside.is_none() && CLOSER.get() != Some(&thread::current().id()) {
            loop {
                thread::park();
            }
        }
        inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Opens the gate when the package is imported.
pub(super) fn open() {
    OWNER.store(std::process::id(), Ordering::SeqCst);
}

/// Closes the gate, and waits until the threads inside have left.
#[pyfunction]
pub(super) fn close_gate(py: Python<'_>) {
    // This is set first, because a thread that finds the gate closed checks who closed it.
    let _ = CLOSER.set(thread::current().id());
    CLOSED.store(true, Ordering::SeqCst);
    if OWNER.load(Ordering::SeqCst) != std::process::id() {
        return;
    }
    // This releases the GIL, because the threads inside need it.
    py.detach(|| {
        for _ in 0..LOOK.1 {
            if INSIDE.load(Ordering::SeqCst) == 0 {
                return;
            }
            thread::sleep(LOOK.0);
        }
    });
}
