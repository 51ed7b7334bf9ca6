//! Tests of recalling dropped tables. What the client reports is compared with the tables of the server.

use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::{Behaviour, Election};
use pegasus_dup::{
    Change, Client, DuplicationSpec, Error, ErrorCode, ErrorKind, RecallSpec, Resource, Table,
    TableStatus,
};
use tokio::time::sleep;

use super::support::adding::client;
use super::support::tables::{self, Scene, Tables, info, with_id};
use crate::common::embedded;
use crate::common::fake::{Fake, Say, Seen};

/// The id of the table `temp`.
const TEMP: i32 = 3;

fn spec(id: i32) -> RecallSpec {
    RecallSpec::new(id)
}

fn named(id: i32, name: &str) -> RecallSpec {
    RecallSpec { new_name: Some(name.to_owned()), ..spec(id) }
}

#[track_caller]
fn assert_changed(result: Result<Change<Table>, Error>) -> (Table, Table, Option<String>) {
    match result {
        Ok(Change::Changed { before, after, warning }) => (before, after, warning),
        other => panic!("expected Changed; got {other:?}"),
    }
}

#[track_caller]
fn assert_kind(result: Result<Change<Table>, Error>, kind: ErrorKind) -> Error {
    match result {
        Err(error) if error.kind() == kind => error,
        other => panic!("expected {kind}; got {other:?}"),
    }
}

/// Returns the ids of the tables that an error names.
fn known(error: &Error) -> Vec<i32> {
    let id = |resource: &Resource| match resource {
        Resource::Table(table) => table.table_id,
        other => panic!("no table: {other:?}"),
    };
    error.known().iter().map(id).collect()
}

/// Lets a minute pass after the creation of the tables, and drops `temp`.
async fn drop_temp(scene: &mut Scene) {
    sleep(Duration::from_secs(60)).await;
    scene.peer.drop_table("temp").await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_table_is_recalled_under_its_own_name_or_a_new_one() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        drop_temp(&mut scene).await;
        let (before, after, warning) = assert_changed(scene.client.recall_table(&spec(TEMP)).await);
        assert_eq!(warning, None, "{behaviour}");
        assert_eq!((before.table_id, before.status), (TEMP, Some(TableStatus::Dropped)));
        assert_eq!((after.table_id, after.status), (TEMP, Some(TableStatus::Available)));
        assert_eq!(after, with_id(&scene.client, TEMP).await);

        // A repeated recall changes nothing. Another name is an error, because a recall does not rename.
        let again = scene.client.recall_table(&spec(TEMP)).await.unwrap();
        assert_eq!(again, Change::Unchanged { current: after.clone(), warning: None });
        let again = scene.client.recall_table(&named(TEMP, "temp")).await.unwrap();
        assert!(!again.changed());
        let error =
            assert_kind(scene.client.recall_table(&named(TEMP, "x")).await, ErrorKind::WrongState);
        assert_eq!(known(&error), [TEMP]);

        // A table that is dropped before its replicas are back is as dangerous as a new one.
        assert_eq!(scene.client.wait_ready("temp").await.unwrap().table_id, TEMP);
        scene.peer.drop_table("temp").await;
        let (_, after, _) = assert_changed(scene.client.recall_table(&named(TEMP, "x")).await);
        assert_eq!((after.table.as_str(), after.table_id), ("x", TEMP));
        assert_eq!(after.create_ts_ms, before.create_ts_ms);
        assert_eq!(scene.group.would_have_died(), 0);
    }
}

#[tokio::test]
async fn a_table_that_existed_for_less_than_a_minute_is_recalled_only_by_force() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(tables::config(behaviour)).await;
        let client = Client::builder().meta(server.address().to_string()).build().unwrap();
        let _ = client.drop_table("temp", None).await.unwrap();
        let error = assert_kind(client.recall_table(&spec(TEMP)).await, ErrorKind::Unsupported);
        assert!(error.message().contains("nothing was sent"), "{error}");
        assert!(error.message().contains("lived_seconds="), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("force")), "{error}");
        assert_eq!(known(&error), [TEMP]);
        assert_eq!(with_id(&client, TEMP).await.status, Some(TableStatus::Dropped));

        let forced = RecallSpec { force: true, ..spec(TEMP) };
        let (_, after, _) = assert_changed(client.recall_table(&forced).await);
        assert_eq!(after.status, Some(TableStatus::Available));
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_cannot_be_recalled_is_an_error() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        drop_temp(&mut scene).await;
        let error =
            assert_kind(scene.client.recall_table(&spec(99)).await, ErrorKind::TableNotFound);
        assert!(error.message().ends_with("no table has this id: table_id=99"), "{error}");

        let taken = scene.peer.create_table("temp").await;
        for request in [spec(TEMP), named(TEMP, "dup_src")] {
            let result = scene.client.recall_table(&request).await;
            let error = assert_kind(result, ErrorKind::InvalidArgument);
            assert_eq!(error.code(), None);
            let expected = if request.new_name.is_none() { taken } else { 1 };
            assert_eq!(known(&error), [expected]);
        }

        let reserve = Some(Duration::from_secs(10));
        let _ = scene.client.drop_table("dup_src2", reserve).await.unwrap();
        sleep(Duration::from_secs(12)).await;
        let error =
            assert_kind(scene.client.recall_table(&spec(2)).await, ErrorKind::TableNotFound);
        assert!(error.message().contains("probably because its reserve time has ended"), "{error}");
        assert_eq!(error.code().map(ErrorCode::name), Some("ERR_APP_NOT_EXIST"));
        assert_eq!(scene.client.unsettled(), [""; 0]);
    }
}

/// How a recall ended, without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The table was recalled, and a response confirms it.
    Confirmed,
    /// The table was recalled, and a warning says that no response confirms it.
    Unconfirmed,
    Unchanged,
    Failed(ErrorKind),
}

fn end(result: &Result<Change<Table>, Error>) -> End {
    match result {
        Ok(Change::Changed { warning: None, .. }) => End::Confirmed,
        Ok(Change::Changed { warning: Some(words), .. })
            if words.starts_with("no response confirmed the recall") =>
        {
            End::Unconfirmed
        }
        Ok(Change::Changed { warning, .. }) => panic!("an unexpected warning: {warning:?}"),
        Ok(Change::Unchanged { .. }) => End::Unchanged,
        Err(error) => End::Failed(error.kind()),
    }
}

/// The faults of the request, and how the recall ends.
const FAULTS: [(&str, End); 26] = {
    use End::{Confirmed, Failed, Unconfirmed};
    [
        ("drop-reply", Unconfirmed),
        ("close-before", Failed(ErrorKind::OutcomeUnknown)),
        ("close-after", Unconfirmed),
        ("delay:1000", Confirmed),
        ("delay:20000", Unconfirmed),
        ("hold:1000", Confirmed),
        ("hold:20000", Failed(ErrorKind::OutcomeUnknown)),
        ("slow-store:1000", Confirmed),
        ("slow-store:20000", Failed(ErrorKind::OutcomeUnknown)),
        ("fail-store", Failed(ErrorKind::OutcomeUnknown)),
        ("answer-twice", Confirmed),
        ("another-seqid", Unconfirmed),
        ("refuse:ERR_SERVICE_NOT_ACTIVE", Confirmed),
        ("refuse:ERR_FORWARD_TO_OTHERS", Confirmed),
        ("refuse:ERR_UNDER_RECOVERY", Confirmed),
        ("refuse:ERR_BUSY_CREATING", Confirmed),
        ("refuse:ERR_BUSY_DROPPING", Confirmed),
        ("refuse:ERR_ACL_DENY", Failed(ErrorKind::PermissionDenied)),
        // Followers of 2.5 and later return this code, so the recall is sent again to the server that leads.
        ("refuse:ERR_APP_NOT_EXIST", Confirmed),
        ("refuse:ERR_INVALID_PARAMETERS", Failed(ErrorKind::InvalidArgument)),
        ("refuse:ERR_APP_EXIST", Failed(ErrorKind::Busy)),
        ("no-such-rpc", Failed(ErrorKind::Unsupported)),
        ("change-leader", Confirmed),
        ("change-leader-after", Confirmed),
        ("crash-before-store:1000", Failed(ErrorKind::OutcomeUnknown)),
        ("crash-after-store:1000", Unconfirmed),
    ]
};

#[test]
fn a_recall_meets_every_fault() {
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
                    let mut scene = Scene::new(behaviour, servers);
                    drop_temp(&mut scene).await;
                    scene.set_faults(&[&format!("recall-app#1={fault}")]);
                    let result = scene.client.recall_table(&named(TEMP, "back")).await;
                    let unsettled = scene.client.unsettled();
                    let truth = scene.truth().await;
                    let temp = truth.iter().find(|table| table.table_id == TEMP).expect("temp");
                    let recalled =
                        temp.status == Some(TableStatus::Available) && temp.table == "back";
                    let unknown = expected == End::Failed(ErrorKind::OutcomeUnknown);
                    let expected_unsettled: &[&str] =
                        if unknown { &["recall-table table=back table_id=3"] } else { &[] };
                    let right = match expected {
                        End::Confirmed | End::Unconfirmed => recalled,
                        _ if unknown => true,
                        End::Unchanged | End::Failed(_) => !recalled,
                    };
                    if end(&result) != expected || unsettled != expected_unsettled || !right {
                        wrong.push(format!(
                            "{behaviour}, {servers} server(s), {fault}: expected {expected:?}, \
                             got {result:?}; unsettled: {unsettled:?}; recalled: {recalled}"
                        ));
                    }
                });
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_recall_waits_while_another_change_of_the_table_is_stored() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        sleep(Duration::from_secs(60)).await;
        scene.set_faults(&["drop-app#1=slow-store:3000"]);
        scene.peer.send::<DropApp>(&tables::drop_request("temp")).await;
        sleep(Duration::from_millis(100)).await;
        let hurried = scene.client.with_timeout(Duration::from_secs(1));
        let error = assert_kind(hurried.recall_table(&spec(TEMP)).await, ErrorKind::Busy);
        assert!(error.message().contains("status=AS_DROPPING"), "{error}");
        assert_changed(scene.client.recall_table(&spec(TEMP)).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_busy_is_busy() {
    let mut scene = Scene::new(Behaviour::DupExist, 1);
    drop_temp(&mut scene).await;
    scene.set_faults(&["recall-app=refuse:ERR_BUSY_DROPPING"]);
    let error = assert_kind(scene.client.recall_table(&spec(TEMP)).await, ErrorKind::Busy);
    assert_eq!(error.code().map(ErrorCode::name), Some("ERR_BUSY_DROPPING"));
}

#[tokio::test(start_paused = true)]
async fn recalls_of_one_client_go_one_after_the_other() {
    let mut scene = Scene::new(Behaviour::DupExist, 1);
    drop_temp(&mut scene).await;
    scene.set_faults(&["recall-app#1=delay:500"]);
    let request = spec(TEMP);
    let (first, second) =
        tokio::join!(scene.client.recall_table(&request), scene.client.recall_table(&request));
    assert_changed(first);
    assert!(!second.unwrap().changed());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_recall_stays_unsettled() {
    let mut scene = Scene::new(Behaviour::DupExist, 1);
    drop_temp(&mut scene).await;
    scene.set_faults(&["recall-app#1=hold:5000"]);
    let request = spec(TEMP);
    let recall = scene.client.recall_table(&request);
    assert!(tokio::time::timeout(Duration::from_secs(1), recall).await.is_err());
    assert_eq!(scene.client.unsettled(), ["recall-table table=temp table_id=3"]);
}

#[tokio::test(start_paused = true)]
async fn a_recall_warns_if_the_duplications_of_the_table_are_missing() {
    for behaviour in Behaviour::ALL {
        for restarted in [false, true] {
            let mut scene = Scene::new(behaviour, 2);
            let spec_of_add = DuplicationSpec::new("temp", "target");
            assert!(scene.client.add(&spec_of_add).await.unwrap().created());
            drop_temp(&mut scene).await;
            if restarted {
                // A leader that takes over does not load the duplications of dropped tables.
                scene.group.elect(&Election { leader: Some(1), ..Election::default() });
            }
            let (_, after, warning) = assert_changed(scene.client.recall_table(&spec(TEMP)).await);
            let listed = scene.client.query("temp").await.unwrap();
            let forgotten = restarted && behaviour != Behaviour::Idempotent;
            assert_eq!(listed.is_empty(), forgotten, "{behaviour}");
            // After a restart, servers of 2.3 do not say that the table had a duplication.
            let silent = restarted && behaviour == Behaviour::Freezed;
            assert_eq!(after.duplicating, (!silent).then_some(true), "{behaviour}");
            assert_eq!(warning.is_some(), forgotten && !silent, "{behaviour} {warning:?}");
            if let Some(warning) = warning {
                assert!(warning.contains("no duplication is listed"), "{warning}");
            }
        }
    }
}

/// Starts a fake server with a dropped table, id 1, of the name `t`.
async fn fake(mut on_recall: impl FnMut(&mut Tables, &Seen) -> Say + Send + 'static) -> Fake {
    let mut tables = Tables::new([info(1, "t", 6), info(2, "other", 1)]);
    Fake::start(move |seen| match seen.is::<RecallApp>() {
        true => on_recall(&mut tables, seen),
        false => tables.answer(seen),
    })
    .await
}

fn says(seen: &Seen, code: &str, info: Option<AppInfo>) -> Say {
    seen.answer(&RecallAppResponse { err: ErrorCode::from_name(code), info })
}

#[tokio::test]
async fn the_request_has_the_id_and_the_new_name() {
    for (request, name) in [(spec(1), ""), (named(1, "n"), "n")] {
        let server = fake(move |tables, seen| {
            let recalled = info(1, if name.is_empty() { "t" } else { name }, 1);
            *tables.table(1) = recalled.clone();
            says(seen, "ERR_OK", Some(recalled))
        })
        .await;
        assert_changed(client(&server).recall_table(&request).await);
        let sent = server.first::<RecallApp>();
        assert_eq!((sent.app_id, sent.new_app_name.as_str()), (1, name));
        assert_eq!(server.count::<RecallApp>(), 1);
    }
}

#[tokio::test]
async fn nothing_is_sent_if_the_list_shows_that_a_recall_is_of_no_use() {
    let server = fake(|_, _| panic!("a recall was sent")).await;
    let client = client(&server);
    assert!(!client.recall_table(&spec(2)).await.unwrap().changed());
    assert_kind(client.recall_table(&named(2, "n")).await, ErrorKind::WrongState);
    assert_kind(client.recall_table(&spec(3)).await, ErrorKind::TableNotFound);
    assert_kind(client.recall_table(&named(1, "other")).await, ErrorKind::InvalidArgument);
    assert_kind(client.recall_table(&spec(0)).await, ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn a_success_with_another_table_is_not_believed() {
    let wrong: [Option<AppInfo>; 4] = [
        None,
        Some(AppInfo::default()),
        Some(info(2, "other", 1)),
        // Not available.
        Some(info(1, "t", 6)),
    ];
    for wrong in wrong {
        let server = fake(move |_, seen| says(seen, "ERR_OK", wrong.clone())).await;
        let result = client(&server).recall_table(&spec(1)).await;
        let error = assert_kind(result, ErrorKind::OutcomeUnknown);
        assert!(error.message().contains("ERR_OK for another table"), "{error}");
        assert_eq!(known(&error), [1]);
        assert_eq!(server.count::<RecallApp>(), 1);
    }
}

#[tokio::test]
async fn a_refusal_is_explained_by_what_is_listed_then() {
    // Another client has recalled the table.
    let server = fake(|tables, seen| {
        *tables.table(1) = info(1, "t", 1);
        says(seen, "ERR_APP_EXIST", Some(AppInfo::default()))
    })
    .await;
    assert!(!client(&server).recall_table(&spec(1)).await.unwrap().changed());

    // Another client has recalled the table under another name.
    let server = fake(|tables, seen| {
        *tables.table(1) = info(1, "u", 1);
        says(seen, "ERR_APP_EXIST", Some(AppInfo::default()))
    })
    .await;
    assert_kind(client(&server).recall_table(&named(1, "n")).await, ErrorKind::WrongState);

    // A leader that lists the table and refuses twice to recall it has its reasons.
    let server = fake(|_, seen| says(seen, "ERR_APP_NOT_EXIST", Some(AppInfo::default()))).await;
    let result = client(&server).recall_table(&spec(1)).await;
    let error = assert_kind(result, ErrorKind::TableNotFound);
    assert!(error.message().ends_with("table=t table_id=1 expire_second=1700691200"), "{error}");
    assert_eq!(server.count::<RecallApp>(), 2);

    // Another client has created a table of the name.
    let server = fake(|tables, seen| {
        tables.infos.push(info(3, "t", 1));
        says(seen, "ERR_INVALID_PARAMETERS", Some(AppInfo::default()))
    })
    .await;
    let result = client(&server).recall_table(&spec(1)).await;
    let error = assert_kind(result, ErrorKind::InvalidArgument);
    assert_eq!(error.code().map(ErrorCode::name), Some("ERR_INVALID_PARAMETERS"));
    assert_eq!(known(&error), [3]);
}

#[tokio::test]
async fn what_happened_to_the_table_after_the_recall_is_a_warning() {
    let server = fake(|_, seen| says(seen, "ERR_OK", Some(info(1, "t", 1)))).await;
    let (_, after, warning) = assert_changed(client(&server).recall_table(&spec(1)).await);
    assert_eq!(after.status, Some(TableStatus::Available));
    assert_eq!(warning.as_deref(), Some("the table has been changed again since"));
}

#[tokio::test]
async fn without_a_response_only_the_requested_name_is_evidence() {
    // The connection breaks, the response never arrives, or its code says nothing.
    let losses: [fn(&Seen) -> Say; 3] =
        [|_| Say::CLOSE, |_| Say::NOTHING, |seen| says(seen, "ERR_UNKNOWN", None)];
    for loss in losses {
        let server = fake(move |tables, seen| {
            *tables.table(1) = info(1, "n", 1);
            loss(seen)
        })
        .await;
        let (_, after, warning) =
            assert_changed(client(&server).recall_table(&named(1, "n")).await);
        assert_eq!(after.table, "n");
        let warning = warning.expect("a warning");
        assert!(warning.starts_with("no response confirmed the recall"), "{warning}");

        // Another name, not stored yet, still dropped, and missing.
        let states: [Option<AppInfo>; 4] =
            [Some(info(1, "u", 1)), Some(info(1, "n", 7)), Some(info(1, "t", 6)), None];
        for state in states {
            let server = fake(move |tables, seen| {
                tables.infos.retain(|info| info.app_id != 1);
                tables.infos.extend(state.clone());
                loss(seen)
            })
            .await;
            let result = client(&server).recall_table(&named(1, "n")).await;
            let error = assert_kind(result, ErrorKind::OutcomeUnknown);
            assert!(error.message().ends_with("table=n table_id=1"), "{error}");
            assert_eq!(server.count::<RecallApp>(), 1);
        }
    }
}
