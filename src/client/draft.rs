//! An operation that is described step by step, for faces that collect its arguments by name.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Operation;
use super::spec::{
    BackupPolicySpec, DuplicationSpec, RecallSpec, Selector, TablePattern, TableSelection,
    TableSpec,
};
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
    pub(crate) partition_count: Option<i32>,
    pub(crate) replica_count: Option<i32>,
    pub(crate) envs: BTreeMap<String, String>,
    pub(crate) atomic_idempotent: Option<bool>,
    pub(crate) partition_limit: Option<i32>,
    pub(crate) prove_authorship: bool,
    /// The time for which a dropped table can be recalled.
    pub(crate) reserve: Option<Duration>,
    /// The id of the table to recall, or the id that the table of an add must have.
    pub(crate) table_id: Option<i32>,
    /// The name that a recalled table gets.
    pub(crate) new_name: Option<String>,
    /// Whether a table is recalled although that may end replica servers.
    pub(crate) force: bool,
    /// Whether dropped tables are listed too.
    pub(crate) dropped: bool,
    /// Whether the number of ready partitions is read.
    pub(crate) health: bool,
    pub(crate) policy: Option<String>,
    pub(crate) provider: Option<String>,
    /// The names of the tables of a backup policy.
    pub(crate) policy_tables: Vec<String>,
    pub(crate) interval_seconds: Option<i64>,
    pub(crate) history_count: Option<i32>,
    pub(crate) start_time: Option<String>,
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
            partition_count: None,
            replica_count: None,
            envs: BTreeMap::new(),
            atomic_idempotent: None,
            partition_limit: None,
            prove_authorship: false,
            reserve: None,
            table_id: None,
            new_name: None,
            force: false,
            dropped: false,
            health: false,
            policy: None,
            provider: None,
            policy_tables: Vec::new(),
            interval_seconds: None,
            history_count: None,
            start_time: None,
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
                table_id: self.table_id,
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
            OperationKind::CreateTable => {
                let spec = TableSpec::new(table()?, self.partition_count?);
                Operation::CreateTable(TableSpec {
                    replica_count: self.replica_count.unwrap_or(spec.replica_count),
                    envs: self.envs.clone(),
                    atomic_idempotent: self.atomic_idempotent,
                    partition_limit: self.partition_limit.unwrap_or(spec.partition_limit),
                    prove_authorship: self.prove_authorship,
                    ..spec
                })
            }
            OperationKind::WaitReady => Operation::WaitReady(table()?),
            OperationKind::DropTable => Operation::DropTable(table()?, self.reserve),
            OperationKind::RecallTable => Operation::RecallTable(RecallSpec {
                new_name: self.new_name.clone(),
                force: self.force,
                ..RecallSpec::new(self.table_id?)
            }),
            OperationKind::ListTables => Operation::ListTables(TableSelection {
                tables: self.tables.clone(),
                dropped: self.dropped,
                health: self.health,
            }),
            OperationKind::DescribeTable => Operation::DescribeTable(table()?),
            OperationKind::AddBackupPolicy => Operation::AddBackupPolicy(BackupPolicySpec {
                policy: self.policy.clone()?,
                provider: self.provider.clone()?,
                tables: self.policy_tables.clone(),
                interval_seconds: self.interval_seconds?,
                history_count: self.history_count?,
                start_time: self.start_time.clone()?,
            }),
            OperationKind::CheckRemoteCluster => {
                Operation::CheckRemoteCluster(self.cluster.clone()?)
            }
        })
    }
}
