//! Tests how the embedded server handles adds and modifies in the cases that the recordings do not
//! contain: intermediate states, the clock, and the idempotent behaviour.

use std::sync::Arc;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddDuplication, AddRequest, ListApps, ListAppsRequest, ListDuplication, ListRequest,
    ModifyDuplication, ModifyRequest, QueryConfig, QueryConfigRequest, QueryDuplication,
    QueryRequest, match_type,
};
use pegasus_dup::server::store::{MemoryStore, StoreFailure};
use pegasus_dup::server::{Behaviour, ClockMode, Hub, ServerConfig};

use super::support::slow_store::{HandClock, SlowStore};
use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

const NOW_MS: i64 = 1_795_000_000_123;
const NOW: i32 = 1_795_000_000;
/// The status numbers since 2.4.
const INIT: i32 = 0;
const PREPARE: i32 = 1;
const APP: i32 = 2;
const LOG: i32 = 3;
const PAUSE: i32 = 4;
const REMOVED: i32 = 5;

fn hub(config: &ServerConfig, clock: &HandClock) -> Hub {
    Hub::new(config, Arc::new(MemoryStore::new()), Arc::new(clock.clone())).expect("a server")
}

fn slow(config: &ServerConfig) -> (Arc<SlowStore>, Hub) {
    let store = Arc::new(SlowStore::default());
    let clock = Arc::new(HandClock::at(NOW_MS));
    let hub = Hub::new(config, store.clone(), clock).expect("a server");
    (store, hub)
}

fn with_checkpoint(request: AddRequest) -> AddRequest {
    AddRequest { is_duplicating_checkpoint: None, ..request }
}

/// Waits until the server shows a duplication of the table. A query overtakes an add that is being stored.
async fn until_shown(peer: &mut Peer, table: &str) {
    while status_of(peer, table).await.is_none() {
        tokio::task::yield_now().await;
    }
}

async fn status_of(peer: &mut Peer, table: &str) -> Option<i32> {
    let entries = peer.query(table).await.entry_list.expect("a list");
    assert!(entries.len() < 2, "{entries:?}");
    entries.first().map(|entry| entry.status)
}

#[tokio::test]
async fn idempotent_changes_nothing_in_every_state_and_reports_the_differences() {
    let clock = HandClock::at(NOW_MS);
    let hub = hub(&embedded::still(Behaviour::Idempotent), &clock);
    let mut peer = Peer::in_memory(&hub);
    let first = peer.add(&with_checkpoint(add("temp", "target"))).await;
    assert_eq!((first.err, first.dupid, first.hint), (ErrorCode::Ok, Some(NOW), None));
    for status in [PREPARE, APP, LOG, PAUSE] {
        if status != PREPARE {
            let changed = peer.modify(&set_status("temp", NOW, status)).await;
            assert_eq!((changed.err, changed.appid), (ErrorCode::Ok, Some(3)));
        }
        let skip =
            ModifyRequest { status: None, fail_mode: Some(1), ..set_status("temp", NOW, status) };
        assert_eq!(peer.modify(&skip).await.err, ErrorCode::Ok);
        let before = peer.query("temp").await;
        for flag in [None, Some(false), Some(true)] {
            let request = AddRequest { is_duplicating_checkpoint: flag, ..add("temp", "target") };
            let again = peer.add(&request).await;
            assert_eq!(again.err, ErrorCode::DupExist, "status {status} flag {flag:?}");
            assert_eq!((again.appid, again.dupid), (Some(3), Some(NOW)));
            assert_eq!(again.remote_app_name.as_deref(), Some("temp"));
            assert_eq!(again.remote_replica_count, Some(3));
            let hint = again.hint.expect("a hint");
            assert_eq!(
                hint,
                format!("duplication temp({NOW}) to cluster target already exists as asked")
            );
        }
        assert_eq!(peer.query("temp").await, before, "status {status}");
    }
    let other = AddRequest {
        remote_app_name: Some("elsewhere".to_owned()),
        remote_replica_count: Some(5),
        ..add("temp", "target")
    };
    let hint = peer.add(&other).await.hint.expect("a hint");
    assert!(hint.ends_with(
        "already exists: remote_app_name asked=elsewhere existing=temp, \
         remote_replica_count asked=5 existing=3"
    ));
}

#[tokio::test]
async fn a_repeated_add_moves_and_resets_in_memory_only() {
    let store = Arc::new(MemoryStore::new());
    let config = embedded::config(Behaviour::DupExist);
    let clock = Arc::new(HandClock::at(NOW_MS));
    let hub = Hub::new(&config, store.clone(), clock.clone()).expect("a server");
    let mut peer = Peer::in_memory(&hub);
    assert_eq!(peer.add(&add("temp", "target")).await.err, ErrorCode::Ok);
    let pause = ModifyRequest { fail_mode: Some(2), ..set_status("temp", NOW, PAUSE) };
    assert_eq!(peer.modify(&pause).await.appid, Some(3));

    let again = peer.add(&add("temp", "target")).await;
    assert_eq!(again.err, ErrorCode::DupExist);
    let seen = peer.query("temp").await.entry_list.expect("a list");
    assert_eq!((seen[0].status, seen[0].fail_mode), (LOG, Some(0)));

    // A new server with the same store corresponds to a restart.
    let restarted = Hub::new(&config, store, clock).expect("a server");
    let mut peer = Peer::in_memory(&restarted);
    let seen = peer.query("temp").await.entry_list.expect("a list");
    assert_eq!((seen[0].status, seen[0].fail_mode), (PAUSE, Some(2)));
}

#[tokio::test]
async fn a_new_duplication_is_in_ds_init_until_it_is_stored() {
    for behaviour in Behaviour::ALL {
        let (store, hub) = slow(&embedded::still(behaviour));
        let mut adder = Peer::in_memory(&hub);
        let mut other = Peer::in_memory(&hub);
        let mut third = Peer::in_memory(&hub);
        adder.send::<AddDuplication>(&add("temp", "target")).await;
        // The query overtakes the add.
        until_shown(&mut other, "temp").await;
        assert_eq!(store.held(), 1);
        assert_eq!(status_of(&mut other, "temp").await, Some(INIT), "{behaviour}");
        // An add of another table overtakes the first add, too.
        other.send::<AddDuplication>(&add("dup_src", "target")).await;
        until_shown(&mut third, "dup_src").await;
        store.release();
        let framed = adder.receive().await.expect("an answer");
        assert_eq!(framed.response::<AddDuplication>().err, ErrorCode::Ok, "{behaviour}");
        assert_ne!(status_of(&mut adder, "temp").await, Some(INIT), "{behaviour}");
        store.release();
        assert!(other.receive().await.is_some());
    }
}

#[tokio::test]
async fn a_repeated_add_meets_a_duplication_that_is_being_stored() {
    for behaviour in Behaviour::ALL {
        let (store, hub) = slow(&embedded::still(behaviour));
        let mut first = Peer::in_memory(&hub);
        let mut second = Peer::in_memory(&hub);
        first.send::<AddDuplication>(&add("temp", "target")).await;
        until_shown(&mut second, "temp").await;
        match behaviour {
            Behaviour::Freezed => {
                assert_eq!(second.try_call::<AddDuplication>(&add("temp", "target")).await, None);
                assert_eq!(hub.would_have_died(), 1);
            }
            Behaviour::Checkpoint => {
                let thin = second.add(&add("temp", "target")).await;
                assert_eq!(thin.err, ErrorCode::Ok);
                assert_eq!((thin.appid, thin.dupid, thin.hint), (Some(0), Some(0), None));
            }
            Behaviour::RemoteName | Behaviour::DupExist => {
                let busy = second.add(&add("temp", "target")).await;
                assert_eq!(busy.err, ErrorCode::Busy);
                assert_eq!((busy.appid, busy.dupid), (Some(0), Some(0)));
                let hint = format!("start dup[temp({NOW})] failed: err = ERR_BUSY");
                assert_eq!(busy.hint, Some(hint));
            }
            Behaviour::Idempotent => {
                let seqid = second.send::<AddDuplication>(&add("temp", "target")).await;
                // The connection is not blocked meanwhile, but there is no response to the add.
                let query = QueryRequest { app_name: "temp".to_owned() };
                let overtaking = second.send::<QueryDuplication>(&query).await;
                assert_eq!(second.receive().await.expect("an answer").seqid, overtaking);
                store.release();
                let framed = second.receive().await.expect("an answer");
                assert_eq!(framed.seqid, seqid);
                let again = framed.response::<AddDuplication>();
                assert_eq!((again.err, again.dupid), (ErrorCode::DupExist, Some(NOW)));
                assert!(first.receive().await.is_some());
                continue;
            }
        }
        let mut third = Peer::in_memory(&hub);
        let status = if behaviour == Behaviour::Freezed { 2 } else { PAUSE };
        let busy = third.modify(&set_status("temp", NOW, status)).await;
        assert_eq!((busy.err, busy.appid), (ErrorCode::Busy, Some(0)), "{behaviour}");
        store.release();
        assert!(first.receive().await.is_some());
    }
}

#[tokio::test]
async fn an_add_that_waited_is_executed_if_the_first_was_not_stored() {
    let (store, hub) = slow(&embedded::still(Behaviour::Idempotent));
    let mut first = Peer::in_memory(&hub);
    let mut second = Peer::in_memory(&hub);
    first.send::<AddDuplication>(&add("temp", "target")).await;
    until_shown(&mut second, "temp").await;
    let waiting = second.send::<AddDuplication>(&add("temp", "target")).await;
    let query = QueryRequest { app_name: "temp".to_owned() };
    second.send::<QueryDuplication>(&query).await;
    second.receive().await.expect("the query's answer");
    store.fail(StoreFailure::NotStored("disk full".to_owned()));
    let failed = first.receive().await.expect("an answer").response::<AddDuplication>();
    assert_eq!(failed.err.name(), "ERR_FILE_OPERATION_FAILED");
    assert!(failed.hint.expect("a hint").ends_with("disk full"));
    store.release();
    let framed = second.receive().await.expect("an answer");
    assert_eq!(framed.seqid, waiting);
    assert_eq!(framed.response::<AddDuplication>().err, ErrorCode::Ok);
}

#[tokio::test]
async fn an_add_that_waited_for_a_removal_creates_a_new_duplication() {
    let (store, hub) = slow(&embedded::still(Behaviour::Idempotent));
    let mut peer = Peer::in_memory(&hub);
    peer.send::<AddDuplication>(&add("temp", "target")).await;
    while store.held() == 0 {
        tokio::task::yield_now().await;
    }
    store.release();
    peer.receive().await.expect("the first add's answer");
    peer.send::<ModifyDuplication>(&set_status("temp", NOW, REMOVED)).await;
    peer.send::<AddDuplication>(&add("temp", "target")).await;
    // An add of another table to the same remote table also waits.
    let taking =
        AddRequest { remote_app_name: Some("temp".to_owned()), ..add("dup_src", "target") };
    peer.send::<AddDuplication>(&taking).await;
    // The response to a query shows that the server has looked at the other requests.
    assert_eq!(status_of(&mut peer, "temp").await, Some(LOG));
    assert_eq!(store.held(), 1);
    store.release();
    let removed = peer.receive().await.expect("an answer").response::<ModifyDuplication>();
    assert_eq!((removed.err, removed.appid), (ErrorCode::Ok, Some(3)));
    assert_eq!(store.held(), 1);
    store.release();
    let made = peer.receive().await.expect("an answer").response::<AddDuplication>();
    assert_eq!((made.err, made.dupid), (ErrorCode::Ok, Some(NOW + 1)));
    let refused = peer.receive().await.expect("an answer").response::<AddDuplication>();
    assert_eq!(refused.err, ErrorCode::InvalidParameters);
    assert!(refused.hint.expect("a hint").contains("another app(temp)"));
}

#[tokio::test]
async fn there_is_no_response_if_it_is_unknown_whether_the_change_was_stored() {
    let (store, hub) = slow(&embedded::still(Behaviour::Idempotent));
    let mut first = Peer::in_memory(&hub);
    let mut second = Peer::in_memory(&hub);
    first.send::<AddDuplication>(&add("temp", "target")).await;
    until_shown(&mut second, "temp").await;
    store.fail(StoreFailure::Uncertain("fsync".to_owned()));
    first.closed().await;
    assert_eq!(status_of(&mut second, "temp").await, Some(INIT));
    let busy = second.add(&add("temp", "target")).await;
    assert_eq!(busy.err, ErrorCode::Busy);
    assert!(busy.hint.expect("a hint").contains("is not known before the server is started again"));
}

#[tokio::test]
async fn the_clock_moves_statuses_and_decrees() {
    let clock = HandClock::at(NOW_MS);
    let config =
        ServerConfig { clock: Some(ClockMode::Real), ..embedded::config(Behaviour::DupExist) };
    let hub = hub(&config, &clock);
    let mut peer = Peer::in_memory(&hub);
    let added = peer.add(&with_checkpoint(add("temp", "target"))).await;
    assert_eq!(added.err, ErrorCode::Ok);
    assert_eq!(status_of(&mut peer, "temp").await, Some(PREPARE));
    clock.forward(2_000);
    assert_eq!(status_of(&mut peer, "temp").await, Some(APP));
    // If the wall time goes back, the statuses do not.
    clock.forward(-1_500);
    assert_eq!(status_of(&mut peer, "temp").await, Some(APP));
    clock.forward(1_500 + 60_000);
    let entry = peer.query("temp").await.entry_list.expect("a list").remove(0);
    assert_eq!(entry.status, LOG);
    let states = entry.partition_states.expect("states");
    assert_eq!(states.len(), 8);
    for state in states.values() {
        assert!(state.confirmed_decree > 500);
        assert_eq!(state.confirmed_decree, state.last_committed_decree);
    }
    // By the clock, DS_APP is over, so an add without a checkpoint is accepted.
    assert_eq!(
        peer.add(&with_checkpoint(add("temp", "target"))).await.err,
        ErrorCode::InvalidParameters
    );
    assert_eq!(peer.add(&add("temp", "target")).await.err, ErrorCode::DupExist);
}

#[tokio::test]
async fn a_dupid_is_reused_within_a_second_but_not_by_idempotent() {
    for behaviour in Behaviour::ALL {
        let clock = HandClock::at(NOW_MS);
        let hub = hub(&embedded::still(behaviour), &clock);
        let mut peer = Peer::in_memory(&hub);
        let removed = behaviour.generation().status_number(pegasus_dup::Status::Removed).unwrap();
        let first = peer.add(&add("temp", "target")).await.dupid;
        // The duplication to another cluster gets the next second as its dupid.
        let second = peer.add(&add("temp", "target2")).await.dupid;
        assert_eq!((first, second), (Some(NOW), Some(NOW + 1)), "{behaviour}");
        assert_eq!(peer.modify(&set_status("temp", NOW, removed)).await.err, ErrorCode::Ok);
        clock.forward(500);
        let again = peer.add(&add("temp", "target")).await.dupid;
        let expected = if behaviour == Behaviour::Idempotent { NOW + 2 } else { NOW };
        assert_eq!(again, Some(expected), "{behaviour}");
    }
}

#[tokio::test]
async fn modifies() {
    let hub = hub(&embedded::still(Behaviour::DupExist), &HandClock::at(NOW_MS));
    let mut peer = Peer::in_memory(&hub);
    peer.add(&with_checkpoint(add("temp", "target"))).await;
    let cases = [
        (set_status("temp", NOW, LOG), ErrorCode::InvalidParameters, 0),
        (set_status("temp", NOW, PAUSE), ErrorCode::InvalidParameters, 0),
        (set_status("temp", NOW, INIT), ErrorCode::InvalidParameters, 0),
        (set_status("temp", NOW, PREPARE), ErrorCode::Ok, 0),
        (set_status("temp", NOW, APP), ErrorCode::Ok, 3),
        (set_status("temp", NOW, LOG), ErrorCode::Ok, 3),
        (set_status("temp", NOW + 1, LOG), ErrorCode::ObjectNotFound, 0),
        (set_status("nosuch", NOW, LOG), ErrorCode::AppNotExist, 0),
        (
            ModifyRequest { status: None, fail_mode: Some(1), ..set_status("temp", NOW, 0) },
            ErrorCode::Ok,
            3,
        ),
        (
            ModifyRequest { status: None, fail_mode: Some(1), ..set_status("temp", NOW, 0) },
            ErrorCode::Ok,
            0,
        ),
        (ModifyRequest { status: None, ..set_status("temp", NOW, 0) }, ErrorCode::Ok, 0),
        (set_status("temp", NOW, PAUSE), ErrorCode::Ok, 3),
    ];
    for (request, err, appid) in cases {
        let answer = peer.modify(&request).await;
        assert_eq!((answer.err, answer.appid), (err, Some(appid)), "{request:?}");
    }
    // The last change set only the status.
    let entry = peer.query("temp").await.entry_list.expect("a list").remove(0);
    assert_eq!((entry.status, entry.fail_mode), (PAUSE, Some(1)));
    assert_eq!(peer.modify(&set_status("temp", NOW, REMOVED)).await.appid, Some(3));
    assert_eq!(status_of(&mut peer, "temp").await, None);
}

#[tokio::test]
async fn a_number_that_ends_a_real_server_closes_the_connection_and_is_counted() {
    // (behaviour, the first unknown status number)
    let first_unknown = [
        (Behaviour::Freezed, 4),
        (Behaviour::Checkpoint, 6),
        (Behaviour::DupExist, 6),
        (Behaviour::Idempotent, 6),
    ];
    for (behaviour, unknown) in first_unknown {
        let server = embedded::start(embedded::config(behaviour)).await;
        let bad_fail_mode =
            ModifyRequest { status: None, fail_mode: Some(3), ..set_status("temp", 1, 0) };
        for (count, request) in
            [set_status("nosuch", 1, unknown), set_status("temp", 1, -1), bad_fail_mode]
                .into_iter()
                .enumerate()
        {
            assert_eq!(server.would_have_died(), count as u64);
            let mut peer = Peer::connect(server.address()).await;
            peer.send::<ModifyDuplication>(&request).await;
            peer.closed().await;
        }
        assert_eq!(server.would_have_died(), 3, "{behaviour}");
        let mut peer = Peer::connect(server.address()).await;
        let answer = peer.modify(&set_status("temp", 1, unknown - 1)).await;
        assert_eq!(answer.err, ErrorCode::ObjectNotFound);
        server.stop().await;
    }
}

#[tokio::test]
async fn adds_are_checked_in_the_order_of_a_real_server() {
    let mut config = embedded::still(Behaviour::Idempotent);
    let no_metas = pegasus_dup::server::RemoteCluster { name: "bare".to_owned(), metas: vec![] };
    config.remote_clusters.push(no_metas);
    let hub = hub(&config, &HandClock::at(NOW_MS));
    let mut peer = Peer::in_memory(&hub);
    let negative =
        |table, cluster| AddRequest { remote_replica_count: Some(-1), ..add(table, cluster) };
    let invalid = ErrorCode::InvalidParameters;
    let cases = [
        (negative("nosuch", "onebox"), &invalid, "illegal operation: adding duplication to itself"),
        (negative("nosuch", "nowhere"), &invalid, "get_duplication_cluster_id(nowhere) failed"),
        (negative("nosuch", ""), &invalid, "get_duplication_cluster_id() failed"),
        (negative("nosuch", "bare"), &invalid, "failed to find cluster[bare] address in config ["),
        (negative("nosuch", "target"), &invalid, "invalid remote_replica_count(-1)"),
        (add("nosuch", "target"), &ErrorCode::AppNotExist, "app nosuch was not found"),
        (add("", "target"), &ErrorCode::AppNotExist, "app  was not found"),
    ];
    for (request, err, hint) in cases {
        let answer = peer.add(&request).await;
        assert_eq!(&answer.err, err, "{request:?}");
        assert!(answer.hint.as_ref().is_some_and(|got| got.starts_with(hint)), "{answer:?}");
        assert_eq!((answer.appid, answer.dupid), (Some(0), Some(0)));
        assert_eq!((answer.remote_app_name, answer.remote_replica_count), (None, None));
    }
}

#[tokio::test]
async fn an_old_server_does_not_name_the_cluster_that_has_no_addresses() {
    let mut config = embedded::still(Behaviour::Freezed);
    let no_metas = pegasus_dup::server::RemoteCluster { name: "bare".to_owned(), metas: vec![] };
    config.remote_clusters.push(no_metas);
    let hub = hub(&config, &HandClock::at(NOW_MS));
    let answer = Peer::in_memory(&hub).add(&add("temp", "bare")).await;
    assert_eq!(answer.err, ErrorCode::InvalidParameters);
    let hint = "failed to find cluster address in config [pegasus.clusters]";
    assert_eq!(answer.hint.as_deref(), Some(hint));
}

#[tokio::test]
async fn lists_by_every_match_type() {
    let hub = hub(&embedded::still(Behaviour::DupExist), &HandClock::at(NOW_MS));
    let mut peer = Peer::in_memory(&hub);
    peer.add(&add("temp", "target")).await;
    let cases = [
        (match_type::ALL, "nothing", vec!["dup_src", "dup_src2", "temp"]),
        (match_type::EXACT, "dup_src", vec!["dup_src"]),
        (match_type::ANYWHERE, "src", vec!["dup_src", "dup_src2"]),
        (match_type::PREFIX, "te", vec!["temp"]),
        (match_type::POSTFIX, "2", vec!["dup_src2"]),
    ];
    for (kind, pattern, expected) in cases {
        let request = ListRequest { app_name_pattern: pattern.to_owned(), match_type: kind };
        let answer = peer.call::<ListDuplication>(&request).await;
        assert_eq!(answer.err, ErrorCode::Ok);
        assert_eq!(answer.hint_message.as_deref(), Some(""));
        let states = answer.app_states.expect("tables");
        assert_eq!(states.keys().collect::<Vec<_>>(), expected, "match type {kind}");
        for (name, state) in &states {
            // The list contains tables without duplications, too.
            assert_eq!(state.duplications.len(), usize::from(name == "temp"));
            assert_eq!(state.partition_count, Some(8));
        }
        let request = ListAppsRequest {
            status: 1,
            app_name_pattern: Some(pattern.to_owned()),
            match_type: Some(kind),
        };
        let infos = peer.call::<ListApps>(&request).await.infos.expect("tables");
        let names: Vec<_> = infos.iter().map(|info| info.app_name.as_str()).collect();
        assert_eq!(names, expected, "match type {kind}");
        let duplicating = infos.iter().map(|info| info.duplicating == Some(true));
        assert!(duplicating.eq(names.iter().map(|name| *name == "temp")));
    }
    for (kind, name) in [(0, "invalid"), (6, "regex"), (7, "Unknown"), (-1, "Unknown")] {
        let request = ListRequest { app_name_pattern: String::new(), match_type: kind };
        let answer = peer.call::<ListDuplication>(&request).await;
        assert_eq!(answer.err, ErrorCode::NotImplemented);
        let hint = format!("match_type is not supported: val={kind}, str={name}");
        assert_eq!(answer.hint_message, Some(hint));
        assert_eq!(answer.app_states.map(|states| states.len()), Some(0));
    }
    // A match type or a pattern alone has no effect: everything is listed.
    for (pattern, kind) in [(Some("te"), None), (None, Some(match_type::PREFIX)), (None, Some(7))] {
        let pattern = pattern.map(str::to_owned);
        let request = ListAppsRequest { status: 0, app_name_pattern: pattern, match_type: kind };
        let answer = peer.call::<ListApps>(&request).await;
        assert_eq!((&answer.err, answer.infos.map(|infos| infos.len())), (&ErrorCode::Ok, Some(3)));
    }
    let dropped = ListAppsRequest { status: 6, app_name_pattern: None, match_type: None };
    assert_eq!(peer.call::<ListApps>(&dropped).await.infos, Some(vec![]));
}

#[tokio::test]
async fn query_config_shows_the_requested_partitions() {
    let hub = hub(&embedded::still(Behaviour::DupExist), &HandClock::at(NOW_MS));
    let mut peer = Peer::in_memory(&hub);
    let mut ask = async |table: &str, indices: &[i32]| {
        let request =
            QueryConfigRequest { app_name: table.to_owned(), partition_indices: indices.to_vec() };
        peer.call::<QueryConfig>(&request).await
    };
    let indices = |answer: &pegasus_dup::protocol::messages::QueryConfigResponse| {
        let partitions = answer.partitions.as_ref().expect("partitions");
        assert!(partitions.iter().all(|partition| partition.primary.0.is_none()));
        partitions.iter().map(|partition| partition.pid.partition_index).collect::<Vec<_>>()
    };
    let all = ask("temp", &[]).await;
    assert_eq!((&all.err, all.app_id, all.partition_count), (&ErrorCode::Ok, Some(3), Some(8)));
    assert_eq!(indices(&all), (0..8).collect::<Vec<_>>());
    assert_eq!(indices(&ask("temp", &[6, 2, 6, 8, -1]).await), [6, 2, 6]);
    // A small request cannot cause a huge response. No response is longer than that about the
    // largest table.
    assert_eq!(indices(&ask("temp", &[3; 70_000]).await), [3; 65_536]);
    assert_eq!(indices(&ask("temp", &[8, -1]).await), (0..8).collect::<Vec<_>>());
    let missing = ask("nosuch", &[]).await;
    assert_eq!((missing.err, missing.app_id), (ErrorCode::ObjectNotFound, Some(0)));
}
