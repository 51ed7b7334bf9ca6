//! Requests about tables, and what the server lists of them.

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AppInfo, CreateAppOptions, CreateAppRequest, DropAppOptions, DropAppRequest, ListApps,
    ListAppsRequest, RecallAppRequest, RenameAppRequest,
};

use crate::common::peer::Peer;

/// Returns a create of a table with 4 partitions, 3 replicas and an env.
pub(crate) fn create(name: &str) -> CreateAppRequest {
    CreateAppRequest {
        app_name: name.to_owned(),
        options: CreateAppOptions {
            partition_count: 4,
            replica_count: 3,
            success_if_exist: false,
            app_type: "pegasus".to_owned(),
            is_stateful: true,
            envs: [("business.info".to_owned(), "shop".to_owned())].into(),
            atomic_idempotent: None,
        },
    }
}

pub(crate) fn drop_table(name: &str) -> DropAppRequest {
    DropAppRequest { app_name: name.to_owned(), options: DropAppOptions::default() }
}

pub(crate) fn rename(old: &str, new: &str) -> RenameAppRequest {
    RenameAppRequest { old_app_name: old.to_owned(), new_app_name: new.to_owned() }
}

/// Returns a recall under the table's own name.
pub(crate) fn recall(app_id: i32) -> RecallAppRequest {
    RecallAppRequest { app_id, new_app_name: String::new() }
}

pub(crate) fn code(name: &str) -> ErrorCode {
    ErrorCode::from_name(name)
}

/// Lists the tables.
pub(crate) async fn tables(peer: &mut Peer) -> Vec<AppInfo> {
    let request = ListAppsRequest { status: 0, app_name_pattern: None, match_type: None };
    peer.call::<ListApps>(&request).await.infos.expect("a list")
}

/// Returns the ids, names and statuses of all tables.
pub(crate) async fn shown(peer: &mut Peer) -> Vec<(i32, String, i32)> {
    let infos = tables(peer).await.into_iter();
    infos.map(|info| (info.app_id, info.app_name, info.status)).collect()
}

/// Returns the id, the name and the status of a table.
pub(crate) fn table(id: i32, name: &str, status: i32) -> (i32, String, i32) {
    (id, name.to_owned(), status)
}
