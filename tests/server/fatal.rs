//! Requests that end the process of a real server. The embedded server closes the connection,
//! counts the request, and does not execute it. Each row was tried on real servers.

use std::sync::Arc;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::frame::encode_request;
use pegasus_dup::protocol::messages::{AddDuplication, AddRequest, ListDuplication, ListRequest};
use pegasus_dup::server::store::{FileStore, MemoryStore, Store, TableRecord};
use pegasus_dup::server::{Behaviour, Hub, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::frames::{self, with_header_1, with_struct, with_word};
use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

/// Returns the configuration of a cluster with a table and two remote clusters that have braces in
/// their names. The second remote cluster has no address.
fn braced(behaviour: Behaviour) -> ServerConfig {
    let mut config = embedded::still(behaviour);
    config.tables.push("a{b".parse().unwrap());
    config.remote_clusters.push("x{y=127.0.0.1:35603".parse().unwrap());
    let nowhere = pegasus_dup::server::RemoteCluster { name: "q}r".to_owned(), metas: Vec::new() };
    config.remote_clusters.push(nowhere);
    config
}

fn to(remote_table: &str, request: AddRequest) -> AddRequest {
    AddRequest { remote_app_name: Some(remote_table.to_owned()), ..request }
}

/// Returns adds for a single server, each with whether it ends a 2.6 snapshot.
fn braces() -> Vec<(AddRequest, bool)> {
    let prepare = |request| AddRequest { is_duplicating_checkpoint: Some(true), ..request };
    vec![
        // The table is missing, and the hint names it.
        (add("m{n", "target"), true),
        (add("m}n", "target"), true),
        (add("m{}n", "target"), true),
        (add("m{0}n", "target"), true),
        (add("{{{", "target"), true),
        (add("m{{n", "target"), false),
        (add("m{{}}n", "target"), false),
        // The cluster is not configured, or has no address.
        (add("temp", "m{n"), true),
        (add("temp", "m{{n"), false),
        (add("m{n", "nosuch"), false),
        (add("temp", "q}r"), true),
        // The hint of the refusal contains no name.
        (add("m{n", "onebox"), false),
        (AddRequest { remote_replica_count: Some(-1), ..add("m{n", "target") }, false),
        // These adds are accepted.
        (add("a{b", "target"), false),
        (add("temp", "x{y"), false),
        (to("r{t", add("temp", "target2")), false),
        (to("r{{}}t", add("a{b", "target2")), false),
        // An accepted repeated add has no hint. The hint of a refused one names the table.
        (add("a{b", "target"), false),
        (prepare(add("temp", "x{y")), false),
        (prepare(add("a{b", "target")), true),
        // The remote table is taken. The hint names it, its cluster, and the table that uses it.
        (to("r{t", add("dup_src", "target2")), true),
        (to("r{{}}t", add("dup_src", "target2")), true),
        (to("temp", add("dup_src", "x{y")), true),
        (to("a{b", add("dup_src", "target")), true),
    ]
}

/// Checks that the server closes the connection if the request would end a real server, and that it
/// otherwise does not handle the request.
async fn ends_or_has_no_handler(peer: &mut Peer, ends: bool, what: &str) {
    match peer.receive().await {
        None => assert!(ends, "{what}"),
        Some(answer) => {
            assert!(!ends, "{what}");
            assert_eq!(answer.framework, ErrorCode::HandlerNotFound, "{what}");
        }
    }
}

#[tokio::test]
async fn a_brace_in_the_hint_of_a_refusal() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(braced(behaviour)).await;
        let formats = matches!(behaviour, Behaviour::RemoteName | Behaviour::DupExist);
        let mut died = 0;
        for (request, ends_2_6) in braces() {
            let mut peer = Peer::connect(server.address()).await;
            let before = peer.query("dup_src").await;
            let answer = peer.try_call::<AddDuplication>(&request).await;
            let what = format!("{behaviour} {request:?} {answer:?}");
            assert_eq!(answer.is_none(), formats && ends_2_6, "{what}");
            died += u64::from(answer.is_none());
            assert_eq!(server.would_have_died(), died, "{what}");
            if answer.is_none() {
                let mut peer = Peer::connect(server.address()).await;
                assert_eq!(peer.query("dup_src").await, before, "{what}");
            }
            // The hint contains the name as it was sent.
            if let Some(hint) = answer.and_then(|answer| answer.hint)
                && request.app_name == "m{{}}n"
            {
                assert_eq!(hint, "app m{{}}n was not found");
            }
        }
        assert_eq!(died > 0, formats, "{behaviour}");
        server.stop().await;
    }
}

#[tokio::test]
async fn the_default_generation_answers_a_brace_properly() {
    let server = embedded::start(braced(Behaviour::Idempotent)).await;
    let mut peer = Peer::connect(server.address()).await;
    let answer = peer.add(&add("m{n", "target")).await;
    assert_eq!(answer.err, ErrorCode::AppNotExist);
    assert_eq!(answer.hint.as_deref(), Some("app m{n was not found"));
    let answer = peer.add(&add("temp", "m}n")).await;
    assert_eq!(answer.err, ErrorCode::InvalidParameters);
    assert!(answer.hint.expect("a hint").contains("get_duplication_cluster_id(m}n)"));
    assert_eq!(server.would_have_died(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_request_to_a_replica_ends_a_real_server_if_it_knows_the_rpc() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let request = encode_request::<AddDuplication>(&add("temp", "target"), 7, 1000);
        let app_id_1 = [8, 0, 1, 0, 0, 0, 1, 0];
        for (died, frame) in [
            (1, with_word(request.clone(), 24, 1)),
            (2, with_word(request.clone(), 24, i32::MAX as u32)),
            (3, with_header_1(&app_id_1, &request[48..])),
        ] {
            let mut peer = Peer::connect(server.address()).await;
            peer.send_bytes(&frame).await;
            peer.closed().await;
            assert_eq!(server.would_have_died(), died, "{behaviour}");
        }
        let mut peer = Peer::connect(server.address()).await;
        assert_eq!(peer.query("temp").await.entry_list, Some(vec![]), "{behaviour}");
        // A server that does not know the RPC refuses it before it looks at the app id.
        let list = ListRequest { app_name_pattern: String::new(), match_type: 1 };
        let list = encode_request::<ListDuplication>(&list, 8, 1000);
        peer.send_bytes(&with_word(list, 24, 1)).await;
        let answer = peer.receive().await;
        if matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent) {
            assert_eq!(answer, None);
        } else {
            assert_eq!(answer.expect("an answer").framework, ErrorCode::HandlerNotFound);
        }
        server.stop().await;
    }
}

/// Returns a request of an RPC for which the crate has no messages.
fn foreign(name: &str, body: &[u8]) -> Vec<u8> {
    let mut envelope = [&[0x80, 1, 0, 1][..], &(name.len() as u32).to_be_bytes()].concat();
    envelope.extend([name.as_bytes(), &[0, 0, 0, 7, 12, 0, 1], body, &[0, 0]].concat());
    let mut frame = b"THFT".to_vec();
    for word in [0, 48, 0, envelope.len() as u32, 0, 0, 0, 1000, 0, 0, 0] {
        frame.extend(word.to_be_bytes());
    }
    frame.extend(envelope);
    frame
}

/// Returns a text field.
fn text(id: u8, value: &str) -> Vec<u8> {
    [&[11, 0, id][..], &(value.len() as u32).to_be_bytes(), value.as_bytes()].concat()
}

#[tokio::test]
async fn requests_of_rpcs_that_are_not_handled_are_counted_too() {
    let level = |level: i32| [&[8, 0, 1], &level.to_be_bytes()[..]].concat();
    for behaviour in Behaviour::ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let formats = matches!(behaviour, Behaviour::RemoteName | Behaviour::DupExist);
        let mut died = 0;
        for (name, body, ends) in [
            ("RPC_CM_CONTROL_META", Vec::new(), true),
            ("RPC_CM_CONTROL_META", level(0), true),
            ("RPC_CM_CONTROL_META", level(401), true),
            ("RPC_CM_CONTROL_META", level(400), false),
            ("RPC_CM_CONTROL_META", level(10_000), false),
            ("RPC_CM_START_BACKUP_APP", text(1, "{0}"), formats),
            ("RPC_CM_START_BACKUP_APP", text(1, "local_service"), false),
        ] {
            let what = format!("{behaviour} {name} {body:?}");
            let mut peer = Peer::connect(server.address()).await;
            peer.send_bytes(&foreign(name, &body)).await;
            ends_or_has_no_handler(&mut peer, ends, &what).await;
            died += u64::from(ends);
            assert_eq!(server.would_have_died(), died, "{what}");
        }
        server.stop().await;
    }
}

/// Returns the frame of an add to the cluster `target` and to the remote table with this name.
fn add_to(table: &str, remote_table: &[u8]) -> Vec<u8> {
    let fields = [
        frames::text(1, table.as_bytes()),
        frames::text(2, b"target"),
        vec![2, 0, 3, 0],
        frames::text(4, remote_table),
    ];
    with_struct::<AddDuplication>(&fields.concat())
}

/// Requests the page with the duplications of a table. Returns `None` if the server closes the
/// connection instead.
async fn page(hub: &Hub, table: &str) -> Option<String> {
    let (mut ours, theirs) = tokio::io::duplex(64 * 1024);
    let request = format!("GET /meta/app/duplication?name={table} HTTP/1.0\r\n\r\n");
    ours.write_all(request.as_bytes()).await.expect("sent");
    hub.serve(theirs).await;
    let mut page = String::new();
    ours.read_to_string(&mut page).await.expect("a page is text");
    (!page.is_empty()).then_some(page)
}

#[tokio::test]
async fn the_page_of_a_duplication_whose_remote_table_is_not_utf_8() {
    for behaviour in Behaviour::ALL {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("store");
        let open = || {
            let store = FileStore::open(&file, "onebox").expect("a store");
            let clock = Arc::new(HandClock::at(1_700_000_000_000));
            Hub::new(&embedded::still(behaviour), Arc::new(store), clock).expect("a server")
        };
        let hub = open();
        let ends = matches!(behaviour, Behaviour::RemoteName | Behaviour::DupExist);
        let mut peer = Peer::in_memory(&hub);
        // Bytes that are not UTF-8 are replaced by U+FFFD, which is also a valid name.
        for (table, name) in
            [("temp", &b"a\xffb"[..]), ("dup_src", "a\u{fffd}".as_bytes()), ("dup_src2", b"ab")]
        {
            peer.send_bytes(&add_to(table, name)).await;
            let answer = peer.receive().await.expect("an answer").response::<AddDuplication>();
            assert_eq!(answer.err, ErrorCode::Ok, "{behaviour} {table}");
        }
        // Responses to RPCs show the duplication, and so do the pages of other tables.
        let entries = peer.query("temp").await.entry_list.expect("a list");
        assert_eq!(entries.len(), 1, "{behaviour}");
        for table in ["dup_src", "dup_src2"] {
            assert!(page(&hub, table).await.is_some(), "{behaviour} {table}");
        }
        assert_eq!(hub.would_have_died(), 0, "{behaviour}");
        assert_eq!(page(&hub, "temp").await.is_none(), ends, "{behaviour}");
        assert_eq!(hub.would_have_died(), u64::from(ends), "{behaviour}");
        // A restart does not help, but a removal does.
        hub.close_store();
        drop((peer, hub));
        let hub = open();
        assert_eq!(page(&hub, "temp").await.is_none(), ends, "{behaviour} after a restart");
        assert_eq!(hub.would_have_died(), u64::from(ends), "{behaviour} after a restart");
        let mut peer = Peer::in_memory(&hub);
        let removed = behaviour.generation().status_number(pegasus_dup::Status::Removed);
        let request = set_status("temp", entries[0].dupid, removed.expect("a number"));
        assert_eq!(peer.modify(&request).await.err, ErrorCode::Ok, "{behaviour}");
        assert!(page(&hub, "temp").await.is_some(), "{behaviour} after a removal");
        hub.close_store();
    }
}

#[tokio::test]
async fn a_backup_of_a_table_with_a_huge_name() {
    // The shortest name that ended each real server, and the longest name that it survived.
    for (behaviour, survived, ended) in [
        (Behaviour::Freezed, 6_993, 7_040),
        (Behaviour::Checkpoint, 4_585, 4_586),
        (Behaviour::RemoteName, 5_860, 5_861),
        (Behaviour::DupExist, 5_860, 5_861),
    ] {
        // A configuration cannot have tables with such names, but a store can.
        let store = MemoryStore::new();
        let table = |id: i32, length: usize| TableRecord {
            id,
            name: "x".repeat(length),
            partitions: 4,
            replicas: 3,
            create_second: 1,
            highest_dupid: 0,
            ..TableRecord::default()
        };
        let tables = vec![table(1, 4), table(2, survived), table(3, ended), table(4, 100_000)];
        store.put_tables(tables).expect("stored");
        let config = ServerConfig { tables: Vec::new(), ..embedded::still(behaviour) };
        let clock = Arc::new(HandClock::at(1_700_000_000_000));
        let hub = Hub::new(&config, Arc::new(store), clock).expect("a server");
        let mut died = 0;
        for (provider, id, ends) in [
            ("local_service", 1, false),
            ("local_service", 2, false),
            ("local_service", 3, true),
            ("local_service", 4, true),
            ("local_service", 5, false),
            ("no_such_service", 4, false),
        ] {
            let body = [text(1, provider), [&[8, 0, 2], &i32::to_be_bytes(id)[..]].concat()];
            let mut peer = Peer::in_memory(&hub);
            peer.send_bytes(&foreign("RPC_CM_START_BACKUP_APP", &body.concat())).await;
            let what = format!("{behaviour} {provider} {id}");
            ends_or_has_no_handler(&mut peer, ends, &what).await;
            died += u64::from(ends);
            assert_eq!(hub.would_have_died(), died, "{what}");
        }
    }
}
