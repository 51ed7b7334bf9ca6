//! The messages, in the manner of an IDL: the field ids, names and types that a Pegasus meta server
//! reads and writes. The comment of a field says what the field means, and which servers have the
//! field.
//!
//! Fields of responses are optional here if servers of some versions may leave them out, because an
//! absent field and 0 do not mean the same.

use std::collections::BTreeMap;

use super::bare::{Blob, Gpid, HostPort, RpcAddress};
use super::error_code::ErrorCode;
use super::rpc::rpcs;
use super::thrift::messages;

pub use super::rpc::{ResponseStruct, Rpc};

rpcs! {
    ($)

    /// Adds a duplication.
    Update AddDuplication = "RPC_CM_ADD_DUPLICATION" "add" {
        subject: Duplications,
        since: Freezed,
        request: AddRequest,
        response: AddResponse {
            appid: Some(0),
            dupid: Some(0),
            hint: None,
            remote_app_name: None,
            remote_replica_count: None,
        },
    }

    /// Changes the status or the fail mode of a duplication: starts, pauses or removes it.
    Update ModifyDuplication = "RPC_CM_MODIFY_DUPLICATION" "modify" {
        subject: Duplications,
        since: Freezed,
        request: ModifyRequest,
        response: ModifyResponse { appid: Some(0) },
    }

    /// Lists the duplications of one table.
    Read QueryDuplication = "RPC_CM_QUERY_DUPLICATION" "query" {
        subject: Duplications,
        since: Freezed,
        request: QueryRequest,
        response: QueryResponse { appid: Some(0), entry_list: Some(Vec::new()) },
    }

    /// Lists the duplications of many tables. A server that handles it is a 2.6 snapshot since
    /// December 2024, and thus of the generation dup-exist.
    Read ListDuplication = "RPC_CM_LIST_DUPLICATION" "list" {
        subject: Duplications,
        since: DupExist,
        request: ListRequest,
        response: ListResponse {
            hint_message: Some(String::new()),
            app_states: Some(BTreeMap::new()),
        },
    }

    /// Lists the tables.
    Read ListApps = "RPC_CM_LIST_APPS" "list-apps" {
        subject: Cluster,
        since: Freezed,
        request: ListAppsRequest,
        response: ListAppsResponse { infos: Some(Vec::new()), hint_message: None },
    }

    /// Lists the partitions of a table. The response of a follower names the leader.
    Read QueryConfig = "RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX" "query-config" {
        subject: Cluster,
        since: Freezed,
        request: QueryConfigRequest,
        response: QueryConfigResponse {
            app_id: Some(0),
            partition_count: Some(0),
            is_stateful: Some(false),
            partitions: Some(Vec::new()),
        },
    }

    /// Creates a table.
    Update CreateApp = "RPC_CM_CREATE_APP" "create-app" {
        subject: Cluster,
        since: Freezed,
        request: CreateAppRequest,
        response: CreateAppResponse { appid: Some(0) },
    }

    /// Drops a table, which can be recalled for some time.
    Update DropApp = "RPC_CM_DROP_APP" "drop-app" {
        subject: Cluster,
        since: Freezed,
        request: DropAppRequest,
        response: DropAppResponse { },
    }

    /// Recalls a dropped table by its id.
    Update RecallApp = "RPC_CM_RECALL_APP" "recall-app" {
        subject: Cluster,
        since: Freezed,
        request: RecallAppRequest,
        response: RecallAppResponse { info: Some(AppInfo::default()) },
    }

    /// Renames a table.
    Update RenameApp = "RPC_CM_RENAME_APP" "rename-app" {
        subject: Cluster,
        since: Checkpoint,
        request: RenameAppRequest,
        response: RenameAppResponse { hint_message: Some(String::new()) },
    }

    /// Sets, deletes or clears settings of a table.
    Update UpdateAppEnv = "RPC_CM_UPDATE_APP_ENV" "update-app-env" {
        subject: Cluster,
        since: Freezed,
        request: UpdateAppEnvRequest,
        response: UpdateAppEnvResponse { hint_message: Some(String::new()) },
    }

    /// Changes the replica count of a table.
    Update SetMaxReplicaCount = "RPC_CM_SET_MAX_REPLICA_COUNT" "set-max-replica-count" {
        subject: Cluster,
        since: Checkpoint,
        request: SetMaxReplicaCountRequest,
        response: SetMaxReplicaCountResponse {
            old_max_replica_count: Some(0),
            hint_message: Some(String::new()),
        },
    }

    /// Returns whether a table is atomic idempotent. The request waits in the queue of updates.
    Update GetAtomicIdempotent = "RPC_CM_GET_ATOMIC_IDEMPOTENT" "atomic-idempotent" {
        subject: Cluster,
        since: DupExist,
        request: AtomicIdempotentRequest,
        response: AtomicIdempotentResponse {
            atomic_idempotent: Some(false),
            hint_message: Some(String::new()),
        },
    }

    /// Sets whether a table is atomic idempotent.
    Update SetAtomicIdempotent = "RPC_CM_SET_ATOMIC_IDEMPOTENT" "set-atomic-idempotent" {
        subject: Cluster,
        since: DupExist,
        request: SetAtomicIdempotentRequest,
        response: SetAtomicIdempotentResponse {
            old_atomic_idempotent: Some(false),
            hint_message: Some(String::new()),
        },
    }

    /// Returns the replica count of a table. The request waits in the queue of updates. A server that
    /// does not handle it is of the generation freezed.
    Update GetMaxReplicaCount = "RPC_CM_GET_MAX_REPLICA_COUNT" "max-replica-count" {
        subject: Cluster,
        since: Checkpoint,
        request: MaxReplicaCountRequest,
        response: MaxReplicaCountResponse {
            max_replica_count: Some(0),
            hint_message: Some(String::new()),
        },
    }

    /// Lists the replica servers.
    Read ListNodes = "RPC_CM_LIST_NODES" "list-nodes" {
        subject: Cluster,
        since: Freezed,
        request: ListNodesRequest,
        response: ListNodesResponse { infos: Some(Vec::new()) },
    }

    /// Returns facts about the cluster, for example the addresses of its meta servers.
    Read ClusterInfo = "RPC_CM_CLUSTER_INFO" "cluster-info" {
        subject: Cluster,
        since: Freezed,
        request: ClusterInfoRequest,
        response: ClusterInfoResponse { keys: Some(Vec::new()), values: Some(Vec::new()) },
    }
}

/// The name of the RPC that starts an authentication. It concerns the connection, so every server
/// handles it, whichever server is the leader.
pub const NEGOTIATION: &str = "RPC_NEGOTIATION";

/// The match types of [`ListRequest`] and [`ListAppsRequest`].
pub mod match_type {
    /// Not a match type. Servers refuse it with ERR_NOT_IMPLEMENTED.
    pub const INVALID: i32 = 0;
    /// Every table. The pattern is ignored.
    pub const ALL: i32 = 1;
    /// The table with that name.
    pub const EXACT: i32 = 2;
    /// The tables whose names contain the pattern.
    pub const ANYWHERE: i32 = 3;
    /// The tables whose names start with the pattern.
    pub const PREFIX: i32 = 4;
    /// The tables whose names end with the pattern.
    pub const POSTFIX: i32 = 5;
    /// The tables whose names match a regular expression. Servers refuse it with
    /// ERR_NOT_IMPLEMENTED.
    pub const REGEX: i32 = 6;
}

/// What [`UpdateAppEnvRequest`] does.
pub mod env_op {
    /// Sets keys to values.
    pub const SET: i32 = 1;
    /// Deletes keys.
    pub const DELETE: i32 = 2;
    /// Deletes all keys with a prefix.
    pub const CLEAR: i32 = 3;
}

messages! {
    /// The thrift struct in a request header of version 1. A meta server does not use its other
    /// fields.
    struct HeaderMeta {
        /// The id of the table whose replica the request is for, or 0 for the meta server.
        1: app_id: Option<i32>,
    }

    /// The response to [`NEGOTIATION`].
    struct NegotiationResponse {
        /// The progress of the authentication. 9 means that the server wants no authentication.
        1: status: i32,
        /// The message of the authentication mechanism.
        2: msg: Blob,
    }

    /// The request of RPC_CM_ADD_DUPLICATION.
    struct AddRequest {
        /// The name of the table.
        1: app_name: String = default,
        /// The name of the remote cluster.
        2: remote_cluster_name: String = default,
        /// 2.4 and later: whether to ship a checkpoint first. An absent field stands for true. 2.3
        /// and older read the same field as "create the duplication paused", and an absent field as
        /// false.
        3: is_duplicating_checkpoint: Option<bool>,
        /// 2.6 snapshots: the name of the remote table. An absent field stands for the table's own
        /// name. Older servers ignore the field.
        4: remote_app_name: Option<String>,
        /// 2.6 snapshots: the replica count of the remote table. An absent field or 0 stands for
        /// the table's own count. Older servers ignore the field.
        5: remote_replica_count: Option<i32>,
    }

    /// The response of RPC_CM_ADD_DUPLICATION.
    struct AddResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The id of the table, or 0 if nothing was done.
        2: appid: Option<i32>,
        /// The id of the duplication, or 0 if nothing was done.
        3: dupid: Option<i32>,
        /// The reason of a refusal.
        4: hint: Option<String>,
        /// 2.6 snapshots, with ERR_OK and ERR_DUP_EXIST: the name of the remote table that the
        /// server has stored.
        5: remote_app_name: Option<String>,
        /// 2.6 snapshots, with ERR_OK and ERR_DUP_EXIST: the replica count that the server has
        /// stored.
        6: remote_replica_count: Option<i32>,
    }

    /// The request of RPC_CM_MODIFY_DUPLICATION. A number that a real server does not know ends the
    /// server.
    struct ModifyRequest {
        /// The name of the table.
        1: app_name: String = default,
        /// The id of the duplication.
        2: dupid: i32 = default,
        /// The new status. The meaning of a number differs by generation.
        3: status: Option<i32>,
        /// The new fail mode.
        4: fail_mode: Option<i32>,
    }

    /// The response of RPC_CM_MODIFY_DUPLICATION.
    struct ModifyResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The id of the table. 0 together with ERR_OK means that there was nothing to change.
        2: appid: Option<i32>,
    }

    /// The request of RPC_CM_QUERY_DUPLICATION.
    struct QueryRequest {
        /// The name of the table.
        1: app_name: String = default,
    }

    /// The response of RPC_CM_QUERY_DUPLICATION. There is no field 2.
    struct QueryResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The id of the table.
        3: appid: Option<i32>,
        /// The duplications of the table, in the order of their dupids.
        4: entry_list: Option<Vec<Entry>>,
    }

    /// A duplication in a query or a list.
    struct Entry {
        /// The id within the table.
        1: dupid: i32,
        /// The status. The meaning of a number differs by generation, except that 0 is always
        /// DS_INIT.
        2: status: i32,
        /// The name of the remote cluster.
        3: remote: String,
        /// The time of the creation, in milliseconds since 1970.
        4: create_ts: i64,
        /// The confirmed decree of each partition. Only servers send this to each other.
        5: progress: Option<BTreeMap<i32, i64>>,
        /// The fail mode: 0 FAIL_SLOW, 1 FAIL_SKIP, 2 FAIL_FAST.
        7: fail_mode: Option<i32>,
        /// 2.6 snapshots: the name of the remote table.
        8: remote_app_name: Option<String>,
        /// 2.6 snapshots: the replica count of the remote table.
        9: remote_replica_count: Option<i32>,
        /// No server sets this field.
        10: mode: Option<i32>,
        /// Newer 2.6 snapshots: the decrees of each partition.
        11: partition_states: Option<BTreeMap<i32, PartitionState>>,
    }

    /// The decrees of a partition. -1 stands for a decree that is not known.
    struct PartitionState {
        /// The last decree that the remote cluster has confirmed.
        1: confirmed_decree: i64,
        /// The last decree that this cluster has committed.
        2: last_committed_decree: i64,
    }

    /// The request of RPC_CM_LIST_DUPLICATION.
    struct ListRequest {
        /// The pattern for the names of tables.
        1: app_name_pattern: String = default,
        /// How the pattern is compared, a [`match_type`].
        2: match_type: i32 = default,
    }

    /// The response of RPC_CM_LIST_DUPLICATION.
    struct ListResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The reason of a refusal.
        2: hint_message: Option<String>,
        /// The tables by name. Available tables without duplications are included.
        3: app_states: Option<BTreeMap<String, AppState>>,
    }

    /// A table in [`ListResponse`].
    struct AppState {
        /// The id of the table.
        1: appid: i32,
        /// The duplications by dupid.
        2: duplications: BTreeMap<i32, Entry>,
        /// The name of the table.
        3: app_name: Option<String>,
        /// The number of partitions.
        4: partition_count: Option<i32>,
    }

    /// The request of RPC_CM_LIST_APPS.
    struct ListAppsRequest {
        /// The status of the tables to list. 0 stands for every status.
        1: status: i32 = default,
        /// 2.6 snapshots: the pattern for the names of tables.
        2: app_name_pattern: Option<String>,
        /// 2.6 snapshots: how the pattern is compared, a [`match_type`].
        3: match_type: Option<i32>,
    }

    /// The response of RPC_CM_LIST_APPS.
    struct ListAppsResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The tables.
        2: infos: Option<Vec<AppInfo>>,
        /// The reason of a refusal.
        3: hint_message: Option<String>,
    }

    /// A table in [`ListAppsResponse`].
    struct AppInfo {
        /// The status: 0 invalid, 1 available, 2 creating, 3 create failed, 4 dropping, 5 drop
        /// failed, 6 dropped, 7 recalling.
        1: status: i32,
        /// The type, `pegasus`.
        2: app_type: String,
        /// The name of the table.
        3: app_name: String,
        /// The id of the table.
        4: app_id: i32,
        /// The number of partitions.
        5: partition_count: i32,
        /// The settings of the table.
        6: envs: BTreeMap<String, String>,
        /// Always true.
        7: is_stateful: bool,
        /// The replica count.
        8: max_replica_count: i32,
        /// The time when the table is deleted for good, in seconds since 1970.
        9: expire_second: i64,
        /// The time of the creation, in seconds since 1970.
        10: create_second: i64,
        /// The time of the drop, in seconds since 1970.
        11: drop_second: i64,
        /// Whether the table has a duplication.
        12: duplicating: Option<bool>,
        /// The number of partitions before a split, or -1 if there was no split.
        13: init_partition_count: Option<i32>,
        /// Whether a bulk load is under way.
        14: is_bulk_loading: Option<bool>,
        /// 2.6 snapshots: whether the table is atomic idempotent.
        15: atomic_idempotent: Option<bool>,
    }

    /// The request of RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX.
    struct QueryConfigRequest {
        /// The name of the table.
        1: app_name: String = default,
        /// The indices of the partitions. An empty list stands for all partitions.
        2: partition_indices: Vec<i32> = default,
    }

    /// The response of RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX.
    struct QueryConfigResponse {
        /// The error code. For a missing table it is ERR_OBJECT_NOT_FOUND.
        1: err: ErrorCode,
        /// The id of the table.
        2: app_id: Option<i32>,
        /// The number of partitions.
        3: partition_count: Option<i32>,
        /// Always true.
        4: is_stateful: Option<bool>,
        /// The requested partitions. With ERR_FORWARD_TO_OTHERS, the primary of the first partition
        /// is the leader.
        5: partitions: Option<Vec<PartitionConfig>>,
    }

    /// The places of a partition's replicas.
    struct PartitionConfig {
        /// The id of the partition.
        1: pid: Gpid,
        /// The number of changes of the partition's configuration.
        2: ballot: i64,
        /// The replica count.
        3: max_replica_count: i32,
        /// The address of the primary.
        4: primary: RpcAddress,
        /// The addresses of the secondaries.
        5: secondaries: Vec<RpcAddress>,
        /// The addresses of nodes that held the partition before.
        6: last_drops: Vec<RpcAddress>,
        /// Meta servers do not set this field.
        7: last_committed_decree: i64,
        /// The flags of the partition.
        8: partition_flags: i32,
        /// 2.6 snapshots: the name of the primary.
        9: hp_primary: Option<HostPort>,
        /// 2.6 snapshots: the names of the secondaries.
        10: hp_secondaries: Option<Vec<HostPort>>,
        /// 2.6 snapshots: the names of nodes that held the partition before.
        11: hp_last_drops: Option<Vec<HostPort>>,
    }

    /// The request of RPC_CM_CREATE_APP.
    struct CreateAppRequest {
        /// The name of the table.
        1: app_name: String = default,
        /// The properties of the table.
        2: options: CreateAppOptions = default,
    }

    /// The properties of a new table in [`CreateAppRequest`].
    struct CreateAppOptions {
        /// The number of partitions.
        1: partition_count: i32 = default,
        /// The replica count.
        2: replica_count: i32 = default,
        /// Whether a table that exists with the same properties is a success.
        3: success_if_exist: bool = default,
        /// The type, `pegasus`. Any other type ends replica servers.
        4: app_type: String = default,
        /// Whether the table has state. False ends meta servers.
        5: is_stateful: bool = default,
        /// The settings of the table.
        6: envs: BTreeMap<String, String> = default,
        /// 2.6 snapshots: whether the table is atomic idempotent.
        7: atomic_idempotent: Option<bool>,
    }

    /// The response of RPC_CM_CREATE_APP.
    struct CreateAppResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The id of the table, or 0 if nothing was done.
        2: appid: Option<i32>,
    }

    /// The request of RPC_CM_DROP_APP. It contains no table id.
    struct DropAppRequest {
        /// The name of the table.
        1: app_name: String = default,
        /// How the table is dropped.
        2: options: DropAppOptions = default,
    }

    /// How a table is dropped, in [`DropAppRequest`].
    struct DropAppOptions {
        /// Whether it is a success if there is no such table.
        1: success_if_not_exist: bool = default,
        /// The time for which the table can be recalled, in seconds. An absent field, 0 and negative
        /// numbers stand for the server's default, a week.
        2: reserve_seconds: Option<i64>,
    }

    /// The response of RPC_CM_DROP_APP.
    struct DropAppResponse {
        /// The error code.
        1: err: ErrorCode,
    }

    /// The request of RPC_CM_RECALL_APP.
    struct RecallAppRequest {
        /// The id of the table.
        1: app_id: i32 = default,
        /// The new name of the table. An empty name stands for the name that it had.
        2: new_app_name: String = default,
    }

    /// The response of RPC_CM_RECALL_APP.
    struct RecallAppResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The table. Its fields are empty if nothing was done.
        2: info: Option<AppInfo>,
    }

    /// The request of RPC_CM_RENAME_APP.
    struct RenameAppRequest {
        /// The name of the table.
        1: old_app_name: String = default,
        /// The new name.
        2: new_app_name: String = default,
    }

    /// The response of RPC_CM_RENAME_APP.
    struct RenameAppResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The reason of a refusal.
        2: hint_message: Option<String>,
    }

    /// The request of RPC_CM_UPDATE_APP_ENV.
    struct UpdateAppEnvRequest {
        /// The name of the table.
        1: app_name: String = default,
        /// The operation, an [`env_op`].
        2: op: i32 = default,
        /// The keys to set or to delete.
        3: keys: Option<Vec<String>>,
        /// The values to set, one for each key.
        4: values: Option<Vec<String>>,
        /// The prefix of the keys to clear, without the dot. An empty prefix stands for all keys.
        5: clear_prefix: Option<String>,
    }

    /// The response of RPC_CM_UPDATE_APP_ENV.
    struct UpdateAppEnvResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The reason of a refusal, or the keys that were deleted.
        2: hint_message: Option<String>,
    }

    /// The request of RPC_CM_SET_MAX_REPLICA_COUNT.
    struct SetMaxReplicaCountRequest {
        /// The name of the table.
        1: app_name: String = default,
        /// The new replica count.
        2: max_replica_count: i32 = default,
    }

    /// The response of RPC_CM_SET_MAX_REPLICA_COUNT.
    struct SetMaxReplicaCountResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The replica count before the request.
        2: old_max_replica_count: Option<i32>,
        /// The reason of a refusal.
        3: hint_message: Option<String>,
    }

    /// The request of RPC_CM_GET_ATOMIC_IDEMPOTENT.
    struct AtomicIdempotentRequest {
        /// The name of the table.
        1: app_name: String = default,
    }

    /// The response of RPC_CM_GET_ATOMIC_IDEMPOTENT.
    struct AtomicIdempotentResponse {
        /// The error code.
        1: err: ErrorCode,
        /// Whether the table is atomic idempotent.
        2: atomic_idempotent: Option<bool>,
        /// The reason of a refusal.
        3: hint_message: Option<String>,
    }

    /// The request of RPC_CM_SET_ATOMIC_IDEMPOTENT.
    struct SetAtomicIdempotentRequest {
        /// The name of the table.
        1: app_name: String = default,
        /// Whether the table is to be atomic idempotent.
        2: atomic_idempotent: bool = default,
    }

    /// The response of RPC_CM_SET_ATOMIC_IDEMPOTENT.
    struct SetAtomicIdempotentResponse {
        /// The error code.
        1: err: ErrorCode,
        /// Whether the table was atomic idempotent before the request.
        2: old_atomic_idempotent: Option<bool>,
        /// The reason of a refusal.
        3: hint_message: Option<String>,
    }

    /// The request of RPC_CM_GET_MAX_REPLICA_COUNT.
    struct MaxReplicaCountRequest {
        /// The name of the table.
        1: app_name: String = default,
    }

    /// The response of RPC_CM_GET_MAX_REPLICA_COUNT.
    struct MaxReplicaCountResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The replica count.
        2: max_replica_count: Option<i32>,
        /// The reason of a refusal.
        3: hint_message: Option<String>,
    }

    /// The request of RPC_CM_LIST_NODES.
    struct ListNodesRequest {
        /// The status of the replica servers to list: 0 all, 1 alive, 2 dead.
        1: status: i32 = default,
    }

    /// The response of RPC_CM_LIST_NODES.
    struct ListNodesResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The replica servers.
        2: infos: Option<Vec<NodeInfo>>,
    }

    /// A replica server in [`ListNodesResponse`].
    struct NodeInfo {
        /// The status: 1 alive, 2 dead.
        1: status: i32,
        /// The address.
        2: node: RpcAddress,
        /// 2.6 snapshots: the name.
        3: hp_node: Option<HostPort>,
    }

    /// The request of RPC_CM_CLUSTER_INFO, which has no fields.
    struct ClusterInfoRequest {
    }

    /// The response of RPC_CM_CLUSTER_INFO.
    struct ClusterInfoResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The names of the facts, for example `meta_servers`.
        2: keys: Option<Vec<String>>,
        /// The values of the facts, in the same order.
        3: values: Option<Vec<String>>,
    }
}

impl Default for AppInfo {
    /// Returns the table in the refusal of a recall: everything is empty.
    fn default() -> AppInfo {
        AppInfo {
            status: 0,
            app_type: String::new(),
            app_name: String::new(),
            app_id: 0,
            partition_count: 0,
            envs: BTreeMap::new(),
            is_stateful: false,
            max_replica_count: 0,
            expire_second: 0,
            create_second: 0,
            drop_second: 0,
            duplicating: Some(false),
            init_partition_count: Some(-1),
            is_bulk_loading: Some(false),
            atomic_idempotent: None,
        }
    }
}

impl Default for CreateAppOptions {
    /// Returns the properties that a server reads from a request without them.
    fn default() -> CreateAppOptions {
        CreateAppOptions {
            partition_count: 0,
            replica_count: 0,
            success_if_exist: false,
            app_type: String::new(),
            is_stateful: false,
            envs: BTreeMap::new(),
            atomic_idempotent: None,
        }
    }
}

impl Default for DropAppOptions {
    /// Returns the options that a server reads from a request without them.
    fn default() -> DropAppOptions {
        DropAppOptions { success_if_not_exist: false, reserve_seconds: None }
    }
}
