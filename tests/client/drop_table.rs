//! Tests of dropping tables. What the client reports is compared with the tables of the server.

use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::Behaviour;
use pegasus_dup::{
    Client, Error, ErrorCode, ErrorKind, Evidence, Removal, Table, TableSelection, TableStatus,
};
use tokio::time::sleep;

use super::support::adding::client;
use super::support::tables::{self, Scene, Tables, create, info, rename, with_id};
use crate::common::embedded;
use crate::common::fake::{Fake, Say, Seen};

/// The id of the table `temp`.
const TEMP: i32 = 3;

/// Returns the table that was removed, and the warning.
#[track_caller]
fn assert_removed(
    result: Result<Removal<Table>, Error>,
    evidence: Evidence,
) -> (Table, Option<String>) {
    match result {
        Ok(Removal::Removed { was, evidence: found, warning }) if found == evidence => {
            (was, warning)
        }
        other => panic!("expected Removed, {evidence}; got {other:?}"),
    }
}

#[track_caller]
fn assert_kind(result: Result<Removal<Table>, Error>, kind: ErrorKind) -> Error {
    match result {
        Err(error) if error.kind() == kind => error,
        other => panic!("expected {kind}; got {other:?}"),
    }
}

#[tokio::test]
async fn a_drop_says_which_table_was_dropped_and_until_when_it_can_be_recalled() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(tables::config(behaviour)).await;
        let client = Client::builder().meta(server.address().to_string()).build().unwrap();
        for (table, reserve, seconds) in
            [("temp", Some(Duration::from_secs(1_000)), 1_000), ("dup_src", None, 604_800)]
        {
            let removal = client.drop_table(table, reserve).await;
            let (was, warning) = assert_removed(removal, Evidence::ServerSaidSo);
            assert_eq!(warning, None, "{behaviour}");
            assert_eq!((was.table.as_str(), was.status), (table, Some(TableStatus::Dropped)));
            assert_eq!(was.ready_partitions, Some(8), "{behaviour}");
            let (dropped, expires) = (was.drop_ts_ms.unwrap(), was.expire_ts_ms.unwrap());
            assert_eq!(expires - dropped, seconds * 1_000, "{behaviour}");
            let listed = with_id(&client, was.table_id).await;
            let mut expected = was;
            expected.ready_partitions = None;
            assert_eq!(expected, listed, "{behaviour}");
            let again = client.drop_table(table, reserve).await.unwrap();
            assert_eq!(again, Removal::NotFound);
        }
        assert_eq!(client.unsettled(), [""; 0]);
        assert_eq!(client.list_tables(&TableSelection::default()).await.unwrap().len(), 1);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_drop_warns_if_the_table_was_not_ready() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        let id = scene.peer.create_table("new").await;
        let removal = scene.client.drop_table("new", None).await;
        let (was, warning) = assert_removed(removal, Evidence::ServerSaidSo);
        assert_eq!((was.table_id, was.ready_partitions), (id, Some(0)));
        let warning = warning.expect("a warning");
        assert!(warning.contains("a recall could end all replica servers"), "{warning}");
        assert!(warning.ends_with("ready_partitions=0 partition_count=4"), "{warning}");
    }
}

#[tokio::test]
async fn nothing_is_sent_if_there_is_no_such_table() {
    let tables = Tables::new([info(1, "t", 6), info(2, "T", 1), info(3, "tt", 1)]);
    let fake = Fake::start(move |seen| tables.answer(seen)).await;
    assert_eq!(client(&fake).drop_table("t", None).await.unwrap(), Removal::NotFound);
    assert_eq!(fake.count::<DropApp>(), 0);
}

#[tokio::test]
async fn the_request_asks_for_an_error_if_there_is_no_such_table() {
    for (reserve, seconds) in [(None, None), (Some(Duration::from_secs(90)), Some(90))] {
        let mut tables = Tables::new([info(1, "t", 1)]);
        let fake = Fake::start(move |seen| match seen.is::<DropApp>() {
            true => {
                *tables.table(1) = info(1, "t", 6);
                seen.answer(&DropAppResponse { err: ErrorCode::Ok })
            }
            false => tables.answer(seen),
        })
        .await;
        let removal = client(&fake).drop_table("t", reserve).await;
        assert_removed(removal, Evidence::ServerSaidSo);
        let request = fake.first::<DropApp>();
        assert_eq!(request.app_name, "t");
        assert!(!request.options.success_if_not_exist);
        assert_eq!(request.options.reserve_seconds, seconds);
        assert_eq!(fake.count::<DropApp>(), 1);
    }
}

/// How a drop ended, without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Removed(Evidence),
    NotFound,
    Failed(ErrorKind),
}

fn end(result: &Result<Removal<Table>, Error>) -> End {
    match result {
        Ok(Removal::Removed { evidence, .. }) => End::Removed(*evidence),
        Ok(Removal::NotFound) => End::NotFound,
        Err(error) => End::Failed(error.kind()),
    }
}

/// The faults of the request, and how the drop ends.
const FAULTS: [(&str, End); 25] = {
    use End::{Failed, NotFound, Removed};
    use Evidence::{AppearedDuringCall, ServerSaidSo};
    [
        ("drop-reply", Removed(AppearedDuringCall)),
        ("close-before", Failed(ErrorKind::OutcomeUnknown)),
        ("close-after", Removed(AppearedDuringCall)),
        ("delay:1000", Removed(ServerSaidSo)),
        ("delay:20000", Removed(AppearedDuringCall)),
        ("hold:1000", Removed(ServerSaidSo)),
        ("hold:20000", Failed(ErrorKind::OutcomeUnknown)),
        ("slow-store:1000", Removed(ServerSaidSo)),
        ("slow-store:20000", Failed(ErrorKind::OutcomeUnknown)),
        ("fail-store", Failed(ErrorKind::OutcomeUnknown)),
        ("answer-twice", Removed(ServerSaidSo)),
        ("another-seqid", Removed(AppearedDuringCall)),
        ("refuse:ERR_SERVICE_NOT_ACTIVE", Removed(ServerSaidSo)),
        ("refuse:ERR_FORWARD_TO_OTHERS", Removed(ServerSaidSo)),
        ("refuse:ERR_UNDER_RECOVERY", Removed(ServerSaidSo)),
        ("refuse:ERR_BUSY_CREATING", Removed(ServerSaidSo)),
        ("refuse:ERR_BUSY_DROPPING", Removed(ServerSaidSo)),
        ("refuse:ERR_ACL_DENY", Failed(ErrorKind::PermissionDenied)),
        ("refuse:ERR_APP_NOT_EXIST", NotFound),
        ("refuse:ERR_SPLITTING", Failed(ErrorKind::WrongState)),
        ("no-such-rpc", Failed(ErrorKind::Unsupported)),
        ("change-leader", Removed(ServerSaidSo)),
        ("change-leader-after", Removed(ServerSaidSo)),
        ("crash-before-store:1000", Failed(ErrorKind::OutcomeUnknown)),
        ("crash-after-store:1000", Removed(AppearedDuringCall)),
    ]
};

#[test]
fn a_drop_meets_every_fault() {
    let mut wrong = Vec::new();
    for behaviour in Behaviour::ALL {
        for servers in [1, 2] {
            for (fault, expected) in FAULTS {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .start_paused(true)
                    .build()
                    .expect("a runtime");
                runtime.block_on(async {
                    let scene = Scene::new(behaviour, servers);
                    scene.set_faults(&[&format!("drop-app#1={fault}")]);
                    let result = scene.client.drop_table("temp", None).await;
                    let unsettled = scene.client.unsettled();
                    let truth = scene.truth().await;
                    let temp = truth.iter().find(|table| table.table_id == TEMP).expect("temp");
                    let dropped = temp.status == Some(TableStatus::Dropped);
                    let unknown = expected == End::Failed(ErrorKind::OutcomeUnknown);
                    let expected_unsettled: &[&str] =
                        if unknown { &["drop-table table=temp table_id=3"] } else { &[] };
                    let right = match expected {
                        End::Removed(_) => dropped,
                        _ if unknown => true,
                        End::NotFound | End::Failed(_) => !dropped,
                    };
                    if end(&result) != expected || unsettled != expected_unsettled || !right {
                        wrong.push(format!(
                            "{behaviour}, {servers} server(s), {fault}: expected {expected:?}, \
                             got {result:?}; unsettled: {unsettled:?}; dropped: {dropped}"
                        ));
                    }
                });
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn without_a_response_the_warning_says_whether_the_drop_may_be_in_flight() {
    // Over the same connection, later requests show that the drop has left the server's queue. Servers of 2.3
    // and older have no such request.
    for (behaviour, fault, in_flight) in [
        (Behaviour::DupExist, "drop-reply", false),
        (Behaviour::Freezed, "drop-reply", true),
        (Behaviour::DupExist, "close-after", true),
    ] {
        let scene = Scene::new(behaviour, 1);
        scene.set_faults(&[&format!("drop-app#1={fault}")]);
        let removal = scene.client.drop_table("temp", None).await;
        let (_, warning) = assert_removed(removal, Evidence::AppearedDuringCall);
        let warning = warning.expect("a warning");
        assert!(warning.starts_with("no response confirmed the drop"), "{warning}");
        assert_eq!(warning.contains("may still be in flight"), in_flight, "{warning}");
    }
}

/// Returns a scene in which the drop is about to be sent: the client waits for the response to the query of
/// the partitions, which the server has already made. Runs `meanwhile` during that time.
async fn with_a_moving_name(
    behaviour: Behaviour,
    meanwhile: impl AsyncFnOnce(&mut Scene),
) -> (Scene, Result<Removal<Table>, Error>) {
    let mut scene = Scene::new(behaviour, 1);
    // The first such request asks who leads.
    scene.set_faults(&["query-config#2=delay:1000"]);
    let client = scene.client.clone();
    let drop = tokio::spawn(async move { client.drop_table("temp", None).await });
    sleep(Duration::from_millis(500)).await;
    meanwhile(&mut scene).await;
    let result = drop.await.expect("no panic");
    (scene, result)
}

#[tokio::test(start_paused = true)]
async fn a_drop_that_hits_another_table_names_both() {
    for behaviour in Behaviour::ALL.into_iter().filter(|one| *one != Behaviour::Freezed) {
        let (scene, result) = with_a_moving_name(behaviour, async |scene: &mut Scene| {
            scene.peer.rename_table("temp", "kept").await;
            assert_eq!(scene.peer.create_table("temp").await, 4);
        })
        .await;
        let (was, warning) = assert_removed(result, Evidence::ServerSaidSo);
        assert_eq!((was.table_id, was.table.as_str(), was.ready_partitions), (4, "temp", None));
        let warning = warning.expect("a warning");
        assert!(warning.contains("to undo this, recall table_id=4"), "{warning}");
        assert!(warning.contains("still exists: table=kept table_id=3"), "{warning}");
        let truth = scene.truth().await;
        let status = |id| truth.iter().find(|one| one.table_id == id).and_then(|one| one.status);
        assert_eq!(status(TEMP), Some(TableStatus::Available));
        assert_eq!(status(4), Some(TableStatus::Dropped));
    }
}

#[tokio::test(start_paused = true)]
async fn a_drop_that_hits_a_table_that_was_created_anew_names_both() {
    for behaviour in Behaviour::ALL {
        let (_, result) = with_a_moving_name(behaviour, async |scene: &mut Scene| {
            scene.peer.drop_table("temp").await;
            assert_eq!(scene.peer.create_table("temp").await, 4);
        })
        .await;
        let (was, warning) = assert_removed(result, Evidence::ServerSaidSo);
        assert_eq!((was.table_id, was.status), (TEMP, Some(TableStatus::Dropped)));
        let warning = warning.expect("a warning");
        assert!(warning.contains("another table of this name was dropped at about the same time"));
        assert!(warning.contains("not known: table_id=4"), "{warning}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_another_client_drops_first_is_not_found() {
    let (_, result) = with_a_moving_name(Behaviour::DupExist, async |scene: &mut Scene| {
        scene.peer.drop_table("temp").await;
    })
    .await;
    assert_eq!(result.unwrap(), Removal::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_drop_waits_while_another_change_of_the_table_is_stored() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        scene.set_faults(&["create-app#1=slow-store:3000", "drop-app#1=slow-store:3000"]);
        scene.peer.send::<CreateApp>(&create("new")).await;
        sleep(Duration::from_millis(100)).await;
        let hurried = scene.client.with_timeout(Duration::from_secs(1));
        let error = assert_kind(hurried.drop_table("new", None).await, ErrorKind::Busy);
        assert!(error.message().contains("nothing was sent"), "{error}");
        assert!(error.message().contains("status=AS_CREATING"), "{error}");
        let removal = scene.client.drop_table("new", None).await;
        assert_removed(removal, Evidence::ServerSaidSo);

        // Another client's drop: the table is gone once that drop is stored.
        scene.set_faults(&["drop-app#1=slow-store:3000"]);
        scene.peer.send::<DropApp>(&tables::drop_request("temp")).await;
        sleep(Duration::from_millis(100)).await;
        let error = assert_kind(hurried.drop_table("temp", None).await, ErrorKind::Busy);
        assert!(error.message().contains("status=AS_DROPPING"), "{error}");
        assert_eq!(scene.client.drop_table("temp", None).await.unwrap(), Removal::NotFound);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_busy_is_busy() {
    let scene = Scene::new(Behaviour::DupExist, 1);
    scene.set_faults(&["drop-app=refuse:ERR_BUSY_DROPPING"]);
    let error = assert_kind(scene.client.drop_table("temp", None).await, ErrorKind::Busy);
    assert_eq!(error.code().map(ErrorCode::name), Some("ERR_BUSY_DROPPING"));
    assert_eq!(scene.client.unsettled(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn drops_of_one_client_go_one_after_the_other() {
    let scene = Scene::new(Behaviour::DupExist, 1);
    scene.set_faults(&["drop-app#1=delay:500"]);
    let (first, second) =
        tokio::join!(scene.client.drop_table("temp", None), scene.client.drop_table("temp", None));
    assert_removed(first, Evidence::ServerSaidSo);
    assert_eq!(second.unwrap(), Removal::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_drop_stays_unsettled() {
    let scene = Scene::new(Behaviour::DupExist, 1);
    scene.set_faults(&["drop-app#1=hold:5000"]);
    let drop = scene.client.drop_table("temp", None);
    assert!(tokio::time::timeout(Duration::from_secs(1), drop).await.is_err());
    assert_eq!(scene.client.unsettled(), ["drop-table table=temp table_id=3"]);
}

/// Starts a fake server with an available table, id 1, and a dropped table, id 2, both of the name `t`.
async fn fake(mut on_drop: impl FnMut(&mut Tables, &Seen) -> Say + Send + 'static) -> Fake {
    let mut tables = Tables::new([info(1, "t", 1), info(2, "t", 6)]);
    Fake::start(move |seen| match seen.is::<DropApp>() {
        true => on_drop(&mut tables, seen),
        false => tables.answer(seen),
    })
    .await
}

fn done(seen: &Seen) -> Say {
    seen.answer(&DropAppResponse { err: ErrorCode::Ok })
}

#[tokio::test]
async fn a_response_that_contradicts_the_list_is_not_believed() {
    // Nothing was dropped.
    let server = fake(|_, seen| done(seen)).await;
    let error = assert_kind(client(&server).drop_table("t", None).await, ErrorKind::OutcomeUnknown);
    assert!(error.message().contains("does not show which table was dropped"), "{error}");
    assert_eq!(error.known().len(), 1, "{error:?}");

    // Two tables of the name were dropped, and neither is the one that had the name.
    let server = fake(|tables, seen| {
        tables.infos.extend([info(3, "t", 6), info(4, "t", 6)]);
        done(seen)
    })
    .await;
    let error = assert_kind(client(&server).drop_table("t", None).await, ErrorKind::OutcomeUnknown);
    assert_eq!(error.known().len(), 3, "{error:?}");
}

#[tokio::test]
async fn what_happened_to_the_table_after_the_drop_is_a_warning() {
    let server = fake(|tables, seen| {
        let recalled = AppInfo { drop_second: 1_700_086_400, ..info(1, "t", 1) };
        *tables.table(1) = recalled;
        done(seen)
    })
    .await;
    let removal = client(&server).drop_table("t", None).await;
    let (was, warning) = assert_removed(removal, Evidence::ServerSaidSo);
    assert_eq!(was.status, Some(TableStatus::Available));
    assert!(warning.is_some_and(|words| words.contains("has been recalled since")));

    let server = fake(|tables, seen| {
        tables.infos.remove(0);
        done(seen)
    })
    .await;
    let removal = client(&server).drop_table("t", None).await;
    let (was, warning) = assert_removed(removal, Evidence::ServerSaidSo);
    assert_eq!((was.table_id, was.expire_ts_ms), (1, None));
    assert!(warning.is_some_and(|words| words.contains("was not listed after the drop")));
}

#[tokio::test]
async fn a_list_that_fails_after_the_drop_is_a_warning() {
    let tables = Tables::new([info(1, "t", 1)]);
    let mut dropped = false;
    let server = Fake::start(move |seen| {
        dropped |= seen.is::<DropApp>();
        match dropped {
            true if seen.is::<DropApp>() => done(seen),
            true => seen.answer(&ListAppsResponse {
                err: ErrorCode::AclDeny,
                infos: None,
                hint_message: None,
            }),
            false => tables.answer(seen),
        }
    })
    .await;
    let removal = client(&server).drop_table("t", None).await;
    let (was, warning) = assert_removed(removal, Evidence::ServerSaidSo);
    assert_eq!((was.table_id, was.expire_ts_ms, was.ready_partitions), (1, None, Some(8)));
    let warning = warning.expect("a warning");
    assert!(warning.contains("could not be listed after the drop"), "{warning}");
}

#[tokio::test]
async fn a_drop_is_never_repeated_after_its_response_was_lost() {
    // The connection breaks, the response never arrives, or its code says nothing.
    let losses: [fn(&Seen) -> Say; 3] = [
        |_| Say::CLOSE,
        |_| Say::NOTHING,
        |seen| seen.answer(&DropAppResponse { err: ErrorCode::Unknown }),
    ];
    for loss in losses {
        // The table stays.
        let server = fake(move |_, seen| loss(seen)).await;
        let error =
            assert_kind(client(&server).drop_table("t", None).await, ErrorKind::OutcomeUnknown);
        assert_eq!(server.count::<DropApp>(), 1);
        assert_eq!(error.known().len(), 1, "{error:?}");
        assert!(error.message().contains("the table was in AS_AVAILABLE"), "{error}");
        assert!(error.message().ends_with("table=t table_id=1"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("may still take effect")));

        // The name has moved, and the other table is dropped. Whose drop that was is not known.
        let server = fake(move |tables, seen| {
            *tables.table(1) = info(1, "u", 1);
            tables.infos.push(info(3, "t", 6));
            loss(seen)
        })
        .await;
        let error =
            assert_kind(client(&server).drop_table("t", None).await, ErrorKind::OutcomeUnknown);
        assert_eq!(server.count::<DropApp>(), 1);
        assert_eq!(error.known().len(), 2, "{error:?}");
        assert!(error.message().contains("had another name (u)"), "{error}");

        // The server loses a drop that it has not stored, so such a drop is no evidence.
        let server = fake(move |tables, seen| {
            *tables.table(1) = info(1, "t", 4);
            loss(seen)
        })
        .await;
        let error =
            assert_kind(client(&server).drop_table("t", None).await, ErrorKind::OutcomeUnknown);
        assert!(error.message().contains("AS_DROPPING"), "{error}");

        // The table is missing, as if access control hid it.
        let server = fake(move |tables, seen| {
            tables.infos.remove(0);
            loss(seen)
        })
        .await;
        assert_kind(client(&server).drop_table("t", None).await, ErrorKind::OutcomeUnknown);
    }
}

#[tokio::test]
async fn a_server_that_has_gone_on_to_later_requests_has_probably_refused_the_drop() {
    let server = fake(|_, seen| seen.answer(&DropAppResponse { err: ErrorCode::Unknown })).await;
    let patient = client(&server).with_timeout(Duration::from_secs(3600));
    let error = assert_kind(patient.drop_table("t", None).await, ErrorKind::OutcomeUnknown);
    assert!(error.message().contains("has probably refused or never received"), "{error}");
    assert_eq!(server.count::<GetMaxReplicaCount>(), 2);
}

#[tokio::test]
async fn a_list_with_two_tables_of_the_name_is_refused() {
    let tables = Tables::new([info(1, "t", 1), info(2, "t", 1)]);
    let fake = Fake::start(move |seen| tables.answer(seen)).await;
    let error = assert_kind(client(&fake).drop_table("t", None).await, ErrorKind::Protocol);
    assert_eq!(error.known().len(), 2);
    assert_eq!(fake.count::<DropApp>(), 0);
}

#[tokio::test]
async fn nothing_is_sent_while_the_name_leads_to_another_table_than_the_list_says() {
    let tables = Tables::new([info(1, "t", 1)]);
    let fake = Fake::start(move |seen| {
        let mut tables = tables.clone();
        if seen.is::<QueryConfig>() {
            tables.table(1).app_id = 9;
        }
        tables.answer(seen)
    })
    .await;
    let error = assert_kind(client(&fake).drop_table("t", None).await, ErrorKind::Busy);
    assert!(error.message().ends_with("table_id=1 status=AS_AVAILABLE"), "{error}");
    assert_eq!(fake.count::<DropApp>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_renamed_table_is_dropped_by_its_new_name_only() {
    let mut scene = Scene::new(Behaviour::DupExist, 1);
    scene.peer.call::<RenameApp>(&rename("temp", "new")).await;
    assert_eq!(scene.client.drop_table("temp", None).await.unwrap(), Removal::NotFound);
    let (was, _) =
        assert_removed(scene.client.drop_table("new", None).await, Evidence::ServerSaidSo);
    assert_eq!(was.table_id, TEMP);
}
