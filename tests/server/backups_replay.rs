//! Sends the recorded sessions about backup policies to the embedded server, and compares the responses with
//! those of a real server with three replica servers. Every field must be the same, apart from times.

use std::path::Path;
use std::sync::Arc;

use pegasus_dup::protocol::messages::{
    AddBackupPolicy, CreateApp, DropApp, ModifyBackupPolicy, QueryBackupPolicy, Rpc,
};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Hub, ServerConfig};
use serde_json::Value;

use super::support::replayed::{both, request};
use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::Peer;
use crate::common::wire::{Shown, unhex};

/// The time that the server takes to place the replicas of a new table.
const PLACED_MS: i64 = 1_000;

/// Replays a recording on a new server. Returns the number of requests.
async fn replay(file: &str, backup_enabled: bool) -> usize {
    let config = ServerConfig {
        tables: Vec::new(),
        nodes: Some(3),
        backup_enabled,
        ..embedded::still(Behaviour::DupExist)
    };
    // It is 11 o'clock. The recorded policies start at other hours, or at once.
    let clock = HandClock::at(1_795_000_000_000);
    let hub = Hub::new(&config, Arc::new(MemoryStore::new()), Arc::new(clock.clone()));
    let hub = hub.expect("a server");
    let mut peer = Peer::in_memory(&hub);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(file);
    let text = std::fs::read_to_string(path).expect("read");
    let mut replayed = 0;
    for (index, line) in text.lines().enumerate() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        match line["action"].as_str() {
            Some("wait_healthy") => clock.forward(PLACED_MS),
            Some("sleep") => clock.forward(line["seconds"].as_i64().expect("seconds") * 1_000),
            Some(other) => panic!("unknown action {other}"),
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
            AddBackupPolicy::NAME => {
                let asked = request::<AddBackupPolicy>(&line);
                both::<AddBackupPolicy>(peer, &asked, &payload, Shown::shown).await
            }
            QueryBackupPolicy::NAME => {
                let asked = request::<QueryBackupPolicy>(&line);
                both::<QueryBackupPolicy>(peer, &asked, &payload, Shown::shown).await
            }
            ModifyBackupPolicy::NAME => {
                let asked = request::<ModifyBackupPolicy>(&line);
                both::<ModifyBackupPolicy>(peer, &asked, &payload, Shown::shown).await
            }
            other => panic!("unknown RPC {other}"),
        };
        assert_eq!(got, recorded, "{file}:{} {}", index + 1, line["step"]);
        replayed += 1;
    }
    assert_eq!(hub.would_have_died(), 0);
    replayed
}

#[tokio::test]
async fn backup_policies_behave_as_on_a_real_server_of_2026() {
    assert_eq!(replay("meta-modern-backup-a.jsonl", true).await, 114);
}

#[tokio::test]
async fn a_server_without_backups_refuses_as_a_real_server_of_2026() {
    assert_eq!(replay("meta-modern-backup-off.jsonl", false).await, 5);
}
