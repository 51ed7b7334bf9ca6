//! The enums that every face has, each with its names, its numbers and its documentation.
//!
//! This file is the only place where they are written down. The C constants, the enums of
//! `include/pegasus_dup/enums.hpp`, the Python enums and exceptions, and the tables and the schema of
//! `docs/json.md` are generated from it into checked-in files. After a change here, run
//!
//! ```text
//! PEGASUS_DUP_WRITE=1 cargo test --features capi --test faces
//! ```
//!
//! Without the variable the same tests compare the files with this one.
//!
//! The documentation of a variant appears in all faces. It therefore consists of full sentences
//! without links, and it names other variants by the name that JSON has for them.

mod declare;

#[cfg(feature = "capi")]
pub(crate) use declare::Numbered;
use declare::shared_enums;
pub use declare::{Enum, Member, UNNAMED};

shared_enums! {
    /// The kind of an outcome.
    #[derive()]
    pub enum OutcomeKind {
        /// The resource did not exist before the call, and exists now.
        Created = 0 => "created",
        /// The resource existed already, and this call created nothing. The differences and the
        /// unverified properties say how the existing resource compares with the request.
        AlreadyExists = 1 => "already_exists",
        /// The call failed. The kind of the error says what to do.
        Error = 2 => "error",
        /// A query or a list succeeded. The result may be empty.
        Listed = 3 => "listed",
        /// The call changed the resource.
        Changed = 4 => "changed",
        /// The resource was already in the requested state, and this call changed nothing.
        Unchanged = 5 => "unchanged",
        /// The resource existed when the call looked it up, and does not exist any more.
        Removed = 6 => "removed",
        /// The resource to be removed does not exist. Nothing was removed.
        NotFound = 7 => "not_found",
        /// The outcome describes the meta servers.
        Info = 8 => "info",
    }

    /// The kind of the value that an outcome has.
    #[derive()]
    pub enum ResourceKind {
        /// A duplication of a table to a remote cluster.
        Duplication = 0 => "duplication",
        /// A table.
        Table = 1 => "table",
        /// A policy by which the cluster backs up tables periodically.
        BackupPolicy = 2 => "backup_policy",
        /// A table with all its duplications, as listed by table.
        TableDuplications = 3 => "table_duplications",
        /// The meta servers of a cluster.
        MetaServers = 4 => "meta_servers",
        /// What a cluster knows about a remote cluster.
        RemoteCluster = 5 => "remote_cluster",
    }

    /// The reason why the outcome of an add, a create or a removal is known.
    #[derive()]
    pub enum Evidence {
        /// Certain. The response of the server shows the outcome. For an add of a duplication, a server
        /// that is proven to be of the generation `dup-exist` returned ERR_OK, or any server returned
        /// ERR_DUP_EXIST. For a create of a table, any server returned ERR_OK with a new table id, or
        /// ERR_APP_EXIST.
        ServerSaidSo = 0 => "server_said_so",
        /// Certain. The resource was listed before the request, and nothing was sent.
        ListedBefore = 1 => "listed_before",
        /// Certain. The resource that is listed after the request cannot be the one that this call
        /// requested.
        ListedAfter = 2 => "listed_after",
        /// Not certain. The requested effect was absent before the call, and is present afterwards, as
        /// far as it can be compared with the request. Either this call or a concurrent call caused it.
        AppearedDuringCall = 3 => "appeared_during_call",
        /// Certain. The table that is listed after the request has the random value that this call wrote
        /// into its settings to prove that it created the table.
        ProofListed = 4 => "proof_listed",
    }

    /// A property of a resource that a request can name.
    #[derive(PartialOrd, Ord)]
    pub enum Property {
        /// Whether the data that the table already holds is shipped too.
        Checkpoint = 0 => "checkpoint",
        /// The name of the table in the remote cluster.
        RemoteTable = 1 => "remote_table",
        /// The replica count of the table in the remote cluster.
        RemoteReplicaCount = 2 => "remote_replica_count",
        /// The number of partitions of a table.
        PartitionCount = 3 => "partition_count",
        /// The number of replicas of each partition of a table.
        ReplicaCount = 4 => "replica_count",
        /// The settings of a table.
        Envs = 5 => "envs",
        /// Whether the writes of a table are made idempotent before they are replicated.
        AtomicIdempotent = 6 => "atomic_idempotent",
        /// The type of the application that serves a table.
        AppType = 7 => "app_type",
        /// The storage to which a backup policy writes.
        Provider = 8 => "provider",
        /// The ids of the tables that a backup policy backs up.
        TableIds = 9 => "table_ids",
        /// The time between two backups, in seconds.
        IntervalSeconds = 10 => "interval_seconds",
        /// The number of backups that are kept.
        HistoryCount = 11 => "history_count",
        /// The time of day at which a backup starts.
        StartTime = 12 => "start_time",
        /// Whether a duplication is running or paused. Only plans compare the status.
        Status = 13 => "status",
        /// What a duplication does with a write that the remote cluster does not accept. Only plans
        /// compare the fail mode.
        FailMode = 14 => "fail_mode",
    }

    /// What a plan says of a duplication.
    #[derive(PartialOrd, Ord)]
    pub enum Verdict {
        /// The duplication does not exist and can be created.
        Create = 0 => "create",
        /// The duplication exists, and no difference from the declaration was found.
        AsWanted = 1 => "as_wanted",
        /// The duplication exists and differs from the declaration.
        Differs = 2 => "differs",
        /// The duplication exists, and a declared property cannot be compared.
        NotComparable = 3 => "not_comparable",
        /// The duplication does not exist and cannot be created.
        Refused = 4 => "refused",
        /// The duplication exists and is not declared.
        Unmanaged = 5 => "unmanaged",
    }

    /// What it takes to bring a duplication into the declared state.
    #[derive()]
    pub enum PlanStep {
        /// Adds the duplication.
        Add = 0 => "add",
        /// Starts the duplication.
        Start = 1 => "start",
        /// Pauses the duplication.
        Pause = 2 => "pause",
        /// Sets the fail mode of the duplication.
        SetFailMode = 3 => "set_fail_mode",
        /// Removes the duplication.
        Remove = 4 => "remove",
        /// Removes the duplication and adds it again. No program takes this step by itself, because the
        /// remote table would lack writes.
        Recreate = 5 => "recreate",
    }

    /// What an apply did with a duplication.
    #[derive(PartialOrd, Ord)]
    pub enum ItemResult {
        /// The duplication was created.
        Created = 0 => "created",
        /// The duplication was started or paused, or its fail mode was set.
        Changed = 1 => "changed",
        /// The duplication was removed.
        Removed = 2 => "removed",
        /// The duplication was as wanted already, and nothing was sent.
        Unchanged = 3 => "unchanged",
        /// The duplication differs from the declaration and was left as it is.
        Differs = 4 => "differs",
        /// The duplication has changed since the plan was made, and nothing was sent.
        Stale = 5 => "stale",
        /// A request failed or was refused. The error says what was done.
        Failed = 6 => "failed",
        /// A request was sent, and its effect is not known.
        Unknown = 7 => "unknown",
        /// Nothing was tried, because the apply ended before.
        NotTried = 8 => "not_tried",
    }

    /// The kind of an error. Each kind calls for another reaction.
    #[derive(PartialOrd, Ord)]
    pub enum ErrorKind {
        /// The table does not exist or is not available. Check its name.
        TableNotFound = 1 => "table_not_found",
        /// The table has no such duplication.
        DuplicationNotFound = 2 => "duplication_not_found",
        /// The configuration of the meta servers lacks the id or the addresses of the remote
        /// cluster.
        RemoteClusterNotConfigured = 3 => "remote_cluster_not_configured",
        /// Another table is already duplicated to the same table of the same remote cluster.
        RemoteTableTaken = 4 => "remote_table_taken",
        /// The existing table or duplication is in a state that does not allow the request.
        WrongState = 5 => "wrong_state",
        /// The request is invalid. Correct the request.
        InvalidArgument = 6 => "invalid_argument",
        /// The server cannot do what the request says. The server would ignore or misread the request, or
        /// could crash because of it, or the feature is switched off on the server. The request was not
        /// sent, or the server refused it.
        Unsupported = 7 => "unsupported",
        /// The access control of the server refused the request.
        PermissionDenied = 8 => "permission_denied",
        /// Another change of the same resource is in progress. Try again later.
        Busy = 9 => "busy",
        /// No meta server could take the request, and nothing was done. No meta server could be
        /// reached, no meta server is ready, duplication is switched off on the server, or this machine
        /// has no thread or file descriptor left for a connection. The hint says which.
        Unavailable = 10 => "unavailable",
        /// The timeout expired. Nothing was sent, or the request provably had no effect.
        Timeout = 11 => "timeout",
        /// A request was sent, and its effect is not known. The message says what is known, and the
        /// hint says how to find out more.
        OutcomeUnknown = 12 => "outcome_unknown",
        /// The response is not one that a meta server sends.
        Protocol = 13 => "protocol",
    }

    /// The status of a duplication. The status does not say whether writes reach the remote cluster.
    #[derive()]
    pub enum Status {
        /// The server shows the duplication but has not stored it yet. If the server crashes now, the
        /// duplication is lost.
        Init = 0 => "DS_INIT",
        /// The checkpoint is being created. Servers of version 2.4 and later have this status.
        Prepare = 1 => "DS_PREPARE",
        /// The remote table is loading the checkpoint. Servers of version 2.4 and later have this
        /// status.
        App = 2 => "DS_APP",
        /// Writes are being shipped. Servers of version 2.4 and later have this status.
        Log = 3 => "DS_LOG",
        /// The duplication is paused. Writes accumulate until it is started.
        Pause = 4 => "DS_PAUSE",
        /// The duplication is being removed. It is still listed and will disappear.
        Removed = 5 => "DS_REMOVED",
        /// Writes are being shipped. Servers of version 2.3 and earlier have this status.
        Start = 6 => "DS_START",
        else
        /// A number that has no name in the generation of the server.
        Unknown => "DS_UNKNOWN",
    }

    /// The status of a table.
    #[derive()]
    pub enum TableStatus {
        /// The table is in use. This does not say that its partitions are ready.
        Available = 1 => "AS_AVAILABLE",
        /// The server has not stored the table yet.
        Creating = 2 => "AS_CREATING",
        /// The server has not stored the drop of the table yet.
        Dropping = 4 => "AS_DROPPING",
        /// The table was dropped. The table can be recalled until it expires.
        Dropped = 6 => "AS_DROPPED",
        /// The server has not stored the recall of the table yet.
        Recalling = 7 => "AS_RECALLING",
        else
        /// A number that has no name.
        Unknown => "AS_UNKNOWN",
    }

    /// What a duplication does with a write that the remote cluster does not accept.
    #[derive()]
    pub enum FailMode {
        /// Retries the write until the remote cluster accepts it. This is the default.
        Slow = 0 => "FAIL_SLOW",
        /// Skips the write. The remote table then lacks it.
        Skip = 1 => "FAIL_SKIP",
        /// Terminates the replica server.
        Fast = 2 => "FAIL_FAST",
        else
        /// A number that has no name. It is never sent.
        Unknown => "FAIL_UNKNOWN",
    }

    /// A generation of Pegasus meta servers. Servers of one generation treat duplication requests
    /// alike.
    #[derive(PartialOrd, Ord)]
    pub enum Generation {
        /// Versions 1.12 to 2.3. Field 3 of an add says whether the duplication is created paused. A
        /// repeated add starts or pauses the existing duplication.
        Freezed = 0 => "freezed",
        /// Versions 2.4 and 2.5. The server ignores a requested remote table and replica count, and
        /// returns ERR_OK to a repeated add.
        Checkpoint = 1 => "checkpoint",
        /// Snapshots of 2.6 before June 2024. The server returns ERR_OK and an echo to a repeated add.
        RemoteName = 2 => "remote-name",
        /// A snapshot of 2.6 without the list RPC whose exact generation is not known, or a server of
        /// 2.4 or later that does not report its version. Requests that only some of these servers
        /// understand are not sent.
        Snapshot26 = 3 => "snapshot-2.6",
        /// Snapshots of 2.6 since June 2024. The server returns ERR_DUP_EXIST to a repeated add if the
        /// state of the existing duplication allows it.
        DupExist = 4 => "dup-exist",
    }

    /// The role that a meta server has at the moment.
    #[derive()]
    pub enum Role {
        /// The server is the leader.
        Leader = 0 => "leader",
        /// The server is a follower.
        Follower = 1 => "follower",
        /// The server responds, but it has not started yet or is recovering.
        NotReady = 2 => "not_ready",
        /// No connection can be opened, or the name of the server has no address.
        Unreachable = 3 => "unreachable",
        /// The server accepts the connection but sends no complete response.
        NoAnswer = 4 => "no_answer",
        /// The program that responds at the address is not a meta server.
        NoMetaServer = 5 => "no_meta_server",
    }

    /// The reason why the generation of a server is known.
    #[derive()]
    pub enum KnownBy {
        /// The server handles `RPC_CM_LIST_DUPLICATION`, which proves the generation `dup-exist`.
        ListRpc = 0 => "list_rpc",
        /// The server lacks `RPC_CM_GET_MAX_REPLICA_COUNT`, which proves the generation `freezed`.
        NoReplicaCountRpc = 1 => "no_replica_count_rpc",
        /// The server handles `RPC_CM_GET_MAX_REPLICA_COUNT` but not `RPC_CM_LIST_DUPLICATION`, and
        /// `GET /version` returns its version.
        Version = 2 => "version",
        /// The server handles `RPC_CM_GET_MAX_REPLICA_COUNT` but not `RPC_CM_LIST_DUPLICATION`, and it
        /// does not report its version. The client then assumes the generation that is safe for all
        /// such servers.
        NoVersion = 3 => "no_version",
        /// The caller stated the generation, and nothing that the client found out contradicts the
        /// statement.
        Stated = 4 => "stated",
    }

    /// Whether a cluster accepts a remote cluster as the target of duplications.
    #[derive()]
    pub enum RemoteClusterState {
        /// The configuration of the leader has the id and the meta servers of the remote cluster. The other
        /// servers have configurations of their own, and this does not say that the remote cluster can be
        /// reached.
        Configured = 0 => "configured",
        /// The configuration of the leader lacks the id or the meta servers of the remote cluster. The hint
        /// of the server says which.
        NotConfigured = 1 => "not_configured",
        /// The name is that of the cluster itself.
        OwnCluster = 2 => "own_cluster",
    }

    /// The kind of a step that a call is about to take.
    #[derive()]
    pub enum StepKind {
        /// Waits for another change of the same resource by this client to end.
        WaitingForTurn = 0 => "waiting_for_turn",
        /// Looks for the leader among the meta servers.
        LookingForLeader = 1 => "looking_for_leader",
        /// Reads what exists from a server. After the step `sending`, this step finds out
        /// whether the change had an effect.
        Asking = 2 => "asking",
        /// Sends the change. From here to the step `settled` the effect of the change is not known.
        Sending = 3 => "sending",
        /// The effect of the change is known.
        Settled = 4 => "settled",
        /// Starts over after a pause, because something failed and nothing was done.
        TryingAgain = 5 => "trying_again",
        /// Waits for the partitions of a table to get their replicas. The detail says how many partitions
        /// are ready.
        GettingReady = 6 => "getting_ready",
    }

    /// The kind of an entry in the history of a call.
    #[derive()]
    pub enum EntryKind {
        /// A step that the call was about to take.
        Step = 0 => "step",
        /// A request to a server, and the response to it or the reason why there is none.
        Request = 1 => "request",
        /// A response that arrived after the client had stopped waiting for it, and that still counts.
        LateResponse = 2 => "late_response",
        /// A look-up of the version of a server by HTTP.
        Version = 3 => "version",
        /// What the search for the leader has found out about a server.
        Server = 4 => "server",
        /// The result of the call.
        Conclusion = 5 => "conclusion",
    }

    /// An operation of a client.
    #[derive()]
    pub enum OperationKind {
        /// Adds a duplication. The request needs a table and a remote cluster.
        Add = 0 => "add",
        /// Returns the duplications of one table. The request needs a table.
        Query = 1 => "query",
        /// Returns the duplications of several tables. The request may select the tables, and by
        /// default selects all tables.
        List = 2 => "list",
        /// Starts a paused duplication. The request needs a table, and either a dupid or a remote
        /// cluster.
        Start = 3 => "start",
        /// Pauses a duplication. The request needs a table, and either a dupid or a remote cluster.
        Pause = 4 => "pause",
        /// Removes a duplication. The request needs a table, and either a dupid or a remote cluster.
        Remove = 5 => "remove",
        /// Sets the fail mode of a duplication. The request needs a table, a fail mode, and either a
        /// dupid or a remote cluster.
        SetFailMode = 6 => "set_fail_mode",
        /// Returns the duplications of several tables, grouped by table. Tables without a duplication
        /// are included. The request may select the tables, and by default selects all tables.
        ListByTable = 7 => "list_by_table",
        /// Describes the meta servers.
        Info = 8 => "info",
        /// Creates a table. The request needs a table and a partition count.
        CreateTable = 9 => "create_table",
        /// Waits until all partitions of a table have their replicas. The request needs a table.
        WaitReady = 10 => "wait_ready",
        /// Drops a table. The request needs a table.
        DropTable = 11 => "drop_table",
        /// Recalls a dropped table. The request needs the id of the table.
        RecallTable = 12 => "recall_table",
        /// Returns several tables. The request may select the tables, and by default selects all tables
        /// that are not dropped.
        ListTables = 13 => "list_tables",
        /// Returns one table with its partitions. The request needs a table.
        DescribeTable = 14 => "describe_table",
        /// Adds a backup policy. The request needs the name of the policy, a provider, the names of the
        /// tables, an interval, a history count and a start time.
        AddBackupPolicy = 15 => "add_backup_policy",
        /// Finds out whether the cluster accepts a remote cluster as the target of duplications. The request
        /// needs a remote cluster.
        CheckRemoteCluster = 16 => "check_remote_cluster",
    }

    /// The way in which an add is done.
    #[derive(Default)]
    pub enum Mode {
        /// Looks for the duplication first, sends the add only if the duplication does not exist, and
        /// looks for it again afterwards. This is the default.
        Safe = 0 => "safe" default,
        /// Sends the add without looking for the duplication first, which saves a round trip. The
        /// server must be proven to be of the generation `dup-exist`; otherwise the call fails with
        /// `unsupported`. If the duplication exists, the add may resume it, move it from DS_APP to
        /// DS_LOG, and reset its fail mode to FAIL_SLOW, until the meta server restarts. The outcome
        /// then has a warning that says so. If the response is lost, a duplication that is listed may
        /// have existed before, and the call fails with `outcome_unknown`.
        Direct = 1 => "direct",
    }

    /// The rule by which a list selects tables.
    #[derive()]
    pub enum MatchType {
        /// Selects all tables.
        All = 0 => "all",
        /// Selects the table that has the text as its name.
        Exact = 1 => "exact",
        /// Selects the tables whose name contains the text.
        Anywhere = 2 => "anywhere",
        /// Selects the tables whose name starts with the text.
        Prefix = 3 => "prefix",
        /// Selects the tables whose name ends with the text.
        Postfix = 4 => "postfix",
    }

    /// The type of a field's value.
    #[derive()]
    pub enum ValueType {
        /// There is no value.
        Absent = 0 => "absent",
        /// Yes or no.
        Boolean = 1 => "boolean",
        /// A number.
        Number = 2 => "number",
        /// Text.
        Text = 3 => "text",
        /// A list of values.
        List = 4 => "list",
        /// Values with names.
        Map = 5 => "map",
    }

    /// The importance of a log message. A lower number is more important.
    #[derive()]
    pub enum LogLevel {
        /// Something failed that should not fail.
        Error = 1 => "error",
        /// A person should know of the event.
        Warn = 2 => "warn",
        /// The message describes what the library does.
        Info = 3 => "info",
        /// The message describes in detail how the library does its work.
        Debug = 4 => "debug",
        /// The message describes everything that the library does.
        Trace = 5 => "trace",
    }
}

impl Evidence {
    /// Returns whether the outcome is certain.
    pub fn certain(self) -> bool {
        match self {
            Evidence::ServerSaidSo
            | Evidence::ListedBefore
            | Evidence::ListedAfter
            | Evidence::ProofListed => true,
            Evidence::AppearedDuringCall => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_variants_share_a_name_or_a_number() {
        for declared in ENUMS {
            let names: HashSet<_> = declared.members.iter().map(|member| member.name).collect();
            let numbers: HashSet<_> = declared.members.iter().map(|member| member.number).collect();
            assert_eq!(names.len(), declared.members.len(), "{}", declared.name);
            assert_eq!(numbers.len(), declared.members.len(), "{}", declared.name);
            assert!(numbers.iter().all(|&number| number >= 0), "{}", declared.name);
        }
    }

    #[test]
    fn an_unknown_number_is_displayed() {
        assert_eq!(Status::Unknown(9).to_string(), "DS_UNKNOWN(9)");
        assert_eq!(Status::Unknown(9).name(), "DS_UNKNOWN");
        assert_eq!(Status::Log.to_string(), "DS_LOG");
        assert_eq!(FailMode::Unknown(3).to_string(), "FAIL_UNKNOWN(3)");
    }
}
