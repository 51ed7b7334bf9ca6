//! Tests of waiting until a table is ready.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pegasus_dup::client::progress;
use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::Behaviour;
use pegasus_dup::{Client, Error, ErrorCode, ErrorKind, Table};
use tokio::time::sleep;

use super::support::adding::client;
use super::support::tables::{self, Scene, Tables, create, info};
use crate::common::embedded;
use crate::common::fake::Fake;

#[track_caller]
fn assert_kind(result: Result<Table, Error>, kind: ErrorKind) -> Error {
    match result {
        Err(error) if error.kind() == kind => error,
        other => panic!("expected {kind}; got {other:?}"),
    }
}

/// Waits for a table, and returns the progress that was reported, too.
async fn observed(client: &Client, table: &str) -> (Result<Table, Error>, Vec<String>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = steps.clone();
    let observer = move |step: progress::Step| {
        if let progress::Step::GettingReady { .. } = step {
            seen.lock().unwrap().push(step.to_string());
        }
    };
    let result = progress::observed(observer, client.wait_ready(table)).await;
    let steps = steps.lock().unwrap().clone();
    (result, steps)
}

#[tokio::test]
async fn a_ready_table_is_returned_with_its_partitions() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(tables::config(behaviour)).await;
        let client = Client::builder().meta(server.address().to_string()).build().unwrap();
        let (ready, steps) = observed(&client, "temp").await;
        let ready = ready.unwrap();
        assert_eq!((ready.table_id, ready.is_ready()), (3, Some(true)));
        assert_eq!(ready.partitions.len(), 8);
        assert_eq!(ready, client.describe_table("temp").await.unwrap());
        assert_eq!(steps, ["getting ready: ready_partitions=8 partition_count=8"]);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_table_is_followed_until_it_is_ready() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        let id = scene.peer.create_table("new").await;
        let (ready, steps) = observed(&scene.client, "new").await;
        let ready = ready.unwrap();
        assert_eq!((ready.table_id, ready.ready_partitions), (id, Some(4)));
        // Each number is reported once.
        assert_eq!(
            steps,
            [
                "getting ready: ready_partitions=0 partition_count=4",
                "getting ready: ready_partitions=4 partition_count=4",
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_being_created_or_recalled_is_waited_for() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        scene.set_faults(&["create-app#1=slow-store:3000", "recall-app#1=slow-store:3000"]);
        scene.peer.send::<CreateApp>(&create("new")).await;
        sleep(Duration::from_millis(100)).await;
        assert_eq!(scene.client.wait_ready("new").await.unwrap().is_ready(), Some(true));
        scene.peer.receive().await.expect("the response to the create");

        scene.peer.drop_table("temp").await;
        let request = RecallAppRequest { app_id: 3, new_app_name: String::new() };
        scene.peer.send::<RecallApp>(&request).await;
        sleep(Duration::from_millis(100)).await;
        assert_eq!(scene.client.wait_ready("temp").await.unwrap().is_ready(), Some(true));
    }
}

#[tokio::test(start_paused = true)]
async fn the_leader_may_change_during_the_wait() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 2);
        let id = scene.peer.create_table("new").await;
        scene.set_faults(&["query-config#3=change-leader"]);
        assert_eq!(scene.client.wait_ready("new").await.unwrap().table_id, id);
        assert_eq!(scene.group.leader(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_says_what_is_missing_and_why() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        let id = scene.peer.create_table("new").await;
        scene.group.set_alive_nodes(1);
        let error = assert_kind(scene.client.wait_ready("new").await, ErrorKind::Timeout);
        let said = error.message();
        assert!(said.contains("partition 0 has no primary, partition 1 has no primary"), "{said}");
        let end = format!(
            "table=new table_id={id} ready_partitions=0 partition_count=4 alive_replica_servers=1 function_level=freezed"
        );
        assert!(said.ends_with(&end), "{said}");
        assert!(error.hint().is_some_and(|hint| hint.contains("function level is freezed")));
        assert_eq!(error.known().len(), 1);

        // The other tables have lost their secondaries. Two of three are enough for the level.
        scene.group.set_alive_nodes(2);
        let error = assert_kind(scene.client.wait_ready("temp").await, ErrorKind::Timeout);
        let said = error.message();
        assert!(said.contains("partition 4 lacks secondaries, and 3 more are not ready"), "{said}");
        assert!(said.ends_with("alive_replica_servers=2 function_level=steady"), "{said}");
        assert!(error.hint().is_some_and(|hint| hint.contains("needs 3 replica servers")));

        scene.group.set_alive_nodes(3);
        assert_eq!(scene.client.wait_ready("temp").await.unwrap().is_ready(), Some(true));
        assert_eq!(scene.client.wait_ready("new").await.unwrap().is_ready(), Some(true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reason_that_cannot_be_read_is_left_open() {
    let mut scene = Scene::new(Behaviour::DupExist, 1);
    scene.peer.create_table("new").await;
    scene.set_faults(&["list-nodes=refuse:ERR_ACL_DENY", "cluster-info=drop-reply"]);
    let hurried = scene.client.with_timeout(Duration::from_millis(900));
    let error = assert_kind(hurried.wait_ready("new").await, ErrorKind::Timeout);
    assert!(error.message().ends_with("alive_replica_servers=? function_level=?"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.starts_with("wait again")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_table_that_changes_its_identity_during_the_wait_is_an_error() {
    /// Waits for a new table of which something becomes during the wait.
    async fn during(behaviour: Behaviour, meanwhile: impl AsyncFnOnce(&mut Scene)) -> Error {
        let mut scene = Scene::new(behaviour, 1);
        scene.group.set_alive_nodes(3);
        assert_eq!(scene.peer.create_table("new").await, 4);
        scene.group.set_alive_nodes(2);
        let client = scene.client.clone();
        let wait = tokio::spawn(async move { client.wait_ready("new").await });
        sleep(Duration::from_secs(3)).await;
        meanwhile(&mut scene).await;
        assert_kind(wait.await.expect("no panic"), ErrorKind::TableNotFound)
    }
    for behaviour in Behaviour::ALL {
        let error =
            during(behaviour, async |scene: &mut Scene| scene.peer.drop_table("new").await).await;
        assert!(error.message().contains("was dropped during the wait"), "{error}");
        assert!(error.message().ends_with("table=new table_id=4 status=AS_DROPPED"), "{error}");

        let error = during(behaviour, async |scene: &mut Scene| {
            scene.peer.drop_table("new").await;
            scene.group.set_alive_nodes(3);
            assert_eq!(scene.peer.create_table("new").await, 5);
        })
        .await;
        assert!(error.message().ends_with("table=new table_id=4 new_table_id=5"), "{error}");
        assert_eq!(error.known().len(), 2);

        if behaviour != Behaviour::Freezed {
            let error = during(behaviour, async |scene: &mut Scene| {
                scene.peer.rename_table("new", "other").await;
            })
            .await;
            assert!(error.message().ends_with("table_id=4 new_name=other"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_table_that_does_not_exist_is_not_waited_for() {
    let tables = Tables::new([info(1, "t", 6), info(2, "t", 4), info(3, "T", 1)]);
    let fake = Fake::start(move |seen| tables.answer(seen)).await;
    let patient = client(&fake).with_timeout(Duration::from_secs(3600));
    assert_kind(patient.wait_ready("t").await, ErrorKind::TableNotFound);
}

#[tokio::test]
async fn a_table_with_a_partition_that_is_not_ready_is_polled_in_moderation() {
    let tables = Tables { unready: 1, ..Tables::new([info(1, "t", 1)]) };
    let fake = Fake::start(move |seen| match seen.name.as_str() {
        ListNodes::NAME => {
            let nodes = ListNodesResponse { err: ErrorCode::Ok, infos: Some(Vec::new()) };
            seen.answer(&nodes)
        }
        _ => tables.answer(seen),
    })
    .await;
    let error = assert_kind(client(&fake).wait_ready("t").await, ErrorKind::Timeout);
    let said = error.message();
    assert!(said.contains("not ready in time: partition 0 has no primary: table=t"), "{said}");
    assert!(said.ends_with("alive_replica_servers=0 function_level=?"), "{said}");
    // One request asks who leads. There are at least 100 ms between the others, within 1500 ms.
    let requests = fake.count::<QueryConfig>();
    assert!((3..=17).contains(&requests), "{requests}");
    // The list of all tables is read once.
    assert_eq!(fake.count::<ListApps>(), 1);
}
