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
use super::operation::Operation;
use super::outcome;
use super::threads::Threads;
use super::watch::{self, Watch};
use crate::client::OperationResult;
use crate::client::blocking::BlockingClient;
use crate::client::progress::{Step, observed};
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

/// The steps of a blocking call that were not passed to Python yet.
#[derive(Default)]
struct Steps {
    taken: Mutex<VecDeque<Step>>,
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

    /// Runs an operation without the GIL until it ends. If a signal handler or the progress callback
    /// raises an exception, the call is dropped.
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
        let operation = operation.get();
        let steps = Arc::new(Steps::default());
        let watch = Watch::new(progress.is_some().then(|| steps.clone().teller()));
        let (result, _inside) = py.detach(|| {
            let result = (|| {
                let observer = watch.clone();
                let call =
                    observed(move |step| observer.note(step), operation.run(blocking.client()));
                let call = history::recorded(recorder.as_ref(), call);
                let mut call = pin!(call);
                loop {
                    let slice = async {
                        tokio::select! {
                            biased;
                            result = call.as_mut() => Some(result),
                            () = steps.more.notified() => None,
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
                        steps.tell(py, progress.as_ref())
                    });
                    told.unwrap_or(Ok(()))?;
                }
            })();
            // The gate is entered before the GIL is taken, and left when everything is reported.
            (result, Inside::enter_or_stop())
        });
        match result {
            Ok(result) => self.ended(py, result, operation.changes(), &steps, progress.as_ref()),
            Err(interrupted) => {
                let interrupted: PyErr = interrupted;
                let sent = watch.sent();
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
        Call::start(blocking, mailbox, operation.get().clone(), future, progress, recorder)
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

    /// Reports the last steps, and returns the result of the call.
    fn ended<'py>(
        &self,
        py: Python<'py>,
        result: Result<OperationResult>,
        changes: bool,
        steps: &Steps,
        progress: Option<&Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ended = match result {
            Ok(result) => outcome::of_operation(py, &result),
            Err(error) => Err(errors::exception(py, &error)),
        };
        if let Err(raised) = steps.tell(py, progress) {
            if changes {
                let value = match ended {
                    Ok(value) => value,
                    Err(error) => error.into_value(py).into_bound(py).into_any(),
                };
                watch::note_ended(py, raised.value(py), &value)?;
            }
            return Err(raised);
        }
        ended
    }
}

impl Steps {
    /// Returns a function that adds a step.
    fn teller(self: Arc<Steps>) -> Box<dyn Fn(Step) + Send + Sync> {
        Box::new(move |step| {
            self.lock().push_back(step);
            self.more.notify_one();
        })
    }

    /// Passes the steps to the progress callback.
    fn tell(&self, py: Python<'_>, progress: Option<&Py<PyAny>>) -> PyResult<()> {
        let Some(progress) = progress else { return Ok(()) };
        loop {
            // The lock is released before Python code runs.
            let step = self.lock().pop_front();
            let Some(step) = step else { return Ok(()) };
            progress.call1(py, (watch::progress(py, &step)?,))?;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Step>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn duration(py: Python<'_>, seconds: f64) -> PyResult<Duration> {
    // The Python package has refused most mistakes. This check is for those that it accepts.
    seconds::above_zero(seconds)
        .map_err(|wrong| errors::invalid_argument(py, &format!("the timeout is wrong: {wrong}")))
}
