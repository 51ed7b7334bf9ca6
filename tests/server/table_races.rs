//! Tests what clients of tables must survive: lost responses, requests that overtake each other, changes
//! that take long to be stored, and crashes. The tests use streams in memory and a paused clock.

use std::sync::Arc;
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    CreateApp, DropApp, GetMaxReplicaCount, MaxReplicaCountRequest, QueryConfig,
    QueryConfigRequest, RecallApp, RenameApp,
};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Hub, ServerConfig};
use tokio::time::{sleep, timeout};

use super::support::slow_store::HandClock;
use super::support::tables::{code, create, drop_table, recall, rename, shown, table};
use crate::common::embedded;
use crate::common::peer::{Peer, add};

struct Scene {
    hub: Hub,
    peer: Peer,
    clock: HandClock,
}

impl Scene {
    /// Returns a server whose table 1, `dup_src`, is dropped. The other tables are `dup_src2` and `temp`.
    async fn with(behaviour: Behaviour, rules: &[&str]) -> Scene {
        let faults = rules.iter().map(|rule| rule.parse().expect("a rule")).collect();
        let config = ServerConfig { nodes: Some(3), ..embedded::still(behaviour) };
        let clock = HandClock::at(1_795_000_000_000);
        let hub = Hub::new(&config, Arc::new(MemoryStore::new()), Arc::new(clock.clone()));
        let hub = hub.expect("a server");
        let timers = hub.clone();
        tokio::spawn(async move { timers.run_timers().await });
        let mut peer = Peer::in_memory(&hub);
        assert_eq!(peer.call::<DropApp>(&drop_table("dup_src")).await.err, ErrorCode::Ok);
        hub.set_faults(faults);
        Scene { hub, peer, clock }
    }

    /// Sends the request of a row.
    async fn send(&mut self, what: What) {
        match what {
            What::Create => self.peer.send::<CreateApp>(&create("new")).await,
            What::Drop => self.peer.send::<DropApp>(&drop_table("temp")).await,
            What::Recall => self.peer.send::<RecallApp>(&recall(1)).await,
            What::Rename => self.peer.send::<RenameApp>(&rename("temp", "new")).await,
        };
    }

    async fn shown(&self) -> Vec<(i32, String, i32)> {
        shown(&mut Peer::in_memory(&self.hub)).await
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Create,
    Drop,
    Recall,
    Rename,
}

impl What {
    const ALL: [What; 4] = [What::Create, What::Drop, What::Recall, What::Rename];

    fn rpc(self) -> &'static str {
        match self {
            What::Create => "create-app",
            What::Drop => "drop-app",
            What::Recall => "recall-app",
            What::Rename => "rename-app",
        }
    }

    /// Returns the tables after the request, or before it, or while its change is being stored.
    fn tables(self, stage: Stage) -> Vec<(i32, String, i32)> {
        let mut all = vec![table(1, "dup_src", 6), table(2, "dup_src2", 1), table(3, "temp", 1)];
        let status = |storing: i32, after: i32| if stage == Stage::After { after } else { storing };
        match self {
            _ if stage == Stage::Before => {}
            What::Create => all.push(table(4, "new", status(2, 1))),
            What::Drop => all[2] = table(3, "temp", status(4, 6)),
            What::Recall => all[0] = table(1, "dup_src", status(7, 1)),
            What::Rename => all[2] = table(3, "new", 1),
        }
        all
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Before,
    Storing,
    After,
}

#[tokio::test(start_paused = true)]
async fn a_change_whose_response_is_lost_is_in_force_or_not() {
    for what in What::ALL {
        for (fault, stage) in [
            ("drop-reply", Stage::After),
            ("close-after", Stage::After),
            ("crash-after-store", Stage::After),
            ("close-before", Stage::Before),
            ("crash-before-store", Stage::Before),
        ] {
            let rule = format!("{}#1={fault}", what.rpc());
            let mut scene = Scene::with(Behaviour::DupExist, &[&rule]).await;
            scene.send(what).await;
            // A rename gets its response before its change is stored.
            let is_early = what == What::Rename && fault.starts_with("crash");
            match timeout(Duration::from_secs(5), scene.peer.receive()).await {
                Ok(Some(framed)) => assert!(is_early, "{rule} {framed:?}"),
                Ok(None) => assert!(!is_early && fault != "drop-reply", "{rule}"),
                Err(_) => assert_eq!(fault, "drop-reply", "{rule}"),
            }
            assert_eq!(scene.shown().await, what.tables(stage), "{rule}");
        }
    }
}

/// A list overtakes a create that waits in the queue. GET_MAX_REPLICA_COUNT waits behind the create.
#[tokio::test(start_paused = true)]
async fn a_list_overtakes_a_create_and_a_question_in_the_queue_does_not() {
    let mut scene = Scene::with(Behaviour::DupExist, &["create-app#1=hold:1000"]).await;
    let count = MaxReplicaCountRequest { app_name: "new".to_owned() };
    scene.send(What::Create).await;
    scene.peer.send::<GetMaxReplicaCount>(&count).await;
    assert_eq!(scene.shown().await, What::Create.tables(Stage::Before));
    let mut other = Peer::in_memory(&scene.hub);
    other.send::<GetMaxReplicaCount>(&count).await;
    assert!(timeout(Duration::from_millis(900), other.receive()).await.is_err());
    assert_eq!(scene.shown().await, What::Create.tables(Stage::Before));
    let created = scene.peer.receive().await.expect("a response").response::<CreateApp>();
    assert_eq!((created.err, created.appid), (ErrorCode::Ok, Some(4)));
    for peer in [&mut scene.peer, &mut other] {
        let counted = peer.receive().await.expect("a response").response::<GetMaxReplicaCount>();
        assert_eq!((counted.err, counted.max_replica_count), (ErrorCode::Ok, Some(3)));
    }
}

/// The client of a held request may go away. The request is executed all the same.
#[tokio::test(start_paused = true)]
async fn a_create_whose_connection_is_gone_is_executed_later() {
    let mut scene = Scene::with(Behaviour::DupExist, &["create-app#1=hold:1000"]).await;
    scene.send(What::Create).await;
    assert_eq!(scene.shown().await, What::Create.tables(Stage::Before));
    scene.peer = Peer::in_memory(&scene.hub);
    sleep(Duration::from_millis(1_001)).await;
    assert_eq!(scene.shown().await, What::Create.tables(Stage::After));
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_shows_the_status_of_the_change() {
    for what in What::ALL {
        let rule = format!("{}=slow-store:1000", what.rpc());
        for crash in [false, true] {
            let mut scene = Scene::with(Behaviour::DupExist, &[&rule]).await;
            scene.send(what).await;
            let early = match what {
                What::Rename => timeout(Duration::from_millis(1), scene.peer.receive()).await.ok(),
                _ => None,
            };
            assert_eq!(scene.shown().await, what.tables(Stage::Storing), "{what:?}");
            let name = &scene.shown().await[if what == What::Recall { 0 } else { 2 }].1;
            let name = if what == What::Create { "new" } else { name };
            let query =
                QueryConfigRequest { app_name: name.to_owned(), partition_indices: vec![0] };
            let busy = Peer::in_memory(&scene.hub).call::<QueryConfig>(&query).await.err;
            assert_eq!(
                busy,
                match what {
                    What::Create | What::Recall => code("ERR_BUSY_CREATING"),
                    What::Drop => code("ERR_BUSY_DROPPING"),
                    What::Rename => ErrorCode::Ok,
                }
            );
            if crash {
                scene.hub.crash(Duration::ZERO);
                assert_eq!(scene.shown().await, what.tables(Stage::Before), "{what:?}");
                continue;
            }
            let response = match early {
                Some(response) => response,
                None => scene.peer.receive().await,
            };
            assert!(response.is_some(), "{what:?}");
            sleep(Duration::from_millis(1_001)).await;
            assert_eq!(scene.shown().await, what.tables(Stage::After), "{what:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_cannot_be_stored_is_undone() {
    for what in What::ALL {
        let rule = format!("{}=fail-store", what.rpc());
        let mut scene = Scene::with(Behaviour::DupExist, &[&rule]).await;
        scene.send(what).await;
        assert!(scene.peer.receive().await.is_some());
        assert_eq!(scene.shown().await, what.tables(Stage::Before), "{what:?}");
        // The name is free again.
        scene.hub.set_faults(Vec::new());
        scene.send(what).await;
        assert!(scene.peer.receive().await.is_some());
        assert_eq!(scene.shown().await, what.tables(Stage::After), "{what:?}");
    }
}

/// Real servers respond to a rename before they store it, so a crash undoes what was acknowledged. The
/// default behaviour does not.
#[tokio::test(start_paused = true)]
async fn a_rename_is_acknowledged_before_it_is_stored() {
    for behaviour in
        [Behaviour::Checkpoint, Behaviour::RemoteName, Behaviour::DupExist, Behaviour::Idempotent]
    {
        let early = behaviour != Behaviour::Idempotent;
        for (rule, acknowledged, stage) in [
            ("rename-app=slow-store:1000", early, Stage::After),
            ("rename-app=crash-before-store", early, Stage::Before),
            ("rename-app=crash-after-store", early, Stage::After),
            ("rename-app=fail-store", true, Stage::Before),
        ] {
            let mut scene = Scene::with(behaviour, &[rule]).await;
            scene.send(What::Rename).await;
            let response = timeout(Duration::from_millis(900), scene.peer.receive()).await;
            let response = response.ok().flatten();
            assert_eq!(response.is_some(), acknowledged, "{behaviour} {rule}");
            if let Some(framed) = response.filter(|_| early) {
                assert_eq!(framed.response::<RenameApp>().err, ErrorCode::Ok);
            }
            sleep(Duration::from_millis(200)).await;
            let expected = What::Rename.tables(stage);
            assert_eq!(scene.shown().await, expected, "{behaviour} {rule}");
        }
    }
}

/// Until the rename is stored, both names lead to the table, and the list shows the new name.
#[tokio::test(start_paused = true)]
async fn both_names_lead_to_a_table_that_is_being_renamed() {
    let mut scene = Scene::with(Behaviour::DupExist, &["rename-app=slow-store:1000"]).await;
    scene.send(What::Rename).await;
    assert!(scene.peer.receive().await.is_some());
    for name in ["temp", "new"] {
        assert_eq!(scene.peer.query(name).await.appid, Some(3), "{name}");
    }
    let refused = scene.peer.call::<CreateApp>(&create("temp")).await.err;
    assert_eq!(refused, code("ERR_APP_EXIST"));
    sleep(Duration::from_millis(1_001)).await;
    assert_eq!(scene.peer.query("temp").await.err, ErrorCode::AppNotExist);
    assert_eq!(scene.peer.call::<CreateApp>(&create("temp")).await.err, ErrorCode::Ok);
}

/// A leader that starts while a table is dropped does not load its duplications. After the recall, an add
/// makes another one, and the next leader finds both.
#[tokio::test(start_paused = true)]
async fn a_crash_while_a_table_is_dropped_may_lead_to_two_duplications() {
    let mut scene = Scene::with(Behaviour::DupExist, &[]).await;
    let peer = &mut scene.peer;
    let first = peer.add(&add("temp", "target")).await;
    assert_eq!(peer.call::<DropApp>(&drop_table("temp")).await.err, ErrorCode::Ok);
    scene.hub.crash(Duration::ZERO);
    let mut peer = Peer::in_memory(&scene.hub);
    assert_eq!(peer.call::<RecallApp>(&recall(3)).await.err, ErrorCode::Ok);
    assert_eq!(peer.query("temp").await.entry_list.expect("a list"), []);
    scene.clock.forward(1_000);
    let second = peer.add(&add("temp", "target")).await;
    assert_eq!(second.err, ErrorCode::Ok);
    scene.hub.crash(Duration::ZERO);
    let entries = Peer::in_memory(&scene.hub).query("temp").await.entry_list.expect("a list");
    let dupids: Vec<_> = entries.iter().map(|entry| Some(entry.dupid)).collect();
    assert_eq!(dupids, [first.dupid, second.dupid]);
    assert!(entries.iter().all(|entry| entry.remote == "target"));
    assert_eq!(scene.hub.would_have_died(), 0);
}
