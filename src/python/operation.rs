//! One operation of a client, or a call for a fleet, with arguments that Python has checked already. The
//! blocking client and the asynchronous client share it.

use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors;
use super::fleet::{self, Apply, Job};
use super::outcome;
use super::resource::Object;
use super::watch::Watch;
use crate::client::draft::Draft;
use crate::client::progress::observed;
use crate::client::{self, Client, OperationResult, TablePattern};
use crate::enums::{MatchType, OperationKind};
use crate::error::Result;

/// A dupid or the name of a remote cluster.
#[derive(FromPyObject)]
enum Which {
    Dupid(i32),
    Cluster(String),
}

/// What a client does in one call, with the arguments.
#[derive(Clone)]
pub(super) enum Task {
    Operation(client::Operation),
    Fleet(Arc<Job>),
}

/// The result of a task.
pub(super) enum Output {
    Operation(Box<OperationResult>),
    Fleet(fleet::Value),
}

/// A task with its arguments.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Operation(Task);

#[pymethods]
impl Operation {
    /// Creates an operation of the kind with that name. An argument that the operation does not need is
    /// ignored.
    #[new]
    #[pyo3(signature = (kind, **arguments))]
    fn new(
        py: Python<'_>,
        kind: &str,
        arguments: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Operation> {
        let wrong = |what: &str| errors::invalid_argument(py, what);
        let kind = OperationKind::ALL.into_iter().find(|one| one.name() == kind);
        let mut draft = Draft::new(kind.ok_or_else(|| wrong("there is no such operation"))?);
        for (name, value) in arguments.into_iter().flatten() {
            set(&mut draft, &name.extract::<String>()?, &value)?;
        }
        let operation = draft.complete().ok_or_else(|| wrong("an argument is missing"))?;
        Ok(Operation(Task::Operation(operation)))
    }
}

impl Operation {
    pub(super) fn of(task: Task) -> Operation {
        Operation(task)
    }

    pub(super) fn task(&self) -> &Task {
        &self.0
    }
}

impl Task {
    /// Runs the task, and reports its steps or its events to `watch`.
    pub(super) async fn run(&self, client: &Client, watch: &Arc<Watch>) -> Result<Output> {
        let observer = watch.clone();
        match self {
            Task::Operation(operation) => {
                let call = observed(move |step| observer.step(step), operation.run(client));
                call.await.map(|result| Output::Operation(Box::new(result)))
            }
            Task::Fleet(job) => {
                let noted = job.clone();
                let note = move |step| match noted.apply() {
                    // The steps of many calls at the same time would tell nobody anything.
                    Some(apply) => apply.note(step),
                    None => observer.step(step),
                };
                observed(note, job.run(client, watch)).await.map(Output::Fleet)
            }
        }
    }

    /// Returns whether the task may change something.
    pub(super) fn changes(&self) -> bool {
        match self {
            Task::Operation(operation) => operation.changes(),
            Task::Fleet(job) => job.apply().is_some(),
        }
    }

    /// Lets the requests in flight come to their end, and starts nothing more. Returns false if the task
    /// cannot be stopped in this way.
    pub(super) fn stop(&self) -> bool {
        match self {
            Task::Operation(_) => false,
            Task::Fleet(job) => job.apply().map(Apply::stop).is_some(),
        }
    }

    /// Returns the changes that the task has sent and whose effect is not known. Nothing of the task may be
    /// running any more.
    pub(super) fn sent(&self, client: &Client, watch: &Watch) -> Option<String> {
        match self {
            Task::Operation(_) => watch.sent(),
            Task::Fleet(job) => job.apply().and_then(|apply| apply.unsettled(client)),
        }
    }
}

impl Output {
    /// Returns the result as a Python object.
    pub(super) fn object<'py>(&self, py: Python<'py>) -> PyResult<Object<'py>> {
        match self {
            Output::Operation(result) => outcome::of_operation(py, result),
            Output::Fleet(value) => value.object(py),
        }
    }
}

/// Sets the argument with this name.
fn set(draft: &mut Draft, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match name {
        "table" => draft.table = value.extract()?,
        "cluster" => draft.cluster = value.extract()?,
        "which" => match value.extract()? {
            Which::Dupid(dupid) => draft.dupid = Some(dupid),
            Which::Cluster(cluster) => draft.cluster = Some(cluster),
        },
        "remote_table" => draft.remote_table = value.extract()?,
        "remote_replica_count" => draft.remote_replica_count = value.extract()?,
        "checkpoint" => draft.checkpoint = value.extract()?,
        "fail_mode" => {
            let mode = value.extract::<String>()?.parse();
            let mode = mode.map_err(|error| errors::invalid_argument_of(value.py(), &error))?;
            draft.fail_mode = Some(mode);
        }
        "match_tables" => {
            let (how, pattern): (String, _) = value.extract()?;
            draft.tables = tables(&how, pattern).ok_or_else(|| {
                errors::invalid_argument(value.py(), "the selection of tables is invalid")
            })?;
        }
        "partition_count" => draft.partition_count = value.extract()?,
        "replica_count" => draft.replica_count = value.extract()?,
        "envs" => draft.envs = value.extract()?,
        "atomic_idempotent" => draft.atomic_idempotent = value.extract()?,
        "partition_limit" => draft.partition_limit = value.extract()?,
        "prove_authorship" => draft.prove_authorship = value.extract()?,
        "reserve" => draft.reserve = value.extract::<Option<u64>>()?.map(Duration::from_secs),
        "table_id" => draft.table_id = value.extract()?,
        "new_name" => draft.new_name = value.extract()?,
        "force" => draft.force = value.extract()?,
        "dropped" => draft.dropped = value.extract()?,
        "health" => draft.health = value.extract()?,
        "policy" => draft.policy = value.extract()?,
        "provider" => draft.provider = value.extract()?,
        "policy_tables" => draft.policy_tables = value.extract()?,
        "interval_seconds" => draft.interval_seconds = value.extract()?,
        "history_count" => draft.history_count = value.extract()?,
        "start_time" => draft.start_time = value.extract()?,
        _ => return Err(PyTypeError::new_err(format!("no operation has this argument: {name}"))),
    }
    Ok(())
}

/// Returns the tables that a match type and a pattern select.
fn tables(how: &str, pattern: Option<String>) -> Option<TablePattern> {
    let how = MatchType::ALL.into_iter().find(|one| one.name() == how)?;
    Some(match (how, pattern) {
        (MatchType::All, None) => TablePattern::All,
        (MatchType::Exact, Some(pattern)) => TablePattern::Exact(pattern),
        (MatchType::Anywhere, Some(pattern)) => TablePattern::Anywhere(pattern),
        (MatchType::Prefix, Some(pattern)) => TablePattern::Prefix(pattern),
        (MatchType::Postfix, Some(pattern)) => TablePattern::Postfix(pattern),
        (MatchType::All, Some(_)) | (_, None) => return None,
    })
}
