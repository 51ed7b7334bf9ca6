//! Tests that the client finds and follows the leader, and that requests share a connection. The
//! tests use the loopback interface, except the test that needs a stream that accepts no bytes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pegasus_dup::protocol::frame;
use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::{Behaviour, Election, MetaGroup, MetaServer};
use pegasus_dup::transport::seams::{Connecting, Connector, Stream};
use pegasus_dup::{Client, DuplicationSpec, ErrorCode, ErrorKind, Evidence, Outcome};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::common::embedded;
use crate::common::fake::{DUPID, Fake, Say, World};

fn client(metas: &[String]) -> Client {
    Client::builder().meta(metas.join(",")).build().unwrap()
}

fn spec() -> DuplicationSpec {
    DuplicationSpec::new("temp", "target")
}

#[allow(clippy::disallowed_methods)] // the test measures how long a caller waits
fn now() -> Instant {
    Instant::now()
}

async fn group(size: usize) -> MetaGroup {
    let config = embedded::still(Behaviour::Idempotent);
    MetaGroup::start(vec![config; size]).await.expect("the group starts")
}

fn address(server: &MetaServer) -> String {
    server.address().to_string()
}

fn assert_created(outcome: &pegasus_dup::Result<Outcome<pegasus_dup::Duplication>>) {
    match outcome {
        Ok(Outcome::Created { evidence: Evidence::ServerSaidSo, .. }) => {}
        other => panic!("expected Created, {}; got {other:?}", Evidence::ServerSaidSo),
    }
}

#[tokio::test]
async fn a_follower_listed_first_costs_one_request() {
    let group = group(2).await;
    let [leader, follower] = group.servers() else { panic!("two servers") };
    let client = client(&[address(follower), address(leader)]);
    let begin = now();
    assert_created(&client.add(&spec()).await);
    // Finding the leader does not count as a change of the leader, so the client does not wait for
    // 2 s.
    assert!(begin.elapsed() < Duration::from_millis(1900), "{:?}", begin.elapsed());
    group.stop().await;
}

#[tokio::test]
async fn a_follower_names_a_leader_that_is_not_listed() {
    let group = group(3).await;
    let client = client(&[address(&group.servers()[2])]);
    assert_created(&client.add(&spec()).await);
    assert_eq!(client.query("temp").await.unwrap().len(), 1);
    group.stop().await;
}

#[tokio::test]
async fn the_leader_is_followed_when_it_changes() {
    let group = group(2).await;
    let client = client(&group.servers().iter().map(address).collect::<Vec<_>>());
    assert_created(&client.add(&spec()).await);
    for leader in [1, 0, 1] {
        group.group().elect(&Election { leader: Some(leader), ..Election::default() });
        let found = client.query("temp").await.unwrap();
        assert_eq!(found.len(), 1, "leader {leader}");
    }
    // An add through the new leader finds the duplication that the old leader created.
    let outcome = client.add(&spec()).await.unwrap();
    assert_eq!(outcome.evidence(), Evidence::ListedBefore);
    group.stop().await;
}

#[tokio::test]
async fn servers_that_refuse_connections_or_are_silent_are_skipped() {
    let refusing = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = refusing.local_addr().unwrap().to_string();
    drop(refusing);
    // Connections wait in the queue of the socket, and nothing accepts them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_address = silent.local_addr().unwrap().to_string();
    let server = embedded::start(embedded::still(Behaviour::Idempotent)).await;
    let client = client(&[refused, silent_address, address(&server)]);
    let begin = now();
    assert_created(&client.add(&spec()).await);
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    server.stop().await;
}

#[tokio::test]
async fn ipv6_addresses_have_brackets() {
    let any = "[::1]:0".parse().unwrap();
    if TcpListener::bind(any).await.is_err() {
        eprintln!("passed over: this machine has no IPv6 loopback");
        return;
    }
    let mut config = embedded::still(Behaviour::Idempotent);
    config.listen = any;
    let server = embedded::start(config).await;
    let address = address(&server);
    assert!(address.starts_with("[::1]:"), "{address}");
    assert_created(&client(std::slice::from_ref(&address)).add(&spec()).await);
    // The client accepts the server's name in an error as an address.
    let error = client(std::slice::from_ref(&address)).query("nothing").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TableNotFound);
    assert_eq!(error.server(), Some(address.as_str()));
    server.stop().await;
}

/// Returns the next request of a connection, or `None` at its end.
async fn next_request(
    stream: &mut (impl AsyncRead + Unpin),
    input: &mut Vec<u8>,
) -> Option<Vec<u8>> {
    loop {
        match frame::request_length(input, 1 << 20).expect("a request") {
            Some(length) if length <= input.len() => return Some(input.drain(..length).collect()),
            _ => {}
        }
        if stream.read_buf(input).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// Returns the response of a leader to the request for the leader, or to a list. The list has one
/// table, whose id is the length of its name.
fn leader_says(request: &[u8]) -> Vec<u8> {
    let request = frame::decode_request(request).unwrap();
    if request.name == QueryConfig::NAME {
        let answer = QueryConfigResponse {
            err: ErrorCode::Ok,
            app_id: Some(1),
            partition_count: Some(8),
            is_stateful: Some(true),
            partitions: Some(Vec::new()),
        };
        return frame::encode_response(&answer, &request.name, request.seqid);
    }
    assert_eq!(request.name, ListDuplication::NAME);
    let table = request.request::<ListRequest>().unwrap().app_name_pattern;
    let id = i32::try_from(table.len()).unwrap();
    let world = World { table: table.clone(), table_id: id, ..World::dup_exist() };
    let entry = world.entry(DUPID + id);
    let state = AppState {
        appid: id,
        duplications: [(entry.dupid, entry)].into(),
        app_name: Some(table.clone()),
        partition_count: Some(8),
    };
    let answer = ListResponse {
        err: ErrorCode::Ok,
        hint_message: None,
        app_states: Some(BTreeMap::from([(table, state)])),
    };
    frame::encode_response(&answer, &request.name, request.seqid)
}

#[tokio::test]
async fn many_requests_in_flight_share_a_connection_and_get_their_responses() {
    const MANY: usize = 100;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let (mut input, mut waiting) = (Vec::new(), Vec::new());
            while let Some(request) = next_request(&mut stream, &mut input).await {
                let answer = leader_says(&request);
                if frame::decode_request(&request).unwrap().name == QueryConfig::NAME {
                    stream.write_all(&answer).await.unwrap();
                    continue;
                }
                waiting.push(answer);
                if waiting.len() == MANY {
                    // All requests wait. The server responds to the last request first.
                    for answer in waiting.drain(..).rev() {
                        stream.write_all(&answer).await.unwrap();
                    }
                }
            }
        }
    });
    let client = client(&[address]);
    let calls: Vec<_> = (1..=MANY)
        .map(|length| {
            let client = client.clone();
            tokio::spawn(async move { (length, client.query(&"t".repeat(length)).await) })
        })
        .collect();
    for call in calls {
        let (length, found) = call.await.unwrap();
        let found = found.unwrap();
        assert_eq!(found[0].table_id, i32::try_from(length).unwrap());
        assert_eq!(found[0].table.len(), length);
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    server.abort();
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let server = embedded::start(embedded::still(Behaviour::Idempotent)).await;
    let client = client(&[address(&server)]);
    assert!(client.query("temp").await.unwrap().is_empty());
    for _ in 0..3 {
        // All connections are closed between two calls.
        server.hub().crash(Duration::from_millis(1));
        sleep(Duration::from_millis(50)).await;
        client.query("temp").await.unwrap();
    }
    server.hub().crash(Duration::from_millis(1));
    sleep(Duration::from_millis(50)).await;
    assert_created(&client.add(&spec()).await);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_breaks_during_a_read_is_replaced() {
    let (mut world, mut asked) = (World::dup_exist(), 0);
    world.entries = vec![world.entry(DUPID)];
    let fake = Fake::start(move |seen| {
        if seen.is::<ListDuplication>() {
            asked += 1;
            if asked == 1 {
                return Say::CLOSE;
            }
        }
        world.answer(seen)
    })
    .await;
    let client = client(&[fake.address.to_string()]);
    assert_eq!(client.query("temp").await.unwrap().len(), 1);
    assert_eq!(fake.count::<ListDuplication>(), 2);
}

/// A connector that needs some time.
#[derive(Debug)]
struct Slowly(String);

impl Connector for Slowly {
    fn connect(&self, _: SocketAddr) -> Connecting {
        let address = self.0.clone();
        Box::pin(async move {
            sleep(Duration::from_millis(300)).await;
            let stream = tokio::net::TcpStream::connect(address).await?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

#[tokio::test]
async fn an_add_that_is_cancelled_before_it_was_sent_is_never_sent() {
    let world = World::dup_exist();
    let fake = Fake::start(move |seen| world.answer(seen)).await;
    let connector = Slowly(fake.address.to_string());
    let client = Client::builder().meta("10.0.0.1:34601").connector(connector).build().unwrap();
    let spec = spec();
    assert!(timeout(Duration::from_millis(100), client.add(&spec)).await.is_err());
    assert_eq!(client.unsettled(), [""; 0]);
    sleep(Duration::from_millis(600)).await;
    assert_eq!(fake.count::<AddDuplication>(), 0);
    // The client can still be used.
    assert!(client.query("temp").await.unwrap().is_empty());
}

/// A connector that connects once, to a stream in memory.
#[derive(Debug)]
struct Once(Mutex<Option<DuplexStream>>);

impl Connector for Once {
    fn connect(&self, _: SocketAddr) -> Connecting {
        let stream = self.0.lock().unwrap().take();
        Box::pin(async move {
            let stream = stream.ok_or(std::io::ErrorKind::ConnectionRefused)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

#[tokio::test]
async fn calls_that_are_cancelled_while_nothing_can_be_written_are_not_sent_later() {
    const MANY: usize = 3000;
    let (ours, mut theirs) = tokio::io::duplex(512);
    let go_on = Arc::new(Notify::new());
    let waits = go_on.clone();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let server = tokio::spawn(async move {
        let mut input = Vec::new();
        // Responds to the request for the leader and to the first list, then reads nothing for a
        // while.
        for _ in 0..2 {
            let request = next_request(&mut theirs, &mut input).await.unwrap();
            theirs.write_all(&leader_says(&request)).await.unwrap();
        }
        waits.notified().await;
        while let Some(request) = next_request(&mut theirs, &mut input).await {
            counted.fetch_add(1, Ordering::Relaxed);
            theirs.write_all(&leader_says(&request)).await.unwrap();
        }
    });
    let connector = Once(Mutex::new(Some(ours)));
    let client = Client::builder()
        .meta("10.0.0.1:34601")
        .connector(connector)
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    client.query("temp").await.unwrap();
    let table = "t".repeat(250);
    let calls: Vec<_> = (0..MANY)
        .map(|_| {
            let (client, table) = (client.clone(), table.clone());
            tokio::spawn(async move { client.query(&table).await })
        })
        .collect();
    sleep(Duration::from_millis(200)).await;
    for call in &calls {
        call.abort();
    }
    for call in calls {
        assert!(call.await.unwrap_err().is_cancelled());
    }
    go_on.notify_one();
    // The response to this request arrives after those to all earlier requests.
    assert_eq!(client.query("last").await.unwrap()[0].table, "last");
    let seen = seen.load(Ordering::Relaxed);
    // The connection buffers a quarter of a MiB, and a request has about 350 bytes.
    assert!(seen > 1 && seen < MANY / 2, "{seen} of {MANY} were sent");
    drop(client);
    server.await.unwrap();
}
