//! Tests the replica servers that the embedded server names, and the places of replicas on them.

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    ClusterInfo, ClusterInfoRequest, ListApps, ListAppsRequest, ListNodes, ListNodesRequest,
    NodeInfo, PartitionConfig, QueryConfig, QueryConfigRequest, match_type,
};
use pegasus_dup::server::{Behaviour, ServerConfig};

use crate::common::embedded;
use crate::common::peer::Peer;

/// Returns the configuration of a server with that many replica servers.
fn with_nodes(behaviour: Behaviour, nodes: usize) -> ServerConfig {
    ServerConfig { nodes: Some(nodes), ..embedded::still(behaviour) }
}

pub(super) async fn nodes(peer: &mut Peer, status: i32) -> Vec<NodeInfo> {
    let response = peer.call::<ListNodes>(&ListNodesRequest { status }).await;
    assert_eq!(response.err, ErrorCode::Ok);
    response.infos.expect("a list")
}

pub(super) async fn partitions(
    peer: &mut Peer,
    table: &str,
    indices: &[i32],
) -> Vec<PartitionConfig> {
    let request =
        QueryConfigRequest { app_name: table.to_owned(), partition_indices: indices.to_vec() };
    let response = peer.call::<QueryConfig>(&request).await;
    assert_eq!(response.err, ErrorCode::Ok);
    response.partitions.expect("a list")
}

pub(super) async fn fact(peer: &mut Peer, key: &str) -> String {
    let response = peer.call::<ClusterInfo>(&ClusterInfoRequest {}).await;
    let (keys, values) = (response.keys.expect("keys"), response.values.expect("values"));
    assert_eq!(keys.len(), values.len());
    let place = keys.iter().position(|other| other == key).expect(key);
    values[place].clone()
}

#[tokio::test]
async fn the_default_server_has_three_replica_servers_and_an_imitated_server_has_none() {
    let server = embedded::start(embedded::config(Behaviour::Idempotent)).await;
    let mut peer = Peer::connect(server.address()).await;
    let all = nodes(&mut peer, 0).await;
    let addresses: Vec<_> = all.iter().map(|node| node.node.0.unwrap().to_string()).collect();
    assert_eq!(addresses, ["127.0.0.1:34801", "127.0.0.1:34802", "127.0.0.1:34803"]);
    assert!(all.iter().all(|node| node.status == 1));
    let names = all.iter().map(|node| node.hp_node.clone().expect("a name"));
    let names: Vec<_> = names.map(|name| (name.host, name.port, name.kind)).collect();
    let here = |port| ("localhost".to_owned(), port, 1);
    assert_eq!(names, [here(34_801), here(34_802), here(34_803)]);
    assert_eq!(nodes(&mut peer, 1).await, all);
    for none in [2, 3, -1] {
        assert_eq!(nodes(&mut peer, none).await, [], "{none}");
    }
    assert_eq!(fact(&mut peer, "meta_function_level").await, "steady");
    server.stop().await;

    for behaviour in [Behaviour::Freezed, Behaviour::Checkpoint, Behaviour::DupExist] {
        let server = embedded::start(embedded::config(behaviour)).await;
        let mut peer = Peer::connect(server.address()).await;
        assert_eq!(nodes(&mut peer, 0).await, []);
        assert_eq!(fact(&mut peer, "meta_function_level").await, "freezed");
        let partition = &partitions(&mut peer, "temp", &[0]).await[0];
        assert_eq!((partition.primary.0, partition.ballot), (None, 0));
        server.stop().await;
    }
}

/// The addresses and the names of the replicas are in fields of their own, which must agree. Servers
/// before 2.6 have no names.
#[tokio::test]
async fn each_partition_has_its_replicas_on_different_servers() {
    for behaviour in Behaviour::ALL {
        let config = ServerConfig {
            tables: vec!["one:5:1".parse().unwrap(), "three:5:3".parse().unwrap()],
            ..with_nodes(behaviour, 4)
        };
        let server = embedded::start(config).await;
        let mut peer = Peer::connect(server.address()).await;
        let names = nodes(&mut peer, 0).await[0].hp_node.is_some();
        assert_eq!(names, behaviour >= Behaviour::RemoteName, "{behaviour}");
        for (table, replicas) in [("one", 1), ("three", 3)] {
            let mut primaries = std::collections::BTreeSet::new();
            for partition in partitions(&mut peer, table, &[]).await {
                let mut ports = vec![partition.primary.0.expect("a primary").port()];
                primaries.extend(ports.clone());
                ports.extend(partition.secondaries.iter().map(|one| one.0.unwrap().port()));
                assert_eq!(ports.len(), replicas, "{partition:?}");
                assert_eq!(partition.ballot, replicas as i64);
                let named = partition.hp_primary.into_iter();
                let named = named.chain(partition.hp_secondaries.into_iter().flatten());
                let named: Vec<u16> = named.map(|name| name.port).collect();
                assert_eq!(named, if names { ports.clone() } else { Vec::new() });
                assert_eq!(partition.hp_last_drops.is_some(), names);
                ports.sort_unstable();
                ports.dedup();
                assert_eq!(ports.len(), replicas);
            }
            assert_eq!(primaries.len(), 4, "the primaries are on all servers");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn a_partition_has_fewer_replicas_than_its_replica_count_if_there_are_fewer_servers() {
    let server = embedded::start(with_nodes(Behaviour::DupExist, 2)).await;
    let mut peer = Peer::connect(server.address()).await;
    for partition in partitions(&mut peer, "temp", &[]).await {
        assert_eq!(partition.max_replica_count, 3);
        assert_eq!(partition.secondaries.len(), 1);
        assert_eq!(partition.ballot, 2);
    }
    server.stop().await;
}

/// The replica servers hold 1, 2 and 2 primaries, and 4, 4 and 5 replicas.
#[tokio::test]
async fn the_cluster_reports_how_evenly_its_replicas_are_spread() {
    let tables = ["even:3:3", "one:1:3", "single:1:1"].map(|table| table.parse().unwrap());
    for (nodes, primaries, replicas) in
        [(3, "0.47", "0.47"), (1, "0.00", "0.00"), (0, "0.00", "0.00")]
    {
        let config =
            ServerConfig { tables: tables.to_vec(), ..with_nodes(Behaviour::DupExist, nodes) };
        let server = embedded::start(config).await;
        let mut peer = Peer::connect(server.address()).await;
        assert_eq!(fact(&mut peer, "primary_replica_count_stddev").await, primaries, "{nodes}");
        assert_eq!(fact(&mut peer, "total_replica_count_stddev").await, replicas, "{nodes}");
        server.stop().await;
    }
}

#[tokio::test]
async fn the_leader_has_a_name_since_2_6() {
    for (behaviour, host) in
        [(Behaviour::Checkpoint, "127.0.0.1"), (Behaviour::DupExist, "localhost")]
    {
        let server = embedded::start(with_nodes(behaviour, 0)).await;
        let mut peer = Peer::connect(server.address()).await;
        let leader = fact(&mut peer, "primary_meta_server").await;
        assert_eq!(leader, format!("{host}:{}", server.address().port()));
        assert_eq!(fact(&mut peer, "meta_servers").await, server.address().to_string());
        server.stop().await;
    }
}

/// Returns the error code and the number of tables.
async fn list(peer: &mut Peer, status: i32, kind: Option<i32>, text: &str) -> (ErrorCode, usize) {
    let request =
        ListAppsRequest { status, app_name_pattern: Some(text.to_owned()), match_type: kind };
    let response = peer.call::<ListApps>(&request).await;
    (response.err, response.infos.expect("a list").len())
}

#[tokio::test]
async fn only_servers_since_january_2025_use_the_pattern_for_names_of_tables() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let mut peer = Peer::connect(server.address()).await;
        let modern = behaviour >= Behaviour::DupExist;
        let prefix = list(&mut peer, 0, Some(match_type::PREFIX), "dup").await;
        assert_eq!(prefix, (ErrorCode::Ok, if modern { 2 } else { 3 }), "{behaviour}");
        let all = if modern { (ErrorCode::NotImplemented, 0) } else { (ErrorCode::Ok, 3) };
        for refused in [match_type::INVALID, match_type::REGEX, 7] {
            assert_eq!(list(&mut peer, 0, Some(refused), "dup").await, all, "{behaviour}");
        }
        // The pattern counts only together with the match type.
        assert_eq!(list(&mut peer, 0, None, "dup").await, (ErrorCode::Ok, 3));
        server.stop().await;
    }
}

/// A real server compares the match type only when it looks at a table.
#[tokio::test]
async fn a_server_without_tables_refuses_no_match_type() {
    let config = ServerConfig { tables: Vec::new(), ..embedded::still(Behaviour::DupExist) };
    let server = embedded::start(config).await;
    let mut peer = Peer::connect(server.address()).await;
    assert_eq!(list(&mut peer, 0, Some(match_type::REGEX), "x").await, (ErrorCode::Ok, 0));
    server.stop().await;
}
