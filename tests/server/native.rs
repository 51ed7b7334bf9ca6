//! Requests in the native format, as the C++ shell sends them.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddDuplication, AddResponse, ClusterInfo, CreateApp, CreateAppOptions, CreateAppRequest,
    CreateAppResponse, DropApp, DropAppResponse, ListApps, ListAppsResponse, ListDuplication,
    ListNodes, ListResponse, ModifyDuplication, ModifyResponse, QueryConfig, QueryConfigRequest,
    QueryConfigResponse, QueryDuplication, QueryRequest, QueryResponse, Rpc,
};
use pegasus_dup::protocol::thrift::Wire;
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, Election, Group, Hub, ServerConfig};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::replay::Names;
use super::support::frames::good;
use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::native::{
    APP_ID, BODY_LENGTH, CONTEXT, ERROR_NAME, FROM_ADDRESS, HEADER, HEADER_LENGTH, ID, RPC_CODE,
    RPC_NAME, body, decoded, name_at, put, recorded, request, u32_at, u64_at, with_checksums,
};
use crate::common::peer::{Peer, add};
use crate::common::wire::Shown;

/// Returns the next native frame, or `None` if the server closes the connection.
async fn receive(peer: &mut Peer) -> Option<Vec<u8>> {
    let read = async {
        let mut frame = vec![0; HEADER];
        peer.stream.read_exact(&mut frame).await.ok()?;
        frame.resize(HEADER + u32_at(&frame, BODY_LENGTH) as usize, 0);
        peer.stream.read_exact(&mut frame[HEADER..]).await.ok()?;
        Some(frame)
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("a response in time")
}

/// Sends a frame, and returns the response, or `None` if the server closes the connection.
async fn exchange(peer: &mut Peer, frame: &[u8]) -> Option<Vec<u8>> {
    peer.send_bytes(frame).await;
    receive(peer).await
}

/// Sends a request, and returns the response struct.
async fn call<R: Rpc>(peer: &mut Peer, asked: &R::Request) -> R::Response {
    let frame = exchange(peer, &request(R::NAME, 7, &body(asked))).await.expect("a response");
    assert_eq!(name_at(&frame, ERROR_NAME), "ERR_OK");
    assert_eq!(name_at(&frame, RPC_NAME), format!("{}_ACK", R::NAME));
    decoded::<R::Response>(&frame)
}

fn query() -> QueryRequest {
    QueryRequest { app_name: "temp".to_owned() }
}

fn hub(behaviour: Behaviour) -> Hub {
    let clock = Arc::new(HandClock::at(1_795_000_000_123));
    Hub::new(&embedded::still(behaviour), Arc::new(MemoryStore::new()), clock).expect("a server")
}

/// Removes the decrees, which come from replica servers. Makes lists of maps whose keys are dupids, because
/// the dupids of the recording are not those of the server.
fn without_progress(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("11");
            fields.values_mut().for_each(without_progress);
            if fields.keys().next().is_some_and(|key| key.len() == 10) {
                *value = fields.values().cloned().collect();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_progress),
        _ => {}
    }
}

fn shown<S: Wire + Shown>(frame: &[u8]) -> Value {
    let mut shown = decoded::<S>(frame).shown();
    without_progress(&mut shown);
    shown
}

/// Sends what the shell has sent in a session about tables and duplications. The server must respond like the
/// recorded server, apart from times, ids and decrees.
#[tokio::test]
async fn a_recorded_session_of_the_shell() {
    let config =
        ServerConfig { tables: Vec::new(), nodes: Some(3), ..embedded::still(Behaviour::DupExist) };
    let server = embedded::start(config).await;
    let mut peer = Peer::connect(server.address()).await;
    let create = CreateAppRequest {
        app_name: "temp".to_owned(),
        options: CreateAppOptions {
            partition_count: 8,
            replica_count: 3,
            app_type: "pegasus".to_owned(),
            is_stateful: true,
            ..CreateAppOptions::default()
        },
    };
    assert_eq!(call::<CreateApp>(&mut peer, &create).await.appid, Some(1));
    let mut names = Names::default();
    let frames = recorded("shell-native-a.jsonl");
    let mut replayed = 0;
    for sent in frames.iter().filter(|frame| frame.is_request) {
        let rpc = name_at(&sent.bytes, RPC_NAME);
        let id = u64_at(&sent.bytes, ID);
        let theirs = frames
            .iter()
            .find(|frame| !frame.is_request && u64_at(&frame.bytes, ID) == id)
            .expect("a response");
        let mut frame = sent.bytes.clone();
        if rpc == ModifyDuplication::NAME {
            // The dupid is the second field, behind the name of the table.
            let at = HEADER + 3 + 7 + 4 + 3;
            let recorded = i32::from_be_bytes(*frame[at..].first_chunk().expect("a dupid"));
            let ours = names.ours[&i64::from(recorded)];
            frame = put(frame, at, &i32::try_from(ours).expect("a dupid").to_be_bytes());
        }
        // These responses name the recorded nodes.
        if [ClusterInfo::NAME, ListNodes::NAME, QueryConfig::NAME].contains(&rpc) {
            continue;
        }
        let ours = exchange(&mut peer, &frame).await.expect("a response");
        let (got, recorded) = match rpc {
            AddDuplication::NAME => {
                (shown::<AddResponse>(&ours), shown::<AddResponse>(&theirs.bytes))
            }
            ModifyDuplication::NAME => {
                (shown::<ModifyResponse>(&ours), shown::<ModifyResponse>(&theirs.bytes))
            }
            QueryDuplication::NAME => {
                (shown::<QueryResponse>(&ours), shown::<QueryResponse>(&theirs.bytes))
            }
            CreateApp::NAME => {
                (shown::<CreateAppResponse>(&ours), shown::<CreateAppResponse>(&theirs.bytes))
            }
            DropApp::NAME => {
                (shown::<DropAppResponse>(&ours), shown::<DropAppResponse>(&theirs.bytes))
            }
            ListApps::NAME => {
                (shown::<ListAppsResponse>(&ours), shown::<ListAppsResponse>(&theirs.bytes))
            }
            ListDuplication::NAME => {
                (shown::<ListResponse>(&ours), shown::<ListResponse>(&theirs.bytes))
            }
            other => panic!("{other}"),
        };
        assert_eq!(got, names.translate(&recorded, &got), "{}", sent.place);
        // The header is the same byte for byte, apart from the length of the body and the address.
        let mut expected = theirs.bytes[..HEADER].to_vec();
        for (at, length) in [(BODY_LENGTH, 4), (FROM_ADDRESS, 8)] {
            expected = put(expected, at, &ours[at..at + length]);
        }
        assert_eq!(ours[..HEADER], expected, "{}", sent.place);
        let port = server.address().port().to_le_bytes();
        assert_eq!(ours[FROM_ADDRESS..FROM_ADDRESS + 8], [1, 0, port[0], port[1], 1, 0, 0, 127]);
        replayed += 1;
    }
    assert_eq!(replayed, 16);
    assert_eq!(server.would_have_died(), 0);
    server.stop().await;
}

#[tokio::test]
async fn the_duplications_of_one_format_are_those_of_the_other() {
    for behaviour in Behaviour::ALL {
        let hub = hub(behaviour);
        let (mut native, mut thft) = (Peer::in_memory(&hub), Peer::in_memory(&hub));
        let added = call::<AddDuplication>(&mut native, &add("temp", "target")).await;
        assert_eq!(added.err, ErrorCode::Ok, "{behaviour}");
        let seen = thft.query("temp").await;
        assert_eq!(seen.entry_list.as_ref().expect("a list")[0].dupid, added.dupid.unwrap());
        assert_eq!(call::<QueryDuplication>(&mut native, &query()).await, seen, "{behaviour}");
    }
}

#[tokio::test]
async fn an_unknown_rpc_gets_a_response_without_a_body_and_the_connection_stays() {
    let hub = hub(Behaviour::Freezed);
    let mut peer = Peer::in_memory(&hub);
    for rpc in ["RPC_CM_NO_SUCH_THING", "RPC_CM_LIST_DUPLICATION", ""] {
        let id = u64::MAX - 5;
        let got = exchange(&mut peer, &request(rpc, id, &[12, 0, 0, 0, 0])).await.expect("one");
        assert_eq!(got.len(), HEADER, "{rpc}");
        assert_eq!(name_at(&got, ERROR_NAME), "ERR_HANDLER_NOT_FOUND");
        assert_eq!(name_at(&got, RPC_NAME), format!("{rpc}_ACK"));
        assert_eq!((u64_at(&got, ID), u32_at(&got, RPC_CODE)), (id, 0));
    }
    assert_eq!(call::<QueryDuplication>(&mut peer, &query()).await.err, ErrorCode::Ok);
    assert_eq!(hub.would_have_died(), 0);
}

#[tokio::test]
async fn every_bad_frame_ends_its_connection_and_nothing_else() {
    let hub = hub(Behaviour::DupExist);
    let good_body = body(&add("temp", "target"));
    let usual = request(AddDuplication::NAME, 7, &good_body);
    let context = |context: u64| put(usual.clone(), CONTEXT, &context.to_le_bytes());
    let length = |length: u32| put(usual.clone(), BODY_LENGTH, &length.to_le_bytes());
    let unknown = |frame: Vec<u8>| put(frame, RPC_NAME, b"RPC_CM_NO_SUCH_THING\0\0");
    // (name, bytes, whether they end the process of a real server)
    let mut cases = vec![
        ("a header of 191".to_owned(), put(usual.clone(), HEADER_LENGTH, &[191]), false),
        ("a header of 48".to_owned(), put(usual.clone(), HEADER_LENGTH, &[48]), false),
        ("a response".to_owned(), context(0x440), false),
        ("a forwarded request".to_owned(), context(0x443), false),
        ("no format".to_owned(), context(0x401), true),
        ("format 2".to_owned(), context(0x481), true),
        ("JSON".to_owned(), context(0x4c1), false),
        ("format 4".to_owned(), context(0x501), true),
        ("format 15".to_owned(), context(0x7c1), true),
        ("no format and an unknown RPC".to_owned(), unknown(context(0x401)), false),
        ("JSON and an app id".to_owned(), put(context(0x4c1), APP_ID, &[1]), true),
        ("an app id".to_owned(), put(usual.clone(), APP_ID, &[1]), true),
        ("a GiB of body".to_owned(), length(1 << 30), false),
        ("a body of 2^31".to_owned(), length(1 << 31), false),
        ("the longest body without an overflow".to_owned(), length(0xffff_ff3f), false),
        ("a body that overflows".to_owned(), length(0xffff_ff40), true),
        ("the longest body".to_owned(), length(u32::MAX), true),
        ("a damaged header".to_owned(), put(with_checksums(usual.clone()), ID, &[1]), false),
        ("a damaged body".to_owned(), put(with_checksums(usual.clone()), HEADER + 12, b"x"), false),
        ("another format".to_owned(), b"THFX".to_vec(), false),
        (
            "a backup policy with a brace".to_owned(),
            request(
                "RPC_CM_QUERY_BACKUP_POLICY",
                7,
                &[12, 0, 0, 15, 0, 1, 11, 0, 0, 0, 1, 0, 0, 0, 1, b'{', 0, 0],
            ),
            true,
        ),
    ];
    // The body is cut at any place, and the length in the header is that of the cut body.
    for cut in 0..good_body.len() {
        let frame = request(AddDuplication::NAME, 7, &good_body[..cut]);
        cases.push((format!("cut after {cut}"), frame, true));
    }
    let mut deaths = 0;
    for (what, bytes, dies) in cases {
        let mut peer = Peer::in_memory(&hub);
        assert_eq!(exchange(&mut peer, &bytes).await, None, "{what}");
        deaths += u64::from(dies);
        assert_eq!(hub.would_have_died(), deaths, "{what}");
        // The same happens later in a connection, after a valid request.
        let mut peer = Peer::in_memory(&hub);
        call::<QueryDuplication>(&mut peer, &query()).await;
        assert_eq!(exchange(&mut peer, &bytes).await, None, "{what}");
        deaths += u64::from(dies);
        assert_eq!(hub.would_have_died(), deaths, "{what}");
    }
    // No add was executed.
    let mut peer = Peer::in_memory(&hub);
    let listed = call::<QueryDuplication>(&mut peer, &query()).await.entry_list;
    assert_eq!(listed, Some(vec![]));
}

#[tokio::test]
async fn the_first_bytes_of_a_connection_determine_its_format() {
    let hub = hub(Behaviour::Idempotent);
    let native = request(QueryDuplication::NAME, 7, &body(&query()));
    let mut peer = Peer::in_memory(&hub);
    exchange(&mut peer, &native).await.expect("a response");
    assert_eq!(exchange(&mut peer, &good()).await, None);
    let mut peer = Peer::in_memory(&hub);
    peer.query("temp").await;
    peer.send_bytes(&native).await;
    peer.closed().await;
    assert_eq!(peer.try_call::<QueryDuplication>(&query()).await, None);
    assert_eq!(hub.would_have_died(), 0);
    // The bytes may arrive one by one, and two requests may arrive together.
    let mut peer = Peer::in_memory(&hub);
    for byte in [&native[..], &with_checksums(native.clone())].concat() {
        peer.stream.write_all(&[byte]).await.expect("sent");
    }
    let first = receive(&mut peer).await.expect("a response");
    assert_eq!(receive(&mut peer).await, Some(first));
    // No add was executed.
    let mut peer = Peer::in_memory(&hub);
    assert_eq!(peer.query("temp").await.entry_list, Some(vec![]));
}

fn address(index: u16) -> SocketAddrV4 {
    SocketAddrV4::new([10, 0, 0, 1].into(), 34601 + index)
}

/// A client that says that it supports this gets the address of the leader from the RPC layer. All other
/// clients get ERR_FORWARD_TO_OTHERS in the usual response.
#[tokio::test]
async fn a_follower_names_the_leader_to_a_client_that_supports_this() {
    let configs: Vec<ServerConfig> = [0, 1]
        .map(|index| ServerConfig {
            listen: address(index).into(),
            ..embedded::still(Behaviour::DupExist)
        })
        .to_vec();
    let clock: Arc<dyn Clock> = Arc::new(HandClock::at(1_795_000_000_123));
    let group = Group::new(&configs, Arc::new(MemoryStore::new()), &clock).expect("a group");
    let config = QueryConfigRequest { app_name: "temp".to_owned(), partition_indices: vec![] };
    let requests = [
        request(AddDuplication::NAME, 7, &body(&add("temp", "target"))),
        request(QueryDuplication::NAME, 8, &body(&query())),
        request(QueryConfig::NAME, 9, &body(&config)),
    ];
    let mut peer = Peer::in_memory(group.hub(1).expect("a follower"));
    for frame in &requests {
        let got = exchange(&mut peer, frame).await.expect("a response");
        assert_eq!(name_at(&got, ERROR_NAME), "ERR_FORWARD_TO_OTHERS");
        assert_eq!(name_at(&got, RPC_NAME), format!("{}_ACK", name_at(frame, RPC_NAME)));
        assert_eq!((u64_at(&got, ID), u64_at(&got, CONTEXT)), (u64_at(frame, ID), 0x440));
        assert_eq!(got[FROM_ADDRESS..FROM_ADDRESS + 8], [1, 0, 0x2a, 0x87, 1, 0, 0, 10]);
        assert_eq!(got[HEADER..], [12, 0, 0, 10, 0, 0, 1, 0x87, 0x29, 0, 1, 0]);
    }
    // The RPC layer does not look for the leader of an RPC that it does not know.
    let got = exchange(&mut peer, &request("RPC_X", 7, &[])).await.expect("a response");
    assert_eq!(name_at(&got, ERROR_NAME), "ERR_HANDLER_NOT_FOUND");
    let without = |frame: &[u8]| put(frame.to_vec(), CONTEXT, &0x41_u64.to_le_bytes());
    let got = exchange(&mut peer, &without(&requests[0])).await.expect("a response");
    assert_eq!(name_at(&got, ERROR_NAME), "ERR_OK");
    assert_eq!(decoded::<AddResponse>(&got).err, ErrorCode::ForwardToOthers);
    let got = exchange(&mut peer, &without(&requests[2])).await.expect("a response");
    let partitions = decoded::<QueryConfigResponse>(&got).partitions.expect("partitions");
    assert_eq!(partitions[0].primary.0, Some(address(0)));
    // The leader is not known.
    let follower = group.hub(1).expect("a follower");
    follower.follow(None);
    let got = exchange(&mut peer, &requests[0]).await.expect("a response");
    assert_eq!(name_at(&got, ERROR_NAME), "ERR_OK");
    assert_eq!(decoded::<AddResponse>(&got).err, ErrorCode::ForwardToOthers);
    follower.not_ready(ErrorCode::ServiceNotActive);
    let got = exchange(&mut peer, &requests[0]).await.expect("a response");
    assert_eq!(name_at(&got, ERROR_NAME), "ERR_OK");
    assert_eq!(decoded::<AddResponse>(&got).err, ErrorCode::ServiceNotActive);
    // Once the follower leads, it executes the request.
    group.elect(&Election { leader: Some(1), ..Election::default() });
    let got = exchange(&mut peer, &requests[0]).await.expect("a response");
    assert_eq!(decoded::<AddResponse>(&got).err, ErrorCode::Ok);
}

#[tokio::test]
async fn faults_meet_native_requests() {
    let hub = hub(Behaviour::DupExist);
    let rules = [
        "query#1=another-seqid",
        "query#2=answer-twice",
        "query#3=refuse:ERR_BUSY",
        "query#4=no-such-rpc",
        "query#5=close-before",
    ];
    hub.set_faults(rules.map(|rule| rule.parse().expect("a rule")).to_vec());
    let mut peer = Peer::in_memory(&hub);
    let mut frame = request(QueryDuplication::NAME, 0, &body(&query()));
    let mut ask = async |id: u64| {
        frame = put(std::mem::take(&mut frame), ID, &id.to_le_bytes());
        peer.send_bytes(&frame).await;
    };
    ask(0x1_0000_0007).await;
    ask(8).await;
    ask(9).await;
    ask(10).await;
    ask(11).await;
    let mut got = Vec::new();
    while let Some(frame) = receive(&mut peer).await {
        got.push((
            u64_at(&frame, ID),
            name_at(&frame, ERROR_NAME).to_owned(),
            frame.len() > HEADER,
        ));
        if got.len() == 4 {
            assert_eq!(decoded::<QueryResponse>(&frame).err, ErrorCode::Busy);
        }
    }
    let ok = || "ERR_OK".to_owned();
    assert_eq!(
        got,
        [
            (0x1_0000_0008, ok(), true),
            (8, ok(), true),
            (8, ok(), true),
            (9, ok(), true),
            (10, "ERR_HANDLER_NOT_FOUND".to_owned(), false),
        ]
    );
}
