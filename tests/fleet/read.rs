//! Tests how the state of a cluster is read, and when it is not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pegasus_dup::fleet::{RemoteState, State};
use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::Behaviour;
use pegasus_dup::{Client, ErrorCode, ErrorKind, Generation};

use super::support::{Recorded, declared, fleet, server};
use crate::common::fake::{DUPID, Fake, Say, Seen, World, refused};

fn client(fake: &Fake) -> Client {
    let meta = fake.address.to_string();
    Client::builder().meta(meta).timeout(Duration::from_secs(2)).build().unwrap()
}

fn named(seen: &Seen, name: &str) -> Say {
    seen.answer(&ClusterInfoResponse {
        err: ErrorCode::Ok,
        keys: Some(vec!["cluster_name".into()]),
        values: Some(vec![name.into()]),
    })
}

/// Returns how often all tables were listed.
fn lists(fake: &Fake) -> usize {
    let seen = fake.seen();
    let lists = seen.iter().filter(|seen| seen.is::<ListDuplication>());
    lists.filter(|seen| seen.read::<ListDuplication>().match_type == match_type::ALL).count()
}

#[tokio::test]
async fn an_unexpected_cluster_is_not_read() {
    let (server, client) = server(Behaviour::Checkpoint, 3).await;
    let recorded = Recorded::of(&server);
    let expects = |name: &str| fleet(&format!("expect_cluster = \"{name}\""));
    let error = State::read(&client, &expects("other")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().ends_with("expect_cluster=other cluster=onebox"), "{error}");
    assert_eq!(recorded.reads().get(ListApps::NAME), None);
    let state = State::read(&client, &expects("onebox")).await.unwrap();
    assert_eq!((state.tables.len(), state.generation), (3, Some(Generation::Checkpoint)));
    server.stop().await;
}

#[tokio::test]
async fn a_cluster_without_a_name_is_not_the_expected_one() {
    let world = World::dup_exist();
    let fake = Fake::start(move |seen| world.answer(seen)).await;
    let error =
        State::read(&client(&fake), &fleet("expect_cluster = \"onebox\"")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("does not report its name"), "{error}");
    assert_eq!(lists(&fake), 0);
    assert_eq!(State::read(&client(&fake), &fleet("")).await.unwrap().cluster_name, None);
}

#[tokio::test]
async fn a_cluster_without_a_leader_is_an_error() {
    let (server, client) = server(Behaviour::DupExist, 1).await;
    server.stop().await;
    let client = client.with_timeout(Duration::from_millis(300));
    for text in ["", "expect_cluster = \"onebox\""] {
        let error = State::read(&client, &fleet(text)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

/// Returns a server that has the next of these names whenever it is asked for its name. The last name remains.
async fn renamed(names: &'static [&'static str]) -> Fake {
    let world = World::dup_exist();
    let asked = AtomicUsize::new(0);
    Fake::start(move |seen| match seen.is::<ClusterInfo>() {
        true => {
            let place = asked.fetch_add(1, Ordering::Relaxed).min(names.len() - 1);
            named(seen, names[place])
        }
        false => world.answer(seen),
    })
    .await
}

#[tokio::test]
async fn a_cluster_that_changes_during_the_read_is_read_again() {
    let fake = renamed(&["old", "new"]).await;
    let state = State::read(&client(&fake), &fleet("")).await.unwrap();
    assert_eq!((state.cluster_name.as_deref(), lists(&fake)), (Some("new"), 2));
    // The cluster that was read in the end has to be the expected one.
    let fake = renamed(&["old", "new"]).await;
    let error = State::read(&client(&fake), &fleet("expect_cluster = \"old\"")).await.unwrap_err();
    assert_eq!((error.kind(), lists(&fake)), (ErrorKind::InvalidArgument, 1));
    // A server that does not report its name once is asked again.
    let fake = renamed(&["", "new"]).await;
    let state = State::read(&client(&fake), &fleet("expect_cluster = \"new\"")).await.unwrap();
    assert_eq!((state.cluster_name.as_deref(), lists(&fake)), (Some("new"), 1));
    let fake = renamed(&["1", "2", "3", "4"]).await;
    let error = State::read(&client(&fake), &fleet("")).await.unwrap_err();
    assert_eq!((error.kind(), lists(&fake)), (ErrorKind::Unavailable, 3));
    assert!(error.message().contains("changed during each of 3 reads"), "{error}");
}

/// Returns a server that reacts to an add for a table that does not exist.
async fn checked(react: impl Fn(&Seen) -> Say + Send + 'static) -> Fake {
    let world = World::dup_exist();
    Fake::start(move |seen| match seen.name.as_str() {
        ClusterInfo::NAME => named(seen, "onebox"),
        AddDuplication::NAME => react(seen),
        _ => world.answer(seen),
    })
    .await
}

#[tokio::test]
async fn what_the_meta_servers_know_of_a_remote_cluster() {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = asked.clone();
    let fake = checked(move |seen| {
        let request = seen.read::<AddDuplication>();
        note.lock().unwrap().push(request.remote_cluster_name.clone());
        match request.remote_cluster_name.as_str() {
            "a" => seen.answer(&refused("ERR_APP_NOT_EXIST", "")),
            "b" => seen.answer(&refused("ERR_INVALID_PARAMETERS", "")),
            "c" => Say { delay: Duration::ZERO, bytes: Vec::new(), closes: true },
            other => panic!("{other} is not checked after a failure"),
        }
    })
    .await;
    let text: String = ["a", "b", "c", "d"].map(|cluster| declared("temp", cluster, "")).concat();
    let state = State::read(&client(&fake), &fleet(&text)).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), ["a", "b", "c"]);
    assert_eq!(state.remotes["a"], RemoteState::Configured);
    assert!(
        matches!(&state.remotes["b"], RemoteState::Unsupported(why) if why.contains("refuses"))
    );
    assert!(matches!(&state.remotes["c"], RemoteState::NotKnown(_)));
    assert!(matches!(&state.remotes["d"], RemoteState::NotKnown(why) if why.contains("another")));
}

#[tokio::test]
async fn a_state_has_what_the_server_reports_except_the_progress() {
    let mut world = World::dup_exist();
    let progress = PartitionState { confirmed_decree: 5, last_committed_decree: 7 };
    let states = Some([(0, progress)].into());
    world.entries.push(Entry { partition_states: states, ..world.entry(DUPID) });
    let fake = Fake::start(move |seen| world.answer(seen)).await;
    let expected = client(&fake).query("temp").await.unwrap();
    assert_eq!(expected[0].partitions.len(), 1);
    let state = State::read(&client(&fake), &fleet("")).await.unwrap();
    let table = &state.tables["temp"];
    assert_eq!((table.table_id, table.partition_count, table.replica_count), (3, Some(8), None));
    let mut without = expected[0].clone();
    without.partitions.clear();
    assert_eq!(table.duplications, [without]);
}

#[tokio::test]
async fn a_fleet_that_cannot_be_compared_is_an_error() {
    let (server, client) = server(Behaviour::DupExist, 1).await;
    let text = declared("x*", "target", "");
    let error = State::read(&client, &fleet(&text)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("pattern=x*"), "{error}");
    server.stop().await;
}
