//! Tests time that is advanced by hand, and partitions that lag or stick.

use std::sync::Arc;
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{AddRequest, Entry, ModifyRequest};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, ClockMode, Election, Group, Hub, ServerConfig};

use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

const START: i64 = 1_700_000_000_000;

fn hub(store: Arc<MemoryStore>, wall: i64, rules: &[&str]) -> Hub {
    let config = ServerConfig {
        clock: Some(ClockMode::Manual),
        partitions: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
        ..embedded::config(Behaviour::Idempotent)
    };
    Hub::new(&config, store, Arc::new(HandClock::at(wall))).expect("a server")
}

async fn entry(peer: &mut Peer) -> Entry {
    peer.query("temp").await.entry_list.expect("a list").remove(0)
}

/// Returns the status, and the confirmed and the committed decree of a partition.
fn at(entry: &Entry, partition: i32) -> (i32, i64, i64) {
    let state = &entry.partition_states.as_ref().expect("told by this generation")[&partition];
    (entry.status, state.confirmed_decree, state.last_committed_decree)
}

fn with_checkpoint() -> AddRequest {
    AddRequest { is_duplicating_checkpoint: None, ..add("temp", "target") }
}

#[tokio::test]
async fn time_passes_only_when_it_is_advanced() {
    let hub = hub(Arc::default(), START, &[]);
    let mut peer = Peer::in_memory(&hub);
    assert_eq!(peer.add(&with_checkpoint()).await.err, ErrorCode::Ok);
    let made = entry(&mut peer).await;
    assert_eq!((i64::from(made.dupid) * 1_000, made.create_ts), (START, START));
    assert_eq!(at(&made, 0), (1, -1, 1));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(entry(&mut peer).await, made);
    for (ms, expected) in [
        (1_999, (1, -1, 20)),
        (1, (2, -1, 21)),
        (2_999, (2, -1, 50)),
        (1, (3, 0, 51)),
        (500, (3, 31, 56)),
        (500, (3, 61, 61)),
        (10_000, (3, 161, 161)),
    ] {
        assert!(hub.advance(Duration::from_millis(ms)));
        assert_eq!(at(&entry(&mut peer).await, 0), expected, "after {ms}");
    }
    // A pause stops the progress.
    peer.modify(&set_status("temp", made.dupid, 4)).await;
    hub.advance(Duration::from_secs(10));
    assert_eq!(at(&entry(&mut peer).await, 0), (4, 161, 261));
}

#[tokio::test]
async fn a_restart_does_not_set_time_back() {
    let store = Arc::new(MemoryStore::new());
    let first = hub(Arc::clone(&store), START, &[]);
    let mut peer = Peer::in_memory(&first);
    peer.add(&with_checkpoint()).await;
    first.advance(Duration::from_secs(3_600));
    let dupid = entry(&mut peer).await.dupid;
    let skip = ModifyRequest { fail_mode: Some(1), status: None, ..set_status("temp", dupid, 0) };
    assert_eq!(peer.modify(&skip).await.err, ErrorCode::Ok);
    peer.modify(&set_status("temp", dupid, 4)).await;
    let before = at(&entry(&mut peer).await, 0);
    let second = hub(store, START + 1_000, &[]);
    let mut peer = Peer::in_memory(&second);
    assert_eq!(at(&entry(&mut peer).await, 0), before);
    let later = peer.add(&add("dup_src", "target")).await.dupid.expect("a dupid");
    assert_eq!(i64::from(later) * 1_000, START + 3_600_000);
}

#[tokio::test]
async fn partitions_lag_and_stick_as_the_rules_say() {
    let hub = hub(Arc::default(), START, &["temp:1=lag:30", "temp:2=stick:40", "dup_src:3=lag:9"]);
    let mut peer = Peer::in_memory(&hub);
    peer.add(&add("temp", "target")).await;
    hub.advance(Duration::from_secs(10));
    let now = entry(&mut peer).await;
    assert_eq!(at(&now, 0), (3, 101, 101));
    assert_eq!(at(&now, 1), (3, 72, 102));
    assert_eq!(at(&now, 2), (3, 40, 103));
    assert_eq!(at(&now, 3), (3, 104, 104));
    // The rules can be replaced at run time.
    hub.set_partitions(vec!["temp:0=stick:0".parse().unwrap()]);
    let now = entry(&mut peer).await;
    assert_eq!((at(&now, 0).1, at(&now, 2).1), (0, 103));
}

#[tokio::test]
async fn the_servers_of_a_group_have_one_time() {
    // The wall clock advances between the starts of the servers.
    struct Hurrying(std::sync::atomic::AtomicI64);
    impl Clock for Hurrying {
        fn now_ms(&self) -> i64 {
            self.0.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst)
        }
    }
    let configs: Vec<ServerConfig> = ["127.0.0.1:34601", "127.0.0.1:34602"]
        .map(|listen| ServerConfig {
            listen: listen.parse().unwrap(),
            clock: Some(ClockMode::Manual),
            ..embedded::config(Behaviour::Idempotent)
        })
        .into();
    let clock: Arc<dyn Clock> = Arc::new(Hurrying(START.into()));
    let group = Group::new(&configs, Arc::new(MemoryStore::new()), &clock).expect("a group");
    let mut leader = Peer::in_memory(group.hub(0).unwrap());
    assert_eq!(leader.add(&with_checkpoint()).await.err, ErrorCode::Ok);
    assert!(group.advance(Duration::from_secs(4)));
    let before = entry(&mut leader).await;
    assert_eq!(before.status, 2);
    group.elect(&Election::default());
    let mut next = Peer::in_memory(group.hub(1).unwrap());
    assert_eq!(entry(&mut next).await, before);
    group.set_partitions(&["temp:0=stick:3".parse().unwrap()]);
    assert!(group.advance(Duration::from_secs(10)));
    assert_eq!(at(&entry(&mut next).await, 0).1, 3);
}

#[tokio::test]
async fn a_clock_that_is_not_manual_cannot_be_advanced() {
    let server = embedded::start(embedded::still(Behaviour::Idempotent)).await;
    assert!(!server.hub().advance(Duration::from_secs(1)));
    server.stop().await;
}
