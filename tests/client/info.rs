//! Tests `info`: which meta servers can be reached, which is the leader, and its generation.

use std::net::SocketAddr;
use std::time::Duration;

use pegasus_dup::protocol::bare::RpcAddress;
use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::Behaviour;
use pegasus_dup::transport::seams::{LookingUp, VersionLookup};
use pegasus_dup::{Client, ClientBuilder, ErrorCode, Generation, Info, KnownBy, Role};

use crate::common::embedded;
use crate::common::fake::{Fake, Say, World};

/// A version look-up of servers whose HTTP is closed.
#[derive(Debug, Clone, Copy)]
struct Closed;

impl VersionLookup for Closed {
    fn version(&self, _: SocketAddr) -> LookingUp {
        Box::pin(std::future::ready(None))
    }
}

fn builder(metas: impl Into<String>) -> ClientBuilder {
    Client::builder().meta(metas).timeout(Duration::from_secs(3))
}

fn roles(info: &Info) -> Vec<Role> {
    info.servers.iter().map(|one| one.role).collect()
}

#[tokio::test]
async fn the_generation_and_how_it_is_known() {
    use KnownBy::{ListRpc, NoReplicaCountRpc, NoVersion, Stated, Version};
    for (behaviour, stated, http, generation, known_by) in [
        (Behaviour::Freezed, None, true, Generation::Freezed, NoReplicaCountRpc),
        (Behaviour::Freezed, None, false, Generation::Freezed, NoReplicaCountRpc),
        (Behaviour::Checkpoint, None, true, Generation::Checkpoint, Version),
        (Behaviour::Checkpoint, None, false, Generation::Snapshot26, NoVersion),
        (
            Behaviour::Checkpoint,
            Some(Generation::Checkpoint),
            false,
            Generation::Checkpoint,
            Stated,
        ),
        (Behaviour::RemoteName, None, true, Generation::Snapshot26, Version),
        (Behaviour::RemoteName, Some(Generation::RemoteName), true, Generation::RemoteName, Stated),
        (Behaviour::DupExist, None, true, Generation::DupExist, ListRpc),
        (Behaviour::DupExist, Some(Generation::Snapshot26), true, Generation::DupExist, ListRpc),
        (Behaviour::Idempotent, None, false, Generation::DupExist, ListRpc),
    ] {
        let server = embedded::start(embedded::still(behaviour)).await;
        let address = server.address().to_string();
        let mut builder = builder(address.clone());
        if let Some(stated) = stated {
            builder = builder.generation(stated);
        }
        if !http {
            builder = builder.version_lookup(Closed);
        }
        let info = builder.build().unwrap().info().await.unwrap();
        let case = format!("{behaviour} {stated:?} http={http}: {info:?}");
        assert_eq!(info.leader.as_ref(), Some(&address), "{case}");
        assert_eq!(roles(&info), [Role::Leader], "{case}");
        assert_eq!(info.cluster_name.as_deref(), Some("onebox"), "{case}");
        assert_eq!(info.version.is_some(), http, "{case}");
        assert_eq!(info.generation, Some(generation), "{case}");
        assert_eq!(info.known_by, Some(known_by), "{case}");
        assert_eq!(info.warning, None, "{case}");
        assert_eq!(server.would_have_died(), 0, "{case}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_wrong_stated_generation_is_a_warning_and_the_found_one_is_used() {
    let server = embedded::start(embedded::still(Behaviour::Freezed)).await;
    let client =
        builder(server.address().to_string()).generation(Generation::DupExist).build().unwrap();
    let info = client.info().await.unwrap();
    assert_eq!(info.generation, Some(Generation::Freezed));
    assert_eq!(info.known_by, Some(KnownBy::NoReplicaCountRpc));
    let warning = info.warning.unwrap();
    assert!(warning.contains("stated=dup-exist found=freezed"), "{warning}");
    server.stop().await;
}

/// Starts a follower that names `leader`.
async fn follower(leader: SocketAddr) -> Fake {
    let SocketAddr::V4(leader) = leader else { panic!("loopback is IPv4 here") };
    Fake::start(move |seen| match seen.is::<QueryConfig>() {
        true => seen.answer(&QueryConfigResponse {
            err: ErrorCode::from_name("ERR_FORWARD_TO_OTHERS"),
            app_id: None,
            partition_count: None,
            is_stateful: None,
            partitions: Some(vec![PartitionConfig {
                primary: RpcAddress(Some(leader)),
                ..PartitionConfig::default()
            }]),
        }),
        false => seen.no_such_rpc(),
    })
    .await
}

#[tokio::test]
async fn every_listed_server_and_every_named_leader_in_the_same_order_each_time() {
    let leader = embedded::start(embedded::still(Behaviour::DupExist)).await;
    let follower = follower(leader.address()).await;
    let silent = Fake::start(|_| Say::NOTHING).await;
    let starting = Fake::start(|seen| {
        seen.answer(&QueryConfigResponse {
            err: ErrorCode::from_name("ERR_SERVICE_NOT_ACTIVE"),
            app_id: None,
            partition_count: None,
            is_stateful: None,
            partitions: None,
        })
    })
    .await;
    let replica = Fake::start(|seen| seen.no_such_rpc()).await;
    let gone = embedded::start(embedded::still(Behaviour::DupExist)).await;
    let nobody = gone.address();
    gone.stop().await;
    let listed = [silent.address, nobody, follower.address, starting.address, replica.address];
    let metas = listed.map(|address| address.to_string()).join(",");
    for _ in 0..2 {
        let info = builder(metas.clone()).build().unwrap().info().await.unwrap();
        let servers: Vec<String> = info.servers.iter().map(|one| one.server.clone()).collect();
        let mut expected = listed.map(|address| address.to_string()).to_vec();
        expected.push(leader.address().to_string());
        assert_eq!(servers, expected);
        assert_eq!(
            roles(&info),
            [
                Role::NoAnswer,
                Role::Unreachable,
                Role::Follower,
                Role::NotReady,
                Role::NoMetaServer,
                Role::Leader
            ]
        );
        assert_eq!(info.leader, Some(leader.address().to_string()));
        assert_eq!(info.generation, Some(Generation::DupExist));
        let detail = |place: usize| info.servers[place].detail.clone().unwrap();
        assert!(detail(2).contains(&leader.address().to_string()), "{info:?}");
        assert!(detail(3).contains("ERR_SERVICE_NOT_ACTIVE"), "{info:?}");
        assert_eq!(info.servers[5].detail, None);
    }
    leader.stop().await;
}

#[tokio::test]
async fn no_leader_is_no_error() {
    let gone = embedded::start(embedded::still(Behaviour::DupExist)).await;
    let nobody = gone.address().to_string();
    gone.stop().await;
    let info = builder(nobody.clone()).build().unwrap().info().await.unwrap();
    assert_eq!(roles(&info), [Role::Unreachable]);
    assert_eq!(
        (info.leader, info.version, info.generation, info.known_by),
        (None, None, None, None)
    );
}

/// `info` sends only reads, and no request that ends a server.
#[tokio::test]
async fn only_reads_are_sent() {
    let world = World::old();
    let fake = Fake::start(move |seen| world.answer(seen)).await;
    let info = builder(fake.address.to_string()).build().unwrap().info().await.unwrap();
    assert_eq!(info.generation, Some(Generation::Snapshot26));
    let names: Vec<String> = fake.seen().iter().map(|seen| seen.name.clone()).collect();
    assert_eq!(
        names,
        [QueryConfig::NAME, ListDuplication::NAME, GetMaxReplicaCount::NAME, ClusterInfo::NAME]
    );
    assert_eq!(info.cluster_name, None, "this server does not have the RPC");
}

#[tokio::test]
async fn the_name_of_the_cluster_is_only_what_the_leader_reports() {
    let facts = |code: &str, keys: &[&str], values: &[&str]| ClusterInfoResponse {
        err: ErrorCode::from_name(code),
        keys: Some(keys.iter().map(ToString::to_string).collect()),
        values: Some(values.iter().map(ToString::to_string).collect()),
    };
    let nothing = ClusterInfoResponse { err: ErrorCode::Ok, keys: None, values: None };
    for (answer, name) in [
        (facts("ERR_OK", &["meta_servers", "cluster_name"], &["a:1", "here"]), Some("here")),
        (facts("ERR_OK", &["meta_servers"], &["here"]), None),
        (facts("ERR_OK", &["meta_servers", "cluster_name"], &["here"]), None),
        (facts("ERR_OK", &["cluster_name"], &[""]), None),
        (facts("ERR_ACL_DENY", &["cluster_name"], &["here"]), None),
        (nothing, None),
    ] {
        let (world, case) = (World::dup_exist(), format!("{answer:?}"));
        let fake = Fake::start(move |seen| match seen.is::<ClusterInfo>() {
            true => seen.answer(&answer),
            false => world.answer(seen),
        })
        .await;
        let info = builder(fake.address.to_string()).build().unwrap().info().await.unwrap();
        assert_eq!(info.cluster_name.as_deref(), name, "{case}");
        assert_eq!(info.generation, Some(Generation::DupExist), "{case}");
    }
}
