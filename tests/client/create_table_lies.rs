//! Creates of tables at servers that contradict themselves, over real sockets, and creates that are refused
//! before anything is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::{
    Client, Error, ErrorCode, ErrorKind, Evidence, Outcome, PROOF_KEY, Table, TableSpec,
};

use crate::common::fake::{Fake, Say, Seen, World};

/// Returns a listed table.
fn listed(table_id: i32, status: i32, name: &str) -> AppInfo {
    AppInfo {
        status,
        app_type: "pegasus".to_owned(),
        app_name: name.to_owned(),
        app_id: table_id,
        partition_count: 8,
        is_stateful: true,
        max_replica_count: 3,
        create_second: 1_795_488_624,
        ..AppInfo::default()
    }
}

/// Creates the table `temp` at a server that lists `before`, handles the create by `on_create`, and then
/// lists `after`.
async fn create(
    before: Vec<AppInfo>,
    on_create: fn(&Seen) -> Say,
    after: Vec<AppInfo>,
) -> (Result<Outcome<Table>, Error>, Fake) {
    let world = World::dup_exist();
    let mut listed = before;
    let fake = Fake::start(move |seen| match seen.name.as_str() {
        CreateApp::NAME => {
            listed.clone_from(&after);
            on_create(seen)
        }
        ListApps::NAME => seen.answer(&ListAppsResponse {
            err: ErrorCode::Ok,
            infos: Some(listed.clone()),
            hint_message: None,
        }),
        _ => world.answer(seen),
    })
    .await;
    let client = Client::builder()
        .meta(fake.address.to_string())
        .timeout(Duration::from_millis(1500))
        .build()
        .expect("a client");
    (client.create_table(&TableSpec::new("temp", 8)).await, fake)
}

fn answer(seen: &Seen, code: &str, appid: i32) -> Say {
    let err = ErrorCode::from_name(code);
    seen.answer(&CreateAppResponse { err, appid: Some(appid) })
}

fn made(seen: &Seen) -> Say {
    answer(seen, "ERR_OK", 4)
}

fn nothing(_: &Seen) -> Say {
    Say::NOTHING
}

#[track_caller]
fn unknown(result: Result<Outcome<Table>, Error>) -> Error {
    match result {
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => error,
        other => panic!("expected an unknown outcome; got {other:?}"),
    }
}

#[tokio::test]
async fn the_request_is_one_that_harms_no_server_and_is_sent_once() {
    let (result, fake) = create(vec![], made, vec![listed(4, 1, "temp")]).await;
    let outcome = result.expect("an outcome");
    assert!(outcome.created() && outcome.evidence() == Evidence::ServerSaidSo, "{outcome:?}");
    assert_eq!(fake.count::<CreateApp>(), 1);
    let request = fake.first::<CreateApp>();
    let expected = CreateAppOptions {
        partition_count: 8,
        replica_count: 3,
        success_if_exist: false,
        app_type: "pegasus".to_owned(),
        is_stateful: true,
        envs: BTreeMap::new(),
        atomic_idempotent: None,
    };
    assert_eq!((request.app_name.as_str(), request.options), ("temp", expected));
    // Servers without patterns ignore these fields, and list everything.
    let request = fake.first::<ListApps>();
    assert_eq!((request.status, request.app_name_pattern, request.match_type), (0, None, None));
}

#[tokio::test]
async fn a_table_that_is_listed_before_is_not_created() {
    let before = vec![listed(2, 6, "temp"), listed(3, 1, "temp")];
    let (result, fake) = create(before, made, vec![]).await;
    let outcome = result.expect("an outcome");
    assert!(!outcome.created() && outcome.value().table_id == 3, "{outcome:?}");
    assert_eq!(fake.count::<CreateApp>(), 0);
    // A meta server never lists two tables of one name. All are named.
    let before = vec![listed(2, 1, "temp"), listed(3, 1, "temp")];
    let (result, _fake) = create(before, made, vec![]).await;
    let outcome = result.expect("an outcome");
    let warning = outcome.warning().unwrap_or_default();
    assert!(warning.ends_with("table_id=2, table_id=3"), "{outcome:?}");
}

/// Only a dropped table has the name, so the create is sent.
#[tokio::test]
async fn a_dropped_table_is_no_live_one() {
    let dropped = listed(3, 6, "temp");
    let (result, _fake) =
        create(vec![dropped.clone()], made, vec![dropped, listed(4, 1, "temp")]).await;
    let outcome = result.expect("an outcome");
    assert!(outcome.created() && outcome.value().table_id == 4, "{outcome:?}");
}

#[tokio::test]
async fn an_ok_with_an_id_that_is_not_new_proves_nothing() {
    for id in [0, -1, 3, 4] {
        let say: fn(&Seen) -> Say = match id {
            0 => |seen| answer(seen, "ERR_OK", 0),
            -1 => |seen| answer(seen, "ERR_OK", -1),
            3 => |seen| answer(seen, "ERR_OK", 3),
            _ => made,
        };
        let before = vec![listed(3, 6, "other"), listed(4, 1, "another")];
        let after = vec![listed(3, 6, "other"), listed(4, 1, "another"), listed(5, 1, "temp")];
        let (result, _fake) = create(before, say, after).await;
        let error = unknown(result);
        assert!(error.message().contains(&format!("responded={id}")), "{error}");
    }
}

#[tokio::test]
async fn an_ok_that_the_list_contradicts_is_not_believed() {
    let (result, _fake) = create(vec![], made, vec![listed(5, 1, "temp")]).await;
    let error = unknown(result);
    assert!(error.message().contains("responded=4 listed=5"), "{error}");
    // If nothing is listed, access control may hide the table.
    let (result, _fake) = create(vec![], made, vec![]).await;
    let outcome = result.expect("an outcome");
    assert!(outcome.created() && outcome.value().status.is_none(), "{outcome:?}");
    assert!(outcome.warning().is_some_and(|text| text.contains("access control")), "{outcome:?}");
}

#[tokio::test]
async fn a_table_that_cannot_be_of_this_call_exists() {
    let other_count = AppInfo { partition_count: 4, ..listed(4, 1, "temp") };
    let split = AppInfo { init_partition_count: Some(4), ..listed(4, 1, "temp") };
    let proven = AppInfo {
        envs: [(PROOF_KEY.to_owned(), "of another call".to_owned())].into(),
        ..listed(4, 1, "temp")
    };
    for after in [listed(3, 1, "temp"), other_count, split, proven] {
        let before = vec![listed(3, 1, "other")];
        let (result, _fake) = create(before, nothing, vec![after.clone()]).await;
        let outcome = result.expect("an outcome");
        assert!(!outcome.created(), "{after:?}: {outcome:?}");
        assert_eq!(outcome.evidence(), Evidence::ListedAfter);
    }
}

#[tokio::test]
async fn a_table_that_may_be_of_this_call_makes_the_outcome_unknown_if_it_was_changed() {
    let changed = AppInfo { max_replica_count: 2, ..listed(4, 1, "temp") };
    // The table of this call may have been renamed, before an older one was renamed to the name.
    let renamed = vec![listed(3, 1, "temp"), listed(4, 1, "other")];
    let dropped = vec![listed(3, 1, "temp"), listed(4, 6, "temp")];
    for after in [vec![changed], renamed, dropped, vec![listed(4, 6, "temp")]] {
        let (result, _fake) = create(vec![listed(3, 1, "other")], nothing, after.clone()).await;
        let error = unknown(result);
        assert!(error.message().contains("table_id=4"), "{after:?}: {error}");
        assert!(!error.known().is_empty(), "{after:?}: {error}");
    }
}

/// An id of a table that is being created may go to another create if the server ends.
#[tokio::test]
async fn the_id_of_a_table_that_is_being_created_is_not_taken_for_granted() {
    let before = vec![listed(3, 1, "other"), listed(4, 2, "another")];
    let (result, _fake) = create(before, nothing, vec![listed(4, 1, "temp")]).await;
    let outcome = result.expect("an outcome");
    assert!(outcome.created() && !outcome.certain(), "{outcome:?}");
}

#[tokio::test]
async fn a_refusal_may_hide_that_the_table_exists() {
    for code in [
        "ERR_INVALID_PARAMETERS",
        "ERR_STATE_FREEZED",
        "ERR_BUSY_CREATING",
        "ERR_BUSY_DROPPING",
        "ERR_ACL_DENY",
    ] {
        let say: fn(&Seen) -> Say = match code {
            "ERR_INVALID_PARAMETERS" => |seen| answer(seen, "ERR_INVALID_PARAMETERS", 0),
            "ERR_STATE_FREEZED" => |seen| answer(seen, "ERR_STATE_FREEZED", 0),
            "ERR_BUSY_CREATING" => |seen| answer(seen, "ERR_BUSY_CREATING", 0),
            "ERR_BUSY_DROPPING" => |seen| answer(seen, "ERR_BUSY_DROPPING", 0),
            _ => |seen| answer(seen, "ERR_ACL_DENY", 0),
        };
        let (result, _fake) = create(vec![], say, vec![listed(4, 1, "temp")]).await;
        let outcome = result.expect("an outcome");
        assert!(!outcome.created() && outcome.evidence() == Evidence::ListedAfter, "{code}");
    }
}

/// The server refuses the create as long as the client has time, and then nothing was created.
#[tokio::test]
async fn a_refusal_that_lasts_ends_in_busy() {
    for say in [(|seen| answer(seen, "ERR_APP_EXIST", 0)) as fn(&Seen) -> Say, |seen| {
        answer(seen, "ERR_BUSY_CREATING", 0)
    }] {
        let (result, fake) = create(vec![], say, vec![]).await;
        let error = result.expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(error.message().contains("nothing was created"), "{error}");
        assert!(fake.count::<CreateApp>() > 1);
    }
}

/// If the create was refused and the table is listed when the call starts over, the call did send something.
#[tokio::test]
async fn a_table_that_is_found_after_a_refusal_was_not_listed_before() {
    let mut lists = 0;
    let world = World::dup_exist();
    let fake = Fake::start(move |seen| match seen.name.as_str() {
        CreateApp::NAME => answer(seen, "ERR_BUSY_DROPPING", 0),
        ListApps::NAME => {
            lists += 1;
            let infos = if lists > 2 { vec![listed(4, 1, "temp")] } else { Vec::new() };
            let hint_message = None;
            seen.answer(&ListAppsResponse { err: ErrorCode::Ok, infos: Some(infos), hint_message })
        }
        _ => world.answer(seen),
    })
    .await;
    let client = Client::builder().meta(fake.address.to_string()).build().expect("a client");
    let outcome = client.create_table(&TableSpec::new("temp", 8)).await.expect("an outcome");
    assert!(!outcome.created() && outcome.evidence() == Evidence::ListedAfter, "{outcome:?}");
}

#[tokio::test]
async fn a_garbled_response_counts_as_lost() {
    let garbled: fn(&Seen) -> Say = |seen| seen.answer(&DropAppResponse { err: ErrorCode::Ok });
    let framework: fn(&Seen) -> Say = |seen| seen.framework("ERR_NETWORK_FAILURE");
    for say in [garbled, framework, |_| Say::CLOSE] {
        let (result, _fake) = create(vec![], say, vec![listed(4, 1, "temp")]).await;
        match result {
            Ok(outcome) => {
                assert!(outcome.created() && !outcome.certain(), "{outcome:?}");
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}"),
        }
    }
}

/// Nothing is connected to, so nothing can be sent.
#[tokio::test]
async fn wrong_arguments_are_refused_before_anything_is_sent() {
    let spec = || TableSpec::new("temp", 8);
    let with_env =
        |key: &str| TableSpec { envs: [(key.to_owned(), "1".to_owned())].into(), ..spec() };
    let wrong = [
        (TableSpec::new("", 8), "the name of the table is empty"),
        (TableSpec::new("x".repeat(256), 8), "too long"),
        (TableSpec::new("a\nb", 8), "control characters"),
        (TableSpec::new("temp", 0), "partition_count=0"),
        (TableSpec::new("temp", -1), "partition_count=-1"),
        (TableSpec::new("temp", 1025), "partition_count=1025 partition_limit=1024"),
        (TableSpec { replica_count: 0, ..spec() }, "replica_count=0"),
        (with_env("restore.backup_id"), "key=restore.backup_id"),
        (with_env("duplication.master_cluster"), "key=duplication.master_cluster"),
        (with_env("max_replica_count.update"), "key=max_replica_count.update"),
        (with_env("default_ttl"), "key=default_ttl"),
        (with_env(PROOF_KEY), "proof of authorship"),
        (with_env(""), "the key of a setting is empty"),
    ];
    let client = Client::builder().meta("127.0.0.1:1").build().expect("a client");
    for (spec, words) in wrong {
        let error = client.create_table(&spec).await.expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.message().contains(words), "{error}");
    }
    let raised = TableSpec { partition_limit: 2048, ..TableSpec::new("temp", 2048) };
    let error = client.create_table(&raised).await.expect_err("no server");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}
