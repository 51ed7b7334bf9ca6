//! Tests what a client sees of each fault, and the state of the server afterwards. The tests use
//! streams in memory and a paused clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddDuplication, ModifyDuplication, NEGOTIATION, QueryDuplication, QueryRequest,
};
use pegasus_dup::server::store::{MemoryStore, RecordChange};
use pegasus_dup::server::{Behaviour, Event, Hub, ServerConfig};
use tokio::time::{Duration as Time, timeout};

use super::support::frames::with_body;
use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

const NOW_MS: i64 = 1_795_000_000_123;

fn hub(behaviour: Behaviour, rules: &[&str]) -> Hub {
    let config = ServerConfig {
        faults: rules.iter().map(|rule| rule.parse().expect("a rule")).collect(),
        ..embedded::still(behaviour)
    };
    let clock = Arc::new(HandClock::at(NOW_MS));
    let hub = Hub::new(&config, Arc::new(MemoryStore::new()), clock).expect("a server");
    let timers = hub.clone();
    tokio::spawn(async move { timers.run_timers().await });
    hub
}

async fn listed(hub: &Hub) -> Vec<i32> {
    let mut peer = Peer::in_memory(hub);
    let entries = peer.query("temp").await.entry_list.expect("a list");
    entries.iter().map(|entry| entry.status).collect()
}

/// Expects no response for a while.
async fn silent(peer: &mut Peer) {
    assert!(timeout(Time::from_secs(5), peer.receive()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_request_with_a_dropped_reply_is_executed() {
    let hub = hub(Behaviour::DupExist, &["add#1=drop-reply"]);
    let mut peer = Peer::in_memory(&hub);
    peer.send::<AddDuplication>(&add("temp", "target")).await;
    silent(&mut peer).await;
    assert_eq!(listed(&hub).await, [3]);
    // The connection stays open, and the second add meets no fault.
    assert_eq!(peer.add(&add("temp", "target")).await.err, ErrorCode::DupExist);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_before_or_after() {
    for (rule, after) in [("add=close-before", false), ("add=close-after", true)] {
        let hub = hub(Behaviour::DupExist, &[rule]);
        let mut peer = Peer::in_memory(&hub);
        peer.send::<AddDuplication>(&add("temp", "target")).await;
        peer.closed().await;
        assert_eq!(listed(&hub).await.len(), usize::from(after), "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delayed_request_is_executed_at_once_and_its_response_arrives_later() {
    let hub = hub(Behaviour::DupExist, &["add=delay:3000", "query#2=delay:1000"]);
    let mut peer = Peer::in_memory(&hub);
    peer.send::<AddDuplication>(&add("temp", "target")).await;
    assert_eq!(listed(&hub).await, [3]);
    assert!(timeout(Time::from_millis(2_990), peer.receive()).await.is_err());
    let framed = timeout(Time::from_millis(20), peer.receive()).await.expect("in time");
    assert_eq!(framed.expect("an answer").response::<AddDuplication>().err, ErrorCode::Ok);
    let query = QueryRequest { app_name: "temp".to_owned() };
    let slow = peer.send::<QueryDuplication>(&query).await;
    let quick = peer.send::<QueryDuplication>(&query).await;
    assert_eq!(peer.receive().await.expect("an answer").seqid, quick);
    assert_eq!(peer.receive().await.expect("an answer").seqid, slow);
}

#[tokio::test(start_paused = true)]
async fn a_held_add_is_overtaken_by_queries_and_delays_the_requests_behind_it() {
    let hub = hub(Behaviour::DupExist, &["add#1=hold:1000", "query#3=hold:500"]);
    let mut first = Peer::in_memory(&hub);
    let mut second = Peer::in_memory(&hub);
    first.send::<AddDuplication>(&add("temp", "target")).await;
    assert_eq!(listed(&hub).await, [] as [i32; 0]);
    second.send::<AddDuplication>(&add("dup_src", "target")).await;
    second.send::<ModifyDuplication>(&set_status("temp", 1_795_000_000, 4)).await;
    // The sender may close its connection, because the add is in the queue.
    drop(first);
    assert!(timeout(Time::from_millis(900), second.receive()).await.is_err());
    assert_eq!(listed(&hub).await, [] as [i32; 0]);
    let framed = timeout(Time::from_millis(200), second.receive()).await.expect("in time");
    assert_eq!(framed.expect("an answer").response::<AddDuplication>().err, ErrorCode::Ok);
    // The queue does not wait for the store, so the next request meets a change that is being
    // stored.
    let busy = second.receive().await.expect("an answer").response::<ModifyDuplication>();
    assert_eq!((busy.err, busy.appid), (ErrorCode::Busy, Some(0)));
    // The server looks at a held query late, so the response shows the pause.
    let query = QueryRequest { app_name: "temp".to_owned() };
    let held = second.send::<QueryDuplication>(&query).await;
    second.send::<ModifyDuplication>(&set_status("temp", 1_795_000_000, 4)).await;
    let paused = second.receive().await.expect("an answer").response::<ModifyDuplication>();
    assert_eq!((paused.err, paused.appid), (ErrorCode::Ok, Some(3)));
    let framed = second.receive().await.expect("an answer");
    assert_eq!(framed.seqid, held);
    let shown = framed.response::<QueryDuplication>().entry_list.expect("a list");
    assert_eq!(shown[0].status, 4);
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_shows_ds_init_meanwhile() {
    let hub = hub(Behaviour::DupExist, &["add#1=slow-store:1000"]);
    let mut peer = Peer::in_memory(&hub);
    peer.send::<AddDuplication>(&add("temp", "target")).await;
    assert_eq!(listed(&hub).await, [0]);
    let mut other = Peer::in_memory(&hub);
    assert_eq!(other.add(&add("temp", "target")).await.err, ErrorCode::Busy);
    assert_eq!(
        peer.receive().await.expect("an answer").response::<AddDuplication>().err,
        ErrorCode::Ok
    );
    assert_eq!(listed(&hub).await, [3]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_leaves_nothing() {
    let hub = hub(Behaviour::DupExist, &["add#1=fail-store", "modify#1=fail-store"]);
    let mut peer = Peer::in_memory(&hub);
    let failed = peer.add(&add("temp", "target")).await;
    assert_eq!(failed.err.name(), "ERR_FILE_OPERATION_FAILED");
    assert_eq!(
        failed.hint.as_deref(),
        Some("the duplication could not be stored: a fault rule requires it")
    );
    assert_eq!(listed(&hub).await, [] as [i32; 0]);
    let dupid = peer.add(&add("temp", "target")).await.dupid.expect("a dupid");
    let failed = peer.modify(&set_status("temp", dupid, 4)).await;
    assert_eq!((failed.err.name(), failed.appid), ("ERR_FILE_OPERATION_FAILED", Some(0)));
    assert_eq!(listed(&hub).await, [3]);
}

#[tokio::test(start_paused = true)]
async fn responses_arrive_twice_or_with_another_seqid() {
    let hub = hub(
        Behaviour::DupExist,
        &["add#1=answer-twice", "add#2=another-seqid", "list=another-seqid"],
    );
    let mut peer = Peer::in_memory(&hub);
    let seqid = peer.send::<AddDuplication>(&add("temp", "target")).await;
    let once = peer.receive().await.expect("an answer");
    assert_eq!(peer.receive().await, Some(once.clone()));
    assert_eq!((once.seqid, once.response::<AddDuplication>().err), (seqid, ErrorCode::Ok));
    let seqid = peer.send::<AddDuplication>(&add("temp", "target")).await;
    let framed = peer.receive().await.expect("an answer");
    assert_eq!(framed.seqid, seqid + 1);
    assert_eq!(framed.response::<AddDuplication>().err, ErrorCode::DupExist);
}

#[tokio::test(start_paused = true)]
async fn refusals_of_every_rpc_are_empty() {
    use pegasus_dup::protocol::messages as m;
    let hub = hub(Behaviour::DupExist, &["any=refuse:ERR_UNDER_RECOVERY"]);
    let mut peer = Peer::in_memory(&hub);
    let name = || "temp".to_owned();
    assert_eq!(peer.add(&add("temp", "target")).await.appid, Some(0));
    assert_eq!(peer.modify(&set_status("temp", 1, 4)).await.err, ErrorCode::UnderRecovery);
    assert_eq!(peer.query("temp").await.entry_list, Some(vec![]));
    let request = m::ListRequest { app_name_pattern: name(), match_type: 1 };
    assert_eq!(
        peer.call::<m::ListDuplication>(&request).await.app_states.map(|s| s.len()),
        Some(0)
    );
    let request = m::ListAppsRequest { status: 0, app_name_pattern: None, match_type: None };
    assert_eq!(peer.call::<m::ListApps>(&request).await.infos, Some(vec![]));
    let request = m::QueryConfigRequest { app_name: name(), partition_indices: vec![] };
    assert_eq!(peer.call::<m::QueryConfig>(&request).await.partitions, Some(vec![]));
    let request = m::MaxReplicaCountRequest { app_name: name() };
    let answer = peer.call::<m::GetMaxReplicaCount>(&request).await;
    assert_eq!((answer.err, answer.max_replica_count), (ErrorCode::UnderRecovery, Some(0)));
    let nodes = peer.call::<m::ListNodes>(&m::ListNodesRequest { status: 0 }).await;
    assert_eq!((nodes.err, nodes.infos), (ErrorCode::UnderRecovery, Some(vec![])));
    let facts = peer.call::<m::ClusterInfo>(&m::ClusterInfoRequest {}).await;
    assert_eq!((facts.err, facts.keys), (ErrorCode::UnderRecovery, Some(vec![])));
    let request = m::CreateAppRequest { app_name: name(), options: m::CreateAppOptions::default() };
    let refused = peer.call::<m::CreateApp>(&request).await;
    assert_eq!((refused.err, refused.appid), (ErrorCode::UnderRecovery, Some(0)));
    let request = m::DropAppRequest { app_name: name(), options: m::DropAppOptions::default() };
    assert_eq!(peer.call::<m::DropApp>(&request).await.err, ErrorCode::UnderRecovery);
    let request = m::RecallAppRequest { app_id: 1, new_app_name: name() };
    let refused = peer.call::<m::RecallApp>(&request).await;
    assert_eq!(refused.info, Some(m::AppInfo::default()));
    let request = m::RenameAppRequest { old_app_name: name(), new_app_name: name() };
    let refused = peer.call::<m::RenameApp>(&request).await;
    assert_eq!(refused.hint_message.as_deref(), Some(""));
    let request = m::UpdateAppEnvRequest {
        app_name: name(),
        op: m::env_op::CLEAR,
        keys: None,
        values: None,
        clear_prefix: Some(String::new()),
    };
    let refused = peer.call::<m::UpdateAppEnv>(&request).await;
    assert_eq!(refused.hint_message.as_deref(), Some(""));
    let request = m::SetMaxReplicaCountRequest { app_name: name(), max_replica_count: 1 };
    let refused = peer.call::<m::SetMaxReplicaCount>(&request).await;
    assert_eq!((refused.err, refused.old_max_replica_count), (ErrorCode::UnderRecovery, Some(0)));
    let request = m::AtomicIdempotentRequest { app_name: name() };
    let refused = peer.call::<m::GetAtomicIdempotent>(&request).await;
    assert_eq!((refused.err, refused.atomic_idempotent), (ErrorCode::UnderRecovery, Some(false)));
    let request = m::SetAtomicIdempotentRequest { app_name: name(), atomic_idempotent: true };
    let refused = peer.call::<m::SetAtomicIdempotent>(&request).await;
    assert_eq!(refused.old_atomic_idempotent, Some(false));
    let request = m::AddBackupPolicyRequest {
        backup_provider_type: name(),
        policy_name: name(),
        app_ids: vec![1],
        backup_interval_seconds: 86_400,
        backup_history_count_to_keep: 1,
        start_time: "24:00".to_owned(),
    };
    let refused = peer.call::<m::AddBackupPolicy>(&request).await;
    assert_eq!(refused.hint_message.as_deref(), Some(""));
    let request = m::QueryBackupPolicyRequest { policy_names: vec![], backup_info_count: 1 };
    let refused = peer.call::<m::QueryBackupPolicy>(&request).await;
    assert_eq!((refused.err, refused.policys), (ErrorCode::UnderRecovery, Some(vec![])));
    let request = m::ModifyBackupPolicyRequest {
        policy_name: name(),
        add_appids: None,
        removal_appids: None,
        new_backup_interval_sec: None,
        backup_history_count_to_keep: None,
        is_disable: Some(true),
        start_time: None,
        force_disable: None,
    };
    let refused = peer.call::<m::ModifyBackupPolicy>(&request).await;
    assert_eq!(refused.hint_message.as_deref(), Some(""));
    assert_eq!(m::RPCS.len(), 20, "another RPC needs its refusal here");
    hub.set_faults(vec![]);
    assert_eq!(listed(&hub).await, [] as [i32; 0]);
}

/// The response to the start of an authentication has no error code, so the RPC layer refuses it.
#[tokio::test(start_paused = true)]
async fn the_start_of_an_authentication_can_be_refused() {
    let hub = hub(Behaviour::DupExist, &["RPC_NEGOTIATION=refuse:ERR_BUSY"]);
    let mut peer = Peer::in_memory(&hub);
    let mut body = vec![0x80, 1, 0, 1, 0, 0, 0, 15];
    body.extend_from_slice(NEGOTIATION.as_bytes());
    body.extend_from_slice(&[0, 0, 0, 7, 12, 0, 1, 0, 0]);
    peer.send_bytes(&with_body(&body)).await;
    let framed = peer.receive().await.expect("a response");
    assert_eq!((framed.framework, framed.seqid), (ErrorCode::Busy, 7));
}

#[tokio::test(start_paused = true)]
async fn a_crash_keeps_what_was_stored_and_nothing_else() {
    for (rule, kept) in [("add#2=crash-before-store:800", 0), ("add#2=crash-after-store:800", 1)] {
        let hub = hub(Behaviour::DupExist, &[rule]);
        let mut idle = Peer::in_memory(&hub);
        let mut peer = Peer::in_memory(&hub);
        let dupid = peer.add(&add("dup_src", "target2")).await.dupid.expect("a dupid");
        assert_eq!(peer.modify(&set_status("dup_src", dupid, 4)).await.appid, Some(1));
        peer.send::<AddDuplication>(&add("temp", "target")).await;
        peer.closed().await;
        idle.closed().await;
        // The server is down for a while.
        Peer::in_memory(&hub).closed().await;
        tokio::time::sleep(Duration::from_millis(810)).await;
        assert_eq!(listed(&hub).await.len(), kept, "{rule}");
        let mut peer = Peer::in_memory(&hub);
        assert_eq!(peer.query("dup_src").await.entry_list.expect("a list")[0].status, 4);
        let again = peer.add(&add("temp", "target")).await.err;
        assert_eq!(again, if kept == 1 { ErrorCode::DupExist } else { ErrorCode::Ok }, "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_brings_stored_statuses_back_and_forgets_ds_init() {
    let hub = hub(Behaviour::DupExist, &["add#3=slow-store:60000"]);
    let mut peer = Peer::in_memory(&hub);
    let dupid = peer.add(&add("temp", "target")).await.dupid.expect("a dupid");
    assert_eq!(peer.modify(&set_status("temp", dupid, 4)).await.appid, Some(3));
    assert_eq!(peer.add(&add("temp", "target")).await.err, ErrorCode::DupExist);
    assert_eq!(listed(&hub).await, [3]);
    peer.send::<AddDuplication>(&add("temp", "target2")).await;
    assert_eq!(listed(&hub).await, [3, 0]);
    hub.crash(Duration::ZERO);
    peer.closed().await;
    assert_eq!(listed(&hub).await, [4]);
    // The pending change is never stored.
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(listed(&hub).await, [4]);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_group_changes_its_leader_to_itself() {
    let hub = hub(Behaviour::DupExist, &["add#2=change-leader:700", "add#3=change-leader-after"]);
    let mut peer = Peer::in_memory(&hub);
    assert_eq!(peer.add(&add("temp", "target")).await.err, ErrorCode::Ok);
    let sent_away = peer.add(&add("temp", "target")).await;
    assert_eq!((sent_away.err, sent_away.dupid), (ErrorCode::ForwardToOthers, Some(0)));
    // The server serves before it has read its duplications back, and an add creates a second one.
    assert_eq!(listed(&hub).await, [] as [i32; 0]);
    tokio::time::sleep(Duration::from_millis(750)).await;
    assert_eq!(listed(&hub).await, [3]);
    let again = peer.add(&add("temp", "target")).await;
    assert_eq!(again.err, ErrorCode::DupExist);
    assert_eq!(listed(&hub).await, [3]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_ends_an_old_server_is_counted_under_a_fault_too() {
    // The second add arrives while the first is being stored.
    let hub = hub(Behaviour::Freezed, &["add#1=slow-store:1000", "add#2=drop-reply"]);
    let mut first = Peer::in_memory(&hub);
    first.send::<AddDuplication>(&add("temp", "target")).await;
    assert_eq!(listed(&hub).await, [0]);
    let mut second = Peer::in_memory(&hub);
    second.send::<AddDuplication>(&add("temp", "target")).await;
    second.closed().await;
    assert_eq!(hub.would_have_died(), 1);
    assert!(first.receive().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn events_name_the_request_behind_each_change() {
    let hub = hub(Behaviour::DupExist, &["add#2=drop-reply"]);
    let seen: Arc<Mutex<Vec<Event>>> = Arc::default();
    let log = Arc::clone(&seen);
    hub.observe(move |event| log.lock().unwrap().push(event.clone()));
    let mut peer = Peer::in_memory(&hub);
    let seqid = peer.send::<AddDuplication>(&add("temp", "target")).await;
    let made = peer.receive().await.expect("an answer").response::<AddDuplication>();
    peer.send::<AddDuplication>(&add("temp", "target")).await;
    silent(&mut peer).await;
    hub.crash(Duration::ZERO);
    peer.closed().await;
    let seen = seen.lock().unwrap();
    let stored: Vec<_> = seen
        .iter()
        .filter_map(|event| match event {
            Event::Stored { connection, seqid, change: RecordChange::Put { table_id, record } } => {
                Some((*connection, *seqid, *table_id, record.dupid))
            }
            _ => None,
        })
        .collect();
    assert_eq!(stored, [(0, seqid, 3, made.dupid.expect("a dupid"))]);
    let answers = seen.iter().filter(|event| matches!(event, Event::Response { .. })).count();
    assert_eq!(answers, 1, "{seen:?}");
    let faults: Vec<_> = seen
        .iter()
        .filter_map(|event| match event {
            Event::Request { fault, .. } => Some(fault.as_ref().map(ToString::to_string)),
            _ => None,
        })
        .collect();
    assert_eq!(faults, [None, Some("drop-reply".to_owned())]);
    let end = [Event::Crashed, Event::Restarted, Event::Leads { read_back: true }];
    assert_eq!(seen[seen.len() - 3..], end);
}

#[tokio::test]
async fn faults_reach_a_server_on_a_port() {
    let faults = vec!["add#1=delay:50".parse().expect("a rule")];
    let server =
        embedded::start(ServerConfig { faults, ..embedded::still(Behaviour::DupExist) }).await;
    let mut peer = Peer::connect(server.address()).await;
    assert_eq!(peer.add(&add("temp", "target")).await.err, ErrorCode::Ok);
    server.set_faults(vec!["add#1=close-after".parse().expect("a rule")]);
    peer.send::<AddDuplication>(&add("temp", "target")).await;
    peer.closed().await;
    // A stop waits for requests in flight.
    let (taken, mut is_taken) = tokio::sync::mpsc::unbounded_channel();
    server.hub().observe(move |event| {
        if matches!(event, Event::Request { .. }) {
            let _ = taken.send(());
        }
    });
    server.set_faults(vec!["add#1=hold:100".parse().expect("a rule")]);
    let mut peer = Peer::connect(server.address()).await;
    peer.send::<AddDuplication>(&add("temp", "target2")).await;
    is_taken.recv().await.expect("the request");
    let (answer, ()) = tokio::join!(peer.receive(), server.stop());
    assert_eq!(answer.expect("an answer").response::<AddDuplication>().err, ErrorCode::Ok);
}
