//! Sends a recorded session about tables to the embedded server, and compares the responses with those
//! of a real server with three replica servers. Every field must be the same, apart from times, dupids
//! and the choice of nodes.

use std::path::Path;
use std::sync::Arc;

use pegasus_dup::protocol::frame::decode_response;
use pegasus_dup::protocol::messages::{
    AddDuplication, ClusterInfo, CreateApp, DropApp, GetAtomicIdempotent, GetMaxReplicaCount,
    ListApps, ListDuplication, ListNodes, ModifyDuplication, QueryConfig, QueryDuplication,
    RecallApp, RenameApp, Rpc, SetAtomicIdempotent, SetMaxReplicaCount, UpdateAppEnv,
};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Hub, ServerConfig};
use serde_json::{Value, json};

use super::support::replayed::{blur, both, placed, request};
use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::Peer;
use crate::common::wire::{Shown, unhex};

/// The longest time that the server takes to place the replicas of a table.
const PLACED_MS: i64 = 3_000;

/// Returns the facts that do not depend on addresses and on the places of replicas.
fn facts(info: &<ClusterInfo as Rpc>::Response) -> Value {
    let (keys, values) = (info.keys.clone().expect("keys"), info.values.clone().expect("values"));
    let places = |key: &str| {
        ["meta_servers", "primary_meta_server", "zookeeper_hosts", "balance_operation_count"]
            .contains(&key)
            || key.ends_with("_stddev")
    };
    let shown = keys
        .iter()
        .zip(&values)
        .map(|(key, value)| json!([key, if places(key) { Value::Null } else { json!(value) }]));
    shown.collect()
}

#[tokio::test]
async fn tables_behave_as_on_a_real_server_of_2026() {
    let config =
        ServerConfig { tables: Vec::new(), nodes: Some(3), ..embedded::still(Behaviour::DupExist) };
    let clock = HandClock::at(1_795_000_000_000);
    let hub = Hub::new(&config, Arc::new(MemoryStore::new()), Arc::new(clock.clone()));
    let hub = hub.expect("a server");
    let mut peer = Peer::in_memory(&hub);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/meta-modern-tables-a.jsonl");
    let text = std::fs::read_to_string(path).expect("read");
    // The recorded dupids, and those of this server.
    let mut dupids: Vec<(i32, i32)> = Vec::new();
    let mut replayed = 0;
    for (index, line) in text.lines().enumerate() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        match line["action"].as_str() {
            Some("wait_healthy") => clock.forward(PLACED_MS),
            Some("wait_nodes") => {
                hub.set_alive_nodes(line["alive"].as_u64().expect("a number") as usize);
                clock.forward(PLACED_MS);
            }
            // What the servers notice follows with "wait_nodes".
            Some("kill_replica" | "start_replica") => {}
            Some("sleep") => clock.forward(line["seconds"].as_i64().expect("seconds") * 1_000),
            Some(other) => panic!("{other}"),
            None => {}
        }
        let Some(rpc) = line["rpc"].as_str() else { continue };
        let payload = unhex(line["response_payload_hex"].as_str().expect("hex"));
        let peer = &mut peer;
        let (got, recorded) = match rpc {
            CreateApp::NAME => {
                let asked = request::<CreateApp>(&line);
                both::<CreateApp>(peer, &asked, &payload, Shown::shown).await
            }
            DropApp::NAME => {
                let asked = request::<DropApp>(&line);
                both::<DropApp>(peer, &asked, &payload, Shown::shown).await
            }
            RecallApp::NAME => {
                let asked = request::<RecallApp>(&line);
                both::<RecallApp>(peer, &asked, &payload, Shown::shown).await
            }
            RenameApp::NAME => {
                let asked = request::<RenameApp>(&line);
                both::<RenameApp>(peer, &asked, &payload, Shown::shown).await
            }
            ListApps::NAME => {
                let asked = request::<ListApps>(&line);
                both::<ListApps>(peer, &asked, &payload, Shown::shown).await
            }
            ListNodes::NAME => {
                let asked = request::<ListNodes>(&line);
                both::<ListNodes>(peer, &asked, &payload, Shown::shown).await
            }
            UpdateAppEnv::NAME => {
                let asked = request::<UpdateAppEnv>(&line);
                both::<UpdateAppEnv>(peer, &asked, &payload, Shown::shown).await
            }
            SetMaxReplicaCount::NAME => {
                let asked = request::<SetMaxReplicaCount>(&line);
                both::<SetMaxReplicaCount>(peer, &asked, &payload, Shown::shown).await
            }
            GetAtomicIdempotent::NAME => {
                let asked = request::<GetAtomicIdempotent>(&line);
                both::<GetAtomicIdempotent>(peer, &asked, &payload, Shown::shown).await
            }
            SetAtomicIdempotent::NAME => {
                let asked = request::<SetAtomicIdempotent>(&line);
                both::<SetAtomicIdempotent>(peer, &asked, &payload, Shown::shown).await
            }
            GetMaxReplicaCount::NAME => {
                let asked = request::<GetMaxReplicaCount>(&line);
                both::<GetMaxReplicaCount>(peer, &asked, &payload, Shown::shown).await
            }
            QueryConfig::NAME => {
                let asked = request::<QueryConfig>(&line);
                let show = |response: &<QueryConfig as Rpc>::Response| {
                    let partitions = response.partitions.as_ref().expect("a list").iter();
                    json!([response.shown(), partitions.map(placed).collect::<Value>()])
                };
                let (mut got, mut recorded) =
                    both::<QueryConfig>(peer, &asked, &payload, show).await;
                // The first part names the nodes.
                for shown in [&mut got, &mut recorded] {
                    shown[0]["5"] = Value::Null;
                }
                (got, recorded)
            }
            AddDuplication::NAME => {
                clock.forward(1_000);
                let asked = request::<AddDuplication>(&line);
                let show = |response: &<AddDuplication as Rpc>::Response| {
                    json!([response.shown(), response.dupid])
                };
                let got = peer.call::<AddDuplication>(&asked).await;
                let frame = decode_response(&payload).expect("a response");
                let recorded =
                    frame.response::<<AddDuplication as Rpc>::Response>().expect("a response");
                dupids.push((recorded.dupid.expect("a dupid"), got.dupid.expect("a dupid")));
                (blur(&show(&got)), blur(&show(&recorded)))
            }
            ModifyDuplication::NAME => {
                let mut asked = request::<ModifyDuplication>(&line);
                let known = dupids.iter().rfind(|(recorded, _)| *recorded == asked.dupid);
                asked.dupid = known.expect("a dupid").1;
                both::<ModifyDuplication>(peer, &asked, &payload, Shown::shown).await
            }
            QueryDuplication::NAME => {
                let asked = request::<QueryDuplication>(&line);
                both::<QueryDuplication>(peer, &asked, &payload, Shown::shown).await
            }
            ClusterInfo::NAME => {
                let asked = request::<ClusterInfo>(&line);
                both::<ClusterInfo>(peer, &asked, &payload, facts).await
            }
            ListDuplication::NAME => {
                let asked = request::<ListDuplication>(&line);
                both::<ListDuplication>(peer, &asked, &payload, Shown::shown).await
            }
            other => panic!("{other}"),
        };
        assert_eq!(got, recorded, "line {} {}", index + 1, line["step"]);
        replayed += 1;
    }
    assert_eq!(replayed, 303);
    assert_eq!(hub.would_have_died(), 0);
}
