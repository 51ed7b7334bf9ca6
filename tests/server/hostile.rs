//! Clients that send garbage or wrong lengths, or that are slow. The server closes their
//! connections or responds, serves the other clients, and uses no more memory.

use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::frame::encode_request;
use pegasus_dup::protocol::messages::{
    AddDuplication, ModifyDuplication, ModifyRequest, QueryDuplication, QueryRequest, Rpc,
};
use pegasus_dup::server::{Behaviour, Limits, MetaServer, ServerConfig};

use super::support::frames::{good, nested, with_body, with_header_1, with_word};
use super::support::process::is_alone;
use crate::common::embedded;
use crate::common::peer::{Peer, add};

fn limited(limits: Limits) -> ServerConfig {
    ServerConfig { limits, ..embedded::still(Behaviour::Idempotent) }
}

async fn start() -> MetaServer {
    embedded::start(limited(Limits::default())).await
}

/// Checks that another client is served.
async fn alive(server: &MetaServer) {
    let mut peer = Peer::connect(server.address()).await;
    assert_eq!(peer.query("temp").await.err, ErrorCode::Ok);
}

#[tokio::test]
async fn every_bad_frame_ends_its_connection_and_nothing_else() {
    let server = start().await;
    let body = good()[48..].to_vec();
    // (name, bytes, whether they end the process of a real server)
    let mut cases = vec![
        ("another magic".to_owned(), b"HELO world".to_vec(), false),
        ("native, with a header of 0".to_owned(), b"RDSN\0\0\0\0\0\0\0\0".to_vec(), false),
        ("two bytes of another magic".to_owned(), b"TX".to_vec(), false),
        ("a short struct in header version 1".to_owned(), with_header_1(&[8, 0, 1], &body), true),
        ("no struct in header version 1".to_owned(), with_header_1(&[], &body), true),
        (
            "2 GiB by header version 1".to_owned(),
            with_word(with_header_1(&[0], &[]), 12, 1 << 31),
            false,
        ),
        ("header version 2".to_owned(), with_word(good(), 4, 2), false),
        ("header length 47".to_owned(), with_word(good(), 8, 47), false),
        ("header length 0".to_owned(), with_word(good(), 8, 0), false),
        ("a GiB of body".to_owned(), with_word(good(), 16, 1 << 30), false),
        ("a body of 2^31".to_owned(), with_word(good(), 16, 1 << 31), false),
        ("the longest body".to_owned(), with_word(good(), 16, u32::MAX), false),
        ("no body".to_owned(), with_body(&[]), true),
        ("a bad version word".to_owned(), with_body(&[0x80, 2, 0, 1, 0, 0, 0, 0]), true),
        (
            "a negative name".to_owned(),
            with_body(&[0x80, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1]),
            true,
        ),
        (
            "a name longer than the body".to_owned(),
            with_body(&[0x80, 1, 0, 1, 0x7f, 0xff, 0xff, 0xff, 65]),
            true,
        ),
        ("a reply".to_owned(), with_body(&[&[0x80, 1, 0, 2], &body[4..]].concat()), false),
        ("an exception".to_owned(), with_body(&[&[0x80, 1, 0, 3], &body[4..]].concat()), false),
        ("structs 65 deep".to_owned(), with_body(&nested(64)), true),
    ];
    // The body is cut at any place, and the length in the header is that of the cut body.
    for cut in 1..body.len() {
        cases.push((format!("cut after {cut}"), with_body(&body[..cut]), true));
    }
    let mut deaths = 0;
    for (what, bytes, dies) in cases {
        let mut peer = Peer::connect(server.address()).await;
        peer.send_bytes(&bytes).await;
        peer.closed().await;
        deaths += u64::from(dies);
        assert_eq!(server.would_have_died(), deaths, "{what}");
        // The same happens later in a connection, after a valid request.
        let mut peer = Peer::connect(server.address()).await;
        assert_eq!(peer.query("temp").await.err, ErrorCode::Ok);
        peer.send_bytes(&bytes).await;
        peer.closed().await;
        deaths += u64::from(dies);
        assert_eq!(server.would_have_died(), deaths, "{what}");
    }
    // No add was executed.
    let mut peer = Peer::connect(server.address()).await;
    assert_eq!(peer.query("temp").await.entry_list, Some(vec![]));
    server.stop().await;
}

#[tokio::test]
async fn requests_whose_oddities_a_real_server_ignores_get_a_response() {
    let server = start().await;
    let mut peer = Peer::connect(server.address()).await;
    // The server ignores checksums and the timeout of the client.
    let mut frame = with_word(with_word(good(), 12, 0xdead_beef), 20, 0xdead_beef);
    frame = with_word(frame, 32, 0);
    peer.send_bytes(&frame).await;
    assert_eq!(
        peer.receive().await.expect("an answer").response::<AddDuplication>().err,
        ErrorCode::Ok
    );
    // The response to an unknown RPC has no body, and the connection stays open. The name of the
    // RPC, also in the response, ends after 47 bytes and at a NUL.
    let long = "X".repeat(60);
    for (name, answer) in [
        (&b"RPC_CM_NO_SUCH_THING"[..], "RPC_CM_NO_SUCH_THING_ACK"),
        (&long.as_bytes()[..43], &format!("{}_ACK", &long[..43])),
        (&long.as_bytes()[..45], &format!("{}_A", &long[..45])),
        (&long.as_bytes()[..47], &long[..47]),
        (long.as_bytes(), &long[..47]),
        (b"", "_ACK"),
        (b"RPC_X\0RPC_CM_QUERY_DUPLICATION", "RPC_X_ACK"),
        (b"RPC_\xff", "RPC_\u{fffd}_ACK"),
        (b"RPC_CM_ADD_DUPLICATION\xff", "RPC_CM_ADD_DUPLICATION\u{fffd}_ACK"),
        (b"RPC_CM_ADD_DUPLICATION_ACK", "RPC_CM_ADD_DUPLICATION_ACK_ACK"),
    ] {
        let mut body = vec![0x80, 1, 0, 1];
        body.extend_from_slice(&u32::try_from(name.len()).unwrap().to_be_bytes());
        body.extend_from_slice(name);
        body.extend_from_slice(&[0, 0, 0, 42, 12, 0, 1, 0, 0]);
        peer.send_bytes(&with_body(&body)).await;
        let framed = peer.receive().await.expect("an answer");
        assert_eq!(framed.framework, ErrorCode::HandlerNotFound);
        assert_eq!((framed.name.as_str(), framed.seqid), (answer, 42));
        let empty = 4 + "ERR_HANDLER_NOT_FOUND".len() + 8 + answer.len() + 4;
        assert_eq!(framed.payload.len(), empty);
    }
    // Unknown fields are ignored, and missing fields have defaults.
    let mut body = vec![0x80, 1, 0, 1];
    body.extend_from_slice(&u32::try_from(QueryDuplication::NAME.len()).unwrap().to_be_bytes());
    body.extend_from_slice(QueryDuplication::NAME.as_bytes());
    body.extend_from_slice(&[0, 0, 0, 43, 12, 0, 1]);
    body.extend_from_slice(&[8, 0, 9, 0, 0, 0, 1, 15, 0, 10, 3, 0, 0, 0, 2, 1, 2, 0, 0]);
    peer.send_bytes(&with_body(&body)).await;
    let framed = peer.receive().await.expect("an answer");
    assert_eq!(framed.response::<QueryDuplication>().err, ErrorCode::AppNotExist);
    // A client that requests no response gets one all the same.
    let pause = ModifyRequest {
        app_name: "temp".to_owned(),
        dupid: peer.query("temp").await.entry_list.expect("a list")[0].dupid,
        status: Some(4),
        fail_mode: None,
    };
    let mut oneway = encode_request::<ModifyDuplication>(&pause, 44, 1000);
    oneway[51] = 4;
    peer.send_bytes(&oneway).await;
    let framed = peer.receive().await.expect("an answer");
    assert_eq!((framed.seqid, framed.response::<ModifyDuplication>().err), (44, ErrorCode::Ok));
    assert_eq!(peer.query("temp").await.entry_list.expect("a list")[0].status, 4);
    // A request may arrive one byte at a time.
    let query = QueryRequest { app_name: "temp".to_owned() };
    for byte in encode_request::<QueryDuplication>(&query, 45, 1000) {
        peer.send_bytes(&[byte]).await;
    }
    assert_eq!(peer.receive().await.expect("an answer").seqid, 45);
    assert_eq!(server.would_have_died(), 0);
    server.stop().await;
}

#[tokio::test]
#[allow(clippy::disallowed_methods)] // the test measures real time
async fn connections_with_an_incomplete_request_or_a_silent_client_are_closed() {
    let server = embedded::start(limited(Limits {
        frame_timeout: Duration::from_millis(100),
        idle_timeout: Duration::from_millis(3_000),
        ..Limits::default()
    }))
    .await;
    let mut half = Peer::connect(server.address()).await;
    half.send_bytes(&good()[..60]).await;
    let mut silent = Peer::connect(server.address()).await;
    // Single bytes from time to time do not keep a request open.
    let mut slow = Peer::connect(server.address()).await;
    let dripping = async {
        for byte in &good()[..40] {
            slow.send_bytes(&[*byte]).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        slow.closed().await;
    };
    let began = tokio::time::Instant::now();
    half.closed().await;
    assert!(began.elapsed() < Duration::from_millis(2_500), "{:?}", began.elapsed());
    dripping.await;
    silent.closed().await;
    assert!(began.elapsed() >= Duration::from_millis(2_900), "{:?}", began.elapsed());
    alive(&server).await;
    server.stop().await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn the_connection_of_a_client_that_reads_no_responses_is_closed_and_costs_little() {
    if !is_alone(
        module_path!(),
        "the_connection_of_a_client_that_reads_no_responses_is_closed_and_costs_little",
    ) {
        return;
    }
    let mut config =
        limited(Limits { frame_timeout: Duration::from_millis(300), ..Limits::default() });
    config.tables = vec!["wide:4096".parse().unwrap(), "temp".parse().unwrap()];
    let server = embedded::start(config).await;
    let mut maker = Peer::connect(server.address()).await;
    assert_eq!(maker.add(&add("wide", "target")).await.err, ErrorCode::Ok);
    let before = resident_kib();
    // Each response has about 130 KiB, and all of them would have 1.3 GB.
    let request = QueryRequest { app_name: "wide".to_owned() };
    let flood = encode_request::<QueryDuplication>(&request, 1, 1000).repeat(10_000);
    let mut greedy = Peer::connect(server.address()).await;
    greedy.send_bytes(&flood).await;
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB");
    alive(&server).await;
    server.stop().await;
}

/// Returns the resident memory of this process.
#[cfg(target_os = "linux")]
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn announced_bytes_cost_nothing_until_they_arrive() {
    if !is_alone(module_path!(), "announced_bytes_cost_nothing_until_they_arrive") {
        return;
    }
    let server = embedded::start(limited(Limits { max_body: 1 << 30, ..Limits::default() })).await;
    let before = resident_kib();
    let mut peers = Vec::new();
    for _ in 0..200 {
        let mut peer = Peer::connect(server.address()).await;
        peer.send_bytes(&with_word(good(), 16, 1 << 30)).await;
        peers.push(peer);
    }
    alive(&server).await;
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_beyond_the_limit_is_closed_until_others_end() {
    let server = embedded::start(limited(Limits { max_connections: 3, ..Limits::default() })).await;
    let mut peers = Vec::new();
    for _ in 0..3 {
        let mut peer = Peer::connect(server.address()).await;
        assert_eq!(peer.query("temp").await.err, ErrorCode::Ok);
        peers.push(peer);
    }
    Peer::connect(server.address()).await.closed().await;
    peers.pop();
    // The server notices the closed connections after a while.
    for attempt in 0.. {
        let mut peer = Peer::connect(server.address()).await;
        let query = QueryRequest { app_name: "temp".to_owned() };
        if peer.try_call::<QueryDuplication>(&query).await.is_some() {
            break;
        }
        assert!(attempt < 1_000, "no room came back");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.stop().await;
}
