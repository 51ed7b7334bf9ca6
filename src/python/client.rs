//! `_core.Client`: the blocking client, interruptible and without the GIL while it waits.

use std::pin::pin;
use std::time::Duration;

use pyo3::intern;
use pyo3::prelude::*;

use super::threads::Threads;
use super::{errors, outcome};
use crate::client::blocking::BlockingClient;
use crate::client::{Client as AsyncClient, DuplicationSpec, Mode, Selector, TablePattern};
use crate::error::Result;
use crate::outcome::FailMode;
use crate::protocol::generation::Generation;

/// How long Ctrl-C may go unnoticed in a blocking call.
const SIGNAL_POLL: Duration = Duration::from_millis(50);

/// A dupid, or a remote cluster's name.
#[derive(FromPyObject)]
enum Which {
    Dupid(i32),
    Cluster(String),
}

impl From<Which> for Selector {
    fn from(which: Which) -> Selector {
        match which {
            Which::Dupid(dupid) => Selector::Dupid(dupid),
            Which::Cluster(cluster) => Selector::Cluster(cluster),
        }
    }
}

/// What `pegasus_dup.Client` calls, with arguments that are checked already.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Client {
    threads: Threads<BlockingClient>,
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
                name.parse().map_err(|error| invalid_argument(py, &error))?;
            builder = builder.generation(generation);
        }
        let client = builder.build().map_err(|error| errors::exception(py, &error))?;
        Ok(Client { threads: Threads::new("client", BlockingClient::new(client)) })
    }

    /// Adds a duplication.
    #[allow(clippy::too_many_arguments, reason = "as many as the request has fields")]
    fn add<'py>(
        &self,
        py: Python<'py>,
        table: String,
        cluster: String,
        remote_table: Option<String>,
        remote_replica_count: Option<i32>,
        checkpoint: bool,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut spec = DuplicationSpec::new(table, cluster);
        spec.remote_table = remote_table;
        spec.remote_replica_count = remote_replica_count;
        spec.checkpoint = checkpoint;
        let result = self.call(py, timeout, async |client| client.add(&spec).await)?;
        outcome::outcome(py, &result)
    }

    /// The duplications of one table.
    fn query<'py>(
        &self,
        py: Python<'py>,
        table: String,
        timeout: Option<f64>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let result = self.call(py, timeout, async |client| client.query(&table).await)?;
        outcome::duplications(py, &result)
    }

    /// The duplications of many tables.
    fn list<'py>(
        &self,
        py: Python<'py>,
        pattern: Option<String>,
        r#match: &str,
        timeout: Option<f64>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let tables = match (r#match, pattern) {
            ("all", None) => TablePattern::All,
            ("exact", Some(pattern)) => TablePattern::Exact(pattern),
            ("anywhere", Some(pattern)) => TablePattern::Anywhere(pattern),
            ("prefix", Some(pattern)) => TablePattern::Prefix(pattern),
            ("postfix", Some(pattern)) => TablePattern::Postfix(pattern),
            (how, _) => {
                return Err(errors::invalid_argument(py, &format!("no such match: match={how:?}")));
            }
        };
        let result = self.call(py, timeout, async |client| client.list(&tables).await)?;
        outcome::duplications(py, &result)
    }

    /// Lets a paused duplication run.
    fn start<'py>(
        &self,
        py: Python<'py>,
        table: String,
        which: Which,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let which = which.into();
        let result = self.call(py, timeout, async |client| client.start(&table, &which).await)?;
        outcome::change(py, &result)
    }

    /// Pauses a duplication.
    fn pause<'py>(
        &self,
        py: Python<'py>,
        table: String,
        which: Which,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let which = which.into();
        let result = self.call(py, timeout, async |client| client.pause(&table, &which).await)?;
        outcome::change(py, &result)
    }

    /// Removes a duplication.
    fn remove<'py>(
        &self,
        py: Python<'py>,
        table: String,
        which: Which,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let which = which.into();
        let result = self.call(py, timeout, async |client| client.remove(&table, &which).await)?;
        outcome::removal(py, &result)
    }

    /// Sets the fail mode of a duplication.
    fn set_fail_mode<'py>(
        &self,
        py: Python<'py>,
        table: String,
        which: Which,
        mode: &str,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let which = which.into();
        let mode: FailMode = mode.parse().map_err(|error| invalid_argument(py, &error))?;
        let result = self
            .call(py, timeout, async |client| client.set_fail_mode(&table, &which, mode).await)?;
        outcome::change(py, &result)
    }

    /// What was sent, and whose effect is not known.
    #[getter]
    fn unknown(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        Ok(self.threads.get(py)?.client().unsettled())
    }

    /// Closes the connections, once the calls under way have ended; doesn't wait for those.
    fn close(&self, py: Python<'_>) {
        // Ends threads, which takes its time.
        py.detach(|| drop(self.threads.take()));
    }
}

impl Client {
    /// Runs a call to its end, without the GIL, or to the first signal whose handler raises: the
    /// call is then dropped.
    fn call<T: Send>(
        &self,
        py: Python<'_>,
        timeout: Option<f64>,
        call: impl AsyncFnOnce(AsyncClient) -> Result<T> + Send,
    ) -> PyResult<T> {
        let mut blocking = self.threads.get(py)?;
        if let Some(timeout) = timeout {
            blocking = blocking.with_timeout(duration(py, timeout)?);
        }
        let known_before = blocking.client().unsettled();
        let result = py.detach(|| {
            let mut call = pin!(call(blocking.client().clone()));
            loop {
                let slice = async { tokio::time::timeout(SIGNAL_POLL, call.as_mut()).await };
                match blocking.block_on(slice) {
                    Ok(Ok(result)) => return Ok(result),
                    Ok(Err(_elapsed)) => {}
                    Err(error) => return Ok(Err(error)),
                }
                // Outside the runtime, so that a handler may use this client itself. An
                // interpreter that is shutting down runs no handlers any more.
                if let Some(interrupted) = Python::try_attach(|py| py.check_signals()) {
                    // Asked now, while what the call sent still counts as under way.
                    interrupted.map_err(|error| (error, blocking.client().unsettled()))?;
                }
            }
        });
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(errors::exception(py, &error)),
            Err((interrupted, mut sent)) => {
                // The same words may stand there more than once: each takes one away.
                for known in known_before {
                    if let Some(index) = sent.iter().position(|one| *one == known) {
                        sent.remove(index);
                    }
                }
                Err(with_note(py, interrupted, &sent))
            }
        }
    }
}

/// Says on the exception that ended a call what had been sent by then.
fn with_note(py: Python<'_>, interrupted: PyErr, sent: &[String]) -> PyErr {
    if !sent.is_empty() {
        let note = format!(
            "sent, and what became of it is not known; query the table to find out: {}",
            sent.join(", ")
        );
        // Python 3.10 and older have no notes, and what a handler raises may refuse one.
        let _ = interrupted.value(py).call_method1(intern!(py, "add_note"), (note,));
    }
    interrupted
}

fn duration(py: Python<'_>, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|error| invalid_argument(py, &error))
}

fn invalid_argument(py: Python<'_>, error: &dyn std::error::Error) -> PyErr {
    errors::invalid_argument(py, &error.to_string())
}
