//! One operation of a client, with arguments that Python has checked already. The blocking client and the
//! asynchronous client share it.

use pyo3::prelude::*;

use super::errors;
use crate::client::draft::Draft;
use crate::client::{self, TablePattern};
use crate::enums::{MatchType, OperationKind};

/// A dupid or the name of a remote cluster.
#[derive(FromPyObject)]
enum Which {
    Dupid(i32),
    Cluster(String),
}

/// An operation with its arguments.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct Operation(client::Operation);

#[pymethods]
impl Operation {
    /// Creates an operation of the kind with that name. An argument that the operation does not need is
    /// ignored.
    #[new]
    #[pyo3(signature = (
        kind, *, table=None, cluster=None, which=None, remote_table=None, remote_replica_count=None,
        checkpoint=false, fail_mode=None, pattern=None, r#match="all",
    ))]
    #[allow(clippy::too_many_arguments, reason = "these are keyword arguments")]
    fn new(
        py: Python<'_>,
        kind: &str,
        table: Option<String>,
        cluster: Option<String>,
        which: Option<Which>,
        remote_table: Option<String>,
        remote_replica_count: Option<i32>,
        checkpoint: bool,
        fail_mode: Option<&str>,
        pattern: Option<String>,
        r#match: &str,
    ) -> PyResult<Operation> {
        let wrong = |what: &str| errors::invalid_argument(py, what);
        let kind = OperationKind::ALL.into_iter().find(|one| one.name() == kind);
        let kind = kind.ok_or_else(|| wrong("there is no such operation"))?;
        let fail_mode = fail_mode.map(str::parse).transpose();
        let (dupid, cluster) = match which {
            Some(Which::Dupid(dupid)) => (Some(dupid), cluster),
            Some(Which::Cluster(cluster)) => (None, Some(cluster)),
            None => (None, cluster),
        };
        let draft = Draft {
            table,
            cluster,
            dupid,
            remote_table,
            remote_replica_count,
            checkpoint,
            fail_mode: fail_mode.map_err(|error| errors::invalid_argument_of(py, &error))?,
            tables: tables(r#match, pattern).ok_or_else(|| wrong("the match is invalid"))?,
            ..Draft::new(kind)
        };
        draft.complete().map(Operation).ok_or_else(|| wrong("an argument is missing"))
    }
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

impl Operation {
    pub(super) fn get(&self) -> &client::Operation {
        &self.0
    }
}
