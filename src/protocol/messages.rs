//! The messages, in the manner of an IDL: the field ids, names and types that a Pegasus meta server
//! reads and writes. The comment of a field says what the field means, and which servers have the
//! field.
//!
//! Fields of responses are optional here if servers of some versions may leave them out, because an
//! absent field and 0 do not mean the same.
//!
//! This file has the table of the RPCs. The messages themselves are in a file for each subject.

mod backups;
mod cluster;
mod duplications;
mod tables;

use std::collections::BTreeMap;

use super::bare::Blob;
use super::rpc::rpcs;
use super::thrift::messages;

pub use super::rpc::{ResponseStruct, Rpc};
pub use backups::*;
pub use cluster::*;
pub use duplications::*;
pub use tables::*;

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

    /// Adds a backup policy.
    Concurrent AddBackupPolicy = "RPC_CM_ADD_BACKUP_POLICY" "add-backup-policy" {
        subject: Backups,
        since: Freezed,
        request: AddBackupPolicyRequest,
        response: AddBackupPolicyResponse { hint_message: Some(String::new()) },
    }

    /// Lists backup policies and their backups.
    Concurrent QueryBackupPolicy = "RPC_CM_QUERY_BACKUP_POLICY" "query-backup-policy" {
        subject: Backups,
        since: Freezed,
        request: QueryBackupPolicyRequest,
        response: QueryBackupPolicyResponse {
            policys: Some(Vec::new()),
            backup_infos: Some(Vec::new()),
            hint_msg: None,
        },
    }

    /// Changes a backup policy, for example disables it. No RPC removes a backup policy.
    Concurrent ModifyBackupPolicy = "RPC_CM_MODIFY_BACKUP_POLICY" "modify-backup-policy" {
        subject: Backups,
        since: Freezed,
        request: ModifyBackupPolicyRequest,
        response: ModifyBackupPolicyResponse { hint_message: Some(String::new()) },
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
        2: msg: Blob => hidden,
    }
}
