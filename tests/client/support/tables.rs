//! Servers with tables and replica servers, for the tests of operations on tables.

use std::time::Duration;

use pegasus_dup::protocol::bare::{Gpid, RpcAddress};
use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::{Behaviour, Group, ServerConfig};
use pegasus_dup::{Client, ErrorCode, Table, TablePattern, TableSelection};

use super::in_memory;
use crate::common::embedded;
use crate::common::fake::{Say, Seen};
use crate::common::peer::Peer;

/// Returns the configuration of a server with the tables `dup_src`, `dup_src2` and `temp` and with three
/// replica servers. A new table is ready after a second.
pub(crate) fn config(behaviour: Behaviour) -> ServerConfig {
    ServerConfig {
        nodes: Some(3),
        ready_after: Duration::from_secs(1),
        ..embedded::still(behaviour)
    }
}

/// A group of servers in memory, with a paused clock, and a client of the group.
pub(crate) struct Scene {
    pub(crate) group: Group,
    pub(crate) client: Client,
    /// A connection to the first server.
    pub(crate) peer: Peer,
    behaviour: Behaviour,
}

impl Scene {
    pub(crate) fn new(behaviour: Behaviour, servers: u8) -> Scene {
        let group = in_memory::group(&config(behaviour), servers);
        let client = in_memory::client(&group, behaviour).build().expect("a client");
        let peer = Peer::in_memory(group.hub(0).expect("a server"));
        Scene { group, client, peer, behaviour }
    }

    pub(crate) fn set_faults(&self, rules: &[&str]) {
        self.group.set_faults(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
    }

    /// Returns another client of the group.
    pub(crate) fn another_client(&self) -> Client {
        in_memory::client(&self.group, self.behaviour).build().expect("a client")
    }

    /// Returns all tables, dropped tables included, after enough time for everything that is in flight.
    pub(crate) async fn truth(&self) -> Vec<Table> {
        self.set_faults(&[]);
        tokio::time::sleep(Duration::from_secs(60)).await;
        all(&self.another_client()).await
    }
}

/// Returns all tables, dropped tables included.
pub(crate) async fn all(client: &Client) -> Vec<Table> {
    let selection =
        TableSelection { tables: TablePattern::All, dropped: true, ..TableSelection::default() };
    client.list_tables(&selection).await.expect("the tables")
}

/// Returns the table with this id.
pub(crate) async fn with_id(client: &Client, id: i32) -> Table {
    let found = all(client).await.into_iter().find(|table| table.table_id == id);
    found.expect("a table with this id")
}

/// Returns a create of a table with 4 partitions.
pub(crate) fn create(name: &str) -> CreateAppRequest {
    CreateAppRequest {
        app_name: name.to_owned(),
        options: CreateAppOptions {
            partition_count: 4,
            replica_count: 3,
            app_type: "pegasus".to_owned(),
            is_stateful: true,
            ..CreateAppOptions::default()
        },
    }
}

pub(crate) fn drop_request(name: &str) -> DropAppRequest {
    DropAppRequest { app_name: name.to_owned(), options: DropAppOptions::default() }
}

pub(crate) fn rename(old: &str, new: &str) -> RenameAppRequest {
    RenameAppRequest { old_app_name: old.to_owned(), new_app_name: new.to_owned() }
}

impl Peer {
    /// Creates a table, and returns its id.
    pub(crate) async fn create_table(&mut self, name: &str) -> i32 {
        let created = self.call::<CreateApp>(&create(name)).await;
        assert_eq!(created.err, ErrorCode::Ok);
        created.appid.expect("an id")
    }

    pub(crate) async fn drop_table(&mut self, name: &str) {
        assert_eq!(self.call::<DropApp>(&drop_request(name)).await.err, ErrorCode::Ok);
    }

    pub(crate) async fn rename_table(&mut self, old: &str, new: &str) {
        assert_eq!(self.call::<RenameApp>(&rename(old, new)).await.err, ErrorCode::Ok);
    }
}

/// The tables of a fake server. All partitions are ready unless the test says otherwise.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    pub(crate) infos: Vec<AppInfo>,
    /// The number of partitions that have no replicas.
    pub(crate) unready: i32,
}

/// Returns a table of a fake server. It was created a day before it can have been dropped.
pub(crate) fn info(app_id: i32, app_name: &str, status: i32) -> AppInfo {
    AppInfo {
        status,
        app_type: "pegasus".to_owned(),
        app_name: app_name.to_owned(),
        app_id,
        partition_count: 8,
        is_stateful: true,
        max_replica_count: 1,
        create_second: 1_700_000_000,
        drop_second: if status == 6 { 1_700_086_400 } else { 0 },
        expire_second: if status == 6 { 1_700_691_200 } else { 0 },
        ..AppInfo::default()
    }
}

impl Tables {
    pub(crate) fn new(infos: impl IntoIterator<Item = AppInfo>) -> Tables {
        Tables { infos: infos.into_iter().collect(), unready: 0 }
    }

    pub(crate) fn table(&mut self, id: i32) -> &mut AppInfo {
        self.infos.iter_mut().find(|info| info.app_id == id).expect("a table with this id")
    }

    fn named(&self, name: &str) -> Option<&AppInfo> {
        self.infos.iter().find(|info| info.app_name == name && info.status != 6)
    }

    /// Returns the correct response of a leader to every request that reads.
    pub(crate) fn answer(&self, seen: &Seen) -> Say {
        match seen.name.as_str() {
            ListApps::NAME => seen.answer(&ListAppsResponse {
                err: ErrorCode::Ok,
                infos: Some(self.infos.clone()),
                hint_message: None,
            }),
            QueryConfig::NAME => {
                let found = self.named(&seen.read::<QueryConfig>().app_name);
                let err = match found.map(|info| info.status) {
                    None => ErrorCode::ObjectNotFound,
                    Some(1) => ErrorCode::Ok,
                    Some(4) => ErrorCode::from_name("ERR_BUSY_DROPPING"),
                    Some(_) => ErrorCode::from_name("ERR_BUSY_CREATING"),
                };
                let found = found.filter(|_| err == ErrorCode::Ok);
                seen.answer(&QueryConfigResponse {
                    err,
                    app_id: Some(found.map_or(0, |info| info.app_id)),
                    partition_count: Some(found.map_or(0, |info| info.partition_count)),
                    is_stateful: Some(found.is_some()),
                    partitions: Some(found.map_or_else(Vec::new, |info| self.partitions(info))),
                })
            }
            GetMaxReplicaCount::NAME => {
                let name = seen.read::<GetMaxReplicaCount>().app_name;
                let found = self.named(&name);
                seen.answer(&MaxReplicaCountResponse {
                    err: if found.is_some() { ErrorCode::Ok } else { ErrorCode::AppNotExist },
                    max_replica_count: Some(found.map_or(0, |info| info.max_replica_count)),
                    hint_message: Some(String::new()),
                })
            }
            _ => seen.no_such_rpc(),
        }
    }

    fn partitions(&self, info: &AppInfo) -> Vec<PartitionConfig> {
        let server = RpcAddress(Some("127.0.0.1:34801".parse().expect("an address")));
        let partition = |index| PartitionConfig {
            pid: Gpid { app_id: info.app_id, partition_index: index },
            max_replica_count: info.max_replica_count,
            primary: if index < self.unready { RpcAddress::default() } else { server },
            ..PartitionConfig::default()
        };
        (0..info.partition_count).map(partition).collect()
    }
}
