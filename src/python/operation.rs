//! One operation of a client, put together from arguments that are checked already: the one way that
//! the blocking client and the asynchronous one share.

use pyo3::prelude::*;

use super::errors;
use crate::client::operation;
use crate::client::{DuplicationSpec, Selector, TablePattern};
use crate::outcome::FailMode;

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
pub(super) struct Operation(operation::Operation);

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
        Operation(operation::Operation::Add(spec))
    }

    #[staticmethod]
    fn query(table: String) -> Operation {
        Operation(operation::Operation::Query(table))
    }

    #[staticmethod]
    fn list(
        py: Python<'_>,
        pattern: Option<String>,
        r#match: &str,
        by_table: bool,
    ) -> PyResult<Operation> {
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
        let list =
            if by_table { operation::Operation::ListByTable } else { operation::Operation::List };
        Ok(Operation(list(tables)))
    }

    #[staticmethod]
    fn start(table: String, which: Which) -> Operation {
        Operation(operation::Operation::Start(table, which.into()))
    }

    #[staticmethod]
    fn pause(table: String, which: Which) -> Operation {
        Operation(operation::Operation::Pause(table, which.into()))
    }

    #[staticmethod]
    fn remove(table: String, which: Which) -> Operation {
        Operation(operation::Operation::Remove(table, which.into()))
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
        Ok(Operation(operation::Operation::SetFailMode(table, which.into(), mode)))
    }

    #[staticmethod]
    fn info() -> Operation {
        Operation(operation::Operation::Info)
    }
}

impl Operation {
    pub(super) fn get(&self) -> &operation::Operation {
        &self.0
    }
}
