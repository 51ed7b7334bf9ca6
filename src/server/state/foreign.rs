//! Requests of RPCs that the embedded server does not handle, some of which end a real server. They
//! are counted like all other fatal requests, so that tests against the embedded server find a
//! client that sends them.
#![allow(unreachable_pub)] // `messages!` makes public structs.

use super::State;
use crate::protocol::frame::RequestFrame;
use crate::protocol::thrift::messages;

messages! {
    /// The request of RPC_CM_CONTROL_META.
    struct ControlMeta {
        /// The level of functions that the server is to switch to.
        1: level: Option<i32>,
    }

    /// The fields of the request of RPC_CM_START_BACKUP_APP that can end a server.
    struct StartBackup {
        /// The provider that stores the backup.
        1: provider: String = default,
        /// The id of the table.
        2: app_id: i32 = default,
    }
}

/// The levels that a real server knows. The last level only asks for the current one.
const LEVELS: [i32; 6] = [100, 200, 300, 400, 500, 10_000];

impl State {
    /// Returns whether a request of an RPC that the embedded server does not handle ends a real
    /// server: at once, or at the next request that reads what this request has left behind. A
    /// request that cannot be decoded ends nothing.
    pub(crate) fn foreign_request_ends_it(&self, request: &RequestFrame<'_>) -> bool {
        match &*request.name {
            "RPC_CM_CONTROL_META" => request
                .request::<ControlMeta>()
                .is_ok_and(|asked| !asked.level.is_some_and(|level| LEVELS.contains(&level))),
            "RPC_CM_START_BACKUP_APP" => {
                request.request::<StartBackup>().is_ok_and(|asked| self.backup_ends_it(&asked))
            }
            _ => false,
        }
    }

    fn backup_ends_it(&self, asked: &StartBackup) -> bool {
        let huge_name = || {
            let table = self.tables.get(&asked.app_id);
            table.is_some_and(|table| table.record.name.len() >= self.rules.fatal_backup_name)
        };
        // A server refuses a backup to a provider that is not configured before it looks at the table.
        let is_known = self.block_services.contains(&asked.provider);
        self.rules.hint_ends_it(&asked.provider) || (is_known && huge_name())
    }
}
