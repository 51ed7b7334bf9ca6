//! The pages that a meta server shows over HTTP. They change nothing. Their texts are those of the
//! generation, including which numbers are strings.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ConnectionId, Node, Now, Role};
use crate::protocol::generation::FailMode;
use crate::protocol::messages::{BackupPolicyEntry, Entry};
use crate::server::behaviour::Behaviour;
use crate::server::http::{Page, Target, date_time};
use crate::server::state::rule::Context;
use crate::server::state::{ReplicaServer, Table, TableStatus};

/// The text of pages about one table if the name of the table is missing.
const NO_APP_NAME: &str = "app name shouldn't be empty";

#[derive(Serialize)]
struct Version {
    #[serde(rename = "Version")]
    version: &'static str,
    #[serde(rename = "GitCommit")]
    git_commit: String,
}

/// The fields are in alphabetical order, because the C++ server sorts them.
#[derive(Serialize)]
struct ShownEntry {
    create_ts: String,
    dupid: i32,
    fail_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_states: Option<BTreeMap<String, ShownState>>,
    remote: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_app_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_replica_count: Option<i32>,
    status: &'static str,
}

#[derive(Serialize)]
struct ShownState {
    confirmed_decree: i64,
    last_committed_decree: i64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EntryOrId {
    Entry(Box<ShownEntry>),
    Id(i32),
}

#[derive(Serialize)]
struct Apps {
    general_info: BTreeMap<i32, AppRow>,
    summary: AppsSummary,
}

#[derive(Serialize)]
struct AppsSummary {
    total_app_count: String,
}

#[derive(Serialize)]
struct AppRow {
    app_id: String,
    status: &'static str,
    app_name: String,
    app_type: &'static str,
    partition_count: String,
    replica_count: String,
    is_stateful: &'static str,
    create_time: String,
    drop_time: String,
    drop_expire: String,
    envs_count: String,
}

#[derive(Serialize)]
struct App {
    general: AppGeneral,
}

#[derive(Serialize)]
struct AppGeneral {
    app_name: String,
    app_id: String,
    partition_count: String,
    max_replica_count: String,
}

#[derive(Serialize)]
struct Nodes {
    details: BTreeMap<String, NodeRow>,
    summary: NodesSummary,
}

#[derive(Serialize)]
struct NodeRow {
    address: String,
    status: &'static str,
}

#[derive(Serialize)]
struct NodesSummary {
    total_node_count: String,
    alive_node_count: String,
    unalive_node_count: String,
}

#[derive(Serialize)]
struct PolicyRow {
    name: String,
    backup_provider_type: String,
    backup_interval: String,
    app_ids: String,
    start_time: String,
    status: &'static str,
    backup_history_count: String,
}

#[derive(Serialize)]
struct Started {
    #[serde(rename = "RecentStartTime")]
    recent_start_time: String,
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("pages consist of strings and numbers")
}

/// Returns a page that ends with a line break, as most pages do.
fn line(value: &impl Serialize) -> Page {
    Page::ok(json(value) + "\n")
}

impl Node {
    /// Returns the page at `target`, or `None` if the connection must be closed without a response.
    pub(crate) fn page(
        &mut self,
        connection: ConnectionId,
        target: &str,
        now: Now,
    ) -> Option<Page> {
        if self.is_down() {
            return None;
        }
        let Target { path, arguments } = match Target::parse(target) {
            Ok(target) => target,
            Err(page) => return Some(page),
        };
        let name = arguments.get("name").map(|name| match self.config.behaviour {
            Behaviour::Freezed => name.as_str(),
            // 2.5 and later ignore a NUL and what follows it, and then white space at the end.
            Behaviour::Checkpoint
            | Behaviour::RemoteName
            | Behaviour::DupExist
            | Behaviour::Idempotent => name
                .split('\0')
                .next()
                .unwrap_or_default()
                .trim_end_matches([' ', '\t', '\r', '\n']),
        });
        // Some pages check their arguments before anything else.
        let only = |known: &[&str]| arguments.keys().all(|key| known.contains(&key.as_str()));
        let bad = |body: &str| Page { status: 400, body: body.to_owned() };
        let nothing = || Page::ok("{}\n".to_owned());
        let follows = matches!(self.role, Role::Follower { .. });
        Some(match path.as_str() {
            "version" => line(&version(self.config.behaviour)),
            "recentStartTime" => {
                line(&Started { recent_start_time: date_time(self.started_ms / 1_000) })
            }
            "meta/app/duplication" if follows || !self.config.duplication_enabled => Page {
                status: 404,
                body: match self.config.behaviour {
                    Behaviour::Freezed => "duplication is not enabled [duplication_enabled=false]",
                    Behaviour::Checkpoint
                    | Behaviour::RemoteName
                    | Behaviour::DupExist
                    | Behaviour::Idempotent => {
                        "duplication is not enabled [FLAGS_duplication_enabled=false]"
                    }
                }
                .to_owned(),
            },
            // A real server ends when it writes a name that is not UTF-8 as JSON.
            "meta/app/duplication" if name.is_some_and(|name| self.state.page_ends_it(name)) => {
                self.die(connection);
                return None;
            }
            "meta/app/duplication" => self.duplication_page(name, now),
            "meta/apps" | "meta/nodes" if !only(&["detail"]) => bad(""),
            "meta/apps" => self.apps_page(follows),
            "meta/app" if !only(&["name", "detail"]) => bad(""),
            "meta/app" => self.app_page(name.unwrap_or_default()),
            "meta/app_envs" if name.unwrap_or_default().is_empty() => bad(NO_APP_NAME),
            "meta/app_envs" => match self.state.table(name.unwrap_or_default()) {
                Some(table) => line(&self.state.envs(table)),
                None => nothing(),
            },
            "meta/backup_policy" if !self.config.backup_enabled => {
                Page { status: 404, body: "cold_backup_disabled".to_owned() }
            }
            "meta/backup_policy" if !only(&["name"]) => bad("Invalid parameter"),
            "meta/backup_policy" if follows => nothing(),
            "meta/backup_policy" => match self.state.policy_entries(name) {
                Some(entries) => policies_page(entries),
                None => {
                    self.die(connection);
                    return None;
                }
            },
            // Snapshots of 2.6 have this defect fixed.
            "meta/cluster" if follows && self.config.behaviour == Behaviour::Checkpoint => {
                self.die(connection);
                return None;
            }
            "meta/cluster" => {
                let leader = self.leader_address();
                let context = Context { now_ms: now.wall_ms, addresses: &self.addresses, leader };
                line(&self.state.cluster_facts(&context))
            }
            "meta/nodes" => self.nodes_page(),
            other => Page { status: 404, body: format!("service not found for \"{other}\"") },
        })
    }

    fn duplication_page(&mut self, name: Option<&str>, now: Now) -> Page {
        let Some(app_name) = name else {
            return Page { status: 400, body: "name should not be empty".to_owned() };
        };
        let generation = self.state.rules.generation;
        let response = self.state.query(app_name, now.wall_ms);
        if response.err != crate::protocol::error_code::ErrorCode::Ok {
            return Page { status: 404, body: response.err.name().to_owned() };
        }
        let entries = response.entry_list.unwrap_or_default();
        if entries.is_empty() {
            return Page::ok("null".to_owned());
        }
        let shown = |entry: Entry| ShownEntry {
            create_ts: date_time(entry.create_ts.div_euclid(1_000)),
            dupid: entry.dupid,
            fail_mode: FailMode::from_number(entry.fail_mode.unwrap_or_default()).name(),
            partition_states: entry.partition_states.map(|states| {
                states
                    .into_iter()
                    .map(|(index, state)| {
                        let state = ShownState {
                            confirmed_decree: state.confirmed_decree,
                            last_committed_decree: state.last_committed_decree,
                        };
                        (index.to_string(), state)
                    })
                    .collect()
            }),
            remote: entry.remote,
            remote_app_name: entry.remote_app_name,
            remote_replica_count: entry.remote_replica_count,
            status: generation.status(entry.status).name(),
        };
        // Keys are sorted as text, as on a real server: "10" comes before "2".
        let mut page = BTreeMap::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let key = (index + 1).to_string();
            page.insert(key, EntryOrId::Entry(Box::new(shown(entry))));
        }
        page.insert("appid".to_owned(), EntryOrId::Id(response.appid.unwrap_or_default()));
        Page::ok(json(&page))
    }

    fn apps_page(&self, follows: bool) -> Page {
        let tables: Vec<&Table> =
            if follows { Vec::new() } else { self.state.tables.values().collect() };
        // Fractions of a second have more digits since 2.6.
        let fraction = if self.state.rules.remote_names { ".000" } else { ".0" };
        let dropped = |table: &Table, second: i64| match table.status {
            TableStatus::Dropped => date_time(second) + fraction,
            _ => "-".to_owned(),
        };
        let row = |table: &&Table| AppRow {
            app_id: table.record.id.to_string(),
            status: table.status.name(),
            app_name: table.record.name.clone(),
            app_type: "pegasus",
            partition_count: table.record.partitions.to_string(),
            replica_count: table.record.replicas.to_string(),
            is_stateful: "true",
            create_time: date_time(table.record.create_second) + fraction,
            drop_time: dropped(table, table.record.drop_second),
            drop_expire: dropped(table, table.record.expire_second),
            envs_count: self.state.envs(table).len().to_string(),
        };
        line(&Apps {
            general_info: tables.iter().map(|table| (table.record.id, row(table))).collect(),
            summary: AppsSummary { total_app_count: tables.len().to_string() },
        })
    }

    fn nodes_page(&self) -> Page {
        let with_name = self.state.rules.remote_names;
        let replicas = self.state.replicas.lock();
        let row = |status: &'static str| {
            move |node: &ReplicaServer| {
                let address = node.shown(with_name);
                (address.clone(), NodeRow { address, status })
            }
        };
        let (alive, dead) = (replicas.alive(), replicas.dead());
        line(&Nodes {
            details: alive
                .iter()
                .map(row("ALIVE"))
                .chain(dead.iter().map(row("UNALIVE")))
                .collect(),
            summary: NodesSummary {
                total_node_count: (alive.len() + dead.len()).to_string(),
                alive_node_count: alive.len().to_string(),
                unalive_node_count: dead.len().to_string(),
            },
        })
    }

    fn app_page(&self, name: &str) -> Page {
        // Servers before 2.5 look for the name as a C string, which a NUL ends, and show the name as they
        // received it.
        match self.state.table(name.split('\0').next().unwrap_or_default()) {
            Some(table) => line(&App {
                general: AppGeneral {
                    app_name: name.to_owned(),
                    app_id: table.record.id.to_string(),
                    partition_count: table.record.partitions.to_string(),
                    max_replica_count: table.record.replicas.to_string(),
                },
            }),
            None if name.is_empty() && self.state.rules.remote_names => {
                Page { status: 400, body: NO_APP_NAME.to_owned() }
            }
            None => Page { status: 404, body: format!("table not found: \"{name}\"") },
        }
    }
}

fn policies_page(entries: Vec<BackupPolicyEntry>) -> Page {
    let row = |entry: BackupPolicyEntry| PolicyRow {
        name: entry.policy_name,
        backup_provider_type: entry.backup_provider_type,
        backup_interval: entry.backup_interval_seconds,
        app_ids: json(&entry.app_ids),
        start_time: entry.start_time,
        status: if entry.is_disable { "disabled" } else { "enabled" },
        backup_history_count: entry.backup_history_count_to_keep.to_string(),
    };
    let rows = entries.into_iter().map(|entry| (entry.policy_name.clone(), row(entry)));
    line(&rows.collect::<BTreeMap<_, _>>())
}

/// Returns the version and the commit of the real server that the behaviour was compared with. If
/// there is none, this library's own version takes the place of the commit.
fn version(behaviour: Behaviour) -> Version {
    let ours = || format!("pegasus-dup {}", env!("CARGO_PKG_VERSION"));
    let (version, git_commit) = match behaviour {
        Behaviour::Freezed => ("2.3.0", "2b0c6c7e4683f0d40e6a9d53ec065398b12cc69a".to_owned()),
        Behaviour::Checkpoint => ("2.5.0", "0ca31b70eac7321bb17fb034105695597245d47b".to_owned()),
        Behaviour::DupExist => {
            ("2.6.0-SNAPSHOT", "db756dcdf24e2af6169659a67548501ed61f106c".to_owned())
        }
        Behaviour::RemoteName | Behaviour::Idempotent => ("2.6.0-SNAPSHOT", ours()),
    };
    Version { version, git_commit }
}
