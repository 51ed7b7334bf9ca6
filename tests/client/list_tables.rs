//! Tests of listing tables, and of describing one.

use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::Behaviour;
use pegasus_dup::{Client, ErrorCode, ErrorKind, Table, TablePattern, TableSelection, TableStatus};

use super::support::adding::client;
use super::support::tables::{self, Scene, Tables, info};
use crate::common::embedded;
use crate::common::fake::Fake;

fn names(tables: &[Table]) -> Vec<(&str, i32)> {
    tables.iter().map(|table| (table.table.as_str(), table.table_id)).collect()
}

fn selection(tables: TablePattern, dropped: bool) -> TableSelection {
    TableSelection { tables, dropped, health: false }
}

#[tokio::test]
async fn tables_are_sorted_and_selected_by_name() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(tables::config(behaviour)).await;
        let client = Client::builder().meta(server.address().to_string()).build().unwrap();
        let all = client.list_tables(&TableSelection::default()).await.unwrap();
        assert_eq!(names(&all), [("dup_src", 1), ("dup_src2", 2), ("temp", 3)]);
        let table = &all[2];
        assert_eq!(table.status, Some(TableStatus::Available));
        assert_eq!((table.partition_count, table.replica_count), (8, 3));
        let newest = matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent);
        assert_eq!(table.atomic_idempotent.is_some(), newest, "{behaviour}");
        assert!(table.create_ts_ms.is_some_and(|ms| ms > 0 && ms % 1_000 == 0));
        assert_eq!((table.drop_ts_ms, table.expire_ts_ms), (None, None));
        assert_eq!((table.ready_partitions, table.is_ready()), (None, None));

        let text = |text: &str| text.to_owned();
        let cases: [(TablePattern, &[&str]); 6] = [
            (TablePattern::Exact(text("dup_src")), &["dup_src"]),
            (TablePattern::Prefix(text("dup_")), &["dup_src", "dup_src2"]),
            (TablePattern::Postfix(text("src")), &["dup_src"]),
            (TablePattern::Anywhere(text("e")), &["temp"]),
            (TablePattern::Anywhere(text("E")), &[]),
            (TablePattern::Exact(text("nothing")), &[]),
        ];
        for (pattern, expected) in cases {
            let found = client.list_tables(&selection(pattern.clone(), true)).await.unwrap();
            let found: Vec<&str> = found.iter().map(|table| table.table.as_str()).collect();
            assert_eq!(found, expected, "{behaviour} {pattern:?}");
        }
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_tables_are_listed_on_request_only() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        scene.peer.drop_table("temp").await;
        let anew = scene.peer.create_table("temp").await;
        let temp = || TablePattern::Exact("temp".to_owned());
        let live = scene.client.list_tables(&selection(temp(), false)).await.unwrap();
        assert_eq!(names(&live), [("temp", anew)]);
        let all = scene.client.list_tables(&selection(temp(), true)).await.unwrap();
        assert_eq!(names(&all), [("temp", 3), ("temp", anew)]);
        assert!(all[0].is_dropped() && !all[1].is_dropped());
        let reserved = all[0].expire_ts_ms.unwrap() - all[0].drop_ts_ms.unwrap();
        assert_eq!(reserved, 604_800_000, "{behaviour}");

        // A recalled table keeps the times of its drop on the server, and they mean nothing.
        let request = RecallAppRequest { app_id: 3, new_app_name: "back".to_owned() };
        scene.peer.call::<RecallApp>(&request).await;
        let back = scene.client.describe_table("back").await.unwrap();
        assert_eq!((back.table_id, back.drop_ts_ms, back.expire_ts_ms), (3, None, None));
    }
}

#[tokio::test(start_paused = true)]
async fn health_is_the_number_of_ready_partitions() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        scene.peer.create_table("new").await;
        scene.peer.drop_table("dup_src2").await;
        let request = TableSelection { dropped: true, health: true, ..TableSelection::default() };
        let found = scene.client.list_tables(&request).await.unwrap();
        let health: Vec<_> =
            found.iter().map(|one| (one.table.as_str(), one.ready_partitions)).collect();
        // A dropped table has no partitions to read.
        let expected =
            [("dup_src", Some(8)), ("dup_src2", None), ("new", Some(0)), ("temp", Some(8))];
        assert_eq!(health, expected, "{behaviour}");
        assert!(found.iter().all(|one| one.partitions.is_empty()));
        let ready: Vec<_> = found.iter().map(Table::is_ready).collect();
        assert_eq!(ready, [Some(true), None, Some(false), Some(true)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_description_has_the_replicas_of_each_partition() {
    for behaviour in Behaviour::ALL {
        let mut scene = Scene::new(behaviour, 1);
        let table = scene.client.describe_table("temp").await.unwrap();
        assert_eq!((table.table_id, table.ready_partitions), (3, Some(8)));
        let indices: Vec<i32> = table.partitions.iter().map(|one| one.partition).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4, 5, 6, 7]);
        for partition in &table.partitions {
            assert!(partition.ready);
            let mut servers = partition.secondaries.clone();
            servers.extend(partition.primary.clone());
            servers.sort();
            assert_eq!(servers, ["127.0.0.1:34801", "127.0.0.1:34802", "127.0.0.1:34803"]);
        }

        scene.peer.create_table("new").await;
        let table = scene.client.describe_table("new").await.unwrap();
        assert_eq!((table.partitions.len(), table.ready_partitions), (4, Some(0)));
        assert!(table.partitions.iter().all(|one| !one.ready && one.primary.is_none()));

        scene.peer.drop_table("new").await;
        for name in ["new", "nothing"] {
            let error = scene.client.describe_table(name).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TableNotFound);
            assert!(error.message().ends_with(&format!("table={name}")), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reads_are_repeated_until_a_response_arrives() {
    for behaviour in Behaviour::ALL {
        for servers in [1, 2] {
            for fault in [
                "drop-reply",
                "close-before",
                "delay:20000",
                "refuse:ERR_SERVICE_NOT_ACTIVE",
                "refuse:ERR_FORWARD_TO_OTHERS",
                "change-leader",
                "crash-before-store:1000",
            ] {
                let scene = Scene::new(behaviour, servers);
                scene.set_faults(&[&format!("list-apps#1={fault}")]);
                let found = scene.client.list_tables(&TableSelection::default()).await.unwrap();
                assert_eq!(found.len(), 3, "{behaviour} {servers} {fault}");
                scene.set_faults(&[&format!("query-config#2={fault}")]);
                let found = scene.another_client().describe_table("temp").await.unwrap();
                assert_eq!(found.ready_partitions, Some(8), "{behaviour} {servers} {fault}");
            }
        }
    }
}

/// A server on which duplication is switched off still lists tables. A server that is not ready is not taken
/// for such a server.
#[tokio::test(start_paused = true)]
async fn a_server_that_stays_unready_is_unavailable() {
    let scene = Scene::new(Behaviour::DupExist, 1);
    scene.set_faults(&["list-apps=refuse:ERR_SERVICE_NOT_ACTIVE"]);
    let error = scene.client.list_tables(&TableSelection::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!error.to_string().contains("duplication"), "{error}");
}

#[tokio::test]
async fn a_table_that_moved_between_the_two_requests_has_no_partitions() {
    let tables = Tables::new([info(1, "t", 1)]);
    let fake = Fake::start(move |seen| {
        let mut tables = tables.clone();
        if seen.is::<QueryConfig>() {
            tables.table(1).app_id = 9;
        }
        tables.answer(seen)
    })
    .await;
    let table = client(&fake).describe_table("t").await.unwrap();
    assert_eq!((table.table_id, table.ready_partitions, table.partitions.len()), (1, None, 0));
}

#[tokio::test]
async fn wrong_responses_are_errors() {
    for (err, infos, kind) in [
        (ErrorCode::Ok, None, ErrorKind::Protocol),
        (ErrorCode::AclDeny, Some(Vec::new()), ErrorKind::PermissionDenied),
        (ErrorCode::Busy, Some(Vec::new()), ErrorKind::Busy),
        (ErrorCode::Unknown, Some(Vec::new()), ErrorKind::Protocol),
    ] {
        let tables = Tables::default();
        let response = ListAppsResponse { err, infos, hint_message: Some("why".to_owned()) };
        let fake = Fake::start(move |seen| match seen.is::<ListApps>() {
            true => seen.answer(&response),
            false => tables.answer(seen),
        })
        .await;
        let error = client(&fake).list_tables(&TableSelection::default()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}
