//! The messages about backup policies: which tables a cluster backs up, when, and where to.

use std::collections::BTreeSet;

use crate::protocol::error_code::ErrorCode;
use crate::protocol::thrift::messages;

messages! {
    /// The request of RPC_CM_ADD_BACKUP_POLICY.
    struct AddBackupPolicyRequest {
        /// The name of the provider that stores the backups: a block service in the configuration of
        /// the meta servers.
        1: backup_provider_type: String = default,
        /// The name of the policy.
        2: policy_name: String = default,
        /// The ids of the tables to back up.
        3: app_ids: Vec<i32> = default,
        /// The time between the starts of two backups, in seconds.
        4: backup_interval_seconds: i64 = default,
        /// The number of backups to keep.
        5: backup_history_count_to_keep: i32 = default,
        /// The time of the day at which a backup may start, `HH:MM`.
        6: start_time: String = default,
    }

    /// The response of RPC_CM_ADD_BACKUP_POLICY. ERR_OK does not prove that this request has added the
    /// policy.
    struct AddBackupPolicyResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The reason of a refusal.
        2: hint_message: Option<String>,
    }

    /// The request of RPC_CM_QUERY_BACKUP_POLICY.
    struct QueryBackupPolicyRequest {
        /// The names of the policies. An empty list stands for all policies.
        1: policy_names: Vec<String> = default,
        /// The greatest number of backups in the response for each policy.
        2: backup_info_count: i32 = default,
    }

    /// The response of RPC_CM_QUERY_BACKUP_POLICY.
    struct QueryBackupPolicyResponse {
        /// The error code. For unknown names it is ERR_INVALID_PARAMETERS, unless at least one name is
        /// known.
        1: err: ErrorCode,
        /// The policies.
        2: policys: Option<Vec<BackupPolicyEntry>>,
        /// The backups of each policy in field 2, the latest first.
        3: backup_infos: Option<Vec<Vec<BackupEntry>>>,
        /// The unknown names. Absent if every name is known.
        4: hint_msg: Option<String>,
    }

    /// A policy in [`QueryBackupPolicyResponse`].
    struct BackupPolicyEntry {
        /// The name of the policy.
        1: policy_name: String,
        /// The name of the provider that stores the backups.
        2: backup_provider_type: String,
        /// The time between the starts of two backups, in seconds, as a decimal number.
        3: backup_interval_seconds: String,
        /// The ids of the tables.
        4: app_ids: BTreeSet<i32>,
        /// The number of backups to keep.
        5: backup_history_count_to_keep: i32,
        /// The time of the day at which a backup may start, `HH:MM`. `24:00` stands for any time.
        6: start_time: String,
        /// Whether the policy is disabled.
        7: is_disable: bool,
    }

    /// A backup in [`QueryBackupPolicyResponse`].
    struct BackupEntry {
        /// The id of the backup, which is the time of its start.
        1: backup_id: i64,
        /// The time of the start, in milliseconds since 1970.
        2: start_time_ms: i64,
        /// The time of the end, in milliseconds since 1970, or 0 while the backup is running.
        3: end_time_ms: i64,
        /// The ids of the tables.
        4: app_ids: BTreeSet<i32>,
    }

    /// The request of RPC_CM_MODIFY_BACKUP_POLICY. The policy keeps what absent fields are about.
    struct ModifyBackupPolicyRequest {
        /// The name of the policy.
        1: policy_name: String = default,
        /// The ids of tables to add to the policy.
        2: add_appids: Option<Vec<i32>>,
        /// The ids of tables to remove from the policy.
        3: removal_appids: Option<Vec<i32>>,
        /// The new time between the starts of two backups, in seconds.
        4: new_backup_interval_sec: Option<i64>,
        /// The new number of backups to keep.
        5: backup_history_count_to_keep: Option<i32>,
        /// Whether to disable or to enable the policy.
        6: is_disable: Option<bool>,
        /// The new time of the day at which a backup may start, `HH:MM`.
        7: start_time: Option<String>,
        /// 2.6 snapshots since July 2024: whether to disable the policy even while a backup is running.
        8: force_disable: Option<bool>,
    }

    /// The response of RPC_CM_MODIFY_BACKUP_POLICY.
    struct ModifyBackupPolicyResponse {
        /// The error code.
        1: err: ErrorCode,
        /// What the server did not do.
        2: hint_message: Option<String>,
    }
}
