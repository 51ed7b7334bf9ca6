//! The class `_core.Client`: blocking calls, which release the GIL and can be interrupted, and calls that
//! an event loop waits for.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use tokio::sync::Notify;

use super::call::Call;
use super::errors;
use super::gate::Inside;
use super::history::Recorder;
use super::mailbox::Mailbox;
use super::operation::{Operation, Output};
use super::threads::Threads;
use super::watch::{self, Note, Watch};
use crate::client::blocking::BlockingClient;
use crate::client::{Client as AsyncClient, Mode};
use crate::error::Result;
use crate::history;
use crate::protocol::generation::Generation;
use crate::seconds;

/// The longest time for which a blocking call does not notice Ctrl-C.
const SIGNAL_POLL: Duration = Duration::from_millis(50);

/// The client behind `pegasus_dup.Client` and `AsyncClient`, which have checked the arguments.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Client {
    threads: Threads<BlockingClient>,
}

/// The steps and events of a blocking call that were not passed to Python yet.
#[derive(Default)]
struct Notes {
    taken: Mutex<VecDeque<Note>>,
    more: Notify,
}

#[pymethods]
impl Client {
    #[new]
    fn new(
        py: Python<'_>,
        metas: Vec<String>,
        timeout: f64,
        generation: Option<&str>,
        direct: bool,
    ) -> PyResult<Client> {
        let mode = if direct { Mode::Direct } else { Mode::Safe };
        let mut builder = AsyncClient::builder().timeout(duration(py, timeout)?).mode(mode);
        for meta in metas {
            builder = builder.meta(meta);
        }
        if let Some(name) = generation {
            let generation: Generation =
                name.parse().map_err(|error| errors::invalid_argument_of(py, &error))?;
            builder = builder.generation(generation);
        }
        let client = builder.build().map_err(|error| errors::exception(py, &error))?;
        Ok(Client { threads: Threads::new("client", BlockingClient::new(client)) })
    }

    /// Runs an operation without the GIL until it ends. If a signal handler or the callback raises an
    /// exception, the call is dropped. An apply is stopped instead, and only dropped at the second exception.
    fn wait<'py>(
        &self,
        py: Python<'py>,
        operation: &Operation,
        timeout: Option<f64>,
        progress: Option<Py<PyAny>>,
        recorder: Option<&Bound<'py, Recorder>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let recorder = recorder.and_then(|recorder| recorder.get().begin());
        let blocking = self.with_timeout(py, timeout)?;
        let task = operation.task();
        let notes = Arc::new(Notes::default());
        let watch = Watch::new(progress.is_some().then(|| notes.clone().teller()));
        // This is outside of the closure, because an exception may only be dropped while the GIL is held.
        let mut interruption: Option<PyErr> = None;
        let (result, _inside) = py.detach(|| {
            let result = (|| {
                let call = task.run(blocking.client(), &watch);
                let mut call = pin!(history::recorded(recorder.as_ref(), call));
                loop {
                    let slice = async {
                        tokio::select! {
                            biased;
                            result = call.as_mut() => Some(result),
                            () = notes.more.notified() => None,
                            () = tokio::time::sleep(SIGNAL_POLL) => None,
                        }
                    };
                    match blocking.block_on(slice) {
                        Ok(Some(result)) => return Ok(result),
                        Ok(None) => {}
                        Err(error) => return Ok(Err(error)),
                    }
                    // Handlers run outside of the runtime, so that a handler may use this client
                    // itself. An interpreter that is shutting down runs no handlers any more.
                    let _inside = Inside::enter_or_stop();
                    let told = Python::try_attach(|py| {
                        py.check_signals()?;
                        match interruption {
                            // The program has asked for no more of them.
                            Some(_) => Ok(()),
                            None => notes.tell(py, progress.as_ref()),
                        }
                    });
                    if let Err(raised) = told.unwrap_or(Ok(())) {
                        if interruption.is_some() || !task.stop() {
                            return Err(raised);
                        }
                        interruption = Some(raised);
                    }
                }
            })();
            // The gate is entered before the GIL is taken, and left when everything is reported.
            (result, Inside::enter_or_stop())
        });
        match (result, interruption) {
            (Ok(result), None) => self.ended(py, result, task.changes(), &notes, progress.as_ref()),
            (Ok(result), Some(interrupted)) => {
                watch::note_ended(py, interrupted.value(py), object(py, result))?;
                Err(interrupted)
            }
            (Err(interrupted), _) => {
                let interrupted: PyErr = interrupted;
                let sent = task.sent(blocking.client(), &watch);
                watch::end(py, interrupted.value(py), sent.as_deref(), recorder.as_ref());
                Err(interrupted)
            }
        }
    }

    /// Starts an operation. The mailbox of the event loop delivers its result to `future`, and its steps to
    /// `progress`. The result of the future is a tuple of the value, the exception of the call, and the
    /// exception that `progress` raised. Only one of them is not `None`, unless the value itself is.
    fn start(
        &self,
        mailbox: &Bound<'_, Mailbox>,
        operation: &Operation,
        timeout: Option<f64>,
        future: Py<PyAny>,
        progress: Option<Py<PyAny>>,
        recorder: Option<&Bound<'_, Recorder>>,
    ) -> PyResult<Call> {
        let py = mailbox.py();
        // Once the gate is closed, the result could not be delivered. A daemon thread stops here.
        if Inside::enter().or_else(|| py.detach(Inside::enter_or_stop)).is_none() {
            return Err(errors::unusable(
                py,
                "the interpreter is shutting down",
                "make the call earlier, or with a blocking client",
            ));
        }
        let blocking = self.with_timeout(py, timeout)?;
        let recorder = recorder.and_then(|recorder| recorder.get().begin());
        Call::start(blocking, mailbox, operation.task().clone(), future, progress, recorder)
            .map_err(|error| errors::exception(py, &error))
    }

    /// Returns the requests that were sent and whose effect is not known.
    #[getter]
    fn unsettled(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        Ok(self.threads.get(py)?.client().unsettled())
    }

    /// Closes the connections after the calls in flight have ended. This does not wait for these calls.
    fn close(&self, py: Python<'_>) {
        // The GIL is released, because ending threads may take a while.
        py.detach(|| drop(self.threads.take()));
    }
}

impl Client {
    /// Returns the client with the timeout of one call.
    fn with_timeout(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<BlockingClient> {
        let blocking = self.threads.get(py)?;
        Ok(match timeout {
            Some(timeout) => blocking.with_timeout(duration(py, timeout)?),
            None => blocking,
        })
    }

    /// Reports the last steps and events, and returns the result of the call.
    fn ended<'py>(
        &self,
        py: Python<'py>,
        result: Result<Output>,
        changes: bool,
        notes: &Notes,
        progress: Option<&Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ended = object(py, result);
        if let Err(raised) = notes.tell(py, progress) {
            if changes {
                watch::note_ended(py, raised.value(py), ended)?;
            }
            return Err(raised);
        }
        ended
    }
}

/// Returns the result as a Python object, or raises the exception for the error.
fn object(py: Python<'_>, result: Result<Output>) -> PyResult<Bound<'_, PyAny>> {
    result.map_err(|error| errors::exception(py, &error))?.object(py)
}

impl Notes {
    /// Returns a function that adds a step or an event.
    fn teller(self: Arc<Notes>) -> Box<dyn Fn(Note) + Send + Sync> {
        Box::new(move |note| {
            self.lock().push_back(note);
            self.more.notify_one();
        })
    }

    /// Passes the steps and events to the callback.
    fn tell(&self, py: Python<'_>, progress: Option<&Py<PyAny>>) -> PyResult<()> {
        let Some(progress) = progress else { return Ok(()) };
        loop {
            // The lock is released before Python code runs.
            let note = self.lock().pop_front();
            let Some(note) = note else { return Ok(()) };
            progress.call1(py, (note.object(py)?,))?;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Note>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn duration(py: Python<'_>, seconds: f64) -> PyResult<Duration> {
    // The Python package has refused most mistakes. This check is for those that it accepts.
    seconds::above_zero(seconds)
        .map_err(|wrong| errors::invalid_argument(py, &format!("the timeout is wrong: {wrong}")))
}
