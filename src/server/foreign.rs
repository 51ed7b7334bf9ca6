//! Requests of RPCs that this server does not handle, some of which end a real server. They are
//! counted like the others, so that a client which sends them is found out here.
#![allow(unreachable_pub)] // `messages!` makes public structs.

use super::rules::Rules;
use crate::protocol::frame::RequestFrame;
use crate::protocol::thrift::messages;

messages! {
    /// RPC_CM_CONTROL_META, asked.
    struct ControlMeta {
        /// The level of functions to go to.
        1: level: Option<i32>,
    }

    /// RPC_CM_ADD_BACKUP_POLICY, asked, as far as it is looked at.
    struct AddBackupPolicy {
        /// Where backups go.
        1: provider: String = default,
        /// The policy's name.
        2: policy: String = default,
    }

    /// RPC_CM_QUERY_BACKUP_POLICY, asked, as far as it is looked at.
    struct QueryBackupPolicy {
        /// The policies; none = all.
        1: policies: Vec<String> = default,
    }

    /// RPC_CM_START_BACKUP_APP, asked, as far as it is looked at.
    struct StartBackup {
        /// Where the backup goes.
        1: provider: String = default,
    }
}

/// The levels that a real server knows; the last one only asks.
const LEVELS: [i32; 6] = [100, 200, 300, 400, 500, 10_000];

impl Rules {
    /// Whether a request of an RPC that is not handled here ends a real server, at once or at the
    /// next request that looks at what it left behind. One that cannot be read is not looked into.
    pub(crate) fn foreign_request_ends_it(&self, request: &RequestFrame<'_>) -> bool {
        match &*request.name {
            "RPC_CM_CONTROL_META" => request
                .request::<ControlMeta>()
                .is_ok_and(|asked| !asked.level.is_some_and(|level| LEVELS.contains(&level))),
            "RPC_CM_ADD_BACKUP_POLICY" => request.request::<AddBackupPolicy>().is_ok_and(|asked| {
                let slash = !self.remote_names && asked.policy.contains('/');
                slash || self.hint_ends_it(&asked.provider) || self.hint_ends_it(&asked.policy)
            }),
            "RPC_CM_QUERY_BACKUP_POLICY" => request
                .request::<QueryBackupPolicy>()
                .is_ok_and(|asked| asked.policies.iter().any(|name| self.hint_ends_it(name))),
            "RPC_CM_START_BACKUP_APP" => request
                .request::<StartBackup>()
                .is_ok_and(|asked| self.hint_ends_it(&asked.provider)),
            _ => false,
        }
    }
}
