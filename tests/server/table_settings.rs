//! Tests how the settings of tables change, in the cases that the recordings do not have.

use std::sync::Arc;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AppInfo, AtomicIdempotentRequest, CreateApp, GetAtomicIdempotent, ListApps, ListAppsRequest,
    PartitionConfig, QueryConfig, QueryConfigRequest, SetAtomicIdempotent,
    SetAtomicIdempotentRequest, SetMaxReplicaCount, SetMaxReplicaCountRequest, UpdateAppEnv,
    UpdateAppEnvRequest, UpdateAppEnvResponse, env_op,
};
use pegasus_dup::server::store::{FileStore, MemoryStore, Store};
use pegasus_dup::server::{Behaviour, Hub, ServerConfig};

use super::support::slow_store::{HandClock, SlowStore};
use super::support::tables;
use crate::common::embedded;
use crate::common::peer::Peer;

fn config(behaviour: Behaviour) -> ServerConfig {
    ServerConfig { nodes: Some(3), ..embedded::still(behaviour) }
}

fn serve(config: &ServerConfig, store: Arc<dyn Store>) -> (Hub, HandClock, Peer) {
    let clock = HandClock::at(1_795_000_000_000);
    let hub = Hub::new(config, store, Arc::new(clock.clone())).expect("a server");
    let peer = Peer::in_memory(&hub);
    (hub, clock, peer)
}

fn set(table: &str, key: &str, value: &str) -> UpdateAppEnvRequest {
    UpdateAppEnvRequest {
        app_name: table.to_owned(),
        op: env_op::SET,
        keys: Some(vec![key.to_owned()]),
        values: Some(vec![value.to_owned()]),
        clear_prefix: None,
    }
}

fn delete(table: &str, key: &str) -> UpdateAppEnvRequest {
    UpdateAppEnvRequest { op: env_op::DELETE, values: None, ..set(table, key, "") }
}

async fn update(peer: &mut Peer, request: &UpdateAppEnvRequest) -> (ErrorCode, String) {
    let UpdateAppEnvResponse { err, hint_message } = peer.call::<UpdateAppEnv>(request).await;
    (err, hint_message.expect("a hint"))
}

async fn replicas(peer: &mut Peer, count: i32) -> ErrorCode {
    let request =
        SetMaxReplicaCountRequest { app_name: "temp".to_owned(), max_replica_count: count };
    peer.call::<SetMaxReplicaCount>(&request).await.err
}

async fn temp(peer: &mut Peer) -> AppInfo {
    let request = ListAppsRequest { status: 0, app_name_pattern: None, match_type: None };
    peer.call::<ListApps>(&request).await.infos.expect("a list").remove(2)
}

async fn partition(peer: &mut Peer) -> PartitionConfig {
    let request = QueryConfigRequest { app_name: "temp".to_owned(), partition_indices: vec![0] };
    peer.call::<QueryConfig>(&request).await.partitions.expect("a list").remove(0)
}

#[tokio::test]
async fn settings_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let open = || Arc::new(FileStore::open(&path, "onebox").expect("a store"));
    let config = config(Behaviour::DupExist);
    let before = {
        let (hub, _, mut peer) = serve(&config, open());
        assert_eq!(update(&mut peer, &set("temp", "default_ttl", "9")).await.0, ErrorCode::Ok);
        let request =
            SetAtomicIdempotentRequest { app_name: "temp".to_owned(), atomic_idempotent: true };
        assert_eq!(peer.call::<SetAtomicIdempotent>(&request).await.err, ErrorCode::Ok);
        assert_eq!(replicas(&mut peer, 2).await, ErrorCode::Ok);
        let before = temp(&mut peer).await;
        hub.stop();
        hub.close_store();
        before
    };
    assert_eq!(before.envs, [("default_ttl".to_owned(), "9".to_owned())].into());
    assert_eq!((before.atomic_idempotent, before.max_replica_count), (Some(true), 2));
    let (hub, _, mut peer) = serve(&config, open());
    assert_eq!(temp(&mut peer).await, before);
    let request = AtomicIdempotentRequest { app_name: "temp".to_owned() };
    let response = peer.call::<GetAtomicIdempotent>(&request).await;
    assert_eq!(response.atomic_idempotent, Some(true));
    hub.close_store();
}

/// Servers before November 2024 have other error codes and hints.
#[tokio::test]
async fn updates_of_envs_differ_by_generation() {
    for behaviour in Behaviour::ALL {
        let (_hub, _, mut peer) = serve(&config(behaviour), Arc::new(MemoryStore::new()));
        let modern = behaviour >= Behaviour::DupExist;
        let (missing, unknown, nothing) = match modern {
            true => (
                (ErrorCode::AppNotExist, "app cannot be found"),
                "app_env 'x' is not supported",
                "no key needs to be deleted",
            ),
            false => (
                (ErrorCode::InvalidParameters, "invalid app name"),
                "app_env \"x\" is not supported",
                "no key need to delete",
            ),
        };
        let (err, hint) = update(&mut peer, &set("none", "business.info", "1")).await;
        assert_eq!((err, hint.as_str()), missing, "{behaviour}");
        let (err, hint) = update(&mut peer, &set("temp", "x", "1")).await;
        assert_eq!((err, hint.as_str()), (ErrorCode::InvalidParameters, unknown));
        let (err, hint) = update(&mut peer, &delete("temp", "x")).await;
        assert_eq!((err, hint.as_str()), (ErrorCode::Ok, nothing));
        let request = AtomicIdempotentRequest { app_name: "temp".to_owned() };
        peer.send::<GetAtomicIdempotent>(&request).await;
        let framed = peer.receive().await.expect("a response");
        let expected = if modern { ErrorCode::Ok } else { ErrorCode::HandlerNotFound };
        assert_eq!(framed.framework, expected, "{behaviour}");
    }
}

/// An update of a table that is being created stores the status along, which ends a real server at
/// its next start.
#[tokio::test]
async fn an_update_of_a_table_that_is_not_available_is_counted() {
    use pegasus_dup::protocol::messages::{DropApp, DropAppOptions, DropAppRequest};
    let store = Arc::new(SlowStore::default());
    for (behaviour, counted) in [(Behaviour::Checkpoint, 1), (Behaviour::DupExist, 0)] {
        let (hub, _, mut peer) = serve(&config(behaviour), store.clone());
        let mut other = Peer::in_memory(&hub);
        let request =
            DropAppRequest { app_name: "temp".to_owned(), options: DropAppOptions::default() };
        peer.send::<DropApp>(&request).await;
        while store.held() < 1 {
            tokio::task::yield_now().await;
        }
        let response = other.try_call::<UpdateAppEnv>(&set("temp", "business.info", "1")).await;
        let busy = response.map(|response| response.err.name().to_owned());
        assert_eq!(busy.as_deref(), (counted == 0).then_some("ERR_BUSY_DROPPING"));
        assert_eq!(hub.would_have_died(), counted);
        store.fail(pegasus_dup::server::store::StoreFailure::NotStored("full".to_owned()));
    }
}

/// Two changes of one table at the same time may end a real server. Here the second change waits, and
/// neither gets lost.
#[tokio::test]
async fn a_change_waits_until_the_change_before_is_stored() {
    let store = Arc::new(SlowStore::default());
    let (hub, _, mut peer) = serve(&config(Behaviour::DupExist), store.clone());
    let mut other = Peer::in_memory(&hub);
    peer.send::<UpdateAppEnv>(&set("temp", "business.info", "1")).await;
    while store.held() < 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(temp(&mut other).await.envs.len(), 0, "not shown before it is stored");
    other.send::<UpdateAppEnv>(&set("temp", "default_ttl", "2")).await;
    store.release();
    let first = peer.receive().await.expect("a response").response::<UpdateAppEnv>();
    assert_eq!(first.err, ErrorCode::Ok);
    while store.held() < 1 {
        tokio::task::yield_now().await;
    }
    store.release();
    let second = other.receive().await.expect("a response").response::<UpdateAppEnv>();
    assert_eq!(second.err, ErrorCode::Ok);
    assert_eq!(temp(&mut peer).await.envs.len(), 2);
}

/// The recordings end before the superfluous replicas go. Ballots never go back.
#[tokio::test]
async fn replicas_come_and_go_after_the_change_of_their_number() {
    let (_hub, clock, mut peer) = serve(&config(Behaviour::DupExist), Arc::new(MemoryStore::new()));
    let mut ballot = partition(&mut peer).await.ballot;
    for (count, at_once) in [(1, 3), (2, 1), (1, 2), (3, 1)] {
        assert_eq!(replicas(&mut peer, count).await, ErrorCode::Ok);
        let shown = partition(&mut peer).await;
        assert_eq!(shown.max_replica_count, count);
        assert_eq!(shown.secondaries.len() + 1, at_once, "{count}");
        assert!(shown.ballot > ballot, "{count} {ballot} {}", shown.ballot);
        ballot = shown.ballot;
        clock.forward(3_000);
        let shown = partition(&mut peer).await;
        assert_eq!(shown.secondaries.len() + 1, count as usize);
        assert!(shown.ballot >= ballot, "{count} {ballot} {}", shown.ballot);
        ballot = shown.ballot;
    }
}

#[tokio::test]
async fn too_few_replica_servers_refuse_a_change_of_the_replica_count() {
    let config = ServerConfig { nodes: Some(0), ..config(Behaviour::DupExist) };
    let (_hub, _, mut peer) = serve(&config, Arc::new(MemoryStore::new()));
    assert_eq!(replicas(&mut peer, 9).await.name(), "ERR_STATE_FREEZED");
    let request =
        SetAtomicIdempotentRequest { app_name: "temp".to_owned(), atomic_idempotent: true };
    let response = peer.call::<SetAtomicIdempotent>(&request).await;
    assert_eq!(response.err.name(), "ERR_STATE_FREEZED");
    assert_eq!(update(&mut peer, &set("temp", "business.info", "1")).await.0, ErrorCode::Ok);
}

/// Meanwhile an env says so, and another change of the replica count is refused.
#[tokio::test]
async fn a_replica_count_that_is_being_stored_shows_as_an_env() {
    let store = Arc::new(SlowStore::default());
    let (hub, _, mut peer) = serve(&config(Behaviour::DupExist), store.clone());
    let mut other = Peer::in_memory(&hub);
    let request =
        |count| SetMaxReplicaCountRequest { app_name: "temp".to_owned(), max_replica_count: count };
    peer.send::<SetMaxReplicaCount>(&request(2)).await;
    let shown = temp(&mut other).await;
    let updating = ("max_replica_count.update".to_owned(), "updating;2".to_owned());
    assert_eq!((shown.max_replica_count, shown.envs), (3, [updating].into()));
    let refused = other.call::<SetMaxReplicaCount>(&request(1)).await;
    assert_eq!(refused.err.name(), "ERR_OPERATION_DISABLED");
    assert_eq!(refused.old_max_replica_count, Some(3));
    let hint =
        "max_replica_count of app(temp) is being updated, thus this request would be rejected";
    assert_eq!(refused.hint_message.as_deref(), Some(hint));
    assert_eq!(other.call::<SetMaxReplicaCount>(&request(3)).await.err, ErrorCode::Ok);
    // A create that compares the envs of the table does not find its own.
    let mut create = tables::create("temp");
    create.options.success_if_exist = true;
    create.options.partition_count = 8;
    create.options.envs.clear();
    assert_eq!(other.call::<CreateApp>(&create).await.err, ErrorCode::InvalidParameters);
    store.release();
    let response = peer.receive().await.expect("a response").response::<SetMaxReplicaCount>();
    assert_eq!((response.err, response.old_max_replica_count), (ErrorCode::Ok, Some(3)));
    let shown = temp(&mut other).await;
    assert_eq!((shown.max_replica_count, shown.envs), (2, [].into()));
    create.options.replica_count = 2;
    assert_eq!(other.call::<CreateApp>(&create).await.err, ErrorCode::Ok);
}
