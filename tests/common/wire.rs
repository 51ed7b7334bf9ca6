//! Reads the recordings in `tests/wire`: requests to real meta servers and their responses, step by
//! step.

use std::collections::BTreeMap;
use std::path::Path;

use pegasus_dup::protocol::generation::{FailMode, Generation, Status};
use pegasus_dup::protocol::messages::{
    AddBackupPolicyResponse, AddDuplication, AddRequest, AddResponse, AppInfo,
    AtomicIdempotentResponse, BackupEntry, BackupPolicyEntry, ClusterInfoResponse,
    CreateAppResponse, DropAppResponse, Entry, ListAppsResponse, ListDuplication,
    ListNodesResponse, ListRequest, ListResponse, MaxReplicaCountResponse,
    ModifyBackupPolicyResponse, ModifyDuplication, ModifyRequest, ModifyResponse, PartitionConfig,
    QueryBackupPolicyResponse, QueryConfigResponse, QueryDuplication, QueryRequest, QueryResponse,
    RecallAppResponse, RenameAppResponse, Rpc, SetAtomicIdempotentResponse,
    SetMaxReplicaCountResponse, UpdateAppEnvResponse,
};
use pegasus_dup::protocol::thrift::Wire;
use serde_json::{Map, Value, json};

/// One step of a recording.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The place in the recording, for messages.
    pub(crate) place: String,
    /// The call in words.
    pub(crate) words: String,
    /// The RPC, if the line names it.
    pub(crate) rpc: Option<String>,
    /// The request struct.
    pub(crate) request: Vec<u8>,
    /// The frame of the response, after its length.
    pub(crate) payload: Vec<u8>,
    /// The response, decoded when it was recorded. The keys are field ids.
    pub(crate) response: Value,
}

/// Returns the steps of a recording.
pub(crate) fn steps(file: &str) -> Vec<Step> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    text.lines()
        .enumerate()
        .map(|(index, line)| (index, serde_json::from_str::<Value>(line).expect("JSON")))
        .filter(|(_, line)| line.get("step").is_some())
        .map(|(index, line)| Step {
            place: format!("{file}:{}", index + 1),
            words: line["step"].as_str().expect("a step").to_owned(),
            rpc: line.get("rpc").map(|rpc| rpc.as_str().expect("a name").to_owned()),
            request: bytes(&line["request_struct_hex"]),
            payload: bytes(&line["response_payload_hex"]),
            response: line.get("response").cloned().unwrap_or(Value::Null),
        })
        .collect()
}

fn bytes(hex: &Value) -> Vec<u8> {
    unhex(hex.as_str().expect("hex"))
}

/// Decodes hex digits. Ignores spaces.
pub(crate) fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("ASCII");
            u8::from_str_radix(pair, 16).expect("hex digits")
        })
        .collect()
}

/// A request, as the words of a step describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Add(AddRequest),
    Modify(ModifyRequest),
    Query(QueryRequest),
    List(ListRequest),
}

impl Asked {
    /// Returns the request that the words describe.
    pub(crate) fn from_words(words: &str, generation: Generation, list_match_type: i32) -> Asked {
        let mut parts = words.split(' ');
        let verb = parts.next().expect("a verb");
        let mut next = || parts.next().expect("another word").to_owned();
        match verb {
            "query" => Asked::Query(QueryRequest { app_name: next() }),
            "list" => Asked::List(ListRequest {
                app_name_pattern: String::new(),
                match_type: list_match_type,
            }),
            "add" => {
                let mut request = AddRequest {
                    app_name: next(),
                    remote_cluster_name: next(),
                    is_duplicating_checkpoint: None,
                    remote_app_name: None,
                    remote_replica_count: None,
                };
                for option in parts {
                    let (name, value) = option.split_once('=').expect("NAME=VALUE");
                    match name {
                        // Both names mean the same field.
                        "ckpt" | "freezed" => {
                            request.is_duplicating_checkpoint = Some(value == "true");
                        }
                        "rapp" => request.remote_app_name = Some(value.to_owned()),
                        "rcnt" => {
                            request.remote_replica_count = Some(value.parse().expect("a number"));
                        }
                        other => panic!("unknown option {other}"),
                    }
                }
                Asked::Add(request)
            }
            "modify" => {
                let mut request = ModifyRequest {
                    app_name: next(),
                    dupid: next().parse().expect("a dupid"),
                    status: None,
                    fail_mode: None,
                };
                for option in parts {
                    let (name, value) = option.split_once('=').expect("NAME=VALUE");
                    match name {
                        "status" => request.status = generation.status_number(status(value)),
                        "fail" => {
                            request.fail_mode = value.parse::<FailMode>().expect("one").number();
                        }
                        other => panic!("unknown option {other}"),
                    }
                }
                Asked::Modify(request)
            }
            other => panic!("unknown step {other}"),
        }
    }

    /// Returns the bytes of the request struct.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Asked::Add(request) => request.write(&mut out),
            Asked::Modify(request) => request.write(&mut out),
            Asked::Query(request) => request.write(&mut out),
            Asked::List(request) => request.write(&mut out),
        }
        out
    }

    /// Returns the name of the RPC.
    pub(crate) fn rpc(&self) -> &'static str {
        match self {
            Asked::Add(_) => AddDuplication::NAME,
            Asked::Modify(_) => ModifyDuplication::NAME,
            Asked::Query(_) => QueryDuplication::NAME,
            Asked::List(_) => ListDuplication::NAME,
        }
    }
}

fn status(name: &str) -> Status {
    [
        Status::Init,
        Status::Prepare,
        Status::App,
        Status::Log,
        Status::Start,
        Status::Pause,
        Status::Removed,
    ]
    .into_iter()
    .find(|status| status.name() == name)
    .unwrap_or_else(|| panic!("unknown status {name}"))
}

/// Returns a response as the recordings show it, with field ids as keys.
pub(crate) trait Shown {
    fn shown(&self) -> Value;
}

fn fields<const N: usize>(fields: [(i16, Option<Value>); N]) -> Value {
    let fields = fields
        .into_iter()
        .filter_map(|(id, value)| value.map(|value| (id.to_string(), value)))
        .collect::<Map<_, _>>();
    Value::Object(fields)
}

fn map<K: ToString, V>(map: &BTreeMap<K, V>, show: impl Fn(&V) -> Value) -> Value {
    Value::Object(map.iter().map(|(key, value)| (key.to_string(), show(value))).collect())
}

impl Shown for AddResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.appid.map(|v| json!(v))),
            (3, self.dupid.map(|v| json!(v))),
            (4, self.hint.as_ref().map(|v| json!(v))),
            (5, self.remote_app_name.as_ref().map(|v| json!(v))),
            (6, self.remote_replica_count.map(|v| json!(v))),
        ])
    }
}

impl Shown for ModifyResponse {
    fn shown(&self) -> Value {
        fields([(1, Some(json!(self.err.name()))), (2, self.appid.map(|v| json!(v)))])
    }
}

impl Shown for QueryResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (3, self.appid.map(|v| json!(v))),
            (4, self.entry_list.as_ref().map(|list| list.iter().map(entry).collect())),
        ])
    }
}

impl Shown for ListResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.hint_message.as_ref().map(|v| json!(v))),
            (
                3,
                self.app_states.as_ref().map(|states| {
                    map(states, |state| {
                        fields([
                            (1, Some(json!(state.appid))),
                            (2, Some(map(&state.duplications, entry))),
                            (3, state.app_name.as_ref().map(|v| json!(v))),
                            (4, state.partition_count.map(|v| json!(v))),
                        ])
                    })
                }),
            ),
        ])
    }
}

impl Shown for ListAppsResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.infos.as_ref().map(|infos| infos.iter().map(app_info).collect())),
            (3, self.hint_message.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for QueryConfigResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.app_id.map(|v| json!(v))),
            (3, self.partition_count.map(|v| json!(v))),
            (4, self.is_stateful.map(|v| json!(v))),
            (5, self.partitions.as_ref().map(|list| list.iter().map(partition).collect())),
        ])
    }
}

impl Shown for MaxReplicaCountResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.max_replica_count.map(|v| json!(v))),
            (3, self.hint_message.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for CreateAppResponse {
    fn shown(&self) -> Value {
        fields([(1, Some(json!(self.err.name()))), (2, self.appid.map(|v| json!(v)))])
    }
}

impl Shown for DropAppResponse {
    fn shown(&self) -> Value {
        fields([(1, Some(json!(self.err.name())))])
    }
}

impl Shown for RecallAppResponse {
    fn shown(&self) -> Value {
        fields([(1, Some(json!(self.err.name()))), (2, self.info.as_ref().map(app_info))])
    }
}

impl Shown for RenameAppResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.hint_message.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for UpdateAppEnvResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.hint_message.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for SetMaxReplicaCountResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.old_max_replica_count.map(|v| json!(v))),
            (3, self.hint_message.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for AtomicIdempotentResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.atomic_idempotent.map(|v| json!(v))),
            (3, self.hint_message.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for SetAtomicIdempotentResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.old_atomic_idempotent.map(|v| json!(v))),
            (3, self.hint_message.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for ListNodesResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (
                2,
                self.infos
                    .as_ref()
                    .map(|infos| infos.iter().map(|node| json!(node.status)).collect()),
            ),
        ])
    }
}

impl Shown for ClusterInfoResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.keys.as_ref().map(|v| json!(v))),
            (3, self.values.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for AddBackupPolicyResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.hint_message.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for ModifyBackupPolicyResponse {
    fn shown(&self) -> Value {
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.hint_message.as_ref().map(|v| json!(v))),
        ])
    }
}

impl Shown for QueryBackupPolicyResponse {
    fn shown(&self) -> Value {
        let backups = |list: &Vec<BackupEntry>| list.iter().map(backup).collect::<Value>();
        fields([
            (1, Some(json!(self.err.name()))),
            (2, self.policys.as_ref().map(|list| list.iter().map(policy).collect())),
            (3, self.backup_infos.as_ref().map(|lists| lists.iter().map(backups).collect())),
            (4, self.hint_msg.as_ref().map(|v| json!(v))),
        ])
    }
}

fn policy(policy: &BackupPolicyEntry) -> Value {
    json!({
        "1": policy.policy_name,
        "2": policy.backup_provider_type,
        "3": policy.backup_interval_seconds,
        "4": policy.app_ids,
        "5": policy.backup_history_count_to_keep,
        "6": policy.start_time,
        "7": policy.is_disable,
    })
}

fn backup(backup: &BackupEntry) -> Value {
    json!({
        "1": backup.backup_id,
        "2": backup.start_time_ms,
        "3": backup.end_time_ms,
        "4": backup.app_ids,
    })
}

fn entry(entry: &Entry) -> Value {
    fields([
        (1, Some(json!(entry.dupid))),
        (2, Some(json!(entry.status))),
        (3, Some(json!(entry.remote))),
        (4, Some(json!(entry.create_ts))),
        (5, entry.progress.as_ref().map(|progress| map(progress, |decree| json!(decree)))),
        (7, entry.fail_mode.map(|v| json!(v))),
        (8, entry.remote_app_name.as_ref().map(|v| json!(v))),
        (9, entry.remote_replica_count.map(|v| json!(v))),
        (10, entry.mode.map(|v| json!(v))),
        (
            11,
            entry.partition_states.as_ref().map(|states| {
                map(
                    states,
                    |state| json!({"1": state.confirmed_decree, "2": state.last_committed_decree}),
                )
            }),
        ),
    ])
}

fn app_info(info: &AppInfo) -> Value {
    fields([
        (1, Some(json!(info.status))),
        (2, Some(json!(info.app_type))),
        (3, Some(json!(info.app_name))),
        (4, Some(json!(info.app_id))),
        (5, Some(json!(info.partition_count))),
        (6, Some(map(&info.envs, |value| json!(value)))),
        (7, Some(json!(info.is_stateful))),
        (8, Some(json!(info.max_replica_count))),
        (9, Some(json!(info.expire_second))),
        (10, Some(json!(info.create_second))),
        (11, Some(json!(info.drop_second))),
        (12, info.duplicating.map(|v| json!(v))),
        (13, info.init_partition_count.map(|v| json!(v))),
        (14, info.is_bulk_loading.map(|v| json!(v))),
        (15, info.atomic_idempotent.map(|v| json!(v))),
    ])
}

fn partition(partition: &PartitionConfig) -> Value {
    json!({
        "pid": [partition.pid.app_id, partition.pid.partition_index],
        "ballot": partition.ballot,
        "max_replica_count": partition.max_replica_count,
        "primary": partition.primary.0.map(|address| address.to_string()),
        "secondaries": partition.secondaries.len(),
        "last_drops": partition.last_drops.len(),
        "last_committed_decree": partition.last_committed_decree,
        "partition_flags": partition.partition_flags,
    })
}
