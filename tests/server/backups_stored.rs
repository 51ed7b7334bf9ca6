//! Tests what happens to backup policies on their way to the store: races of adds, changes of the leader,
//! faults and restarts.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddBackupPolicy, AddBackupPolicyRequest, CreateApp, CreateAppOptions, CreateAppRequest,
    ModifyBackupPolicy, ModifyBackupPolicyRequest,
};
use pegasus_dup::server::store::{
    FileStore, MemoryStore, PolicyRecord, RecordChange, Store, StoreFailure,
};
use pegasus_dup::server::{Behaviour, Clock, Election, Group, ServerConfig};

use super::support::policies::{
    DONE, NOW_MS, add, change, config, kept, modify, policy, query, said, serve,
};
use super::support::slow_store::{HandClock, SlowStore};
use crate::common::peer::Peer;

#[tokio::test(start_paused = true)]
async fn two_adds_of_a_free_name_may_both_be_accepted_and_the_first_to_be_stored_counts() {
    for behaviour in Behaviour::ALL {
        let store = Arc::new(MemoryStore::new());
        let config = ServerConfig {
            faults: vec!["RPC_CM_ADD_BACKUP_POLICY#1=slow-store:1000".parse().expect("a rule")],
            ..config(behaviour)
        };
        let (_, _, mut peer) = serve(&config, Arc::clone(&store) as Arc<dyn Store>);
        let with =
            |keep| AddBackupPolicyRequest { backup_history_count_to_keep: keep, ..policy("daily") };
        // The change of the first add is stored later than that of the second one.
        let first = peer.send::<AddBackupPolicy>(&with(1)).await;
        let second = peer.send::<AddBackupPolicy>(&with(2)).await;
        for seqid in [second, first] {
            let got = peer.receive().await.expect("a response");
            assert_eq!(got.seqid, seqid, "{behaviour}");
            assert_eq!(got.response::<AddBackupPolicy>().err, ErrorCode::Ok, "{behaviour}");
        }
        assert_eq!(kept(&mut peer).await, [("daily".to_owned(), 2)], "{behaviour}");
        // The store has kept the same policy.
        let (_, _, mut peer) = serve(&config, store);
        assert_eq!(kept(&mut peer).await, [("daily".to_owned(), 2)], "{behaviour}");
    }
}

#[test]
fn every_store_keeps_the_policy_that_it_has_when_another_of_that_name_is_added() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let stores: [Box<dyn Store>; 2] = [
        Box::new(MemoryStore::new()),
        Box::new(FileStore::open(&path, "onebox").expect("a store")),
    ];
    let with = |keep| PolicyRecord {
        name: "daily".to_owned(),
        provider: "local_service".to_owned(),
        table_ids: [1].into(),
        interval_seconds: 86_400,
        keep,
        start_hour: 3,
        start_minute: 30,
        disabled: false,
        backups: Vec::new(),
    };
    for store in stores {
        let kept = |change: RecordChange| {
            let (sender, results) = std::sync::mpsc::channel();
            store.submit(change, Box::new(move |result| sender.send(result).expect("sent")));
            assert_eq!(results.recv().expect("a result"), Ok(()));
            store.load().expect("a snapshot").policies
        };
        assert_eq!(kept(RecordChange::AddPolicy { record: with(1) }), [with(1)]);
        assert_eq!(kept(RecordChange::AddPolicy { record: with(2) }), [with(1)]);
        assert_eq!(kept(RecordChange::PutPolicy { record: with(3) }), [with(3)]);
        store.close();
    }
}

#[tokio::test]
async fn policies_do_not_wait_for_changes_of_tables() {
    let store = Arc::new(SlowStore::default());
    let (_, _, mut peer) =
        serve(&config(Behaviour::DupExist), Arc::clone(&store) as Arc<dyn Store>);
    let options = CreateAppOptions {
        partition_count: 4,
        replica_count: 3,
        success_if_exist: false,
        app_type: "pegasus".to_owned(),
        is_stateful: true,
        ..CreateAppOptions::default()
    };
    peer.send::<CreateApp>(&CreateAppRequest { app_name: "new".to_owned(), options }).await;
    // The table exists in memory from now on, and a policy may have it.
    let with_new = AddBackupPolicyRequest { app_ids: vec![4], ..policy("daily") };
    peer.send::<AddBackupPolicy>(&with_new).await;
    while store.held() < 2 {
        tokio::task::yield_now().await;
    }
    // A policy is listed when it is stored, and the name is free until then.
    assert_eq!(kept(&mut peer).await, []);
    peer.send::<AddBackupPolicy>(&with_new).await;
    while store.held() < 3 {
        tokio::task::yield_now().await;
    }
    store.release();
    peer.receive().await.expect("a response").response::<CreateApp>();
    store.fail(StoreFailure::NotStored("a test".to_owned()));
    let failed = peer.receive().await.expect("a response").response::<AddBackupPolicy>();
    assert_eq!(failed.err, ErrorCode::from_name("ERR_FILE_OPERATION_FAILED"));
    assert_eq!(kept(&mut peer).await, []);
    store.release();
    let stored = peer.receive().await.expect("a response").response::<AddBackupPolicy>();
    assert_eq!(stored.err, ErrorCode::Ok);
    assert_eq!(kept(&mut peer).await, [("daily".to_owned(), 3)]);
    // Nobody knows whether this change was stored, so there is no response.
    let more =
        ModifyBackupPolicyRequest { backup_history_count_to_keep: Some(9), ..change("daily") };
    peer.send::<ModifyBackupPolicy>(&more).await;
    while store.held() < 1 {
        tokio::task::yield_now().await;
    }
    store.fail(StoreFailure::Uncertain("a test".to_owned()));
    peer.closed().await;
}

#[tokio::test(start_paused = true)]
async fn an_add_neither_waits_for_held_requests_nor_delays_others() {
    let rules = ["create-app#1=hold:500", "add-backup-policy#1=hold:1000"];
    let config = ServerConfig {
        faults: rules.map(|rule| rule.parse().expect("a rule")).to_vec(),
        ..config(Behaviour::DupExist)
    };
    let (_, _, mut peer) = serve(&config, Arc::new(MemoryStore::new()));
    // The server refuses this create when its turn comes.
    let create =
        CreateAppRequest { app_name: "new".to_owned(), options: CreateAppOptions::default() };
    let held = peer.send::<CreateApp>(&create).await;
    let seqid = peer.send::<AddBackupPolicy>(&policy("first")).await;
    assert_ne!(peer.send::<AddBackupPolicy>(&policy("second")).await, seqid);
    let second = peer.receive().await.expect("a response");
    assert_eq!(second.seqid, seqid + 1);
    assert_eq!(second.response::<AddBackupPolicy>().err, ErrorCode::Ok);
    assert_eq!(peer.receive().await.expect("a response").seqid, held);
    assert_eq!(peer.receive().await.expect("a response").seqid, seqid);
    let expected = [("first".to_owned(), 3), ("second".to_owned(), 3)];
    assert_eq!(kept(&mut peer).await, expected);
}

fn group(store: Arc<dyn Store>) -> Group {
    let configs = [1, 2].map(|index| ServerConfig {
        listen: ([10, 0, 0, index], 34601).into(),
        ..config(Behaviour::DupExist)
    });
    let clock: Arc<dyn Clock> = Arc::new(HandClock::at(NOW_MS));
    let group = Group::new(&configs, store, &clock).expect("a group");
    for hub in group.hubs() {
        let hub = hub.clone();
        tokio::spawn(async move { hub.run_timers().await });
    }
    group
}

fn peer(group: &Group, index: usize) -> Peer {
    Peer::in_memory(group.hub(index).expect("a server"))
}

#[tokio::test(start_paused = true)]
async fn a_new_leader_that_has_not_read_its_policies_accepts_a_name_that_exists() {
    let store = Arc::new(MemoryStore::new());
    let group = group(Arc::clone(&store) as Arc<dyn Store>);
    let with = |name: &str, keep| AddBackupPolicyRequest {
        backup_history_count_to_keep: keep,
        ..policy(name)
    };
    let mut first = peer(&group, 0);
    for name in ["daily", "weekly"] {
        assert_eq!(said(&add(&mut first, &with(name, 1)).await), DONE);
    }
    let follower = query(&mut peer(&group, 1), &[]).await;
    assert_eq!(follower.err, ErrorCode::ForwardToOthers);
    assert_eq!((follower.policys, follower.backup_infos), (Some(vec![]), Some(vec![])));
    assert_eq!(add(&mut peer(&group, 1), &with("x", 1)).await.0, ErrorCode::ForwardToOthers);

    group.elect(&Election { early: Duration::from_millis(500), ..Election::default() });
    let mut second = peer(&group, 1);
    while query(&mut second, &[]).await.err != ErrorCode::Ok {
        tokio::task::yield_now().await;
    }
    assert_eq!(kept(&mut second).await, []);
    assert_eq!(said(&add(&mut second, &with("daily", 2)).await), DONE);
    assert_eq!(kept(&mut second).await, [("daily".to_owned(), 2)]);
    tokio::time::sleep(Duration::from_millis(600)).await;
    // The leader shows what it has accepted, until another leader reads what is stored.
    let shown = [("daily".to_owned(), 2), ("weekly".to_owned(), 1)];
    assert_eq!(kept(&mut second).await, shown);
    group.elect(&Election::default());
    let mut third = peer(&group, 0);
    while query(&mut third, &[]).await.err != ErrorCode::Ok {
        tokio::task::yield_now().await;
    }
    let stored = [("daily".to_owned(), 1), ("weekly".to_owned(), 1)];
    assert_eq!(kept(&mut third).await, stored);
}

#[tokio::test(start_paused = true)]
async fn faults_meet_adds_of_policies() {
    for (rule, stored) in [
        ("RPC_CM_ADD_BACKUP_POLICY#1=drop-reply", true),
        ("add-backup-policy#1=close-before", false),
        ("add-backup-policy#1=close-after", true),
        ("add-backup-policy#1=crash-before-store", false),
        ("add-backup-policy#1=crash-after-store", true),
    ] {
        let config = ServerConfig {
            faults: vec![rule.parse().expect("a rule")],
            ..config(Behaviour::DupExist)
        };
        let (hub, _, mut peer) = serve(&config, Arc::new(MemoryStore::new()));
        peer.send::<AddBackupPolicy>(&policy("daily")).await;
        let lost = tokio::time::timeout(Duration::from_secs(5), peer.receive()).await;
        assert!(matches!(lost, Err(_) | Ok(None)), "{rule}");
        let mut peer = Peer::in_memory(&hub);
        let expected = if stored { vec![("daily".to_owned(), 3)] } else { vec![] };
        assert_eq!(kept(&mut peer).await, expected, "{rule}");
    }
}

#[tokio::test]
async fn policies_and_their_backups_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let open = |path: &Path| -> Arc<dyn Store> {
        Arc::new(FileStore::open(path, "onebox").expect("a store"))
    };
    for behaviour in Behaviour::ALL {
        let (hub, _, mut peer) = serve(&config(behaviour), open(&path));
        let name = format!("p_{}", behaviour.name().replace('-', "_"));
        let now = AddBackupPolicyRequest { start_time: "11:59".to_owned(), ..policy(&name) };
        assert_eq!(said(&add(&mut peer, &now).await), DONE, "{behaviour}");
        let more = ModifyBackupPolicyRequest {
            add_appids: Some(vec![3, 99]),
            removal_appids: Some(vec![1, -1]),
            new_backup_interval_sec: Some(90_000),
            start_time: Some("4:45".to_owned()),
            ..change(&name)
        };
        assert_eq!(said(&modify(&mut peer, &more).await), DONE, "{behaviour}");
        let before = query(&mut peer, &[]).await;
        assert_eq!(before.backup_infos.as_ref().expect("a list").last().map(Vec::len), Some(1));
        // The server keeps running, so the file is as `kill -9` would leave it.
        let copy = folder.path().join("copy.redb");
        std::fs::copy(&path, &copy).expect("copied");
        let (other, _, mut peer) = serve(&config(behaviour), open(&copy));
        assert_eq!(query(&mut peer, &[]).await, before, "{behaviour}");
        other.close_store();
        hub.close_store();
    }
}

#[tokio::test]
async fn a_file_of_an_older_version_has_no_policies_and_takes_new_ones() {
    const POLICIES: redb::TableDefinition<'_, &str, &str> =
        redb::TableDefinition::new("pegasus_dup_policies");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let store = FileStore::open(&path, "onebox").expect("a store");
    store.close();
    let database = redb::Database::open(&path).expect("a file");
    let write = database.begin_write().expect("a change");
    assert!(write.delete_table(POLICIES).expect("deleted"));
    write.commit().expect("stored");
    drop(database);
    for expected in [0, 1] {
        let store = Arc::new(FileStore::open(&path, "onebox").expect("a store"));
        let (hub, _, mut peer) = serve(&config(Behaviour::DupExist), store);
        assert_eq!(kept(&mut peer).await.len(), expected);
        add(&mut peer, &policy("daily")).await;
        hub.close_store();
    }
}
