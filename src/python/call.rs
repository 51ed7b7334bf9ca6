//! Calls that an event loop waits for.
//!
//! A call runs on the client's own thread. It puts its steps and its result into the mailbox of the event
//! loop. The loop is asked to open the mailbox only once, even if more arrives until it does. Therefore
//! the thread takes the GIL once for many results, and not once for each of them. The Python objects are
//! made on the thread of the loop.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use pyo3::panic::PanicException;
use pyo3::prelude::*;
use tokio::task::AbortHandle;

use super::errors;
use super::gate::Inside;
use super::mailbox::{Letter, Mailbox, Post, Ticket};
use super::operation::{Output, Task};
use super::threads::Threads;
use super::watch::{self, Note, Watch};
use crate::client::blocking::BlockingClient;
use crate::error::{Error, Result};
use crate::history::{self, Recorder};

type Running = Pin<Box<dyn Future<Output = Result<Output>> + Send>>;

/// The result of a call that has ended.
enum Ended {
    Result(Output),
    Error(Error),
    /// A panic of this library, with its message.
    Panic(String),
}

/// The state of a call.
pub(super) struct State {
    /// The call, until it ends or is cancelled. It is locked while it is polled, so a thread that takes
    /// it out knows that nothing is sent from then on.
    running: Mutex<Option<Running>>,
    ended: OnceLock<Ended>,
    task: Task,
}

impl State {
    /// Polls the call. It is ready with `true` if it has ended, and with `false` if it was cancelled.
    fn poll(&self, context: &mut Context<'_>) -> Poll<bool> {
        let mut running = lock(&self.running);
        let Some(call) = running.as_mut() else { return Poll::Ready(false) };
        let ended = match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(result))) => Ended::Result(result),
            Ok(Poll::Ready(Err(error))) => Ended::Error(error),
            Err(panic) => Ended::Panic(text_of(&*panic)),
        };
        // This is set before the lock is released, so `cancel` sees either the call or its result.
        let _ = self.ended.set(ended);
        *running = None;
        Poll::Ready(true)
    }

    /// Returns the result of the call, or its exception, or `None` if the call has not ended.
    pub(super) fn object<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.ended.get() {
            None => Ok(None),
            Some(Ended::Result(result)) => result.object(py).map(Some),
            Some(Ended::Error(error)) => Err(errors::exception(py, error)),
            Some(Ended::Panic(text)) => Err(PanicException::new_err(text.clone())),
        }
    }
}

/// A call in flight.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Call {
    state: Arc<State>,
    watch: Arc<Watch>,
    recorder: Option<Recorder>,
    handle: AbortHandle,
    post: Arc<Post>,
    ticket: Ticket,
    /// Keeps the thread of the call alive, also after the client is closed.
    client: Threads<BlockingClient>,
}

impl Call {
    /// Starts a call. Its result becomes the result of `future`.
    pub(super) fn start(
        client: BlockingClient,
        mailbox: &Bound<'_, Mailbox>,
        task: Task,
        future: Py<PyAny>,
        progress: Option<Py<PyAny>>,
        recorder: Option<Recorder>,
    ) -> Result<Call> {
        let runtime = client.runtime()?.clone();
        let watches = progress.is_some();
        let (post, ticket) = Mailbox::expect(mailbox, future, progress);
        let watch = Watch::new(watches.then(|| {
            let post = post.clone();
            let tell = move |note| post.send(ticket, Letter::Note(note));
            Box::new(tell) as Box<dyn Fn(Note) + Send + Sync>
        }));
        let call = {
            let (task, watch) = (task.clone(), watch.clone());
            let asynchronous = client.client().clone();
            async move { task.run(&asynchronous, &watch).await }
        };
        let call = history::recorded(recorder.as_ref(), call);
        let state = Arc::new(State {
            running: Mutex::new(Some(Box::pin(call))),
            ended: OnceLock::new(),
            task,
        });
        let spawned = runtime.spawn({
            let (post, of) = (post.clone(), state.clone());
            async move {
                if poll_fn(|context| of.poll(context)).await {
                    post.send(ticket, Letter::End(of));
                }
            }
        });
        let client = Threads::new("call", client);
        let handle = spawned.abort_handle();
        Ok(Call { state, watch, recorder, handle, post, ticket, client })
    }
}

#[pymethods]
impl Call {
    /// Ends the call because of `exception`, and adds a note to the exception that says what was sent, or
    /// how the call had ended by then. After this returns, nothing more is sent.
    fn cancel(&self, py: Python<'_>, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        // In a forked child there is nothing to do: the call continues in the parent.
        let Some(client) = self.client.ours() else { return Ok(()) };
        // This releases the GIL, because the thread of the call may be waiting for it inside of a poll.
        let (stopped, sent, _inside) = py.detach(|| {
            let running = lock(&self.state.running).take();
            let stopped = running.is_some();
            // Dropping the call may report a step to the watch.
            drop(running);
            self.handle.abort();
            (stopped, self.state.task.sent(client.client(), &self.watch), Inside::enter_or_stop())
        });
        self.post.forget(py, self.ticket, stopped);
        if self.state.ended.get().is_none() {
            watch::end(py, exception, sent.as_deref(), self.recorder.as_ref());
            return Ok(());
        }
        if !self.state.task.changes() {
            return Ok(());
        }
        match self.state.object(py).transpose() {
            Some(ended) => watch::note_ended(py, exception, ended),
            None => Ok(()),
        }
    }
}

/// Returns the message of a panic.
fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
