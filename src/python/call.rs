//! Calls that an event loop waits for.
//!
//! A call runs on the client's own thread. What it has to tell goes into the mailbox of the event
//! loop, and the loop is asked once to open it, however much comes in until it does: the thread
//! needs the GIL once for many ends, not once for each. The values are made on the loop's thread.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use pyo3::intern;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use tokio::task::AbortHandle;

use super::errors;
use super::gate::Inside;
use super::outcome;
use super::threads::Threads;
use super::watch::{self, Watch};
use crate::client::blocking::BlockingClient;
use crate::client::operation::{Answer, Operation};
use crate::client::progress::{Step, observed};
use crate::error::{Error, Result};

/// What one event loop is to be told.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Mailbox(Arc<Letters>);

struct Letters {
    /// The loop's `call_soon_threadsafe`.
    call_soon: Py<PyAny>,
    waiting: Mutex<Vec<Letter>>,
}

enum Letter {
    Step { step: Step, to: Arc<Recipient> },
    End { of: Arc<State>, to: Arc<Recipient> },
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
        Mailbox(Arc::new(Letters { call_soon, waiting: Mutex::default() }))
    }

    /// Called by the loop: hands out what has come in.
    fn open(&self, py: Python<'_>) -> PyResult<()> {
        let Some(_inside) = Inside::enter() else { return Ok(()) };
        let letters = std::mem::take(&mut *lock(&self.0.waiting));
        let mut first_failure = Ok(());
        for letter in letters {
            let delivered = match letter {
                Letter::Step { step, to } => to.step(py, &step),
                Letter::End { of, to } => to.end(py, &of),
            };
            // One that fails must not keep the others waiting for ever.
            first_failure = first_failure.and(delivered);
        }
        first_failure
    }
}

impl Letters {
    /// Never fails: a loop that is closed, and an interpreter that is shutting down, wait for
    /// nothing any more.
    fn post(self: &Arc<Letters>, letter: Letter) {
        let first = {
            let mut waiting = lock(&self.waiting);
            waiting.push(letter);
            waiting.len() == 1
        };
        if !first {
            return;
        }
        let inside = Inside::enter();
        let asked = inside.as_ref().and_then(|_| {
            Python::try_attach(|py| -> PyResult<()> {
                let opener = Bound::new(py, Mailbox(self.clone()))?;
                let open = opener.getattr(intern!(py, "open"))?;
                self.call_soon.call1(py, (open,)).map(drop)
            })
        });
        if !matches!(asked, Some(Ok(()))) {
            let lost = std::mem::take(&mut *lock(&self.waiting));
            drop(lost);
        }
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
            // What the callback raises ends the call, as in the blocking client.
            Err(raised) => {
                self.future.call_method1(py, intern!(py, "set_exception"), (raised,)).map(drop)
            }
        }
    }

    fn end(&self, py: Python<'_>, state: &State) -> PyResult<()> {
        // Cancelled: who did it has asked the call itself for its end.
        if self.is_done(py)? {
            return Ok(());
        }
        let none = py.None().into_bound(py);
        let pair = match state.object(py) {
            Ok(value) => (value.unwrap_or_else(|| none.clone()), none),
            Err(error) => (none, error.into_value(py).into_bound(py).into_any()),
        };
        self.future.call_method1(py, intern!(py, "set_result"), (pair,)).map(drop)
    }

    fn is_done(&self, py: Python<'_>) -> PyResult<bool> {
        self.future.call_method0(py, intern!(py, "done"))?.extract(py)
    }
}

type Running = Pin<Box<dyn Future<Output = Result<Answer>> + Send>>;

enum Ended {
    Answer(Box<Answer>),
    Error(Error),
    /// A defect of this library; the text says which.
    Panic(String),
}

/// A call, until it has ended or is cancelled.
struct State {
    /// Locked while it is polled: who takes it out knows that nothing is sent any more.
    running: Mutex<Option<Running>>,
    ended: OnceLock<Ended>,
    changes: bool,
}

impl State {
    /// Ready with whether it has ended; otherwise it was cancelled.
    fn poll(&self, context: &mut Context<'_>) -> Poll<bool> {
        let mut running = lock(&self.running);
        let Some(call) = running.as_mut() else { return Poll::Ready(false) };
        let ended = match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(answer))) => Ended::Answer(Box::new(answer)),
            Ok(Poll::Ready(Err(error))) => Ended::Error(error),
            Err(panic) => Ended::Panic(text_of(&*panic)),
        };
        // Set before the lock is given back: cancelling sees either the call or its end.
        let _ = self.ended.set(ended);
        *running = None;
        Poll::Ready(true)
    }

    /// What the call gave, or its exception; `None` if it has not ended.
    fn object<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.ended.get() {
            None => Ok(None),
            Some(Ended::Answer(answer)) => outcome::answer(py, answer).map(Some),
            Some(Ended::Error(error)) => Err(errors::exception(py, error)),
            Some(Ended::Panic(text)) => Err(PanicException::new_err(text.clone())),
        }
    }
}

/// A call under way.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Call {
    state: Arc<State>,
    watch: Arc<Watch>,
    task: AbortHandle,
    /// Keeps the thread that the call runs on, also after the client is closed.
    client: Threads<BlockingClient>,
}

impl Call {
    pub(super) fn start(
        client: BlockingClient,
        mailbox: &Mailbox,
        operation: Operation,
        future: Py<PyAny>,
        progress: Option<Py<PyAny>>,
    ) -> Result<Call> {
        let runtime = client.runtime()?.clone();
        let letters = mailbox.0.clone();
        let watches = progress.is_some();
        let to = Arc::new(Recipient { future, progress });
        let watch = Watch::new(watches.then(|| {
            let (letters, to) = (letters.clone(), to.clone());
            let tell = move |step| letters.post(Letter::Step { step, to: to.clone() });
            Box::new(tell) as Box<dyn Fn(Step) + Send + Sync>
        }));
        let changes = operation.changes();
        let observer = watch.clone();
        let asynchronous = client.client().clone();
        let call =
            observed(
                move |step| observer.note(step),
                async move { operation.run(&asynchronous).await },
            );
        let state = Arc::new(State {
            running: Mutex::new(Some(Box::pin(call))),
            ended: OnceLock::new(),
            changes,
        });
        let of = state.clone();
        let task = runtime.spawn(async move {
            if poll_fn(|context| of.poll(context)).await {
                letters.post(Letter::End { of, to });
            }
        });
        let client = Threads::new("call", client);
        Ok(Call { state, watch, task: task.abort_handle(), client })
    }
}

#[pymethods]
impl Call {
    /// Ends the call because of `exception`, and notes on that what was sent, or how the call had
    /// ended by then. What was not sent yet never is, once this returns.
    fn cancel(&self, py: Python<'_>, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        // In a forked child the call goes on without it, in the parent.
        if self.client.ours().is_none() {
            return Ok(());
        }
        // Without the GIL: the call's thread may be within a poll that waits for it.
        let (sent, _inside) = py.detach(|| {
            let running = lock(&self.state.running).take();
            // Dropping it may tell the watch.
            drop(running);
            self.task.abort();
            (self.watch.sent(), Inside::enter_or_stop())
        });
        if self.state.ended.get().is_none() {
            watch::note_sent(py, exception, sent.as_deref());
            return Ok(());
        }
        if !self.state.changes {
            return Ok(());
        }
        let ended = match self.state.object(py) {
            Ok(value) => value,
            Err(error) => Some(error.into_value(py).into_bound(py).into_any()),
        };
        match ended {
            Some(ended) => watch::note_ended(py, exception, &ended),
            None => Ok(()),
        }
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
