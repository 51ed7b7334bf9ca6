//! The messages about tables and their partitions.

use std::collections::BTreeMap;

use crate::protocol::bare::{Gpid, HostPort, RpcAddress};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::thrift::messages;

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
    /// The request of RPC_CM_LIST_APPS.
    struct ListAppsRequest {
        /// The status of the tables to list. 0 stands for every status.
        1: status: i32 = default,
        /// 2.6 snapshots: the pattern for the names of tables.
        2: app_name_pattern: Option<String>,
        /// 2.6 snapshots: how the pattern is compared, a [`match_type`](crate::protocol::messages::match_type).
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

impl Default for PartitionConfig {
    /// Returns a partition without replicas.
    fn default() -> PartitionConfig {
        PartitionConfig {
            pid: Gpid::default(),
            ballot: 0,
            max_replica_count: 0,
            primary: RpcAddress::default(),
            secondaries: Vec::new(),
            last_drops: Vec::new(),
            last_committed_decree: 0,
            partition_flags: 0,
            hp_primary: None,
            hp_secondaries: None,
            hp_last_drops: None,
        }
    }
}
