//! The messages about duplications.

use std::collections::BTreeMap;

use crate::protocol::error_code::ErrorCode;
use crate::protocol::thrift::messages;

messages! {
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
        /// How the pattern is compared, a [`match_type`](crate::protocol::messages::match_type).
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
}
