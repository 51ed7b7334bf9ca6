//! Sends the requests of a recording, and compares the responses with the recorded ones.

use pegasus_dup::protocol::frame::decode_response;
use pegasus_dup::protocol::messages::{PartitionConfig, Rpc};
use pegasus_dup::protocol::thrift::{Reader, Wire};
use serde_json::{Value, json};

use crate::common::peer::Peer;
use crate::common::wire::unhex;

/// Replaces times and dupids, which no other number is as large as. A map whose keys are dupids
/// becomes a list.
pub(crate) fn blur(value: &Value) -> Value {
    let is_large = |text: &str| text.parse::<i64>().is_ok_and(|number| number >= 1_000_000_000);
    match value {
        Value::Object(fields) if fields.keys().any(|key| is_large(key)) => {
            fields.values().map(blur).collect()
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), blur(value))).collect())
        }
        Value::Array(values) => values.iter().map(blur).collect(),
        Value::Number(number) if number.as_i64().is_some_and(|n| n >= 1_000_000_000) => {
            json!("a time or a dupid")
        }
        other => other.clone(),
    }
}

/// Returns what a partition has, apart from the choice of nodes.
pub(crate) fn placed(partition: &PartitionConfig) -> Value {
    json!({
        "pid": [partition.pid.app_id, partition.pid.partition_index],
        "ballot": partition.ballot,
        "max_replica_count": partition.max_replica_count,
        "primary": partition.primary.0.is_some(),
        "secondaries": partition.secondaries.len(),
        "last_drops": partition.last_drops.len(),
        "hp_primary": partition.hp_primary.as_ref().map(|name| name.host.clone()),
        "hp_secondaries": partition.hp_secondaries.as_ref().map(Vec::len),
        "hp_last_drops": partition.hp_last_drops.as_ref().map(Vec::len),
    })
}

/// Sends a recorded request, and returns the response and the recorded response.
pub(crate) async fn both<R: Rpc>(
    peer: &mut Peer,
    request: &R::Request,
    payload: &[u8],
    show: impl Fn(&R::Response) -> Value,
) -> (Value, Value) {
    let got = peer.call::<R>(request).await;
    let frame = decode_response(payload).expect("a response");
    let recorded = frame.response::<R::Response>().expect("a response");
    (blur(&show(&got)), blur(&show(&recorded)))
}

/// Returns the request of a line of a recording.
pub(crate) fn request<R: Rpc>(line: &Value) -> R::Request {
    let bytes = unhex(line["request_struct_hex"].as_str().expect("hex"));
    R::Request::read(&mut Reader::new(&bytes)).expect("a request")
}
