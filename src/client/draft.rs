//! An operation that is described step by step, for faces that collect its arguments by name.

use super::Operation;
use super::spec::{DuplicationSpec, Selector, TablePattern};
use crate::enums::OperationKind;
use crate::outcome::FailMode;

/// An operation that may still lack arguments. Arguments that the operation does not need are ignored.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) kind: OperationKind,
    pub(crate) table: Option<String>,
    pub(crate) cluster: Option<String>,
    /// The dupid that selects a duplication. 0 selects by the remote cluster if there is one.
    pub(crate) dupid: Option<i32>,
    pub(crate) remote_table: Option<String>,
    pub(crate) remote_replica_count: Option<i32>,
    pub(crate) checkpoint: bool,
    pub(crate) fail_mode: Option<FailMode>,
    pub(crate) tables: TablePattern,
}

impl Draft {
    /// Returns the draft of an operation, without arguments.
    pub(crate) fn new(kind: OperationKind) -> Draft {
        Draft {
            kind,
            table: None,
            cluster: None,
            dupid: None,
            remote_table: None,
            remote_replica_count: None,
            checkpoint: false,
            fail_mode: None,
            tables: TablePattern::All,
        }
    }

    /// Returns the operation, or `None` if the draft lacks an argument that the operation needs, or selects
    /// a duplication both by a dupid and by a remote cluster.
    pub(crate) fn complete(&self) -> Option<Operation> {
        let table = || self.table.clone();
        let which = || match (self.dupid, &self.cluster) {
            (None | Some(0), Some(cluster)) => Some(Selector::Cluster(cluster.clone())),
            (Some(dupid), None) => Some(Selector::Dupid(dupid)),
            (Some(_), Some(_)) | (None, None) => None,
        };
        Some(match self.kind {
            OperationKind::Add => Operation::Add(DuplicationSpec {
                remote_table: self.remote_table.clone(),
                remote_replica_count: self.remote_replica_count,
                checkpoint: self.checkpoint,
                ..DuplicationSpec::new(table()?, self.cluster.clone()?)
            }),
            OperationKind::Query => Operation::Query(table()?),
            OperationKind::List => Operation::List(self.tables.clone()),
            OperationKind::ListByTable => Operation::ListByTable(self.tables.clone()),
            OperationKind::Start => Operation::Start(table()?, which()?),
            OperationKind::Pause => Operation::Pause(table()?, which()?),
            OperationKind::Remove => Operation::Remove(table()?, which()?),
            OperationKind::SetFailMode => {
                Operation::SetFailMode(table()?, which()?, self.fail_mode?)
            }
            OperationKind::Info => Operation::Info(),
        })
    }
}
