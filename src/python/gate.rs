//! Who may run Python code, until the interpreter shuts down.
//!
//! Before Python 3.14, a thread that runs Python code while the interpreter shuts down is ended in
//! the middle of it, and the process with it if there are frames of Rust below. So the threads of a
//! client and the callbacks of a daemon thread's event loop pass a gate, which an `atexit` function
//! closes, and then waits until nobody is inside.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use pyo3::prelude::*;

static CLOSED: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// The process that the number inside is of: a fork copies it, but not the threads.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// The thread that shuts the interpreter down: nothing ends it in the middle.
static CLOSER: OnceLock<ThreadId> = OnceLock::new();

/// How often, and how many times, closing looks whether somebody is still inside: a callback that
/// doesn't return must not keep the process for ever.
const LOOK: (Duration, u32) = (Duration::from_millis(1), 1000);

/// Someone inside.
#[derive(Debug)]
pub(super) struct Inside(());

impl Inside {
    /// `None` once the gate is closed.
    pub(super) fn enter() -> Option<Inside> {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        let inside = Inside(());
        (!CLOSED.load(Ordering::SeqCst)).then_some(inside)
    }

    /// For a thread of Python's that has let go of the GIL, before it takes it again: it has frames
    /// of Rust below, and goes on to run Python code. Once the gate is closed such a thread is a
    /// daemon: it stops here for as long as the process lasts, as any daemon thread does from
    /// Python 3.14 on. Python 3.9 may crash even where it only asks for the GIL.
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

/// When the package is imported.
pub(super) fn open() {
    OWNER.store(std::process::id(), Ordering::SeqCst);
}

/// Lets nobody in any more, and waits until those inside have come out.
#[pyfunction]
pub(super) fn close_gate(py: Python<'_>) {
    // Set first: who finds the gate closed asks who closed it.
    let _ = CLOSER.set(thread::current().id());
    CLOSED.store(true, Ordering::SeqCst);
    if OWNER.load(Ordering::SeqCst) != std::process::id() {
        return;
    }
    // Without the GIL, which those inside need.
    py.detach(|| {
        for _ in 0..LOOK.1 {
            if INSIDE.load(Ordering::SeqCst) == 0 {
                return;
            }
            thread::sleep(LOOK.0);
        }
    });
}
