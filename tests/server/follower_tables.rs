//! Tests creates of follower tables, which get their data from another cluster.

use std::sync::Arc;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{CreateApp, CreateAppRequest};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Hub, ServerConfig};

use super::support::slow_store::HandClock;
use super::support::tables::{code, create, tables};
use crate::common::embedded;
use crate::common::peer::Peer;

/// Returns a create of the table `copy` with the env of the status, and the env of the cluster.
fn follower(master: &str, status: &str) -> CreateAppRequest {
    let mut request = create("copy");
    let envs = [("master_cluster", master), ("follower_app_status", status)];
    let envs = envs.into_iter().filter(|(_, value)| !value.is_empty());
    let envs = envs.map(|(key, value)| (format!("duplication.{key}"), value.to_owned()));
    request.options.envs = envs.collect();
    request
}

fn serve(behaviour: Behaviour, store: &Arc<MemoryStore>) -> (Hub, Peer) {
    let config = ServerConfig { nodes: Some(3), ..embedded::still(behaviour) };
    let clock = Arc::new(HandClock::at(1_795_000_000_000));
    let hub = Hub::new(&config, store.clone(), clock).expect("a server");
    let peer = Peer::in_memory(&hub);
    (hub, peer)
}

#[tokio::test]
async fn a_repeated_create_of_a_follower_table_depends_on_its_status() {
    let (exist, state) = (code("ERR_APP_EXIST"), ErrorCode::InvalidState);
    let (ok, wrong) = (ErrorCode::Ok, ErrorCode::InvalidParameters);
    for (first, second, expected, status) in [
        (("a", "creating"), ("a", "creating"), &ok, "creating"),
        (("a", "creating"), ("a", "created"), &ok, "created"),
        (("a", "created"), ("a", "created"), &ok, "created"),
        (("a", "created"), ("a", "creating"), &exist, "created"),
        (("a", "creating"), ("b", "created"), &exist, "creating"),
        (("", "creating"), ("a", "created"), &exist, "creating"),
        (("a", "creating"), ("a", ""), &exist, "creating"),
        (("a", ""), ("a", "created"), &state, ""),
        (("a", "creating"), ("a", "other"), &wrong, "creating"),
        (("a", "created"), ("a", "other"), &wrong, "created"),
        (("a", "other"), ("a", "created"), &wrong, "other"),
    ] {
        for behaviour in Behaviour::ALL {
            let what = format!("{behaviour} {first:?} {second:?}");
            let store = Arc::new(MemoryStore::new());
            let (_hub, mut peer) = serve(behaviour, &store);
            let made = peer.call::<CreateApp>(&follower(first.0, first.1)).await;
            assert_eq!((made.err, made.appid), (ErrorCode::Ok, Some(4)), "{what}");
            let again = peer.call::<CreateApp>(&follower(second.0, second.1)).await;
            let modern = behaviour >= Behaviour::DupExist;
            let (expected, status) = match behaviour {
                _ if modern => (expected, status),
                Behaviour::Freezed => (&wrong, first.1),
                _ => (&exist, first.1),
            };
            assert_eq!(again.err, *expected, "{what}");
            let id = if *expected == ErrorCode::Ok { 4 } else { 0 };
            assert_eq!(again.appid, Some(id), "{what}");
            // The status is stored before the response.
            let (_hub, mut peer) = serve(behaviour, &store);
            let envs = &tables(&mut peer).await[3].envs;
            let stored = envs.get("duplication.follower_app_status").map(String::as_str);
            assert_eq!(stored.unwrap_or_default(), status, "{what}");
        }
    }
}

/// A create with `success_if_exist` compares the envs instead.
#[tokio::test]
async fn only_a_create_that_refuses_an_existing_table_changes_the_status() {
    let (_hub, mut peer) = serve(Behaviour::DupExist, &Arc::new(MemoryStore::new()));
    peer.call::<CreateApp>(&follower("a", "creating")).await;
    let mut request = follower("a", "created");
    request.options.success_if_exist = true;
    assert_eq!(peer.call::<CreateApp>(&request).await.err, ErrorCode::InvalidParameters);
}
