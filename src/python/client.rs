//! `_core.Client`: calls that wait, interruptible and without the GIL, and calls that an event loop
//! waits for.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use tokio::sync::Notify;

use super::call::Call;
use super::errors;
use super::gate::Inside;
use super::mailbox::Mailbox;
use super::operation::Operation;
use super::outcome;
use super::threads::Threads;
use super::watch::{self, Watch};
use crate::client::Answer;
use crate::client::blocking::BlockingClient;
use crate::client::progress::{Step, observed};
use crate::client::{Client as AsyncClient, Mode};
use crate::error::Result;
use crate::protocol::generation::Generation;
use crate::seconds;

/// How long Ctrl-C may go unnoticed in a blocking call.
const SIGNAL_POLL: Duration = Duration::from_millis(50);

/// What `pegasus_dup.Client` and `AsyncClient` call, with arguments that are checked already.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Client {
    threads: Threads<BlockingClient>,
}

/// The steps that a blocking call has taken and Python was not told of yet.
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

    /// Runs an operation to its end, without the GIL, or to the first signal handler or progress
    /// callback that raises: the call is then dropped.
    fn wait<'py>(
        &self,
        py: Python<'py>,
        operation: &Operation,
        timeout: Option<f64>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let blocking = self.with_timeout(py, timeout)?;
        let operation = operation.get();
        let steps = Arc::new(Steps::default());
        let watch = Watch::new(progress.is_some().then(|| steps.clone().teller()));
        let (result, _inside) = py.detach(|| {
            let result = (|| {
                let observer = watch.clone();
                let call =
                    observed(move |step| observer.note(step), operation.run(blocking.client()));
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
                    // Outside the runtime, so that a handler may use this client itself. An
                    // interpreter that is shutting down runs no handlers any more.
                    let _inside = Inside::enter_or_stop();
                    let told = Python::try_attach(|py| {
                        py.check_signals()?;
                        steps.tell(py, progress.as_ref())
                    });
                    told.unwrap_or(Ok(()))?;
                }
            })();
            // Entered before the GIL is taken, and left when all is told.
            (result, Inside::enter_or_stop())
        });
        match result {
            Ok(result) => self.ended(py, result, operation.changes(), &steps, progress.as_ref()),
            Err(interrupted) => {
                let interrupted: PyErr = interrupted;
                watch::note_sent(py, interrupted.value(py), watch.sent().as_deref());
                Err(interrupted)
            }
        }
    }

    /// Starts an operation. Its end becomes the result of `future`, by way of the mailbox of the
    /// future's event loop, by which `progress` is called with its steps too. The result is `(value,
    /// exception, what progress raised)`, of which one is not `None`.
    fn start(
        &self,
        py: Python<'_>,
        mailbox: &Bound<'_, Mailbox>,
        operation: &Operation,
        timeout: Option<f64>,
        future: Py<PyAny>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Call> {
        // Its end could not be told. A daemon thread stops.
        if Inside::enter().or_else(|| py.detach(Inside::enter_or_stop)).is_none() {
            return Err(errors::unusable(
                py,
                "the interpreter is shutting down",
                "make the call earlier, or with a blocking client",
            ));
        }
        let blocking = self.with_timeout(py, timeout)?;
        Call::start(blocking, mailbox, operation.get().clone(), future, progress)
            .map_err(|error| errors::exception(py, &error))
    }

    /// The requests that were sent and whose effect is not known.
    #[getter]
    fn unsettled(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        Ok(self.threads.get(py)?.client().unsettled())
    }

    /// Closes the connections, once the calls under way have ended; doesn't wait for those.
    fn close(&self, py: Python<'_>) {
        // Ends threads, which takes its time.
        py.detach(|| drop(self.threads.take()));
    }
}

impl Client {
    fn with_timeout(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<BlockingClient> {
        let blocking = self.threads.get(py)?;
        Ok(match timeout {
            Some(timeout) => blocking.with_timeout(duration(py, timeout)?),
            None => blocking,
        })
    }

    /// Tells of the last steps, then of the end.
    fn ended<'py>(
        &self,
        py: Python<'py>,
        result: Result<Answer>,
        changes: bool,
        steps: &Steps,
        progress: Option<&Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ended = match result {
            Ok(answer) => outcome::answer(py, &answer),
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
    fn teller(self: Arc<Steps>) -> Box<dyn Fn(Step) + Send + Sync> {
        Box::new(move |step| {
            self.lock().push_back(step);
            self.more.notify_one();
        })
    }

    fn tell(&self, py: Python<'_>, progress: Option<&Py<PyAny>>) -> PyResult<()> {
        let Some(progress) = progress else { return Ok(()) };
        loop {
            // The lock is given back before Python runs.
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
    // Python's own check has said what is wrong with most; this one is for what it lets through.
    seconds::above_zero(seconds)
        .map_err(|wrong| errors::invalid_argument(py, &format!("the timeout is wrong: {wrong}")))
}
