//! The client: one file per operation.
//!
//! From the bottom up: `core` holds the state that calls share. `ask`, `attempt` and `read_back` are
//! the steps that operations have in common. Each operation has a file of its own, and is declared below,
//! which makes it a method of [`Client`] and of [`BlockingClient`](blocking::BlockingClient).

mod add;
mod ask;
mod attempt;
mod backup_policy;
pub mod blocking;
mod builder;
mod check;
mod codes;
pub(crate) mod compare;
mod core;
mod decide;
mod declare;
#[cfg(any(feature = "capi", feature = "python"))]
pub(crate) mod draft;
mod handle;
mod harm;
pub(crate) mod hints;
#[cfg(any(feature = "capi", feature = "python"))]
pub(crate) mod in_flight;
mod info;
mod learn;
mod list;
mod listed;
mod modify;
#[cfg(any(feature = "capi", feature = "cli", feature = "python"))]
mod operation;
pub mod progress;
mod query;
mod read_back;
mod reply;
mod spec;
mod subject;
mod table;
mod try_error;
mod turns;
mod unsettled;
pub(crate) mod warning;

pub use builder::ClientBuilder;
pub use handle::Client;
pub use spec::{
    BackupPolicySpec, DEFAULT_PARTITION_LIMIT, DuplicationSpec, Mode, PROOF_KEY, RecallSpec,
    Selector, TablePattern, TableSelection, TableSpec,
};

#[cfg(any(feature = "capi", feature = "cli", feature = "python"))]
pub(crate) use operation::OperationResult;

use std::time::Duration;

#[cfg(any(feature = "capi", feature = "cli", feature = "python"))]
use crate::enums::ResourceKind;
use crate::error::Result;
#[cfg(feature = "cli")]
use crate::escape::name;
use crate::history;
use crate::info::Info;
use crate::outcome::{Change, FailMode, Outcome, Removal};
use crate::remote_cluster::RemoteCluster;
use crate::resource::{BackupPolicy, Duplication, Table, TableDuplications};
use crate::text;
use modify::Goal;
#[cfg(any(feature = "capi", feature = "cli", feature = "python"))]
use operation::Lend as _;
use spec::Argument as _;

declare::operations! {
    /// Adds a duplication and returns what the add did. Reads the table, sends RPC_CM_ADD_DUPLICATION, and
    /// reads the table again. One client sends adds and changes of the same table and remote cluster one
    /// after the other.
    ///
    /// # Errors
    ///
    /// The call fails with [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) if an add was sent and
    /// nothing shows what it did. After any other error, this call has created nothing.
    Add(changes Duplication):
    fn add(spec: DuplicationSpec as &DuplicationSpec) -> Outcome<Duplication>
    = |call| add::add(call, spec);

    /// Returns the duplications of one table, in the order of their dupids. Sends RPC_CM_LIST_DUPLICATION,
    /// or RPC_CM_QUERY_DUPLICATION if the server does not have that RPC. Changes nothing.
    ///
    /// # Errors
    ///
    /// The call fails with `TableNotFound`, `PermissionDenied`, `Busy`, `Unavailable`, `Timeout` or `Protocol`.
    Query(reads Duplication):
    fn query(table: String as &str) -> Vec<Duplication>
    = |call| query::query(call, table);

    /// Returns the duplications of several tables, sorted by the name of the table and by dupid. Changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// The call fails with `PermissionDenied`, `Busy`, `Unavailable`, `Timeout` or `Protocol`.
    List(reads Duplication):
    fn list(tables: TablePattern as &TablePattern) -> Vec<Duplication>
    = |call| list::list(call, tables);

    /// Returns the duplications of several tables, grouped by table and sorted by the name of the table.
    /// Tables without a duplication are included. Changes nothing.
    ///
    /// # Errors
    ///
    /// Fails like [`Client::list`].
    ListByTable(reads TableDuplications):
    fn list_by_table(tables: TablePattern as &TablePattern) -> Vec<TableDuplications>
    = |call| list::list_by_table(call, tables);

    /// Starts a paused duplication (RPC_CM_MODIFY_DUPLICATION). A duplication that is running or about to
    /// run is not changed.
    ///
    /// # Errors
    ///
    /// The call fails with `DuplicationNotFound` if there is no such duplication, and with `Unsupported`
    /// if the generation of the server is not known. It fails with `OutcomeUnknown` if the request was sent
    /// and nothing shows what it did. After any other error, this call has changed nothing.
    Start(changes Duplication):
    fn start(table: String as &str, which: Selector as &Selector) -> Change<Duplication>
    = |call| modify::change(call, table, which, Goal::Running);

    /// Pauses a duplication (RPC_CM_MODIFY_DUPLICATION). Writes accumulate in this cluster until the
    /// duplication is started again.
    ///
    /// # Errors
    ///
    /// Fails like [`Client::start`], and with `WrongState` if the duplication has not reached DS_LOG yet.
    Pause(changes Duplication):
    fn pause(table: String as &str, which: Selector as &Selector) -> Change<Duplication>
    = |call| modify::change(call, table, which, Goal::Paused);

    /// Removes a duplication (RPC_CM_MODIFY_DUPLICATION). The remote table keeps its data. If the
    /// duplication is already being removed (DS_REMOVED), the call waits until it has disappeared, and
    /// returns [`Removal::NotFound`].
    ///
    /// # Errors
    ///
    /// Fails like [`Client::start`], except that a duplication that does not exist is not an error.
    Remove(changes Duplication):
    fn remove(table: String as &str, which: Selector as &Selector) -> Removal<Duplication>
    = |call| modify::remove(call, table, which);

    /// Sets what a duplication does with writes that the remote cluster does not accept
    /// (RPC_CM_MODIFY_DUPLICATION). The status does not change.
    ///
    /// # Errors
    ///
    /// Fails like [`Client::start`], and with `InvalidArgument` if the mode is [`FailMode::Unknown`].
    SetFailMode(changes Duplication):
    fn set_fail_mode(
        table: String as &str,
        which: Selector as &Selector,
        fail_mode: FailMode as FailMode
    ) -> Change<Duplication>
    = |call| modify::change(call, table, which, Goal::FailMode(fail_mode));

    /// Describes the meta servers: which of them can be reached, which is the leader, the version and
    /// generation of the leader, and the cluster's own name. Sends RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX to
    /// each server, then RPC_CM_LIST_DUPLICATION, RPC_CM_GET_MAX_REPLICA_COUNT, `GET /version` and
    /// RPC_CM_CLUSTER_INFO to the leader. Changes nothing. If no server is the leader, or the stated generation is wrong, the result says so.
    ///
    /// # Errors
    ///
    /// The call has no errors of its own at present.
    Info(reads MetaServers):
    fn info() -> Info
    = |call| info::info(call);

    /// Creates a table and returns what the create did. Reads the list of tables, sends RPC_CM_CREATE_APP
    /// once if no table of that name exists, and reads the list again. A table that was created has no
    /// replicas yet: see [`Client::wait_ready`].
    ///
    /// # Errors
    ///
    /// The call fails with [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) if a create was sent and
    /// nothing shows what it did. After any other error, this call has created nothing.
    CreateTable(changes Table):
    fn create_table(spec: TableSpec as &TableSpec) -> Outcome<Table>
    = |call| table::create(call, spec);

    /// Waits until each partition of a table has its primary and enough secondaries, and returns the table
    /// with its partitions. Changes nothing.
    ///
    /// # Errors
    ///
    /// The call fails with `Timeout` if the table is not ready in time. The message says which partitions
    /// lack replicas, and why if that is known. It fails with `TableNotFound` if the table is dropped, renamed
    /// or replaced during the wait. It also fails like [`Client::describe_table`].
    WaitReady(reads Table):
    fn wait_ready(table: String as &str) -> Table
    = |call| table::wait_ready(call, table);

    /// Drops a table (RPC_CM_DROP_APP), which can be recalled until its reserve time ends. `None` stands for
    /// the server's default reserve time. The removed table says until when it can be recalled, and how many
    /// of its partitions were ready. A request that may have been sent is never repeated, because a drop
    /// names no table id and could drop a newer table.
    ///
    /// # Errors
    ///
    /// The call fails with `OutcomeUnknown` if a drop was sent and nothing shows what it did. After any other
    /// error, this call has dropped nothing. A table that does not exist is not an error.
    DropTable(changes Table):
    fn drop_table(
        table: String as &str,
        reserve: Option<Duration> as Option<Duration>
    ) -> Removal<Table>
    = |call| table::drop(call, table, reserve);

    /// Recalls a dropped table by its id (RPC_CM_RECALL_APP). A table that is available already is not
    /// changed. A table that was dropped before its replicas were complete must not be recalled, because the
    /// recall ends all replica servers: see [`RecallSpec::force`]. Servers do not say when a table was
    /// recalled, so this call does not recognize a table that was recalled, and dropped again before its
    /// replicas were complete. [`Removal::Removed`] has a warning in both cases.
    ///
    /// # Errors
    ///
    /// The call fails with `TableNotFound` if no dropped table with this id can be recalled, with
    /// `InvalidArgument` if the name is taken, with `WrongState` if the table is available under another name
    /// than the requested one, and with `Unsupported` if the recall may end replica servers,
    /// because the table was dropped less than a minute after it was created. It fails with `OutcomeUnknown`
    /// if the request was sent and nothing shows what it did. After any other error, this call has changed
    /// nothing.
    RecallTable(changes Table):
    fn recall_table(spec: RecallSpec as &RecallSpec) -> Change<Table>
    = |call| table::recall(call, spec);

    /// Returns several tables, sorted by name and by table id. Changes nothing.
    ///
    /// # Errors
    ///
    /// The call fails with `PermissionDenied`, `Busy`, `Unavailable`, `Timeout` or `Protocol`.
    ListTables(reads Table):
    fn list_tables(selection: TableSelection as &TableSelection) -> Vec<Table>
    = |call| table::list(call, selection);

    /// Returns the table of this name that is not dropped, with the replicas of each partition. Changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// The call fails with `TableNotFound`, `PermissionDenied`, `Busy`, `Unavailable`, `Timeout` or
    /// `Protocol`.
    DescribeTable(reads Table):
    fn describe_table(table: String as &str) -> Table
    = |call| table::describe(call, table);

    /// Adds a backup policy and returns what the add did. Reads the list of tables, queries the policy, sends
    /// RPC_CM_ADD_BACKUP_POLICY once if there is no policy of that name, and queries again. No server removes a
    /// policy: a policy can only be disabled. A Created is never certain, because servers also return ERR_OK to
    /// an add that had no effect.
    ///
    /// # Errors
    ///
    /// The call fails with `TableNotFound` if a table is not available, with `InvalidArgument` if the server
    /// refuses the policy, and with `Unsupported` if backups are switched off on the server. It fails with
    /// `OutcomeUnknown` if an add was sent and nothing shows what it did. After any other error, this call has
    /// created nothing.
    AddBackupPolicy(changes BackupPolicy):
    fn add_backup_policy(spec: BackupPolicySpec as &BackupPolicySpec) -> Outcome<BackupPolicy>
    = |call| backup_policy::add(call, spec);

    /// Finds out whether the leader accepts a remote cluster as the target of duplications. Looks up a random
    /// table name that no table has, and then sends RPC_CM_ADD_DUPLICATION for that name. Servers check the
    /// remote cluster first and then refuse the missing table, so this creates nothing and changes nothing. Like
    /// every add, the request terminates a meta server whose section `[duplication-group]` has an id twice, or an
    /// id outside 1 to 127.
    ///
    /// # Errors
    ///
    /// An error means that the state is not known. The call fails with `Unsupported` if the name contains a brace
    /// and the server may be a 2.6 snapshot, which would terminate, or if the server does not say why it refuses
    /// the remote cluster. It also fails with `PermissionDenied`, `Busy`, `Unavailable`, `Timeout` or `Protocol`,
    /// and with `OutcomeUnknown` if the server does not refuse the add, which no known server does.
    CheckRemoteCluster(reads RemoteCluster):
    fn check_remote_cluster(cluster: String as &str) -> RemoteCluster
    = |call| check::check_remote_cluster(call, cluster);
}
