//! One operation of a client, with arguments that are checked already, and what it answers: the one
//! way that the blocking client and the asynchronous one share.

use pyo3::prelude::*;

use super::{errors, outcome};
use crate::client::{Client, DuplicationSpec, Selector, TablePattern};
use crate::error::Result;
use crate::outcome::{Change, Duplication, FailMode, Outcome, Removal};

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

/// What a client is to do.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Operation(Request);

#[derive(Debug, Clone)]
pub(super) enum Request {
    Add(DuplicationSpec),
    Query(String),
    List(TablePattern),
    Start(String, Selector),
    Pause(String, Selector),
    Remove(String, Selector),
    SetFailMode(String, Selector, FailMode),
}

/// What a client answers.
#[derive(Debug)]
pub(super) enum Answer {
    Outcome(Outcome<Duplication>),
    Duplications(Vec<Duplication>),
    Change(Change<Duplication>),
    Removal(Removal<Duplication>),
}

#[pymethods]
impl Operation {
    #[staticmethod]
    fn add(
        table: String,
        cluster: String,
        remote_table: Option<String>,
        remote_replica_count: Option<i32>,
        checkpoint: bool,
    ) -> Operation {
        let mut spec = DuplicationSpec::new(table, cluster);
        spec.remote_table = remote_table;
        spec.remote_replica_count = remote_replica_count;
        spec.checkpoint = checkpoint;
        Operation(Request::Add(spec))
    }

    #[staticmethod]
    fn query(table: String) -> Operation {
        Operation(Request::Query(table))
    }

    #[staticmethod]
    fn list(py: Python<'_>, pattern: Option<String>, r#match: &str) -> PyResult<Operation> {
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
        Ok(Operation(Request::List(tables)))
    }

    #[staticmethod]
    fn start(table: String, which: Which) -> Operation {
        Operation(Request::Start(table, which.into()))
    }

    #[staticmethod]
    fn pause(table: String, which: Which) -> Operation {
        Operation(Request::Pause(table, which.into()))
    }

    #[staticmethod]
    fn remove(table: String, which: Which) -> Operation {
        Operation(Request::Remove(table, which.into()))
    }

    #[staticmethod]
    fn set_fail_mode(
        py: Python<'_>,
        table: String,
        which: Which,
        mode: &str,
    ) -> PyResult<Operation> {
        let mode: FailMode =
            mode.parse().map_err(|error| errors::invalid_argument_of(py, &error))?;
        Ok(Operation(Request::SetFailMode(table, which.into(), mode)))
    }
}

impl Operation {
    pub(super) fn request(&self) -> Request {
        self.0.clone()
    }
}

impl Request {
    /// Whether it may change something.
    pub(super) fn changes(&self) -> bool {
        !matches!(self, Request::Query(_) | Request::List(_))
    }

    pub(super) async fn run(self, client: Client) -> Result<Answer> {
        Ok(match self {
            Request::Add(spec) => Answer::Outcome(client.add(&spec).await?),
            Request::Query(table) => Answer::Duplications(client.query(&table).await?),
            Request::List(tables) => Answer::Duplications(client.list(&tables).await?),
            Request::Start(table, which) => Answer::Change(client.start(&table, &which).await?),
            Request::Pause(table, which) => Answer::Change(client.pause(&table, &which).await?),
            Request::Remove(table, which) => Answer::Removal(client.remove(&table, &which).await?),
            Request::SetFailMode(table, which, mode) => {
                Answer::Change(client.set_fail_mode(&table, &which, mode).await?)
            }
        })
    }
}

impl Answer {
    pub(super) fn object<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Answer::Outcome(outcome) => outcome::outcome(py, outcome),
            Answer::Duplications(all) => outcome::duplications(py, all)?.into_pyobject(py),
            Answer::Change(change) => outcome::change(py, change),
            Answer::Removal(removal) => outcome::removal(py, removal),
        }
    }
}
