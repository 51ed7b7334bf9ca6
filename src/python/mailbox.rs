//! How an event loop is told what its calls have come to.
//!
//! A loop may be closed, and dropped, with letters that nobody has opened. So letters hold no Python
//! objects: what they are for is kept in the mailbox, where the garbage collector sees it. Otherwise
//! an unopened letter would keep the future of its call, through that the task and the client, and
//! through the client the mailbox with the letter, for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::call::State;
use super::gate::Inside;
use super::interned::interned;
use super::watch;
use crate::client::progress::Step;

/// What a call has to tell.
pub(super) enum Letter {
    Step(Step),
    End(Arc<State>),
}

/// Which call a letter is from.
pub(super) type Ticket = u64;

/// What one event loop is to be told.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Mailbox {
    /// The loop's `call_soon_threadsafe`.
    call_soon: Py<PyAny>,
    process: u32,
    post: Arc<Post>,
}

/// The way into one mailbox. Its calls share it, on threads that don't have the GIL.
#[derive(Default)]
pub(super) struct Post {
    letters: Mutex<Letters>,
    /// Who waits for the calls. Touched with the GIL only, which is never let go of meanwhile, so
    /// that the garbage collector always finds it unlocked. The objects in it belong to the mailbox:
    /// nothing else tells the collector of them, and they go with it.
    recipients: Mutex<HashMap<Ticket, Recipient>>,
}

#[derive(Default)]
struct Letters {
    waiting: Vec<(Ticket, Letter)>,
    last_ticket: Ticket,
    /// How many calls have not ended.
    under_way: usize,
    /// The mailbox, as long as calls are under way: they keep those who wait for them, as anything
    /// does that an event loop waits for. Put in and taken out with the GIL only: dropping it without
    /// takes a lock of pyo3's, which a child that is forked in that moment would wait for.
    mailbox: Option<Py<Mailbox>>,
}

/// Who waits for a call.
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

    /// Called by the loop: hands out what has come in.
    fn open(&self, py: Python<'_>) -> PyResult<()> {
        // In a forked child, a thread that isn't there may have locked the letters.
        if self.process != std::process::id() {
            return Ok(());
        }
        let Some(_inside) = Inside::enter() else { return Ok(()) };
        let waiting = std::mem::take(&mut lock(&self.post.letters).waiting);
        let mut first_failure = Ok(());
        for (ticket, letter) in waiting {
            // Gone where the call was given up: who did it has asked the call itself for its end.
            let delivered = match (self.post.recipient(py, ticket, &letter), letter) {
                (None, _) => Ok(()),
                (Some(to), Letter::Step(step)) => to.step(py, &step),
                (Some(to), Letter::End(of)) => to.end(py, &of),
            };
            // One that fails must not keep the others waiting for ever.
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
    /// Takes in who waits for another call.
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
    /// Never fails: a loop that is closed, and an interpreter that is shutting down, wait for
    /// nothing any more.
    pub(super) fn send(&self, from: Ticket, letter: Letter) {
        let (first, leaves) = {
            let mut letters = lock(&self.letters);
            let ends = matches!(letter, Letter::End(_));
            letters.waiting.push((from, letter));
            let first = letters.waiting.len() == 1;
            // A call is under way until it has asked the loop, which takes the mailbox; and the last
            // call lets go of the mailbox, which takes the GIL.
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

    /// Asks the loop to open the mailbox. Only for a call that is under way.
    fn ask(&self, py: Python<'_>) -> PyResult<()> {
        let mailbox = lock(&self.letters).mailbox.as_ref().map(|mailbox| mailbox.clone_ref(py));
        let Some(mailbox) = mailbox else { return Ok(()) };
        let open = mailbox.bind(py).getattr(interned!(py, "open"))?;
        mailbox.get().call_soon.call1(py, (open,)).map(drop)
    }

    /// One call less is under way; the last one lets go of the mailbox.
    fn leave(&self, _py: Python<'_>) {
        let mailbox = {
            let mut letters = lock(&self.letters);
            letters.under_way -= 1;
            if letters.under_way == 0 { letters.mailbox.take() } else { None }
        };
        drop(mailbox);
    }

    /// Nobody waits for that call any more; `stopped` says that it will not end, either.
    pub(super) fn forget(&self, py: Python<'_>, ticket: Ticket, stopped: bool) {
        let recipient = lock(&self.recipients).remove(&ticket);
        drop(recipient);
        if stopped {
            self.leave(py);
        }
    }

    /// Who waits for the letter: for the last time, if it is the end.
    fn recipient(&self, py: Python<'_>, ticket: Ticket, letter: &Letter) -> Option<Recipient> {
        let mut recipients = lock(&self.recipients);
        match letter {
            Letter::End(_) => recipients.remove(&ticket),
            Letter::Step(_) => recipients.get(&ticket).map(|recipient| Recipient {
                future: recipient.future.clone_ref(py),
                progress: recipient.progress.as_ref().map(|progress| progress.clone_ref(py)),
            }),
        }
    }

    /// To be dropped by the caller, since dropping a Python object may run any code.
    fn take_recipients(&self) -> HashMap<Ticket, Recipient> {
        std::mem::take(&mut *lock(&self.recipients))
    }
}

impl Recipient {
    fn step(&self, py: Python<'_>, step: &Step) -> PyResult<()> {
        let Some(progress) = &self.progress else { return Ok(()) };
        if self.is_done(py)? {
            return Ok(());
        }
        let told = watch::progress(py, step).and_then(|step| progress.call1(py, (step,)));
        match told {
            Ok(_) => Ok(()),
            // What the callback raises ends the call, as in the blocking client. Not as the future's
            // exception, which can't be every one: who waits for the future raises it.
            Err(raised) => self.resolve(py, None, None, Some(raised)),
        }
    }

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
