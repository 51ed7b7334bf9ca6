//! The messages, in the manner of an IDL: field ids, names and types as a Pegasus meta server
//! reads and writes them. What a field means, and which servers have it, stands beside it.
//!
//! Fields of answers are optional here wherever a server of another version might leave them out:
//! absent and 0 are not the same.

use std::collections::BTreeMap;

use super::bare::{Blob, Gpid, HostPort, RpcAddress};
use super::error_code::ErrorCode;
use super::rpc::rpcs;
use super::thrift::messages;

pub use super::rpc::{Answer, Rpc};

rpcs! {
    ($)

    /// Adds a duplication.
    Update AddDuplication = "RPC_CM_ADD_DUPLICATION" "add" {
        subject: Duplications,
        since: Freezed,
        request: AddRequest,
        response: AddAnswer {
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
        response: ModifyAnswer { appid: Some(0) },
    }

    /// Lists the duplications of one table.
    Read QueryDuplication = "RPC_CM_QUERY_DUPLICATION" "query" {
        subject: Duplications,
        since: Freezed,
        request: QueryRequest,
        response: QueryAnswer { appid: Some(0), entry_list: Some(Vec::new()) },
    }

    /// Lists the duplications of many tables. A server that handles it is a 2.6 snapshot since
    /// December 2024, and thus of the generation dup-exist.
    Read ListDuplication = "RPC_CM_LIST_DUPLICATION" "list" {
        subject: Duplications,
        since: DupExist,
        request: ListRequest,
        response: ListAnswer {
            hint_message: Some(String::new()),
            app_states: Some(BTreeMap::new()),
        },
    }

    /// Lists the tables.
    Read ListApps = "RPC_CM_LIST_APPS" "list-apps" {
        subject: Cluster,
        since: Freezed,
        request: ListAppsRequest,
        response: ListAppsAnswer { infos: Some(Vec::new()), hint_message: None },
    }

    /// Lists the partitions of a table. The response of a follower names the leader.
    Read QueryConfig = "RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX" "query-config" {
        subject: Cluster,
        since: Freezed,
        request: QueryConfigRequest,
        response: QueryConfigAnswer {
            app_id: Some(0),
            partition_count: Some(0),
            is_stateful: Some(false),
            partitions: Some(Vec::new()),
        },
    }

    /// Returns the replica count of a table. A server that does not handle it is of the generation
    /// freezed.
    Read GetMaxReplicaCount = "RPC_CM_GET_MAX_REPLICA_COUNT" "max-replica-count" {
        subject: Cluster,
        since: Checkpoint,
        request: MaxReplicaCountRequest,
        response: MaxReplicaCountAnswer {
            max_replica_count: Some(0),
            hint_message: Some(String::new()),
        },
    }

    /// Lists the replica servers.
    Read ListNodes = "RPC_CM_LIST_NODES" "list-nodes" {
        subject: Cluster,
        since: Freezed,
        request: ListNodesRequest,
        response: ListNodesAnswer { infos: Some(Vec::new()) },
    }

    /// Returns facts about the cluster, for example the addresses of its meta servers.
    Read ClusterInfo = "RPC_CM_CLUSTER_INFO" "cluster-info" {
        subject: Cluster,
        since: Freezed,
        request: ClusterInfoRequest,
        response: ClusterInfoAnswer { keys: Some(Vec::new()), values: Some(Vec::new()) },
    }
}

/// How a client begins to authenticate itself. It is a matter of the connection: whoever leads.
pub const NEGOTIATION: &str = "RPC_NEGOTIATION";

/// Match types of [`ListRequest`] and [`ListAppsRequest`].
pub mod match_type {
    /// Not a match type: refused by ERR_NOT_IMPLEMENTED.
    pub const INVALID: i32 = 0;
    /// Every table; the pattern is not looked at.
    pub const ALL: i32 = 1;
    /// The table of that name.
    pub const EXACT: i32 = 2;
    /// Tables with the pattern anywhere in their name.
    pub const ANYWHERE: i32 = 3;
    /// Tables whose name starts with the pattern.
    pub const PREFIX: i32 = 4;
    /// Tables whose name ends with the pattern.
    pub const POSTFIX: i32 = 5;
    /// A regular expression: refused by ERR_NOT_IMPLEMENTED.
    pub const REGEX: i32 = 6;
}

messages! {
    /// The part of a request header of version 1 that is a thrift struct. The rest of its fields are
    /// of no use to a meta server.
    struct HeaderMeta {
        /// As in a header of version 0.
        1: app_id: Option<i32>,
    }

    /// [`NEGOTIATION`], answered.
    struct NegotiationAnswer {
        /// How far it is; 9 = the server wants no authentication.
        1: status: i32,
        /// What the mechanism says.
        2: msg: Blob,
    }

    /// RPC_CM_ADD_DUPLICATION, asked.
    struct AddRequest {
        /// The table.
        1: app_name: String = default,
        /// The remote cluster.
        2: remote_cluster_name: String = default,
        /// 2.4 and later: ship a checkpoint first, absent = true. 2.3 and older read the same field
        /// as "create it paused", absent = false.
        3: is_duplicating_checkpoint: Option<bool>,
        /// 2.6 snapshots; absent = the table's own name. Older servers ignore it.
        4: remote_app_name: Option<String>,
        /// 2.6 snapshots; absent or 0 = the table's own count. Older servers ignore it.
        5: remote_replica_count: Option<i32>,
    }

    /// RPC_CM_ADD_DUPLICATION, answered.
    struct AddAnswer {
        /// The outcome.
        1: err: ErrorCode,
        /// The table's id; 0 where nothing was done.
        2: appid: Option<i32>,
        /// The duplication's id; 0 where nothing was done.
        3: dupid: Option<i32>,
        /// Why it was refused.
        4: hint: Option<String>,
        /// 2.6 snapshots, on ERR_OK and ERR_DUP_EXIST: what is stored.
        5: remote_app_name: Option<String>,
        /// 2.6 snapshots, on ERR_OK and ERR_DUP_EXIST: what is stored.
        6: remote_replica_count: Option<i32>,
    }

    /// RPC_CM_MODIFY_DUPLICATION, asked. A number that the server doesn't know ends a real one.
    struct ModifyRequest {
        /// The table.
        1: app_name: String = default,
        /// Which duplication.
        2: dupid: i32 = default,
        /// The status to go to; what a number means differs by generation.
        3: status: Option<i32>,
        /// The fail mode to set.
        4: fail_mode: Option<i32>,
    }

    /// RPC_CM_MODIFY_DUPLICATION, answered.
    struct ModifyAnswer {
        /// The outcome.
        1: err: ErrorCode,
        /// The table's id; 0 with ERR_OK = there was nothing to change.
        2: appid: Option<i32>,
    }

    /// RPC_CM_QUERY_DUPLICATION, asked.
    struct QueryRequest {
        /// The table.
        1: app_name: String = default,
    }

    /// RPC_CM_QUERY_DUPLICATION, answered. There is no field 2.
    struct QueryAnswer {
        /// The outcome.
        1: err: ErrorCode,
        /// The table's id.
        3: appid: Option<i32>,
        /// Its duplications, in dupid order.
        4: entry_list: Option<Vec<Entry>>,
    }

    /// One duplication, as query and list show it.
    struct Entry {
        /// Its id within the table.
        1: dupid: i32,
        /// Its status; what a number means differs by generation, 0 is DS_INIT in all.
        2: status: i32,
        /// The remote cluster.
        3: remote: String,
        /// When it was made, in milliseconds since 1970.
        4: create_ts: i64,
        /// Partition to confirmed decree; between servers only.
        5: progress: Option<BTreeMap<i32, i64>>,
        /// 0 FAIL_SLOW, 1 FAIL_SKIP, 2 FAIL_FAST.
        7: fail_mode: Option<i32>,
        /// 2.6 snapshots: the remote table.
        8: remote_app_name: Option<String>,
        /// 2.6 snapshots: the remote table's replica count.
        9: remote_replica_count: Option<i32>,
        /// Never set yet.
        10: mode: Option<i32>,
        /// Newer 2.6 snapshots: partition to decrees.
        11: partition_states: Option<BTreeMap<i32, PartitionState>>,
    }

    /// How far a partition has come. -1 = not known yet.
    struct PartitionState {
        /// The last decree that the remote cluster has confirmed.
        1: confirmed_decree: i64,
        /// The last decree committed here.
        2: last_committed_decree: i64,
    }

    /// RPC_CM_LIST_DUPLICATION, asked.
    struct ListRequest {
        /// What to look for in table names.
        1: app_name_pattern: String = default,
        /// How: see [`match_type`].
        2: match_type: i32 = default,
    }

    /// RPC_CM_LIST_DUPLICATION, answered.
    struct ListAnswer {
        /// The outcome.
        1: err: ErrorCode,
        /// Why it was refused.
        2: hint_message: Option<String>,
        /// By table name; available tables without a duplication are there too.
        3: app_states: Option<BTreeMap<String, AppState>>,
    }

    /// One table in [`ListAnswer`].
    struct AppState {
        /// The table's id.
        1: appid: i32,
        /// Its duplications by dupid.
        2: duplications: BTreeMap<i32, Entry>,
        /// The table's name.
        3: app_name: Option<String>,
        /// Its number of partitions.
        4: partition_count: Option<i32>,
    }

    /// RPC_CM_LIST_APPS, asked.
    struct ListAppsRequest {
        /// Tables of that status; 0 = all.
        1: status: i32 = default,
        /// 2.6 snapshots: what to look for in table names.
        2: app_name_pattern: Option<String>,
        /// 2.6 snapshots: how, see [`match_type`].
        3: match_type: Option<i32>,
    }

    /// RPC_CM_LIST_APPS, answered.
    struct ListAppsAnswer {
        /// The outcome.
        1: err: ErrorCode,
        /// The tables.
        2: infos: Option<Vec<AppInfo>>,
        /// Why it was refused.
        3: hint_message: Option<String>,
    }

    /// One table in [`ListAppsAnswer`].
    struct AppInfo {
        /// 0 invalid, 1 available, 2 creating, 3 create failed, 4 dropping, 5 drop failed, 6 dropped, 7 recalling.
        1: status: i32,
        /// `pegasus`.
        2: app_type: String,
        /// The table's name.
        3: app_name: String,
        /// The table's id.
        4: app_id: i32,
        /// Its number of partitions.
        5: partition_count: i32,
        /// Its settings.
        6: envs: BTreeMap<String, String>,
        /// Always true.
        7: is_stateful: bool,
        /// Its replica count.
        8: max_replica_count: i32,
        /// When it is deleted for good, in seconds since 1970.
        9: expire_second: i64,
        /// When it was created, in seconds since 1970.
        10: create_second: i64,
        /// When it was dropped, in seconds since 1970.
        11: drop_second: i64,
        /// Whether it has a duplication.
        12: duplicating: Option<bool>,
        /// Its number of partitions before a split; -1 where there is none.
        13: init_partition_count: Option<i32>,
        /// Whether it is being loaded in bulk.
        14: is_bulk_loading: Option<bool>,
        /// 2.6 snapshots.
        15: atomic_idempotent: Option<bool>,
    }

    /// RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX, asked.
    struct QueryConfigRequest {
        /// The table.
        1: app_name: String = default,
        /// Which partitions; empty = all.
        2: partition_indices: Vec<i32> = default,
    }

    /// RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX, answered.
    struct QueryConfigAnswer {
        /// The outcome; a missing table is ERR_OBJECT_NOT_FOUND.
        1: err: ErrorCode,
        /// The table's id.
        2: app_id: Option<i32>,
        /// Its number of partitions.
        3: partition_count: Option<i32>,
        /// Always true.
        4: is_stateful: Option<bool>,
        /// The partitions asked for. On ERR_FORWARD_TO_OTHERS the first one's primary is the leader.
        5: partitions: Option<Vec<PartitionConfig>>,
    }

    /// Where a partition's replicas are.
    struct PartitionConfig {
        /// Which partition.
        1: pid: Gpid,
        /// How often its configuration has changed.
        2: ballot: i64,
        /// Its replica count.
        3: max_replica_count: i32,
        /// Where its primary is.
        4: primary: RpcAddress,
        /// Where its secondaries are.
        5: secondaries: Vec<RpcAddress>,
        /// Nodes that have held it.
        6: last_drops: Vec<RpcAddress>,
        /// Not filled by meta servers.
        7: last_committed_decree: i64,
        /// Flags.
        8: partition_flags: i32,
        /// 2.6 snapshots: the primary by name.
        9: hp_primary: Option<HostPort>,
        /// 2.6 snapshots: the secondaries by name.
        10: hp_secondaries: Option<Vec<HostPort>>,
        /// 2.6 snapshots: nodes that have held it, by name.
        11: hp_last_drops: Option<Vec<HostPort>>,
    }

    /// RPC_CM_GET_MAX_REPLICA_COUNT, asked.
    struct MaxReplicaCountRequest {
        /// The table.
        1: app_name: String = default,
    }

    /// RPC_CM_GET_MAX_REPLICA_COUNT, answered.
    struct MaxReplicaCountAnswer {
        /// The outcome.
        1: err: ErrorCode,
        /// The replica count.
        2: max_replica_count: Option<i32>,
        /// Why it was refused.
        3: hint_message: Option<String>,
    }

    /// RPC_CM_LIST_NODES, asked.
    struct ListNodesRequest {
        /// 0 all, 1 alive, 2 dead.
        1: status: i32 = default,
    }

    /// RPC_CM_LIST_NODES, answered.
    struct ListNodesAnswer {
        /// The outcome.
        1: err: ErrorCode,
        /// The replica servers.
        2: infos: Option<Vec<NodeInfo>>,
    }

    /// A replica server in [`ListNodesAnswer`].
    struct NodeInfo {
        /// 1 alive, 2 dead.
        1: status: i32,
        /// Where it is.
        2: node: RpcAddress,
        /// 2.6 snapshots: where it is, by name.
        3: hp_node: Option<HostPort>,
    }

    /// RPC_CM_CLUSTER_INFO, asked: without fields.
    struct ClusterInfoRequest {
    }

    /// RPC_CM_CLUSTER_INFO, answered.
    struct ClusterInfoAnswer {
        /// The outcome.
        1: err: ErrorCode,
        /// What is told: `meta_servers` and so on.
        2: keys: Option<Vec<String>>,
        /// The value of each key.
        3: values: Option<Vec<String>>,
    }
}
