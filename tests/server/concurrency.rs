//! Many clients at once create only one duplication, and only one of them is told that it did.

use std::collections::BTreeMap;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{AddDuplication, AddRequest, QueryDuplication, QueryRequest};
use pegasus_dup::server::{Behaviour, BlockingMetaServer, ServerConfig, StoreChoice};
use tokio::task::JoinSet;

use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

const RACERS: usize = 64;

/// Sends adds of one table and cluster at once. Returns how often each error code occurred, and the
/// duplications that are listed in the end.
async fn race(config: ServerConfig, mixed: bool) -> (BTreeMap<String, usize>, Vec<i32>) {
    let server = embedded::start(config).await;
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let mut peer = Peer::connect(server.address()).await;
        let flag = if mixed && racer % 2 == 0 { None } else { Some(false) };
        let request = AddRequest { is_duplicating_checkpoint: flag, ..add("temp", "target") };
        racers.spawn(async move { peer.add(&request).await });
    }
    let mut errors = BTreeMap::new();
    let mut dupids = Vec::new();
    while let Some(answer) = racers.join_next().await {
        let answer = answer.expect("a racer");
        *errors.entry(answer.err.name().to_owned()).or_insert(0) += 1;
        dupids.extend(answer.dupid.filter(|&dupid| dupid != 0));
    }
    let mut peer = Peer::connect(server.address()).await;
    let entries = peer.query("temp").await.entry_list.expect("a list");
    let listed: Vec<i32> = entries.iter().map(|entry| entry.dupid).collect();
    // Every dupid in a response is that of the existing duplication.
    assert!(dupids.iter().all(|dupid| listed.contains(dupid)), "{dupids:?} {listed:?}");
    server.stop().await;
    (errors, listed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_adds_create_one_duplication_and_exactly_one_response_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..6 {
        let store = match round % 2 {
            0 => StoreChoice::Memory,
            _ => StoreChoice::File(folder.path().join(format!("{round}.redb"))),
        };
        let config = ServerConfig { store, ..embedded::still(Behaviour::Idempotent) };
        let (errors, listed) = race(config, round >= 4).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(errors.get("ERR_OK"), Some(&1), "{errors:?}");
        assert_eq!(errors.get("ERR_DUP_EXIST"), Some(&(RACERS - 1)), "{errors:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_adds_on_dup_exist_create_one_duplication_and_at_most_one_response_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    for mixed in [false, true] {
        let store = StoreChoice::File(folder.path().join(format!("{mixed}.redb")));
        let config = ServerConfig { store, ..embedded::still(Behaviour::DupExist) };
        let (errors, listed) = race(config, mixed).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(errors.get("ERR_OK"), Some(&1), "{errors:?}");
        for error in errors.keys() {
            let known = ["ERR_OK", "ERR_DUP_EXIST", "ERR_BUSY", "ERR_INVALID_PARAMETERS"];
            assert!(known.contains(&error.as_str()), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_remote_table_goes_to_one_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = StoreChoice::File(folder.path().join("store.redb"));
    let server =
        embedded::start(ServerConfig { store, ..embedded::still(Behaviour::Idempotent) }).await;
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let mut peer = Peer::connect(server.address()).await;
        let table = ["dup_src", "dup_src2", "temp"][racer % 3];
        let request =
            AddRequest { remote_app_name: Some("shared".to_owned()), ..add(table, "target") };
        racers.spawn(async move { peer.add(&request).await.err });
    }
    let mut made = 0;
    while let Some(err) = racers.join_next().await {
        match err.expect("a racer") {
            ErrorCode::Ok => made += 1,
            ErrorCode::DupExist | ErrorCode::InvalidParameters => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(made, 1);
    let mut peer = Peer::connect(server.address()).await;
    let mut listed = 0;
    for table in ["dup_src", "dup_src2", "temp"] {
        listed += peer.query(table).await.entry_list.expect("a list").len();
    }
    assert_eq!(listed, 1);
    server.stop().await;
}

#[tokio::test]
async fn many_requests_in_flight_on_one_connection_all_get_a_response_with_their_seqid() {
    let server = embedded::start(embedded::still(Behaviour::Idempotent)).await;
    let mut peer = Peer::connect(server.address()).await;
    let query = QueryRequest { app_name: "temp".to_owned() };
    // There are more requests than may be in flight. The rest waits in the socket.
    let mut expected = Vec::new();
    for _ in 0..1_000 {
        expected.push(peer.send::<QueryDuplication>(&query).await);
        expected.push(peer.send::<AddDuplication>(&add("temp", "target")).await);
    }
    let mut got = Vec::new();
    for _ in 0..expected.len() {
        got.push(peer.receive().await.expect("an answer").seqid);
    }
    got.sort_unstable();
    assert_eq!(got, expected);
    // The client may close its side of the connection before it reads.
    peer.send::<QueryDuplication>(&query).await;
    peer.end().await;
    assert!(peer.receive().await.is_some());
    peer.closed().await;
    server.stop().await;
}

#[tokio::test]
async fn a_stop_responds_to_requests_in_flight_and_leaves_no_task() {
    let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let server = embedded::start(embedded::still(Behaviour::Idempotent)).await;
    let mut idle = Peer::connect(server.address()).await;
    let mut half = Peer::connect(server.address()).await;
    half.send_bytes(b"THFT\0\0").await;
    let mut busy = Peer::connect(server.address()).await;
    busy.add(&add("temp", "target")).await;
    tokio::join!(server.stop(), server.stop());
    idle.closed().await;
    half.closed().await;
    busy.closed().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), before);
    assert!(tokio::net::TcpStream::connect(server.address()).await.is_err());
}

#[test]
fn the_blocking_server_serves_stops_and_leaves_its_port() {
    let server = BlockingMetaServer::start(embedded::still(Behaviour::DupExist)).expect("started");
    let address = server.address();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ask = || async {
        let mut peer = Peer::connect(address).await;
        let dupid = peer.add(&add("temp", "target")).await.dupid.expect("a dupid");
        peer.modify(&set_status("temp", dupid, 9)).await
    };
    // The status number has no name. The server closes the connection, so the call fails.
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(ask())));
    assert!(died.is_err());
    assert_eq!(server.would_have_died(), 1);
    server.stop();
    server.stop();
    let again = ServerConfig { listen: address, ..embedded::still(Behaviour::DupExist) };
    let again = BlockingMetaServer::start(again).expect("the port is free again");
    let taken = ServerConfig { listen: address, ..embedded::still(Behaviour::DupExist) };
    let error = BlockingMetaServer::start(taken).expect_err("the port is taken").to_string();
    assert_eq!(
        error,
        format!(
            "cannot listen on the address; choose another one, or end the program that uses it: address={address}"
        )
    );
    drop(again);
}
