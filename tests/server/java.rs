//! Requests of the official Java client. They have a header of version 1.

use std::sync::Arc;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    CreateApp, DropApp, ListApps, QueryConfig, QueryConfigResponse, Rpc,
};
use pegasus_dup::protocol::thrift::Wire;
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, Group, Hub, ServerConfig};
use serde_json::{Value, json};

use super::support::replayed::{blur, placed};
use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::{Framed, Peer};
use crate::common::wire::{Shown, unhex};

/// The longest time that the server takes to place the replicas of a table.
const PLACED_MS: i64 = 3_000;

/// A call of the client, with the frames that were recorded.
struct Call {
    words: String,
    rpc: String,
    request: Vec<u8>,
    /// The response of the real server, after its length.
    payload: Vec<u8>,
}

/// Returns the recorded session of the client with a real server of 2026.
fn session() -> Vec<Call> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/java-client-a.jsonl");
    let text = std::fs::read_to_string(path).expect("read");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let text_of = |line: &Value, key: &str| line[key].as_str().expect(key).to_owned();
    lines
        .filter(|line| line.get("call").is_some())
        .map(|line| Call {
            words: text_of(&line, "call"),
            rpc: text_of(&line, "rpc"),
            request: unhex(&text_of(&line, "request_frame_hex")),
            payload: unhex(&text_of(&line, "response_payload_hex")),
        })
        .collect()
}

/// Returns the configuration of a server like the recorded one.
fn recorded() -> ServerConfig {
    ServerConfig {
        tables: vec!["temp:8:3".parse().expect("a table")],
        nodes: Some(3),
        ..embedded::still(Behaviour::DupExist)
    }
}

/// Sends the frame of a call, and returns the response.
async fn send(peer: &mut Peer, call: &Call) -> Framed {
    peer.send_bytes(&call.request).await;
    let response = peer.receive().await.expect("a response");
    assert_eq!(response.framework, ErrorCode::Ok);
    response
}

/// Returns whether each partition of the queried table has all of its replicas.
fn is_ready(response: &Framed) -> bool {
    let partitions = response.response::<QueryConfig>().partitions.expect("partitions");
    partitions.iter().all(|one| one.primary.0.is_some() && one.secondaries.len() == 2)
}

fn partitions(response: &QueryConfigResponse) -> Value {
    let partitions = response.partitions.as_deref().expect("partitions");
    json!([
        response.err.to_string(),
        response.app_id,
        response.partition_count,
        response.is_stateful,
        partitions.iter().map(placed).collect::<Vec<_>>(),
    ])
}

/// Returns what both responses have, apart from times and the choice of nodes.
fn both<R: Rpc>(ours: &Framed, theirs: &Framed, show: impl Fn(&R::Response) -> Value) -> [Value; 2]
where
    R::Response: Wire,
{
    [ours, theirs].map(|framed| blur(&show(&framed.response::<R>())))
}

/// Sends what the client has sent for opening, listing, creating and dropping tables. The server must
/// respond like the real server, whose responses the client has accepted. The responses in between, while
/// the partitions of a new table get their replicas, depend on the real server's pace and are not compared.
#[tokio::test]
async fn a_recorded_session_of_the_java_client() {
    let clock = HandClock::at(1_795_000_000_000);
    let hub = Hub::new(&recorded(), Arc::new(MemoryStore::new()), Arc::new(clock.clone()));
    let hub = hub.expect("a server");
    let mut peer = Peer::in_memory(&hub);
    let mut compared = 0;
    for call in session() {
        assert_eq!(call.request[..8], *b"THFT\0\0\0\x01");
        let ours = send(&mut peer, &call).await;
        let theirs = Framed::decoded(&call.payload);
        if call.words.ends_with("waiting") && !is_ready(&theirs) {
            continue;
        }
        assert_eq!((&ours.name, ours.seqid), (&theirs.name, theirs.seqid), "{}", call.words);
        let [got, expected] = match call.rpc.as_str() {
            QueryConfig::NAME => both::<QueryConfig>(&ours, &theirs, partitions),
            ListApps::NAME => both::<ListApps>(&ours, &theirs, Shown::shown),
            CreateApp::NAME => both::<CreateApp>(&ours, &theirs, Shown::shown),
            DropApp::NAME => both::<DropApp>(&ours, &theirs, Shown::shown),
            other => panic!("{other}"),
        };
        assert_eq!(got, expected, "{}", call.words);
        compared += 1;
        if call.rpc == CreateApp::NAME {
            // The client asks again and again until the partitions have their replicas.
            clock.forward(PLACED_MS);
        }
    }
    assert_eq!(compared, 14);
}

/// A follower names the leader in the place where the client looks for it: the primary of the first
/// partition.
#[tokio::test]
async fn a_follower_sends_the_java_client_to_the_leader() {
    let session = session();
    let open = session.iter().find(|call| call.words == "openTable temp").expect("a call");
    let missing = session.iter().find(|call| call.words == "openTable nosuch").expect("a call");
    let leader = "10.0.0.1:34601".parse().expect("an address");
    let follower = "10.0.0.1:34602".parse().expect("an address");
    let configs = [leader, follower].map(|listen| ServerConfig { listen, ..recorded() });
    let clock: Arc<dyn Clock> = Arc::new(HandClock::at(1_795_000_000_000));
    let group = Group::new(&configs, Arc::new(MemoryStore::new()), &clock).expect("a group");
    for call in [open, missing] {
        let mut peer = Peer::in_memory(group.hub(1).expect("a server"));
        let response = send(&mut peer, call).await.response::<QueryConfig>();
        assert_eq!(response.err, ErrorCode::ForwardToOthers);
        let partitions = response.partitions.expect("partitions");
        assert_eq!(partitions[0].primary.0.map(Into::into), Some(leader));
    }
    let mut peer = Peer::in_memory(group.hub(0).expect("a server"));
    let response = send(&mut peer, open).await.response::<QueryConfig>();
    assert_eq!((response.err, response.partition_count), (ErrorCode::Ok, Some(8)));
    let response = send(&mut peer, missing).await.response::<QueryConfig>();
    assert_eq!(response.err.to_string(), "ERR_OBJECT_NOT_FOUND");
}
