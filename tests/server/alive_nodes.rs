//! Tests replica servers that die and come back, and how long a table waits for its replicas.

use std::sync::Arc;
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    CreateApp, CreateAppRequest, PartitionConfig, SetMaxReplicaCount, SetMaxReplicaCountRequest,
};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, ClockMode, Election, Hub, MetaGroup, ServerConfig};

use super::http::get;
use super::nodes::{fact, nodes, partitions};
use super::support::slow_store::{HandClock, SlowStore};
use super::support::tables::{self, code};
use crate::common::embedded;
use crate::common::peer::Peer;

/// Returns the configuration of a server with three replica servers and the tables `one` and `three`,
/// named after their replica counts.
fn config() -> ServerConfig {
    ServerConfig {
        tables: vec!["one:6:1".parse().unwrap(), "three:6:3".parse().unwrap()],
        nodes: Some(3),
        ..embedded::still(Behaviour::DupExist)
    }
}

struct Scene {
    hub: Hub,
    peer: Peer,
    clock: HandClock,
}

impl Scene {
    fn with(config: &ServerConfig) -> Scene {
        let clock = HandClock::at(1_795_000_000_000);
        let hub = Hub::new(config, Arc::new(MemoryStore::new()), Arc::new(clock.clone()));
        let hub = hub.expect("a server");
        Scene { peer: Peer::in_memory(&hub), hub, clock }
    }
}

fn create(name: &str, replica_count: i32) -> CreateAppRequest {
    let mut request = tables::create(name);
    request.options.replica_count = replica_count;
    request
}

async fn code_of_create(peer: &mut Peer, name: &str, replica_count: i32) -> ErrorCode {
    peer.call::<CreateApp>(&create(name, replica_count)).await.err
}

/// Returns the number of replicas of a partition, or `None` without a primary.
fn replicas(partition: &PartitionConfig) -> Option<usize> {
    partition.primary.0.map(|_| 1 + partition.secondaries.len())
}

/// Returns the port of the primary, or 0.
fn primary(partition: &PartitionConfig) -> u16 {
    partition.primary.0.map_or(0, |address| address.port())
}

/// Returns whether each partition of a table has all its replicas.
async fn is_ready(peer: &mut Peer, table: &str) -> bool {
    let all = partitions(peer, table, &[]).await;
    all.iter().all(|one| replicas(one) == usize::try_from(one.max_replica_count).ok())
}

#[tokio::test]
async fn dead_replica_servers_are_listed_after_those_that_are_alive() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::with(&ServerConfig { behaviour, ..config() });
        let peer = &mut scene.peer;
        let all = nodes(peer, 0).await;
        scene.hub.set_alive_nodes(1);
        let shown: Vec<_> = nodes(peer, 0).await.iter().map(|node| node.status).collect();
        assert_eq!(shown, [1, 2, 2]);
        assert_eq!(nodes(peer, 1).await, all[..1]);
        let dead: Vec<_> = nodes(peer, 2).await.into_iter().map(|node| node.node).collect();
        assert_eq!(dead, [all[1].node, all[2].node]);
        scene.hub.set_alive_nodes(3);
        assert_eq!(nodes(peer, 0).await, all);
        // There are no more replica servers than those of the configuration.
        scene.hub.set_alive_nodes(9);
        assert_eq!(nodes(peer, 0).await, all);
    }
}

#[tokio::test]
async fn the_page_of_the_nodes_says_which_ones_are_dead() {
    let server = embedded::start(config()).await;
    server.hub().set_alive_nodes(1);
    let page = get(server.address(), "/meta/nodes").await;
    let (_, page) = page.split_once("\r\n\r\n").expect("a page");
    let page: serde_json::Value = serde_json::from_str(page).expect("JSON");
    assert_eq!(page["details"]["localhost:34801"]["status"], "ALIVE");
    assert_eq!(page["details"]["localhost:34803"]["status"], "UNALIVE");
    let counts =
        ["total", "alive", "unalive"].map(|kind| &page["summary"][format!("{kind}_node_count")]);
    assert_eq!(counts, ["3", "1", "2"]);
    server.stop().await;
}

/// The level is `freezed` below 65 % or below the least number.
#[tokio::test]
async fn too_few_replica_servers_freeze_the_function_level() {
    for (count, least, alive, is_freezed) in [
        (3, 1, 2, false),
        (3, 1, 1, true),
        (3, 3, 3, false),
        (3, 3, 2, true),
        (20, 1, 13, false),
        (20, 1, 12, true),
        (1, 1, 1, false),
        (1, 1, 0, true),
        (0, 1, 0, true),
    ] {
        let mut scene =
            Scene::with(&ServerConfig { nodes: Some(count), min_alive_nodes: least, ..config() });
        scene.hub.set_alive_nodes(alive);
        let level = fact(&mut scene.peer, "meta_function_level").await;
        let what = format!("{alive} of {count}, at least {least}");
        assert_eq!(level, if is_freezed { "freezed" } else { "steady" }, "{what}");
        let expected = if is_freezed { code("ERR_STATE_FREEZED") } else { ErrorCode::Ok };
        assert_eq!(code_of_create(&mut scene.peer, "new", 1).await, expected, "{what}");
    }
    let config = ServerConfig { min_alive_nodes: 0, ..config() };
    assert!(config.check().expect_err("too few").to_string().contains("min_alive_nodes=0"));
}

#[tokio::test]
async fn only_replica_servers_that_are_alive_count_for_a_replica_count() {
    let mut scene = Scene::with(&config());
    let peer = &mut scene.peer;
    scene.hub.set_alive_nodes(2);
    assert_eq!(code_of_create(peer, "new", 3).await, ErrorCode::InvalidParameters);
    assert_eq!(code_of_create(peer, "new", 2).await, ErrorCode::Ok);
    let request = SetMaxReplicaCountRequest { app_name: "new".to_owned(), max_replica_count: 3 };
    let refused = peer.call::<SetMaxReplicaCount>(&request).await;
    assert_eq!(refused.err, ErrorCode::InvalidParameters);
    assert!(refused.hint_message.expect("a hint").contains("alive replica servers(2)"));
    scene.hub.set_alive_nodes(3);
    assert_eq!(peer.call::<SetMaxReplicaCount>(&request).await.err, ErrorCode::Ok);
}

/// A secondary that is alive takes the place of a primary that died. Without one, the partition has no
/// primary until its replica servers are back.
#[tokio::test]
async fn partitions_lose_their_primaries_and_get_them_back() {
    let mut scene = Scene::with(&config());
    let peer = &mut scene.peer;
    let (one, three) = (partitions(peer, "one", &[]).await, partitions(peer, "three", &[]).await);
    let port = nodes(peer, 0).await[2].node.0.expect("an address").port();

    scene.hub.set_alive_nodes(2);
    for (before, after) in one.iter().zip(partitions(peer, "one", &[]).await) {
        let lost = primary(before) == port;
        assert_eq!(primary(&after), if lost { 0 } else { primary(before) });
        assert_eq!(after.ballot, before.ballot + i64::from(lost));
        assert_eq!(after.last_drops.len(), usize::from(lost));
        // The name of a primary that was lost is empty, but present.
        let host = after.hp_primary.expect("a name").host;
        assert_eq!(host, if lost { "" } else { "localhost" });
    }
    for (before, after) in three.iter().zip(partitions(peer, "three", &[]).await) {
        let lost = primary(before) == port;
        assert!(![0, port].contains(&primary(&after)));
        assert_eq!(replicas(&after), Some(2));
        // The loss of the primary is a change, and its replacement is another.
        assert_eq!(after.ballot, before.ballot + 1 + i64::from(lost));
        assert_eq!(after.hp_last_drops.expect("names")[0].port, port);
    }

    scene.hub.set_alive_nodes(3);
    assert!(!is_ready(peer, "one").await && !is_ready(peer, "three").await);
    scene.clock.forward(1_000);
    assert!(is_ready(peer, "one").await && is_ready(peer, "three").await);
    // The data of a partition with one replica is where it was.
    let ports = |all: &[PartitionConfig]| all.iter().map(primary).collect::<Vec<_>>();
    assert_eq!(ports(&partitions(peer, "one", &[]).await), ports(&one));

    // A partition without a primary keeps its secondaries, of which one becomes the primary later.
    scene.hub.set_alive_nodes(0);
    for partition in partitions(peer, "three", &[]).await {
        let shown = (primary(&partition), partition.secondaries.len(), partition.last_drops.len());
        assert_eq!(shown, (0, 2, 1));
    }
    scene.hub.set_alive_nodes(3);
    scene.clock.forward(1_000);
    assert!(is_ready(peer, "three").await);
    assert_eq!(scene.hub.would_have_died(), 0);
}

/// Another replica server takes the place of one that died, if there is one.
#[tokio::test]
async fn a_replica_moves_to_a_replica_server_that_is_alive() {
    let mut scene = Scene::with(&ServerConfig { nodes: Some(5), ..config() });
    scene.hub.set_alive_nodes(4);
    assert!(!is_ready(&mut scene.peer, "three").await);
    scene.clock.forward(1_000);
    assert!(is_ready(&mut scene.peer, "three").await);
}

#[tokio::test]
async fn a_new_table_becomes_ready_after_a_while() {
    let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
    for (clock, ready_after, ready_ms) in [
        (ClockMode::Stopped, second, 1_000),
        (ClockMode::Real, minute, 60_000),
        (ClockMode::Fast, minute, 600),
    ] {
        let config = ServerConfig { clock: Some(clock), ready_after, ..config() };
        let mut scene = Scene::with(&config);
        assert_eq!(code_of_create(&mut scene.peer, "new", 3).await, ErrorCode::Ok);
        for forward in [0, ready_ms - 1] {
            scene.clock.forward(forward);
            let new = &partitions(&mut scene.peer, "new", &[0]).await[0];
            assert_eq!((replicas(new), new.ballot, &new.hp_primary), (None, 0, &None), "{clock}");
        }
        scene.clock.forward(1);
        assert!(is_ready(&mut scene.peer, "new").await, "{clock}");
    }
}

#[tokio::test]
async fn a_manual_clock_makes_a_table_ready_when_it_is_advanced() {
    let mut scene = Scene::with(&ServerConfig { clock: Some(ClockMode::Manual), ..config() });
    assert_eq!(code_of_create(&mut scene.peer, "new", 3).await, ErrorCode::Ok);
    scene.clock.forward(100_000);
    assert!(!is_ready(&mut scene.peer, "new").await);
    assert!(scene.hub.advance(Duration::from_secs(1)));
    assert!(is_ready(&mut scene.peer, "new").await);
}

/// While the function level is `freezed`, no partition gets a replica. With too few replica servers,
/// each partition has as many replicas as there can be.
#[tokio::test]
async fn a_table_never_becomes_ready_with_too_few_replica_servers() {
    for (alive, expected) in [(0, None), (1, None), (2, Some(2))] {
        let faults = vec![format!("create-app#1=alive-nodes:{alive}").parse().unwrap()];
        let mut scene = Scene::with(&ServerConfig { faults, ..config() });
        assert_eq!(code_of_create(&mut scene.peer, "new", 3).await, ErrorCode::Ok);
        assert_eq!(nodes(&mut scene.peer, 1).await.len(), alive);
        scene.clock.forward(3_600_000);
        for partition in partitions(&mut scene.peer, "new", &[]).await {
            assert_eq!(replicas(&partition), expected, "{alive}");
        }
        scene.hub.set_alive_nodes(3);
        scene.clock.forward(1_000);
        assert!(is_ready(&mut scene.peer, "new").await);
    }
}

/// A crash of a meta server and a change of the leader concern neither the replica servers nor the
/// replicas.
#[tokio::test]
async fn the_meta_servers_of_a_group_have_the_same_replica_servers() {
    let clock = Some(ClockMode::Manual);
    let group = MetaGroup::start(vec![ServerConfig { clock, ..config() }; 2]).await;
    let group = group.expect("started");
    let mut peer = Peer::connect(group.servers()[0].address()).await;
    assert_eq!(code_of_create(&mut peer, "new", 3).await, ErrorCode::Ok);
    group.group().set_alive_nodes(2);
    let lost = partitions(&mut peer, "one", &[]).await;
    assert!(lost.iter().any(|partition| replicas(partition).is_none()));
    group.group().elect(&Election::default());
    let mut peer = Peer::connect(group.servers()[1].address()).await;
    assert_eq!(nodes(&mut peer, 1).await.len(), 2);
    assert_eq!(partitions(&mut peer, "one", &[]).await, lost);
    let new = partitions(&mut peer, "new", &[]).await;
    assert!(new.iter().all(|partition| replicas(partition).is_none()));
    group.group().advance(Duration::from_secs(1));
    let new = partitions(&mut peer, "new", &[]).await;
    assert!(new.iter().all(|partition| replicas(partition) == Some(2)));
    group.stop().await;
}

/// A server that comes back finds a create that was on its way to the store during the crash. The table
/// gets its replicas afterwards.
#[tokio::test]
async fn a_table_that_is_found_after_a_crash_waits_for_its_replicas() {
    let (clock, store) = (HandClock::at(1_795_000_000_000), Arc::new(SlowStore::default()));
    let hub = Hub::new(&config(), store.clone(), Arc::new(clock.clone())).expect("a server");
    let mut peer = Peer::in_memory(&hub);
    peer.send::<CreateApp>(&create("new", 3)).await;
    while store.held() < 1 {
        tokio::task::yield_now().await;
    }
    hub.crash(Duration::ZERO);
    assert_eq!(peer.receive().await, None);
    store.release();
    let mut peer = Peer::in_memory(&hub);
    assert!(is_ready(&mut peer, "one").await);
    assert!(!is_ready(&mut peer, "new").await);
    clock.forward(1_000);
    assert!(is_ready(&mut peer, "new").await);
}
