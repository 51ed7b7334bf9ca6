//! Delivers the steps, events and results of calls to an event loop.
//!
//! A loop may be closed and dropped with letters that were never opened. Therefore letters hold no Python
//! objects. The objects that they are for are kept in the mailbox, where the garbage collector sees
//! them. Otherwise an unopened letter would keep the future of its call alive, the future would keep
//! the task and the client alive, and the client would keep the mailbox with the letter alive, forever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::call::State;
use super::gate::Inside;
use super::interned::interned;
use super::watch::Note;

/// A message from a call.
pub(super) enum Letter {
    Note(Note),
    End(Arc<State>),
}

/// The number of a call, by which a letter says from which call it comes.
pub(super) type Ticket = u64;

/// The mailbox of an event loop.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Mailbox {
    /// The method `call_soon_threadsafe` of the loop.
    call_soon: Py<PyAny>,
    process: u32,
    post: Arc<Post>,
}

/// The sending side of a mailbox. All calls of the loop share it, on threads that do not hold the GIL.
#[derive(Default)]
pub(super) struct Post {
    letters: Mutex<Letters>,
    /// The recipients of the calls. They are only accessed while the GIL is held, and it is not released
    /// meanwhile, so the garbage collector always finds the lock free. The mailbox owns the objects: only
    /// the mailbox reports them to the collector, and they are dropped with it.
    recipients: Mutex<HashMap<Ticket, Recipient>>,
}

#[derive(Default)]
struct Letters {
    waiting: Vec<(Ticket, Letter)>,
    last_ticket: Ticket,
    /// The number of calls that have not ended.
    under_way: usize,
    /// The mailbox, as long as calls are in flight: they keep their recipients alive, like anything that
    /// an event loop waits for. It is only set and taken while the GIL is held. Dropping it without the
    /// GIL would take a lock of pyo3, for which a child that is forked at this moment would wait.
    mailbox: Option<Py<Mailbox>>,
}

/// The objects that wait for a call.
struct Recipient {
    future: Py<PyAny>,
    progress: Option<Py<PyAny>>,
}

#[pymethods]
impl Mailbox {
    #[new]
    fn new(call_soon: Py<PyAny>) -> Mailbox {
        Mailbox { call_soon, process: std::process::id(), post: Arc::default() }
    }

    /// Delivers the letters that have arrived. The loop calls this.
    fn open(&self, py: Python<'_>) -> PyResult<()> {
        // In a forked child, a thread that does not exist there may have locked the letters.
        if self.process != std::process::id() {
            return Ok(());
        }
        let Some(_inside) = Inside::enter() else { return Ok(()) };
        let waiting = std::mem::take(&mut lock(&self.post.letters).waiting);
        let mut first_failure = Ok(());
        for (ticket, letter) in waiting {
            // There is no recipient if the call was cancelled. The canceller asks the call for its end.
            let delivered = match (self.post.recipient(py, ticket, &letter), letter) {
                (None, _) => Ok(()),
                (Some(to), Letter::Note(note)) => to.note(py, &note),
                (Some(to), Letter::End(of)) => to.end(py, &of),
            };
            // A failed delivery must not keep the other recipients waiting forever.
            first_failure = first_failure.and(delivered);
        }
        first_failure
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.call_soon)?;
        if let Ok(recipients) = self.post.recipients.try_lock() {
            for recipient in recipients.values() {
                visit.call(&recipient.future)?;
                visit.call(&recipient.progress)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        drop(self.post.take_recipients());
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        drop(self.post.take_recipients());
    }
}

impl Mailbox {
    /// Registers the recipient of another call.
    pub(super) fn expect(
        mailbox: &Bound<'_, Mailbox>,
        future: Py<PyAny>,
        progress: Option<Py<PyAny>>,
    ) -> (Arc<Post>, Ticket) {
        let post = &mailbox.get().post;
        let ticket = {
            let mut letters = lock(&post.letters);
            letters.mailbox.get_or_insert_with(|| mailbox.clone().unbind());
            letters.under_way += 1;
            letters.last_ticket += 1;
            letters.last_ticket
        };
        lock(&post.recipients).insert(ticket, Recipient { future, progress });
        (post.clone(), ticket)
    }
}

impl Post {
    /// Sends a letter. This never fails: a closed loop, and an interpreter that is shutting down, no longer
    /// wait for anything.
    pub(super) fn send(&self, from: Ticket, letter: Letter) {
        let (first, leaves) = {
            let mut letters = lock(&self.letters);
            let ends = matches!(letter, Letter::End(_));
            letters.waiting.push((from, letter));
            let first = letters.waiting.len() == 1;
            // A call counts as in flight until it has asked the loop, because that needs the mailbox.
            // The last call releases the mailbox, and that needs the GIL.
            let leaves = ends && (first || letters.under_way == 1);
            if ends && !leaves {
                letters.under_way -= 1;
            }
            (first, leaves)
        };
        if !first && !leaves {
            return;
        }
        let inside = Inside::enter();
        let told = inside.as_ref().and_then(|_| {
            Python::try_attach(|py| {
                let asked = !first || self.ask(py).is_ok();
                if !asked {
                    drop(self.take_recipients());
                }
                if leaves {
                    self.leave(py);
                }
                asked
            })
        });
        if told != Some(true) {
            let lost = std::mem::take(&mut lock(&self.letters).waiting);
            drop(lost);
        }
    }

    /// Asks the loop to open the mailbox. Only a call in flight may call this.
    fn ask(&self, py: Python<'_>) -> PyResult<()> {
        let mailbox = lock(&self.letters).mailbox.as_ref().map(|mailbox| mailbox.clone_ref(py));
        let Some(mailbox) = mailbox else { return Ok(()) };
        let open = mailbox.bind(py).getattr(interned!(py, "open"))?;
        mailbox.get().call_soon.call1(py, (open,)).map(drop)
    }

    /// Counts a call as ended. The last call releases the mailbox.
    fn leave(&self, _py: Python<'_>) {
        let mailbox = {
            let mut letters = lock(&self.letters);
            letters.under_way -= 1;
            if letters.under_way == 0 { letters.mailbox.take() } else { None }
        };
        drop(mailbox);
    }

    /// Removes the recipient of a call. `stopped` says that the call will not end by itself.
    pub(super) fn forget(&self, py: Python<'_>, ticket: Ticket, stopped: bool) {
        let recipient = lock(&self.recipients).remove(&ticket);
        drop(recipient);
        if stopped {
            self.leave(py);
        }
    }

    /// Returns the recipient of a letter, and removes it if the letter is the last of its call.
    fn recipient(&self, py: Python<'_>, ticket: Ticket, letter: &Letter) -> Option<Recipient> {
        let mut recipients = lock(&self.recipients);
        match letter {
            Letter::End(_) => recipients.remove(&ticket),
            Letter::Note(_) => recipients.get(&ticket).map(|recipient| Recipient {
                future: recipient.future.clone_ref(py),
                progress: recipient.progress.as_ref().map(|progress| progress.clone_ref(py)),
            }),
        }
    }

    /// Takes all recipients out. The caller drops them, because dropping a Python object may run any code.
    fn take_recipients(&self) -> HashMap<Ticket, Recipient> {
        std::mem::take(&mut *lock(&self.recipients))
    }
}

impl Recipient {
    /// Passes a step or an event to the callback.
    fn note(&self, py: Python<'_>, note: &Note) -> PyResult<()> {
        let Some(progress) = &self.progress else { return Ok(()) };
        if self.is_done(py)? {
            return Ok(());
        }
        let told = note.object(py).and_then(|note| progress.call1(py, (note,)));
        match told {
            Ok(_) => Ok(()),
            // An exception of the callback ends the call, as in the blocking client. It is part of the
            // result, because a future does not accept every exception. The waiting code raises it.
            Err(raised) => self.resolve(py, None, None, Some(raised)),
        }
    }

    /// Passes the result of the call to the future.
    fn end(&self, py: Python<'_>, state: &State) -> PyResult<()> {
        if self.is_done(py)? {
            return Ok(());
        }
        match state.object(py) {
            Ok(value) => self.resolve(py, value, None, None),
            Err(error) => self.resolve(py, None, Some(error), None),
        }
    }

    fn resolve(
        &self,
        py: Python<'_>,
        value: Option<Bound<'_, PyAny>>,
        error: Option<PyErr>,
        raised: Option<PyErr>,
    ) -> PyResult<()> {
        let told = (value, error, raised);
        self.future.call_method1(py, interned!(py, "set_result"), (told,)).map(drop)
    }

    fn is_done(&self, py: Python<'_>) -> PyResult<bool> {
        self.future.call_method0(py, interned!(py, "done"))?.extract(py)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
